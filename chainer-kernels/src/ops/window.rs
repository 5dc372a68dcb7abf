//! Windows over images laid out and summed up again (im2col, col2im), and the largest elements of regions.

use std::panic::Location;

use super::convolution::{MAX_OPTION, result_shape};
use super::{check_all, get_conv_outsize, one, or_failed};
use crate::array::Array;
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::kernel::{Kernel, RegionPool, Window};

fn check_window(name: &'static str, window: &Window) -> Result<usize> {
    let axes = window.ksize.len();
    let lists = [("ksize", &window.ksize, 1), ("stride", &window.stride, 1), ("pad", &window.pad, 0)];
    for (what, values, least) in lists.into_iter().chain([("dilate", &window.dilate, 1)]) {
        if axes == 0 || values.len() != axes || values.iter().any(|&v| v < least) {
            let expect = format!("{what} of {} numbers >= {least}", axes.max(1));
            return Err(Error::value(name, expect, format_args!("{values:?}")));
        }
        if values.iter().any(|&value| value > MAX_OPTION) {
            return Err(Error::value(name, format_args!("{what} <= {MAX_OPTION}"), format_args!("{values:?}")));
        }
    }
    Ok(axes)
}

fn outsize(window: &Window, axis: usize, size: usize, cover_all: bool) -> usize {
    let Window { ksize, stride, pad, dilate } = window;
    get_conv_outsize(size, ksize[axis], stride[axis], pad[axis], cover_all, dilate[axis])
}

/// What each element of a window meets in x (N, C, spatial…), as it moves: (N, C, window…, out…), out by
/// [`get_conv_outsize`]. Outside x are zeros. Any dtype.
///
/// ```
/// use chainer_kernels::{Array, kernel::Window, ops::unfold};
/// let x = Array::from([[[1.0f32, 2.0, 3.0]]]);
/// let one = |v: usize| [v].into_iter().collect();
/// let window = Window { ksize: one(2), stride: one(1), pad: one(0), dilate: one(1) };
/// assert_eq!(unfold(&x, &window, false).to_vec::<f32>()?, [1.0, 2.0, 2.0, 3.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn unfold(x: &Array, window: &Window, cover_all: bool) -> Array {
    const NAME: &str = "unfold";
    or_failed(Location::caller(), || {
        x.check()?;
        let axes = check_window(NAME, window)?;
        if x.ndim() != axes + 2 {
            return Err(Error::mismatch(NAME, format_args!("x.ndim == {}", axes + 2), x.ndim()));
        }
        let mut shape = x.shape()[..2].to_vec();
        shape.extend_from_slice(&window.ksize);
        for axis in 0..axes {
            let size = x.shape()[2 + axis];
            let out = outsize(window, axis, size, cover_all);
            if out == 0 {
                let expect = format!("a window that fits into x.shape[{}] + 2 * pad", 2 + axis);
                let actual = format!("window {} (dilate {})", window.ksize[axis], window.dilate[axis]);
                let actual = format!("{actual}, size {size}, pad {}", window.pad[axis]);
                return Err(Error::mismatch(NAME, expect, actual));
            }
            shape.push(out);
        }
        let output = (result_shape(NAME, shape)?, x.dtype());
        Ok(one(Array::call(Kernel::Unfold(window.clone()), &[x], &[output])))
    })
}

/// The gradient of [`unfold`] with respect to x, whose spatial sizes are `size`: each of its elements is the sum over all places in
/// `columns` (N, C, window…, out…) where [`unfold`] puts it. Float dtypes.
///
/// ```
/// use chainer_kernels::{Array, Dtype, kernel::Window, ops::fold};
/// let one = |v: usize| [v].into_iter().collect();
/// let window = Window { ksize: one(2), stride: one(1), pad: one(0), dilate: one(1) };
/// let columns = Array::ones([1, 1, 2, 2], Dtype::F32);
/// assert_eq!(fold(&columns, &window, &[3]).to_vec::<f32>()?, [1.0, 2.0, 1.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn fold(columns: &Array, window: &Window, size: &[usize]) -> Array {
    const NAME: &str = "fold";
    or_failed(Location::caller(), || {
        columns.check()?;
        let axes = check_window(NAME, window)?;
        if !columns.dtype().is_float() {
            return Err(Error::mismatch(NAME, "columns.dtype.kind == f", columns.dtype()));
        }
        if columns.ndim() != 2 * axes + 2 || size.len() != axes {
            let expect = format!("columns.ndim == {} and {axes} sizes", 2 * axes + 2);
            return Err(Error::mismatch(NAME, expect, format_args!("{} and {}", columns.ndim(), size.len())));
        }
        let (taps, out) = columns.shape()[2..].split_at(axes);
        let fits = |cover_all| (0..axes).all(|axis| outsize(window, axis, size[axis], cover_all) == out[axis]);
        if taps != &window.ksize[..] || !(fits(false) || fits(true)) {
            let expect = format!("the columns of windows of {:?} over {size:?}", window.ksize);
            return Err(Error::mismatch(NAME, expect, format_args!("columns.shape = {:?}", columns.shape())));
        }
        let shape = result_shape(NAME, columns.shape()[..2].iter().chain(size).copied().collect())?;
        Ok(one(Array::call(Kernel::Fold(window.clone()), &[columns], &[(shape, columns.dtype())])))
    })
}

/// Where the largest elements of regions lie: of x (N, C, height, width) and regions (R, 5), each an image's number and its left, top, right
/// and bottom border, the int64 place in the flattened x of the (first) largest element in each cell, (R, C, cells…); -1 where a cell has
/// no element inside the image. See [`RegionPool`]. Regions with a bad image fail when the places are computed.
///
/// ```
/// use chainer_kernels::{Array, kernel::RegionPool, ops::region_max};
/// let x = Array::from_vec((0..9).map(|i| i as f32).collect(), [1, 1, 3, 3]);
/// let regions = Array::from([[0.0f32, 0.0, 0.0, 1.0, 1.0]]);
/// let places = region_max(&x, &regions, &RegionPool { cells: [1, 2], scale: 1.0 });
/// assert_eq!(places.to_vec::<i64>()?, [3, 4]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn region_max(x: &Array, regions: &Array, pool: &RegionPool) -> Array {
    const NAME: &str = "region_max";
    or_failed(Location::caller(), || {
        check_all([x, regions])?;
        if !x.dtype().is_float() {
            return Err(Error::mismatch(NAME, "x.dtype.kind == f", x.dtype()));
        }
        if x.ndim() != 4 {
            return Err(Error::mismatch(NAME, "x.ndim == 4", x.ndim()));
        }
        if regions.ndim() != 2 || regions.shape()[1] != 5 {
            return Err(Error::mismatch(NAME, "regions.shape == (R, 5)", format_args!("{:?}", regions.shape())));
        }
        if pool.cells.contains(&0) {
            return Err(Error::value(NAME, "cells >= 1", format_args!("{:?}", pool.cells)));
        }
        let shape = result_shape(NAME, vec![regions.shape()[0], x.shape()[1], pool.cells[0], pool.cells[1]])?;
        Ok(one(Array::call(Kernel::RegionMax(pool.clone()), &[x, regions], &[(shape, Dtype::I64)])))
    })
}
