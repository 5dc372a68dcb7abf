//! Links: layers and models made of parameters and other links. Usually imported as `L`.

mod activation;
mod chain_list;
mod connection;
mod first_value;
mod loss;
mod model;
mod normalization;
mod sequential;

pub use activation::{Maxout, PReLU};
pub use chain_list::ChainList;
pub use connection::*;
pub use loss::{BinaryHierarchicalSoftmax, BinaryTree, BlackOut, CRF1d, NegativeSampling};
pub use model::Classifier;
pub use normalization::{BatchNormalization, BatchNormalizationMode, LayerNormalization};
pub use sequential::{IntoLayer, Layer, OfFunction, OfLink, Sequential};
