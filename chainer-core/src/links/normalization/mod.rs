//! Links that normalize.

mod batch_normalization;

pub use batch_normalization::{BatchNormalization, BatchNormalizationMode};
