//! Activations with parameters.

mod maxout;
mod prelu;

pub use maxout::Maxout;
pub use prelu::PReLU;
