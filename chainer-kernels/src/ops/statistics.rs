//! Statistics beyond the plain reductions of [`ArrayOps`].

use std::panic::Location;

use super::{check_all, or_failed, scatter_axis};
use crate::array::{Array, ArrayOps, Axes};
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::kernel::ScatterMode;

/// Floats as they are, everything else as float64.
fn as_float(a: &Array) -> Array {
    if a.dtype().is_float() { a.clone() } else { a.astype(Dtype::F64) }
}

/// The variance over `axes`: the sum of squared distances from the mean, divided by the number of elements less `ddof`. Integers
/// become float64.
///
/// ```
/// use chainer_kernels::{Array, ops::var};
/// let x = Array::from([1.0f64, 2.0, 3.0, 4.0]);
/// assert_eq!(var(&x, None, 0, false).item::<f64>()?, 1.25);
/// assert_eq!(var(&x, 0, 1, true).shape(), &[1].into());
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn var(a: &Array, axes: impl Into<Axes>, ddof: usize, keepdims: bool) -> Array {
    let axes = axes.into();
    or_failed(Location::caller(), || variance("var", a, axes, ddof, keepdims))
}

fn variance(name: &'static str, a: &Array, axes: Axes, ddof: usize, keepdims: bool) -> Result<Array> {
    a.check()?;
    let count: usize = axes.resolve(a.shape(), name)?.iter().map(|&axis| a.shape()[axis]).product();
    let x = as_float(a);
    let mean = (&x).mean(axes.clone(), true);
    // No degree of freedom left: 0 / 0 or x / 0, as NumPy gives.
    Ok((x - mean).square().sum(axes, keepdims) / count.saturating_sub(ddof))
}

/// The square root of [`var`].
///
/// ```
/// use chainer_kernels::{Array, ops::std};
/// assert_eq!(std(&Array::from([1.0f64, 5.0]), None, 0, false).item::<f64>()?, 2.0);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn std(a: &Array, axes: impl Into<Axes>, ddof: usize, keepdims: bool) -> Array {
    let axes = axes.into();
    or_failed(Location::caller(), || Ok(variance("std", a, axes, ddof, keepdims)?.sqrt()))
}

/// The mean over `axes`, each element counted `weights` times; weights broadcast.
///
/// ```
/// use chainer_kernels::{Array, ops::average};
/// let x = Array::from([1.0f32, 5.0]);
/// assert_eq!(average(&x, None, Some(&Array::from([3.0f32, 1.0]))).item::<f32>()?, 2.0);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn average(a: &Array, axes: impl Into<Axes>, weights: Option<&Array>) -> Array {
    let axes = axes.into();
    or_failed(Location::caller(), || {
        let Some(weights) = weights else { return Ok(a.mean(axes, false)) };
        check_all([a, weights])?;
        let x = as_float(a);
        let product = &x * weights;
        let total = weights.broadcast_to(x.shape()).sum(axes.clone(), false);
        Ok(product.sum(axes, false) / total)
    })
}

/// How many elements are not zero, over `axes`, as int64.
///
/// ```
/// use chainer_kernels::{Array, ops::count_nonzero};
/// assert_eq!(count_nonzero(&Array::from([[0i32, 1], [2, 3]]), None).item::<i64>()?, 3);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn count_nonzero(a: &Array, axes: impl Into<Axes>) -> Array {
    a.not_equal(0).sum(axes, false)
}

/// The largest element over `axes`, NaN left out; NaN where there is nothing else.
///
/// ```
/// use chainer_kernels::{Array, ops::nanmax};
/// assert_eq!(nanmax(&Array::from([1.0f32, f32::NAN, 0.5]), None, false).item::<f32>()?, 1.0);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn nanmax(a: &Array, axes: impl Into<Axes>, keepdims: bool) -> Array {
    without_nan(a, axes.into(), keepdims, f64::NEG_INFINITY, |x, axes| x.max(axes, keepdims))
}

/// The smallest element over `axes`, NaN left out; NaN where there is nothing else.
///
/// ```
/// use chainer_kernels::{Array, ops::nanmin};
/// assert_eq!(nanmin(&Array::from([1.0f32, f32::NAN, 0.5]), None, false).item::<f32>()?, 0.5);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn nanmin(a: &Array, axes: impl Into<Axes>, keepdims: bool) -> Array {
    without_nan(a, axes.into(), keepdims, f64::INFINITY, |x, axes| x.min(axes, keepdims))
}

#[track_caller]
fn without_nan(a: &Array, axes: Axes, keepdims: bool, neutral: f64, reduce: impl Fn(Array, Axes) -> Array) -> Array {
    if a.is_failed() || !a.dtype().is_float() {
        return reduce(a.clone(), axes);
    }
    let found = reduce(a.isnan().select(neutral, a), axes.clone());
    let nothing = a.isnan().all(axes, keepdims);
    nothing.select(f64::NAN, found)
}

/// How often each number from 0 to the largest (at least `minlength` of them) occurs in a 1-d array of integers that are not negative;
/// with `weights` the sum of the weights at its places, as float64. The array is read now.
///
/// ```
/// use chainer_kernels::{Array, ops::bincount};
/// let x = Array::from([0i64, 2, 2]);
/// assert_eq!(bincount(&x, None, 0).to_vec::<i64>()?, [1, 0, 2]);
/// assert_eq!(bincount(&x, Some(&Array::from([0.5f64, 1.0, 2.0])), 4).to_vec::<f64>()?, [0.5, 0.0, 3.0, 0.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn bincount(x: &Array, weights: Option<&Array>, minlength: usize) -> Array {
    const NAME: &str = "bincount";
    or_failed(Location::caller(), || {
        check_all([x].into_iter().chain(weights))?;
        if x.ndim() != 1 || !(x.dtype().is_integer() || x.dtype() == Dtype::Bool) {
            let actual = format!("{}{:?}", x.dtype(), x.shape());
            return Err(Error::mismatch(NAME, "a 1-d array of integers", actual));
        }
        if let Some(weights) = weights
            && weights.shape() != x.shape()
        {
            let actual = format!("{:?} != {:?}", weights.shape(), x.shape());
            return Err(Error::mismatch(NAME, "weights.shape == x.shape", actual));
        }
        let places = x.astype(Dtype::I64);
        let values = places.to_vec::<i64>()?;
        if let Some((i, value)) = values.iter().enumerate().find(|(_, v)| **v < 0) {
            return Err(Error::value(NAME, "numbers that are not negative", format_args!("x[{i}] = {value}")));
        }
        let bins = values.iter().max().map_or(0, |&v| v as usize + 1).max(minlength);
        let ones = match weights {
            Some(weights) => weights.astype(Dtype::F64),
            None => Array::ones(x.shape(), Dtype::I64),
        };
        Ok(scatter_axis(&Array::zeros(bins, ones.dtype()), &places, &ones, 0, ScatterMode::Add))
    })
}
