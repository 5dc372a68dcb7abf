//! Max and average pooling over any number of spatial axes, and what their gradients need.

use std::panic::Location;

use super::convolution::{MAX_OPTION, result_shape};
use super::{check_all, get_conv_outsize, one, or_failed};
use crate::array::Array;
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::kernel::{AveragePool, Kernel, Pool};
use crate::shape::Shape;

fn check_pool(name: &'static str, letter: &str, x: &Array, pool: &Pool) -> Result<()> {
    x.check()?;
    if !x.dtype().is_float() {
        return Err(Error::mismatch(name, format_args!("{letter}.dtype.kind == f"), x.dtype()));
    }
    if x.ndim() != pool.ksize.len() + 2 || pool.ksize.is_empty() {
        let expect = format!("{letter}.ndim == {}", pool.ksize.len().max(1) + 2);
        return Err(Error::mismatch(name, expect, x.ndim()));
    }
    for (what, values, least) in [("ksize", &pool.ksize, 1), ("stride", &pool.stride, 1), ("pad", &pool.pad, 0)] {
        if values.len() != pool.ksize.len() || values.iter().any(|&v| v < least) {
            let expect = format!("{what} of {} numbers >= {least}", pool.ksize.len());
            return Err(Error::value(name, expect, format_args!("{values:?}")));
        }
        if values.iter().any(|&value| value > MAX_OPTION) {
            return Err(Error::value(name, format_args!("{what} <= {MAX_OPTION}"), format_args!("{values:?}")));
        }
    }
    Ok(())
}

/// The shape of the pooled array.
fn pooled(name: &'static str, x: &Array, pool: &Pool, cover_all: bool) -> Result<Shape> {
    check_pool(name, "x", x, pool)?;
    let xs = x.shape();
    let mut out = vec![xs[0], xs[1]];
    for i in 0..pool.ksize.len() {
        let (size, k, pad) = (xs[2 + i], pool.ksize[i], pool.pad[i]);
        let at = get_conv_outsize(size, k, pool.stride[i], pad, cover_all, 1);
        if at == 0 {
            let expect = format!("a window that fits into x.shape[{}] + 2 * pad", 2 + i);
            return Err(Error::mismatch(name, expect, format_args!("window {k}, size {size}, pad {pad}")));
        }
        out.push(at);
    }
    result_shape(name, out)
}

/// Checks that `shape` is the pooled shape of an input with the given spatial sizes.
fn check_pooled(name: &'static str, pool: &Pool, spatial: &[usize], of: &str, shape: &Shape) -> Result<()> {
    if spatial.len() != pool.ksize.len() {
        return Err(Error::value(name, format_args!("{} spatial sizes", pool.ksize.len()), spatial.len()));
    }
    for (i, &size) in spatial.iter().enumerate() {
        let out = |cover| get_conv_outsize(size, pool.ksize[i], pool.stride[i], pool.pad[i], cover, 1);
        if shape[2 + i] != out(false) && shape[2 + i] != out(true) {
            let expect = format!("{of}.shape[{}] == {}", 2 + i, out(false));
            return Err(Error::mismatch(name, expect, shape[2 + i]));
        }
    }
    Ok(())
}

fn check_indices(name: &'static str, gy: &Array, index: &Array) -> Result<()> {
    check_all([gy, index])?;
    if index.dtype() != Dtype::I32 {
        return Err(Error::mismatch(name, "index.dtype == int32", index.dtype()));
    }
    Ok(())
}

/// The maxima of windows over x (N, C, spatial…): y (N, C, out…) and, as int32, each maximum's place in its window (row-major, the first
/// of equal ones). out by [`get_conv_outsize`]; Chainer's default for `cover_all` is true. A window that lies wholly in the padding
/// gives -inf and place 0.
///
/// ```
/// use chainer_kernels::{Array, kernel::Pool, ops::max_pooling};
/// let x = Array::from([[[1.0f32, 4.0, 2.0, 3.0, 0.0]]]);
/// let pool = Pool { ksize: [2].into_iter().collect(), stride: [2].into_iter().collect(), pad: [0].into_iter().collect() };
/// let (y, index) = max_pooling(&x, &pool, true);
/// assert_eq!(y.to_vec::<f32>()?, [4.0, 3.0, 0.0]);
/// assert_eq!(index.to_vec::<i32>()?, [1, 1, 0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn max_pooling(x: &Array, pool: &Pool, cover_all: bool) -> (Array, Array) {
    let at = Location::caller();
    match pooled("max_pooling", x, pool, cover_all) {
        Ok(shape) => {
            let outputs = [(shape.clone(), x.dtype()), (shape, Dtype::I32)];
            let mut made = Array::call(Kernel::MaxPool(pool.clone()), &[x], &outputs).into_iter();
            match (made.next(), made.next()) {
                (Some(y), Some(index)) => (y, index),
                (y, _) => {
                    let y = or_failed(at, || Err(y.and_then(|y| y.error().cloned()).unwrap_or_else(missing)));
                    (y.clone(), y)
                }
            }
        }
        Err(error) => {
            let failed = Array::failed(error.at(at));
            (failed.clone(), failed)
        }
    }
}

fn missing() -> Error {
    Error::new(crate::ErrorKind::State, "max_pooling", "the kernel has no output")
}

