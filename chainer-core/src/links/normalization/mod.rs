//! Links that normalize.

mod batch_normalization;
mod layer_normalization;

pub use batch_normalization::{BatchNormalization, BatchNormalizationMode};
pub use layer_normalization::LayerNormalization;
