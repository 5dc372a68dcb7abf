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
//! The [index] lists all of them, by chapter and by Chainer's names.
//!
//! Functions take variables by value or by reference: one that is handed over (`h = F::reshape(h, s)`) need not be kept in memory.

pub mod activation;
pub mod array;
pub mod connection;
pub mod evaluation;
mod first_order;
pub mod index;
mod indices;
pub mod loss;
pub mod math;
pub mod noise;
pub mod normalization;
pub mod pooling;
mod settings;
mod spatial;
pub mod utility;

use chainer_kernels::{Axes, Loc, Op, Position};

pub use activation::*;
pub use array::*;
pub use connection::*;
pub use evaluation::*;
use first_order::first_order;
use indices::check_indices;
pub(crate) use indices::check_integers;
pub use loss::*;
pub use math::*;
pub use noise::*;
pub use normalization::*;
pub use pooling::*;
use settings::settings;
pub use spatial::{Pair, Sizes, Stride, Strides};
pub use utility::*;

use crate::type_check::Checked;
use crate::{Array, Dtype, Error, Function, Outputs, Result, Shape, Variable, config, elementwise};

/// An elementwise operation that is defined for float dtypes. Takes the variable, so that nothing keeps it in memory.
fn float_unary(op: Op, x: Variable, at: Loc) -> Variable {
    if x.error().is_none() && !x.dtype().is_float() {
        let actual = format!("{} != f", x.dtype().kind());
        return Variable::failed(Error::mismatch(op.name(), "x.dtype.kind == f", actual).at(at));
    }
    elementwise::unary(op, &x, at)
}

/// A result of a reduction of `shape` over `axes`, with the reduced axes back in their places with size 1.
fn keep_axes(reduced: &Variable, shape: &Shape, axes: &Axes, keepdims: bool) -> Variable {
    if keepdims {
        return reduced.clone();
    }
    match axes.resolve(shape, "keep_axes") {
        Ok(axes) => {
            let sizes: Shape =
                shape.iter().enumerate().map(|(i, &size)| if axes.contains(&i) { 1 } else { size }).collect();
            reduced.reshape(sizes)
        }
        Err(error) => Variable::failed(error),
    }
}

/// An array whose error, if it has failed, is of the function `name` and not of an operation inside it.
fn named(name: &'static str, array: Array) -> Array {
    match array.error() {
        None => array,
        Some(error) => Array::failed(Error::new(error.kind(), name, error.message())),
    }
}

/// The dtype in which sums and squares of many elements are computed: what does not fit float16 may be on the way to what does.
fn at_least_f32(dtype: Dtype) -> Dtype {
    if dtype.is_float() && dtype.size() < 4 { Dtype::F32 } else { dtype }
}

/// The checks of a function that is made of others, as the error of the function `name`. They run always: what it is made of would
/// refuse the same inputs, but in its own words.
pub(crate) fn checked(name: &'static str, check: impl FnOnce() -> Checked) -> Result<()> {
    check().map_err(|mismatch| Error::mismatch(name, mismatch.expect, mismatch.actual))
}

/// What a function that is made of others gives: they record the caller's position, and an error gets it.
fn composed(at: Loc, make: impl FnOnce() -> Result<Variable>) -> Variable {
    let _position = Position::enter(at);
    make().map_err(|error| error.at(at)).into()
}

/// The failed outputs of a function whose `forward` relies on its type check, where the configuration has switched type checks off.
fn refused(function: &impl Function, inputs: &[Array]) -> Option<Outputs> {
    if config().type_check {
        return None;
    }
    let mismatch = function.type_check(inputs).err()?;
    Some(Error::mismatch(function.name(), mismatch.expect, mismatch.actual).into())
}
