//! Where an array is not zero. How many places there are depends on the values, so these read the array.

use std::panic::Location;

use crate::array::{Array, ArrayOps};
use crate::dtype::Dtype;
use crate::error::{Error, Result};

/// The places in row-major order where the array is not zero.
fn places(a: &Array) -> Result<Vec<usize>> {
    let flags = if a.dtype() == Dtype::Bool { a.clone() } else { a.not_equal(0) };
    Ok(flags.to_vec::<bool>()?.iter().enumerate().filter(|(_, set)| **set).map(|(i, _)| i).collect())
}

/// The indices of the elements that are not zero, in row-major order: one int64 array for each axis.
///
/// # Errors
/// The array's own error. (The values are read now.)
///
/// ```
/// use chainer_kernels::{Array, ops::nonzero};
/// let found = nonzero(&Array::from([[0i32, 5], [7, 0]]))?;
/// assert_eq!(found[0].to_vec::<i64>()?, [0, 1]);
/// assert_eq!(found[1].to_vec::<i64>()?, [1, 0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
pub fn nonzero(a: &Array) -> Result<Vec<Array>> {
    let found = places(a)?;
    let strides = a.shape().strides();
    Ok(a.shape()
        .iter()
        .zip(&strides)
        .map(|(&dim, &stride)| found.iter().map(|&place| (place / stride as usize % dim) as i64).collect::<Vec<_>>())
        .map(Array::from)
        .collect())
}

/// The row-major places of the elements that are not zero, as int64.
///
/// # Errors
/// The array's own error. (The values are read now.)
///
/// ```
/// use chainer_kernels::{Array, ops::flatnonzero};
/// assert_eq!(flatnonzero(&Array::from([[0i32, 5], [7, 0]]))?.to_vec::<i64>()?, [1, 2]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
pub fn flatnonzero(a: &Array) -> Result<Array> {
    Ok(Array::from(places(a)?.into_iter().map(|place| place as i64).collect::<Vec<_>>()))
}

/// The slices along `axis` (of the flattened array for `None`) where the 1-d `condition` is true. A condition that is shorter than the
/// axis is false beyond its end. The condition is read now.
///
/// ```
/// use chainer_kernels::{Array, ops::compress};
/// let x = Array::from([[1i32, 2, 3], [4, 5, 6]]);
/// assert_eq!(compress(&Array::from([true, false, true]), &x, 1).to_vec::<i32>()?, [1, 3, 4, 6]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn compress(condition: &Array, a: &Array, axis: impl Into<Option<isize>>) -> Array {
    let at = Location::caller();
    let axis = axis.into();
    super::or_failed(at, || {
        condition.check()?;
        if condition.ndim() != 1 {
            return Err(Error::mismatch("compress", "condition.ndim == 1", condition.ndim()));
        }
        Ok(super::take(a, &flatnonzero(condition)?, axis))
    })
}

impl Array {
    /// [`nonzero`] as a method.
    ///
    /// # Errors
    /// The array's own error.
    pub fn nonzero(&self) -> Result<Vec<Array>> {
        nonzero(self)
    }
}
