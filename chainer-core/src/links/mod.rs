//! Links: layers and models made of parameters and other links. Usually imported as `L`.

mod chain_list;
mod connection;
mod first_value;
mod loss;
mod model;
mod normalization;
mod sequential;

pub use chain_list::ChainList;
pub use connection::{Convolution2D, EmbedID, LSTM, Linear};
pub use loss::{BinaryHierarchicalSoftmax, BinaryTree, BlackOut, CRF1d, NegativeSampling};
pub use model::Classifier;
pub use normalization::{BatchNormalization, BatchNormalizationMode};
pub use sequential::{IntoLayer, Layer, OfFunction, OfLink, Sequential};
