//! Links: layers and models made of parameters and other links. Usually imported as `L`.

mod chain_list;
mod sequential;

pub use chain_list::ChainList;
pub use sequential::{IntoLayer, Layer, OfFunction, OfLink, Sequential};
