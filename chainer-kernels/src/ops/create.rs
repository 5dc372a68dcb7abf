//! Arrays from rules: ranges, grids, unit matrices.

use std::panic::Location;

use super::or_failed;
use crate::array::{Array, ArrayOps};
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::scalar::Scalar;
use crate::shape::Shape;

/// The numbers from `start` up to, without, `stop` in steps of `step`. Without a dtype: int64, or float64 if any argument is a float.
/// It takes no memory until a value is needed.
///
/// A step of 0 or a border that is not finite gives a failed array.
///
/// ```
/// use chainer_kernels::{Array, ArrayOps, Dtype, ops::arange};
/// assert_eq!(arange(0, 5, 1, None).to_vec::<i64>()?, [0, 1, 2, 3, 4]);
/// assert_eq!(arange(2, 9, 3, Dtype::F32).to_vec::<f32>()?, [2.0, 5.0, 8.0]);
/// assert_eq!(arange(0.0, 1.0, 0.25, None).to_vec::<f64>()?, [0.0, 0.25, 0.5, 0.75]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn arange(
    start: impl Into<Scalar>,
    stop: impl Into<Scalar>,
    step: impl Into<Scalar>,
    dtype: impl Into<Option<Dtype>>,
) -> Array {
    let (start, stop, step) = (start.into(), stop.into(), step.into());
    let dtype = dtype.into();
    or_failed(Location::caller(), || {
        let natural = [start, stop, step].iter().map(|s| s.dtype()).fold(Dtype::I64, Dtype::promote);
        let count = ((stop.as_f64() - start.as_f64()) / step.as_f64()).ceil();
        if step.as_f64() == 0.0 || !count.is_finite() || count > isize::MAX as f64 {
            let actual = format!("start {}, stop {}, step {}", start.as_f64(), stop.as_f64(), step.as_f64());
            return Err(Error::value("arange", "finite borders and a step other than 0", actual));
        }
        let place = Array::index(count.max(0.0) as usize, natural);
        Ok((place * Array::full((), step, natural) + Array::full((), start, natural)).astype(dtype.unwrap_or(natural)))
    })
}

/// `num` numbers at equal distances from `start` to `stop`, which is the last one with `endpoint`. Without a dtype: float64.
///
/// ```
/// use chainer_kernels::ops::linspace;
/// assert_eq!(linspace(0.0, 1.0, 5, true, None).to_vec::<f64>()?, [0.0, 0.25, 0.5, 0.75, 1.0]);
/// assert_eq!(linspace(0.0, 1.0, 2, false, None).to_vec::<f64>()?, [0.0, 0.5]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn linspace(
    start: impl Into<Scalar>,
    stop: impl Into<Scalar>,
    num: usize,
    endpoint: bool,
    dtype: impl Into<Option<Dtype>>,
) -> Array {
    linspace_with_step(start, stop, num, endpoint, dtype).0
}

/// [`linspace`] and the distance of its numbers (NumPy's `retstep`), which is NaN where there are none to measure.
///
/// ```
/// use chainer_kernels::ops::linspace_with_step;
/// let (x, step) = linspace_with_step(0.0, 1.0, 5, true, None);
/// assert_eq!(x.to_vec::<f64>()?, [0.0, 0.25, 0.5, 0.75, 1.0]);
/// assert_eq!(step, 0.25);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn linspace_with_step(
    start: impl Into<Scalar>,
    stop: impl Into<Scalar>,
    num: usize,
    endpoint: bool,
    dtype: impl Into<Option<Dtype>>,
) -> (Array, f64) {
    let (start, stop) = (start.into().as_f64(), stop.into().as_f64());
    let intervals = if endpoint { num.saturating_sub(1) } else { num };
    let step = if intervals > 0 { (stop - start) / intervals as f64 } else { f64::NAN };
    let at = |i: usize| if endpoint && i == intervals && i > 0 { stop } else { start + i as f64 * step };
    let values: Vec<f64> = (0..num).map(|i| if intervals == 0 { start } else { at(i) }).collect();
    (Array::from(values).astype(dtype.into().unwrap_or(Dtype::F64)), step)
}

/// `base` to the powers that [`linspace`] gives (NumPy's default base is 10).
///
/// ```
/// use chainer_kernels::ops::logspace;
/// assert_eq!(logspace(0.0, 2.0, 3, true, 10.0, None).to_vec::<f64>()?, [1.0, 10.0, 100.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn logspace(
    start: impl Into<Scalar>,
    stop: impl Into<Scalar>,
    num: usize,
    endpoint: bool,
    base: f64,
    dtype: impl Into<Option<Dtype>>,
) -> Array {
    // On the host, as `linspace`: few numbers, and the exact ones should stay exact.
    let (start, stop, dtype) = (start.into(), stop.into(), dtype.into());
    or_failed(Location::caller(), || {
        let exponents = linspace(start, stop, num, endpoint, None).to_vec::<f64>()?;
        let values: Vec<f64> = exponents.into_iter().map(|e| base.powf(e)).collect();
        Ok(Array::from(values).astype(dtype.unwrap_or(Dtype::F64)))
    })
}