/// The gradient of [`max_pooling`] with respect to x, whose spatial sizes are `size`: each element of gy goes to the place that `index`
/// names.
///
/// ```
/// use chainer_kernels::{Array, kernel::Pool, ops::{max_pooling, max_pooling_backward}};
/// let x = Array::from([[[1.0f32, 4.0, 2.0, 3.0]]]);
/// let pool = Pool { ksize: [2].into_iter().collect(), stride: [2].into_iter().collect(), pad: [0].into_iter().collect() };
/// let (_, index) = max_pooling(&x, &pool, true);
/// let gx = max_pooling_backward(&Array::from([[[5.0f32, 6.0]]]), &index, &pool, &[4]);
/// assert_eq!(gx.to_vec::<f32>()?, [0.0, 5.0, 0.0, 6.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn max_pooling_backward(gy: &Array, index: &Array, pool: &Pool, size: &[usize]) -> Array {
    const NAME: &str = "max_pooling_backward";
    or_failed(Location::caller(), || {
        check_indices(NAME, gy, index)?;
        check_pool(NAME, "gy", gy, pool)?;
        check_pooled(NAME, pool, size, "gy", gy.shape())?;
        if gy.shape() != index.shape() {
            let actual = format!("{:?} != {:?}", gy.shape(), index.shape());
            return Err(Error::mismatch(NAME, "gy.shape == index.shape", actual));
        }
        let out = result_shape(NAME, gy.shape()[..2].iter().chain(size).copied().collect())?;
        Ok(one(Array::call(Kernel::MaxPoolBackward(pool.clone()), &[gy, index], &[(out, gy.dtype())])))
    })
}

/// The elements of x (N, C, spatial…) at the places that `index` names: [`max_pooling`] with the choice given. Zero where the place lies
/// in the padding.
///
/// ```
/// use chainer_kernels::{Array, kernel::Pool, ops::max_pooling_gather};
/// let x = Array::from([[[1.0f32, 4.0, 2.0, 3.0]]]);
/// let pool = Pool { ksize: [2].into_iter().collect(), stride: [2].into_iter().collect(), pad: [0].into_iter().collect() };
/// let y = max_pooling_gather(&x, &Array::from([[[0i32, 1]]]), &pool);
/// assert_eq!(y.to_vec::<f32>()?, [1.0, 3.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn max_pooling_gather(x: &Array, index: &Array, pool: &Pool) -> Array {
    const NAME: &str = "max_pooling_gather";
    or_failed(Location::caller(), || {
        check_indices(NAME, x, index)?;
        check_pool(NAME, "x", x, pool)?;
        if index.ndim() != x.ndim() || index.shape()[..2] != x.shape()[..2] {
            let actual = format!("{:?} and {:?}", index.shape(), x.shape());
            return Err(Error::mismatch(NAME, "index.shape[:2] == x.shape[:2]", actual));
        }
        check_pooled(NAME, pool, &x.shape()[2..], "index", index.shape())?;
        let out = index.shape().clone();
        Ok(one(Array::call(Kernel::MaxPoolGather(pool.clone()), &[x, index], &[(out, x.dtype())])))
    })
}

/// The means over windows of x (N, C, spatial…): y (N, C, out…). [`Divisor::Window`](crate::kernel::Divisor) counts padding, as Chainer
/// does; with [`Divisor::One`](crate::kernel::Divisor) they are sums.
///
/// ```
/// use chainer_kernels::{Array, kernel::{AveragePool, Divisor, Pool}, ops::average_pooling};
/// let x = Array::from([[[1.0f32, 3.0, 5.0, 7.0]]]);
/// let pool = Pool { ksize: [2].into_iter().collect(), stride: [2].into_iter().collect(), pad: [1].into_iter().collect() };
/// let pool = AveragePool { pool, divisor: Divisor::Window };
/// assert_eq!(average_pooling(&x, &pool, false).to_vec::<f32>()?, [0.5, 4.0, 3.5]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn average_pooling(x: &Array, pool: &AveragePool, cover_all: bool) -> Array {
    or_failed(Location::caller(), || {
        let out = pooled("average_pooling", x, &pool.pool, cover_all)?;
        Ok(one(Array::call(Kernel::AveragePool(pool.clone()), &[x], &[(out, x.dtype())])))
    })
}

/// The gradient of [`average_pooling`] with respect to x, whose spatial sizes are `size`.
///
/// ```
/// use chainer_kernels::{Array, kernel::{AveragePool, Divisor, Pool}, ops::average_pooling_backward};
/// let pool = Pool { ksize: [2].into_iter().collect(), stride: [2].into_iter().collect(), pad: [0].into_iter().collect() };
/// let pool = AveragePool { pool, divisor: Divisor::Window };
/// let gx = average_pooling_backward(&Array::from([[[2.0f32, 4.0]]]), &pool, &[5]);
/// assert_eq!(gx.to_vec::<f32>()?, [1.0, 1.0, 2.0, 2.0, 0.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn average_pooling_backward(gy: &Array, pool: &AveragePool, size: &[usize]) -> Array {
    const NAME: &str = "average_pooling_backward";
    or_failed(Location::caller(), || {
        check_pool(NAME, "gy", gy, &pool.pool)?;
        check_pooled(NAME, &pool.pool, size, "gy", gy.shape())?;
        let out = result_shape(NAME, gy.shape()[..2].iter().chain(size).copied().collect())?;
        Ok(one(Array::call(Kernel::AveragePoolBackward(pool.clone()), &[gy], &[(out, gy.dtype())])))
    })
}
