//! Spatial pooling.

mod average_pooling_2d;
mod max_pooling_2d;

pub use average_pooling_2d::{AveragePooling2D, average_pooling_2d};
pub use max_pooling_2d::{MaxPooling2D, max_pooling_2d};
