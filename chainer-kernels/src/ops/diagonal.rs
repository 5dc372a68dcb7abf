//! Diagonals: read as views, written, summed, made into matrices.

use std::panic::Location;

use super::create::offsets;
use super::{Index, or_failed, pad};
use crate::array::{Array, ArrayOps, Axes, IntoOperand};
use crate::error::{Error, Result};
use crate::scalar::Scalar;
use crate::shape::Shape;

/// The diagonal `offset` above the main one in the plane of two axes, as the last axis of the result: a view where the layout allows it.
///
/// ```
/// use chainer_kernels::{Array, ops::diagonal};
/// let x = Array::from([[1i32, 2, 3], [4, 5, 6]]);
/// assert_eq!(diagonal(&x, 0, 0, 1).to_vec::<i32>()?, [1, 5]);
/// assert_eq!(diagonal(&x, 1, 0, 1).to_vec::<i32>()?, [2, 6]);
/// assert_eq!(diagonal(&x, -1, 0, 1).to_vec::<i32>()?, [4]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn diagonal(a: &Array, offset: isize, axis1: isize, axis2: isize) -> Array {
    or_failed(Location::caller(), || diagonal_of("diagonal", a, offset, axis1, axis2))
}

fn diagonal_of(name: &'static str, a: &Array, offset: isize, axis1: isize, axis2: isize) -> Result<Array> {
    a.check()?;
    if a.ndim() < 2 {
        return Err(Error::mismatch(name, "x.ndim >= 2", a.ndim()));
    }
    a.shape().axes(&[axis1, axis2], name)?;
    let ndim = a.ndim() as isize;
    let plane = super::moveaxis(a, &[axis1, axis2], &[ndim - 2, ndim - 1]);
    let shape = plane.shape().clone();
    let (n, m) = (shape[a.ndim() - 2], shape[a.ndim() - 1]);
    let (row, column) = (offset.min(0).unsigned_abs().min(n), offset.max(0).unsigned_abs().min(m));
    let count = (n - row).min(m - column);
    let lead = &shape[..a.ndim() - 2];
    if count == 0 {
        return Ok(Array::zeros(lead.iter().copied().chain([0]).collect::<Shape>(), a.dtype()));
    }
    // On the plane as one axis, diagonal neighbours are m + 1 apart.
    let first = row * m + column;
    let end = first + (count - 1) * (m + 1) + 1;
    let flat = plane.reshape(lead.iter().copied().chain([n * m]).collect::<Shape>());
    let line = Index::Slice(Some(first as isize), Some(end as isize), Some(m as isize + 1));
    Ok(flat.slice([Index::Ellipsis, line]))
}

/// The sum of [`diagonal`].
///
/// ```
/// use chainer_kernels::{Array, ops::trace};
/// assert_eq!(trace(&Array::from([[1.0f32, 2.0], [3.0, 4.0]]), 0, 0, 1).item::<f32>()?, 5.0);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn trace(a: &Array, offset: isize, axis1: isize, axis2: isize) -> Array {
    or_failed(Location::caller(), || Ok(diagonal_of("trace", a, offset, axis1, axis2)?.sum(Axes::from(-1), false)))
}

/// Of a matrix its diagonal `k`; of a vector the square matrix that has it as its diagonal `k` and zeros elsewhere.
///
/// ```
/// use chainer_kernels::{Array, ops::diag};
/// let x = Array::from([1i32, 2]);
/// assert_eq!(diag(&x, 0).to_vec::<i32>()?, [1, 0, 0, 2]);
/// assert_eq!(diag(&diag(&x, 1), 1).to_vec::<i32>()?, [1, 2]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn diag(v: &Array, k: isize) -> Array {
    or_failed(Location::caller(), || {
        v.check()?;
        match v.ndim() {
            1 => Ok(with_diagonal(v, k)),
            2 => diagonal_of("diag", v, k, 0, 1),
            ndim => Err(Error::mismatch("diag", "v.ndim == 1 or v.ndim == 2", ndim)),
        }
    })
}

/// The square matrix that has the flattened array as its diagonal `k` and zeros elsewhere.
///
/// ```
/// use chainer_kernels::{Array, ops::diagflat};
/// assert_eq!(diagflat(&Array::from([[1i32, 2]]), 0).to_vec::<i32>()?, [1, 0, 0, 2]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn diagflat(v: &Array, k: isize) -> Array {
    if v.is_failed() { v.clone() } else { with_diagonal(&v.reshape(v.size()), k) }
}

fn with_diagonal(v: &Array, k: isize) -> Array {
    let border = k.unsigned_abs();
    let size = v.size() + border;
    // Element i stands in row i of an upper diagonal, in column i of a lower one.
    let line = pad::bordered(v, [(0, border)].into_iter().collect(), Scalar::Int(0));
    let line = if k < 0 { line.reshape([1, size]) } else { line.reshape([size, 1]) };
    let (offsets, k) = offsets(size, size, k);
    offsets.equal(k).select(line, Array::zeros((), v.dtype()))
}

/// Writes a number over the main diagonal (i, i, …, i). Of more than two axes all must have one size; with `wrap` the diagonal of a
/// tall matrix starts again below a row left out.
///
/// # Errors
/// The array's own error; fewer than two axes, or more of different sizes.
///
/// ```
/// use chainer_kernels::{Array, Dtype, ops::fill_diagonal};
/// let mut x = Array::zeros([2, 2], Dtype::F32);
/// fill_diagonal(&mut x, 5.0, false)?;
/// assert_eq!(x.to_vec::<f32>()?, [5.0, 0.0, 0.0, 5.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn fill_diagonal(a: &mut Array, value: impl IntoOperand, wrap: bool) -> Result<()> {
    let at = Location::caller();
    a.check()?;
    let shape = a.shape().clone();
    if shape.ndim() < 2 || (shape.ndim() > 2 && shape.iter().any(|&d| d != shape[0])) {
        let expect = "a matrix, or more axes of one size";
        return Err(Error::mismatch("fill_diagonal", expect, format_args!("shape {shape:?}")).at(at));
    }
    let step: isize = shape.strides().iter().sum();
    let end = if shape.ndim() == 2 && !wrap { Some((shape[1] * shape[1]) as isize) } else { None };
    let mut flat = a.reshape(a.size());
    flat.set_item(Index::Slice(None, end, Some(step.max(1))), value).map_err(|e| e.at(at))?;
    *a = flat.reshape(shape);
    Ok(())
}
