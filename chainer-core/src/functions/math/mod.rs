//! Mathematical functions.

mod average;
mod elementwise;
mod extremum;
mod logsumexp;
mod matmul;
mod sum;

pub use average::{average, mean};
pub use elementwise::*;
pub use extremum::{argmax, argmin, max, min};
pub use logsumexp::logsumexp;
pub use matmul::{MatMul, matmul};
pub use sum::sum;
