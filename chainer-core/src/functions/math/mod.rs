//! Mathematical functions.

mod matmul;
mod sum;

pub use matmul::matmul;
pub use sum::sum;
