//! Mathematical functions.

mod sum;

pub use sum::sum;
