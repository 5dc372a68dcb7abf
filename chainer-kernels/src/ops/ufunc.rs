//! Elementwise routines that are made of others.

use std::panic::Location;

use super::{check_all, or_failed};
use crate::array::{Array, ArrayOps, IntoOperand, OperandValue};
use crate::error::{Error, Result};
use crate::op::Op;
use crate::shape::Shape;

/// Where `condition` is true the element of `x`, elsewhere that of `y`: [`ArrayOps::select`] under NumPy's name.
///
/// ```
/// use chainer_kernels::{Array, ops::where_};
/// let c = Array::from([true, false]);
/// assert_eq!(where_(&c, 1.0f32, 2.0f32).to_f64_vec()?, [1.0, 2.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn where_(condition: &Array, x: impl IntoOperand, y: impl IntoOperand) -> Array {
    condition.select(x, y)
}

/// Fraction and exponent: `x = fraction * 2^exponent` with |fraction| in [0.5, 1); the exponent is int32.
///
/// ```
/// use chainer_kernels::{Array, ops::frexp};
/// let (fraction, exponent) = frexp(&Array::from([8.0f32, -3.0]));
/// assert_eq!(fraction.to_vec::<f32>()?, [0.5, -0.75]);
/// assert_eq!(exponent.to_vec::<i32>()?, [4, 2]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn frexp(x: &Array) -> (Array, Array) {
    let part = |op| Array::map(op, [x.into_operand()]);
    (part(Op::FrexpFraction), part(Op::FrexpExponent))
}

/// The fractional and the integral part, both with the sign of x.
///
/// ```
/// use chainer_kernels::{Array, ops::modf};
/// let (fraction, whole) = modf(&Array::from([2.5f32, -0.25]));
/// assert_eq!(fraction.to_vec::<f32>()?, [0.5, -0.25]);
/// assert_eq!(whole.to_vec::<f32>()?, [2.0, 0.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn modf(x: &Array) -> (Array, Array) {
    let whole = x.trunc();
    // Infinity has no fraction; a whole number's zero keeps the sign.
    let fraction = (&whole).isinf().select(0.0, x - &whole).copysign(x);
    (fraction, whole)
}

/// The arrays stretched to their common shape: views.
///
/// Shapes that do not broadcast make all of them failed arrays.
///
/// ```
/// use chainer_kernels::{Array, Dtype, ops::broadcast_arrays};
/// let (a, b) = (Array::zeros([2, 1], Dtype::F32), Array::zeros([3], Dtype::F32));
/// assert_eq!(broadcast_arrays(&[&a, &b])[0].shape(), &[2, 3].into());
/// ```
#[track_caller]
pub fn broadcast_arrays(arrays: &[&Array]) -> Vec<Array> {
    let at = Location::caller();
    let make = || -> Result<Vec<Array>> {
        check_all(arrays.iter().copied())?;
        let mut shape = Shape::default();
        for x in arrays {
            shape = shape.broadcast(x.shape()).ok_or_else(|| {
                let shapes: Vec<String> = arrays.iter().map(|x| format!("{:?}", x.shape())).collect();
                Error::mismatch("broadcast_arrays", "shapes that broadcast", shapes.join(" and "))
            })?;
        }
        Ok(arrays.iter().map(|x| x.broadcast_to(&shape)).collect())
    };
    make().unwrap_or_else(|error| vec![Array::failed(error.at(at)); arrays.len()])
}

/// Replaces the elements of `dst` (where the bool array `mask` is true, if there is one) by those of `src`, converted and stretched.
///
/// # Errors
/// An array's own error; a source or mask that does not broadcast to `dst`. `dst` is then unchanged.
///
/// ```
/// use chainer_kernels::{Array, ops::copyto};
/// let mut x = Array::from([1.0f32, 2.0]);
/// copyto(&mut x, 9, Some(&Array::from([false, true])))?;
/// assert_eq!(x.to_vec::<f32>()?, [1.0, 9.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn copyto(dst: &mut Array, src: impl IntoOperand, mask: Option<&Array>) -> Result<()> {
    let at = Location::caller();
    let Some(mask) = mask else { return dst.fill(src) };
    dst.check()?;
    let src = match src.into_operand() {
        OperandValue::Array(array) => array.astype(dst.dtype()),
        OperandValue::Scalar(scalar) => Array::full((), scalar, dst.dtype()),
    };
    let changed = or_failed(at, || {
        let (mask, src) = (mask.broadcast_to(dst.shape()), src.broadcast_to(dst.shape()));
        check_all([&mask, &src])?;
        Ok(mask.select(src, &*dst))
    });
    changed.force()?;
    *dst = changed;
    Ok(())
}
