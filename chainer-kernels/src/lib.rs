//! The array engine of Chainer for Rust: n-dimensional arrays of any dtype whose elementwise work is recorded and runs as fused kernels.
//!
//! This crate knows nothing of gradients.

pub mod dtype;
pub mod error;
pub mod scalar;

pub use dtype::{Dtype, Element};
pub use error::{Error, ErrorKind, Loc, Position, Result};
pub use half::{bf16, f16};
pub use scalar::Scalar;