/// Column minus row of each element of an (n, m) matrix, and the number of a diagonal that compares with them as `k` does.
pub(super) fn offsets(n: usize, m: usize, k: isize) -> (Array, isize) {
    // Vectors hold more of the smaller ones.
    let dtype = if n.max(m) <= i32::MAX as usize { Dtype::I32 } else { Dtype::I64 };
    // Beyond the corners all diagonals are alike.
    let k = k.clamp(-(n as isize), m as isize);
    (Array::index([1, m], dtype) - Array::index([n, 1], dtype), k)
}

/// An (n, m) matrix with ones on the diagonal `k` above the main one and zeros elsewhere. `m`: None for n. NumPy's default dtype is
/// float64.
///
/// ```
/// use chainer_kernels::{Dtype, ops::eye};
/// assert_eq!(eye(2, 3, 1, Dtype::F32).to_vec::<f32>()?, [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
pub fn eye(n: usize, m: impl Into<Option<usize>>, k: isize, dtype: Dtype) -> Array {
    let (offsets, k) = offsets(n, m.into().unwrap_or(n), k);
    offsets.equal(k).astype(dtype)
}

/// The (n, n) unit matrix.
///
/// ```
/// use chainer_kernels::{Dtype, ops::identity};
/// assert_eq!(identity(2, Dtype::I32).to_vec::<i32>()?, [1, 0, 0, 1]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
pub fn identity(n: usize, dtype: Dtype) -> Array {
    eye(n, None, 0, dtype)
}

/// An (n, m) matrix with ones on and below the diagonal `k` and zeros above it.
///
/// ```
/// use chainer_kernels::{Dtype, ops::tri};
/// assert_eq!(tri(2, 3, 0, Dtype::I32).to_vec::<i32>()?, [1, 0, 0, 1, 1, 0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
pub fn tri(n: usize, m: impl Into<Option<usize>>, k: isize, dtype: Dtype) -> Array {
    let (offsets, k) = offsets(n, m.into().unwrap_or(n), k);
    offsets.less_equal(k).astype(dtype)
}

/// Coordinate arrays of the grid that 1-d arrays span: as many as there are arrays, each of the grid's shape, all views. `indexing` is
/// `"xy"` (the first array runs along axis 1: NumPy's default) or `"ij"` (along axis 0); `sparse` leaves out the stretching.
///
/// ```
/// use chainer_kernels::{Array, ops::meshgrid};
/// let grid = meshgrid(&[&Array::from([1i32, 2, 3]), &Array::from([10i32, 20])], "xy", false);
/// assert_eq!(grid[0].to_vec::<i32>()?, [1, 2, 3, 1, 2, 3]);
/// assert_eq!(grid[1].to_vec::<i32>()?, [10, 10, 10, 20, 20, 20]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn meshgrid(arrays: &[&Array], indexing: &str, sparse: bool) -> Vec<Array> {
    let at = Location::caller();
    let make = || -> Result<Vec<Array>> {
        super::check_all(arrays.iter().copied())?;
        let swap = match indexing {
            "xy" => arrays.len() > 1,
            "ij" => false,
            other => return Err(Error::value("meshgrid", "indexing \"xy\" or \"ij\"", format_args!("{other:?}"))),
        };
        let axis = |i: usize| if swap && i < 2 { 1 - i } else { i };
        let mut full = vec![1; arrays.len()];
        arrays.iter().enumerate().for_each(|(i, x)| full[axis(i)] = x.size());
        Ok(arrays
            .iter()
            .enumerate()
            .map(|(i, x)| {
                let mut shape = vec![1; arrays.len()];
                shape[axis(i)] = x.size();
                let line = x.reshape(shape);
                if sparse { line } else { line.broadcast_to(&full) }
            })
            .collect())
    };
    make().unwrap_or_else(|error| vec![Array::failed(error.at(at)); arrays.len()])
}

/// Index arrays for the grid of 1-d arrays: the i-th has size 1 on every axis but the i-th. A bool array stands for the places where it
/// is true, and is read now.
///
/// ```
/// use chainer_kernels::{Array, ops::ix_};
/// let x = Array::from([[1i32, 2, 3], [4, 5, 6]]);
/// let grid = ix_(&[&Array::from([0i64, 1]), &Array::from([true, false, true])]);
/// assert_eq!(x.get_item((&grid[0], &grid[1])).to_vec::<i32>()?, [1, 3, 4, 6]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn ix_(arrays: &[&Array]) -> Vec<Array> {
    let at = Location::caller();
    let make = || -> Result<Vec<Array>> {
        super::check_all(arrays.iter().copied())?;
        let lay = |(i, x): (usize, &&Array)| -> Result<Array> {
            if x.ndim() != 1 {
                return Err(Error::mismatch("ix_", format_args!("args[{i}].ndim == 1"), x.ndim()));
            }
            let x = if x.dtype() == Dtype::Bool { super::flatnonzero(x)? } else { (*x).clone() };
            let shape: Shape = (0..arrays.len()).map(|axis| if axis == i { x.size() } else { 1 }).collect();
            Ok(x.reshape(shape))
        };
        arrays.iter().enumerate().map(lay).collect()
    };
    make().unwrap_or_else(|error| vec![Array::failed(error.at(at)); arrays.len()])
}
