//! Take and scatter along one axis.

use std::panic::Location;

use super::{check_all, one, or_failed};
use crate::array::{Array, ArrayOps};
use crate::backend;
use crate::error::{Error, Result};
use crate::kernel::{Kernel, ScatterMode};
use crate::shape::Shape;

fn check_indices(name: &'static str, indices: &Array) -> Result<()> {
    if indices.dtype().is_integer() {
        return Ok(());
    }
    Err(Error::mismatch(name, "indices.dtype.kind in i, u", indices.dtype()))
}

/// The slices of `a` that `indices` (any integer dtype) name along `axis`: `axis` is replaced by the axes of `indices`. `None` takes
/// from the flattened array. Negative indices count from the end.
///
/// An axis that does not exist gives a failed array. An index outside the axis fails when the array is computed; the message names the
/// index, its value, the axis and its size.
///
/// ```
/// use chainer_kernels::{Array, ops::take};
/// let x = Array::from([[1i32, 2, 3], [4, 5, 6]]);
/// assert_eq!(take(&x, &Array::from([0i64, -1]), 1).to_vec::<i32>()?, [1, 3, 4, 6]);
/// assert_eq!(take(&x, &Array::from([4i32]), None).to_vec::<i32>()?, [5]);
/// let error = take(&x, &Array::from([0i64, 2]), 0).to_vec::<i32>().unwrap_err();
/// assert!(error.to_string().contains("indices[1] = 2 is out of bounds for axis 0 of size 2"));
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn take(a: &Array, indices: &Array, axis: impl Into<Option<isize>>) -> Array {
    const NAME: &str = "take";
    let axis = axis.into();
    or_failed(Location::caller(), || {
        check_all([a, indices])?;
        check_indices(NAME, indices)?;
        let (a, axis) = match axis {
            None => (a.reshape(a.size()), 0),
            Some(axis) => (a.clone(), a.shape().axis(axis, NAME)?),
        };
        let shape = taken_shape(a.shape(), axis, indices.shape());
        Ok(one(Array::call(Kernel::Take { axis }, &[&a, indices], &[(shape, a.dtype())])))
    })
}

fn taken_shape(shape: &Shape, axis: usize, indices: &Shape) -> Shape {
    shape[..axis].iter().chain(indices.iter()).chain(&shape[axis + 1..]).copied().collect()
}

/// `base` with the slices of `updates` (shaped as [`take`] would return them) written or added along `axis`, in row-major order; a new
/// array. With zeros and `Add` this is the gradient of [`take`].
///
/// ```
/// use chainer_kernels::{Array, Dtype, kernel::ScatterMode, ops::scatter_axis};
/// let y = scatter_axis(
///     &Array::zeros([3, 2], Dtype::F32),
///     &Array::from([2i32, 2]),
///     &Array::from([[1.0f32, 2.0], [10.0, 20.0]]),
///     0,
///     ScatterMode::Add,
/// );
/// assert_eq!(y.to_vec::<f32>()?, [0.0, 0.0, 0.0, 0.0, 11.0, 22.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn scatter_axis(base: &Array, indices: &Array, updates: &Array, axis: isize, mode: ScatterMode) -> Array {
    const NAME: &str = "scatter";
    or_failed(Location::caller(), || {
        check_all([base, indices, updates])?;
        check_indices(NAME, indices)?;
        let axis = base.shape().axis(axis, NAME)?;
        check_updates(NAME, updates, &taken_shape(base.shape(), axis, indices.shape()))?;
        let updates = updates.astype(base.dtype());
        let output = (base.shape().clone(), base.dtype());
        Ok(one(Array::call(Kernel::Scatter { axis, mode }, &[base, indices, &updates], &[output])))
    })
}

impl Array {
    /// Replaces the slices along `axis` that `indices` name by `updates` (shaped as [`take`] would return them). Memory that nobody else
    /// sees is written in place, and nothing but the slices is touched; of several updates of one slice the last stays.
    ///
    /// # Errors
    /// An array has failed, the axis does not exist, indices lie outside it, or the shape of the updates does not fit. The array is then
    /// unchanged.
    ///
    /// ```
    /// use chainer_kernels::Array;
    /// let mut x = Array::from([[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// x.put_slices(&Array::from([2i64, 0]), &Array::from([[7.0f32, 8.0], [9.0, 10.0]]), 0)?;
    /// assert_eq!(x.to_vec::<f32>()?, [9.0, 10.0, 3.0, 4.0, 7.0, 8.0]);
    /// assert!(x.put_slices(&Array::from([3i64]), &Array::from([[0.0f32, 0.0]]), 0).is_err());
    /// # Ok::<(), chainer_kernels::Error>(())
    /// ```
    #[track_caller]
    pub fn put_slices(&mut self, indices: &Array, updates: &Array, axis: isize) -> Result<()> {
        const NAME: &str = "put_slices";
        let at = Location::caller();
        let mut put = || {
            check_all([&*self, indices, updates])?;
            check_indices(NAME, indices)?;
            let axis = self.shape().axis(axis, NAME)?;
            check_updates(NAME, updates, &taken_shape(self.shape(), axis, indices.shape()))?;
            // Computed first: they may depend on this array.
            let (indices, updates) = (indices.ready_view()?, updates.astype(self.dtype()).ready_view()?);
            let out = self.unique_view()?;
            let kernel = Kernel::Scatter { axis, mode: ScatterMode::Set };
            backend::execute(self.device(), &kernel, &[out.clone(), indices, updates], &[out])
        };
        put().map_err(|error: Error| error.at(at))
    }
}

