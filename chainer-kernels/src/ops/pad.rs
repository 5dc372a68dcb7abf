//! Borders around an array.

use std::panic::Location;

use smallvec::SmallVec;

use super::{one, or_failed, take};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::scalar::Scalar;
use crate::shape::Shape;

/// What the border of [`pad`] holds.
#[derive(Clone, Debug, PartialEq)]
pub enum PadMode {
    /// A number.
    Constant(Scalar),
    /// A number before and one after, for each axis; later axes prevail in the corners.
    Constants(Vec<(Scalar, Scalar)>),
    /// The outermost element.
    Edge,
    /// The array mirrored at its outermost element, which is not repeated.
    Reflect,
    /// The array mirrored at its border: the outermost element is repeated.
    Symmetric,
    /// The array from its other end.
    Wrap,
}

impl PadMode {
    /// The mode without numbers that NumPy calls so; "constant" is zeros.
    ///
    /// # Errors
    /// A name that is none of `constant`, `edge`, `reflect`, `symmetric`, `wrap`.
    pub fn named(name: &str) -> Result<PadMode> {
        Ok(match name {
            "constant" => PadMode::Constant(Scalar::Int(0)),
            "edge" => PadMode::Edge,
            "reflect" => PadMode::Reflect,
            "symmetric" => PadMode::Symmetric,
            "wrap" => PadMode::Wrap,
            other => {
                let expect = "a mode of constant, edge, reflect, symmetric, wrap";
                return Err(Error::value("pad", expect, format_args!("{other:?}")));
            }
        })
    }
}

/// The array inside a border of `widths[i]` = (before, after) elements on axis `i`. One pair stands for all axes.
///
/// A number of pairs that is neither 1 nor that of the axes, and a mode other than a constant around an axis without elements, give a
/// failed array.
///
/// ```
/// use chainer_kernels::{Array, ops::{PadMode, pad}};
/// let x = Array::from([1i32, 2, 3]);
/// assert_eq!(pad(&x, &[(1, 2)], PadMode::Constant(9.into())).to_vec::<i32>()?, [9, 1, 2, 3, 9, 9]);
/// assert_eq!(pad(&x, &[(2, 2)], PadMode::Reflect).to_vec::<i32>()?, [3, 2, 1, 2, 3, 2, 1]);
/// assert_eq!(pad(&x, &[(2, 1)], PadMode::Symmetric).to_vec::<i32>()?, [2, 1, 1, 2, 3, 3]);
/// assert_eq!(pad(&x, &[(1, 1)], PadMode::Edge).to_vec::<i32>()?, [1, 1, 2, 3, 3]);
/// assert_eq!(pad(&x, &[(1, 4)], PadMode::Wrap).to_vec::<i32>()?, [3, 1, 2, 3, 1, 2, 3, 1]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn pad(array: &Array, widths: &[(usize, usize)], mode: PadMode) -> Array {
    const NAME: &str = "pad";
    or_failed(Location::caller(), || {
        array.check()?;
        let axes = array.ndim();
        if widths.len() != axes && widths.len() != 1 {
            let expect = format!("1 or {axes} pairs of widths (x.ndim)");
            return Err(Error::value(NAME, expect, widths.len()));
        }
        let width = |axis: usize| if widths.len() == 1 { widths[0] } else { widths[axis] };
        let one_axis = |axis: usize, width: (usize, usize)| {
            let mut widths = SmallVec::from_elem((0, 0), axes);
            widths[axis] = width;
            widths
        };
        match &mode {
            PadMode::Constant(value) => Ok(bordered(array, (0..axes).map(width).collect(), *value)),
            PadMode::Constants(values) => {
                if values.len() != axes && values.len() != 1 {
                    let expect = format!("1 or {axes} pairs of constants (x.ndim)");
                    return Err(Error::value(NAME, expect, values.len()));
                }
                Ok((0..axes).fold(array.clone(), |x, axis| {
                    let (before, after) = if values.len() == 1 { values[0] } else { values[axis] };
                    let x = bordered(&x, one_axis(axis, (width(axis).0, 0)), before);
                    bordered(&x, one_axis(axis, (0, width(axis).1)), after)
                }))
            }
            mode => (0..axes).try_fold(array.clone(), |x, axis| {
                let ((before, after), size) = (width(axis), array.shape()[axis] as i64);
                if (before, after) == (0, 0) {
                    return Ok(x);
                }
                if size == 0 {
                    return Err(Error::value(NAME, format_args!("x.shape[{axis}] >= 1"), 0));
                }
                let period = match mode {
                    PadMode::Reflect => (2 * size - 2).max(1),
                    PadMode::Symmetric => 2 * size,
                    _ => size,
                };
                let source = |place: i64| match mode {
                    PadMode::Edge => place.clamp(0, size - 1),
                    PadMode::Wrap => place.rem_euclid(period),
                    PadMode::Reflect => {
                        let at = place.rem_euclid(period);
                        at.min(period - at)
                    }
                    _ => {
                        let at = place.rem_euclid(period);
                        at.min(period - 1 - at)
                    }
                };
                let places: Vec<i64> = (-(before as i64)..size + after as i64).map(source).collect();
                Ok(take(&x, &Array::from(places), axis as isize))
            }),
        }
    })
}

/// The array inside a border of `value`; one pair of widths for each axis.
pub(super) fn bordered(array: &Array, widths: SmallVec<[(usize, usize); 4]>, value: Scalar) -> Array {
    if array.is_failed() || widths.iter().all(|w| *w == (0, 0)) {
        return array.clone();
    }
    let shape: Shape = array.shape().iter().zip(&widths).map(|(&d, w)| w.0 + d + w.1).collect();
    one(Array::call(Kernel::Pad { widths, value }, &[array], &[(shape, array.dtype())]))
}
