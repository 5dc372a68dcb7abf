//! The array engine of Chainer for Rust: n-dimensional arrays of any dtype whose elementwise work is recorded and runs as fused kernels.
//!
//! This crate knows nothing of gradients.

pub mod array;
pub mod backend;
mod buffer;
pub mod cpu;
pub mod cuda;
pub mod dtype;
pub mod error;
mod expr;
pub mod graph;
pub mod hooks;
pub mod kernel;
pub mod op;
pub mod ops;
pub mod program;
pub mod random;
pub mod scalar;
pub mod shape;
mod view;

pub use array::{Array, ArrayOps, Axes, HostView, IntoOperand, Number, OperandRef, OperandValue, flush_all};
pub use backend::Device;
pub use buffer::Buffer;
pub use dtype::{Dtype, Element};
pub use error::{Error, ErrorKind, Loc, Position, Result};
pub use expr::Saved;
pub use half::{bf16, f16};
pub use op::Op;
pub use ops::{Index, IntoIndices};
pub use scalar::Scalar;
pub use shape::Shape;
pub use view::View;
