//! Neural network connections.

mod convolution;
mod convolution_2d;
mod embed_id;
mod linear;

pub use convolution_2d::{Convolution2D, convolution_2d};
pub use embed_id::{EmbedId, embed_id};
pub use linear::linear;
