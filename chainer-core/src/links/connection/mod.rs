//! Links that hold connections: weights and biases.

mod convolution_2d;
mod embed_id;
mod linear;
mod lstm;

pub use convolution_2d::Convolution2D;
pub use embed_id::EmbedID;
pub use linear::Linear;
pub use lstm::LSTM;