fn check_updates(name: &'static str, updates: &Array, want: &Shape) -> Result<()> {
    if updates.shape() == want {
        return Ok(());
    }
    Err(Error::mismatch(name, format_args!("updates.shape == {want:?}"), format_args!("{:?}", updates.shape())))
}

/// Checks the shape of `indices` against `a`'s: the same but for `axis`.
fn check_along(name: &'static str, a: &Array, indices: &Array, axis: isize) -> Result<usize> {
    check_all([a, indices])?;
    check_indices(name, indices)?;
    let axis = a.shape().axis(axis, name)?;
    let fits = a.ndim() == indices.ndim()
        && a.shape().iter().zip(indices.shape().iter()).enumerate().all(|(i, (x, y))| i == axis || x == y);
    if !fits {
        let expect = format!("indices.shape == {:?} but for axis {axis}", a.shape());
        return Err(Error::mismatch(name, expect, format_args!("{:?}", indices.shape())));
    }
    Ok(axis)
}

/// Of each position of `indices` (`a`'s shape but for `axis`) the element that the index names along `axis`.
///
/// ```
/// use chainer_kernels::{Array, ops::take_along_axis};
/// let x = Array::from([[1i32, 2, 3], [4, 5, 6]]);
/// assert_eq!(take_along_axis(&x, &Array::from([[2i64], [0]]), 1).to_vec::<i32>()?, [3, 4]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn take_along_axis(a: &Array, indices: &Array, axis: isize) -> Array {
    or_failed(Location::caller(), || {
        let axis = check_along("take_along_axis", a, indices, axis)?;
        let output = (indices.shape().clone(), a.dtype());
        Ok(one(Array::call(Kernel::TakeAlongAxis { axis }, &[a, indices], &[output])))
    })
}

fn along(
    name: &'static str,
    a: &Array,
    indices: &Array,
    updates: &Array,
    axis: isize,
    mode: ScatterMode,
) -> Result<Array> {
    let axis = check_along(name, a, indices, axis)?;
    updates.check()?;
    let stretched = updates.astype(a.dtype()).broadcast_to(indices.shape());
    if stretched.is_failed() {
        let expect = format!("updates that broadcast to indices.shape {:?}", indices.shape());
        return Err(Error::mismatch(name, expect, format_args!("{:?}", updates.shape())));
    }
    let output = (a.shape().clone(), a.dtype());
    Ok(one(Array::call(Kernel::ScatterAlongAxis { axis, mode }, &[a, indices, &stretched], &[output])))
}

/// `a` with each update written where its index says along `axis`; a new array.
///
/// ```
/// use chainer_kernels::{Array, ops::put_along_axis};
/// let x = Array::from([[1i32, 2, 3], [4, 5, 6]]);
/// let y = put_along_axis(&x, &Array::from([[2i64], [0]]), &Array::scalar(0i32), 1);
/// assert_eq!(y.to_vec::<i32>()?, [1, 2, 0, 0, 5, 6]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn put_along_axis(a: &Array, indices: &Array, updates: &Array, axis: isize) -> Array {
    or_failed(Location::caller(), || along("put_along_axis", a, indices, updates, axis, ScatterMode::Set))
}

/// `a` with each update added where its index says along `axis`; a new array. With zeros this is the gradient of [`take_along_axis`].
///
/// ```
/// use chainer_kernels::{Array, Dtype, ops::scatter_add_along_axis};
/// let i = Array::from([[1i64, 1]]);
/// let y = scatter_add_along_axis(&Array::zeros([1, 2], Dtype::F32), &i, &Array::from([[1.0f32, 2.0]]), 1);
/// assert_eq!(y.to_vec::<f32>()?, [0.0, 3.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn scatter_add_along_axis(a: &Array, indices: &Array, updates: &Array, axis: isize) -> Array {
    or_failed(Location::caller(), || along("scatter_add_along_axis", a, indices, updates, axis, ScatterMode::Add))
}
