//! Running sums and products, and sorting.

use std::panic::Location;

use super::arrange::flat_or;
use super::{one, or_failed};
use crate::array::{Array, ArrayOps};
use crate::dtype::Dtype;
use crate::error::Result;
use crate::kernel::{Kernel, ScanOp};

/// The running sum along `axis` (of the flattened array for `None`). Bools and integers are summed in 64 bits.
///
/// ```
/// use chainer_kernels::{Array, ops::cumsum};
/// let x = Array::from([[1.0f32, 2.0], [3.0, 4.0]]);
/// assert_eq!(cumsum(&x, None).to_vec::<f32>()?, [1.0, 3.0, 6.0, 10.0]);
/// assert_eq!(cumsum(&x, 0).to_vec::<f32>()?, [1.0, 2.0, 4.0, 6.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn cumsum(a: &Array, axis: impl Into<Option<isize>>) -> Array {
    let axis = axis.into();
    or_failed(Location::caller(), || scanned("cumsum", a, axis, ScanOp::Sum))
}

/// The running product along `axis` (of the flattened array for `None`). Bools and integers are multiplied in 64 bits.
///
/// ```
/// use chainer_kernels::{Array, ops::cumprod};
/// assert_eq!(cumprod(&Array::from([1i32, 2, 3, 4]), 0).to_vec::<i64>()?, [1, 2, 6, 24]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn cumprod(a: &Array, axis: impl Into<Option<isize>>) -> Array {
    let axis = axis.into();
    or_failed(Location::caller(), || scanned("cumprod", a, axis, ScanOp::Prod))
}

fn scanned(name: &'static str, a: &Array, axis: Option<isize>, op: ScanOp) -> Result<Array> {
    let (a, axis) = flat_or(a, axis, name)?;
    let dtype = match a.dtype() {
        d if d.is_float() => d,
        d if d.kind() == 'u' => Dtype::U64,
        _ => Dtype::I64,
    };
    let a = a.astype(dtype);
    Ok(one(Array::call(Kernel::Scan { axis, op }, &[&a], &[(a.shape().clone(), dtype)])))
}

/// The elements in ascending order along `axis` (of the flattened array for `None`); NaN stands last. NumPy's default axis is -1.
///
/// ```
/// use chainer_kernels::{Array, ops::sort};
/// let x = Array::from([[3i32, 1, 2], [1, 0, 5]]);
/// assert_eq!(sort(&x, -1).to_vec::<i32>()?, [1, 2, 3, 0, 1, 5]);
/// assert_eq!(sort(&x, 0).to_vec::<i32>()?, [1, 0, 2, 3, 1, 5]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn sort(a: &Array, axis: impl Into<Option<isize>>) -> Array {
    let axis = axis.into();
    or_failed(Location::caller(), || sorted("sort", a, axis, 0))
}

/// The int64 places that [`sort`] takes the elements from, along `axis`. Equal elements keep their order.
///
/// ```
/// use chainer_kernels::{Array, ops::argsort};
/// assert_eq!(argsort(&Array::from([3.0f32, 1.0, f32::NAN, 1.0]), 0).to_vec::<i64>()?, [1, 3, 0, 2]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn argsort(a: &Array, axis: impl Into<Option<isize>>) -> Array {
    let axis = axis.into();
    or_failed(Location::caller(), || sorted("argsort", a, axis, 1))
}

fn sorted(name: &'static str, a: &Array, axis: Option<isize>, output: usize) -> Result<Array> {
    a.check()?;
    if a.ndim() == 0 {
        a.shape().axis(axis.unwrap_or(-1), name).or_else(|e| if axis.is_none() { Ok(0) } else { Err(e) })?;
    }
    let (a, axis) = flat_or(a, axis, name)?;
    let (axis, last) = (axis as isize, a.ndim() as isize - 1);
    let line = a.swap_axes(axis, last);
    let shape = line.shape().clone();
    let outputs = [(shape.clone(), a.dtype()), (shape, Dtype::I64)];
    let made = Array::call(Kernel::Sort, &[&line], &outputs).into_iter().skip(output).take(1).collect();
    Ok(one(made).swap_axes(axis, last))
}
