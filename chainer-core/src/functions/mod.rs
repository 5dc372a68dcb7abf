//! Functions on variables, in the chapters of Chainer's reference. Usually imported as `F`:
//!
//! ```
//! use chainer::{functions as F, Array, Dtype, Variable};
//! let x = Variable::new(Array::ones([2, 3], Dtype::F32));
//! let y = F::sum(F::reshape(&x, [3, 2]), 0, false);
//! assert_eq!(y.to_vec::<f32>()?, [3.0, 3.0]);
//! # Ok::<(), chainer::Error>(())
//! ```
//!
//! Functions take variables by value or by reference: one that is handed over (`h = F::reshape(h, s)`) need not be kept in memory.

pub mod array;
pub mod math;

pub use array::*;
pub use math::*;
