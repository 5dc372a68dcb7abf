//! Running sums, products and recurrences, and sorting.

use std::panic::Location;

use super::arrange::flat_or;
use super::{check_all, one, or_failed};
use crate::array::{Array, ArrayOps};
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::kernel::{Kernel, ScanOp};
use crate::shape::Shape;

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
    or_failed(Location::caller(), || Ok(sorted("sort", a, axis, Order::ASCENDING)?.0))
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
    or_failed(Location::caller(), || Ok(sorted("argsort", a, axis, Order::ASCENDING)?.1))
}

/// In what order sorting returns elements, and how many of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Order {
    /// Whether the largest comes first.
    pub descending: bool,
    /// How many elements of each line; `None`: all.
    pub count: Option<usize>,
}

impl Order {
    /// All, the smallest first.
    pub const ASCENDING: Order = Order { descending: false, count: None };
}

/// The first elements along `axis` (of the flattened array for `None`) of those in an order, and their int64 places. Equal elements
/// keep their order; NaN stands last.
///
/// ```
/// use chainer_kernels::{Array, ops::{Order, sort_with_places}};
/// let x = Array::from([3.0f32, 1.0, 7.0, 3.0]);
/// let (y, places) = sort_with_places(&x, 0, Order { descending: true, count: Some(3) });
/// assert_eq!(y.to_vec::<f32>()?, [7.0, 3.0, 3.0]);
/// assert_eq!(places.to_vec::<i64>()?, [2, 0, 3]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn sort_with_places(a: &Array, axis: impl Into<Option<isize>>, order: Order) -> (Array, Array) {
    let axis = axis.into();
    sorted("sort", a, axis, order).unwrap_or_else(|error| {
        let failed = Array::failed(error.at(Location::caller()));
        (failed.clone(), failed)
    })
}

fn sorted(name: &'static str, a: &Array, axis: Option<isize>, order: Order) -> Result<(Array, Array)> {
    a.check()?;
    if a.ndim() == 0 {
        a.shape().axis(axis.unwrap_or(-1), name).or_else(|e| if axis.is_none() { Ok(0) } else { Err(e) })?;
    }
    let (a, axis) = flat_or(a, axis, name)?;
    let (axis, last) = (axis as isize, a.ndim() as isize - 1);
    let line = a.swap_axes(axis, last);
    let mut shape = line.shape().to_vec();
    if let (Some(count), Some(size)) = (order.count, shape.last_mut()) {
        if count > *size {
            return Err(Error::value(name, format_args!("count <= {size}"), count));
        }
        *size = count;
    }
    let outputs = [(Shape::from(&shape), a.dtype()), (Shape::from(&shape), Dtype::I64)];
    let mut made = Array::call(Kernel::Sort { descending: order.descending }, &[&line], &outputs);
    let places = one(made.drain(1..).collect()).swap_axes(axis, last);
    Ok((one(made).swap_axes(axis, last), places))
}

/// y with `y[i] = a[i] * y[i - 1] + b[i]` along `axis`, where `y[-1]` is 0: a (…) and b (…) of one float dtype.
///
/// ```
/// use chainer_kernels::{Array, ops::linear_recurrence};
/// let (a, b) = (Array::from([9.0f32, 2.0, 0.5]), Array::from([1.0f32, 1.0, 1.0]));
/// assert_eq!(linear_recurrence(&a, &b, 0).to_vec::<f32>()?, [1.0, 3.0, 2.5]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn linear_recurrence(a: &Array, b: &Array, axis: isize) -> Array {
    const NAME: &str = "linear_recurrence";
    or_failed(Location::caller(), || {
        check_all([a, b])?;
        let axis = a.shape().axis(axis, NAME)?;
        if a.shape() != b.shape() {
            return Err(Error::mismatch(
                NAME,
                "a.shape == b.shape",
                format_args!("{:?} != {:?}", a.shape(), b.shape()),
            ));
        }
        if a.dtype() != b.dtype() || !a.dtype().is_float() {
            return Err(Error::mismatch(NAME, "one float dtype", format_args!("{} and {}", a.dtype(), b.dtype())));
        }
        Ok(one(Array::call(Kernel::Recurrence { axis }, &[a, b], &[(a.shape().clone(), a.dtype())])))
    })
}
