//! Elements in another order: turned, repeated, shifted. Views where that is possible.

use std::panic::Location;

use smallvec::SmallVec;

use super::{Index, concatenate, or_failed, take};
use crate::array::{Array, Axes};
use crate::error::{Error, Result};
use crate::shape::Shape;

/// The array in reverse order along an axis: a view.
///
/// ```
/// use chainer_kernels::{Array, ops::flip};
/// assert_eq!(flip(&Array::from([1i32, 2, 3]), 0).to_vec::<i32>()?, [3, 2, 1]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn flip(a: &Array, axis: isize) -> Array {
    or_failed(Location::caller(), || {
        a.check()?;
        let axis = a.shape().axis(axis, "flip")?;
        let mut index = vec![Index::Slice(None, None, None); axis + 1];
        index[axis] = Index::Slice(None, None, Some(-1));
        Ok(a.slice(index))
    })
}

/// [`flip`] along axis 1.
///
/// ```
/// use chainer_kernels::{Array, ops::fliplr};
/// assert_eq!(fliplr(&Array::from([[1i32, 2]])).to_vec::<i32>()?, [2, 1]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn fliplr(a: &Array) -> Array {
    if !a.is_failed() && a.ndim() < 2 {
        return Array::failed(Error::mismatch("fliplr", "x.ndim >= 2", a.ndim()).at(Location::caller()));
    }
    flip(a, 1)
}

/// [`flip`] along axis 0.
///
/// ```
/// use chainer_kernels::{Array, ops::flipud};
/// assert_eq!(flipud(&Array::from([1i32, 2])).to_vec::<i32>()?, [2, 1]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn flipud(a: &Array) -> Array {
    if !a.is_failed() && a.ndim() < 1 {
        return Array::failed(Error::mismatch("flipud", "x.ndim >= 1", 0).at(Location::caller()));
    }
    flip(a, 0)
}

/// The array turned by 90 degrees `k` times in the plane of two axes, from the first towards the second (NumPy's default plane is
/// `[0, 1]`): a view.
///
/// ```
/// use chainer_kernels::{Array, ops::rot90};
/// assert_eq!(rot90(&Array::from([[1i32, 2], [3, 4]]), 1, [0, 1]).to_vec::<i32>()?, [2, 4, 1, 3]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn rot90(a: &Array, k: isize, axes: [isize; 2]) -> Array {
    or_failed(Location::caller(), || {
        a.check()?;
        a.shape().axes(&axes, "rot90")?;
        let [i, j] = axes;
        Ok(match k.rem_euclid(4) {
            0 => a.clone(),
            1 => flip(a, j).swap_axes(i, j),
            2 => flip(&flip(a, i), j),
            _ => flip(&a.swap_axes(i, j), j),
        })
    })
}

/// The array with its elements shifted by `shift` along the axes (the flattened array for `None`); what leaves at the end comes back at
/// the start.
///
/// ```
/// use chainer_kernels::{Array, ops::roll};
/// let x = Array::from([[1i32, 2, 3], [4, 5, 6]]);
/// assert_eq!(roll(&x, 1, None).to_vec::<i32>()?, [6, 1, 2, 3, 4, 5]);
/// assert_eq!(roll(&x, -1, 1).to_vec::<i32>()?, [2, 3, 1, 5, 6, 4]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn roll(a: &Array, shift: isize, axes: impl Into<Axes>) -> Array {
    let axes = axes.into();
    or_failed(Location::caller(), || {
        a.check()?;
        let along = |x: &Array, axis: usize| {
            let size = x.shape()[axis] as isize;
            if size == 0 || shift % size == 0 {
                return x.clone();
            }
            let border = size - shift.rem_euclid(size);
            let mut index = vec![Index::Slice(None, None, None); axis + 1];
            let mut part = |start, stop| {
                index[axis] = Index::Slice(start, stop, None);
                x.slice(&index[..])
            };
            let (tail, head) = (part(Some(border), None), part(None, Some(border)));
            concatenate(&[&tail, &head], axis as isize)
        };
        Ok(match axes {
            Axes::All => along(&a.reshape(a.size()), 0).reshape(a.shape()),
            these => these.resolve(a.shape(), "roll")?.iter().fold(a.clone(), |x, &axis| along(&x, axis)),
        })
    })
}

/// The axis `axis` moved so that it stands before what is axis `start` now (NumPy's default is 0): a view.
///
/// ```
/// use chainer_kernels::{Array, Dtype, ops::rollaxis};
/// let x = Array::zeros([2, 3, 4], Dtype::F32);
/// assert_eq!(rollaxis(&x, 2, 0).shape(), &[4, 2, 3].into());
/// assert_eq!(rollaxis(&x, 0, 3).shape(), &[3, 4, 2].into());
/// ```
#[track_caller]
pub fn rollaxis(a: &Array, axis: isize, start: isize) -> Array {
    or_failed(Location::caller(), || {
        a.check()?;
        let (ndim, from) = (a.ndim() as isize, a.shape().axis(axis, "rollaxis")?);
        if !(-ndim..=ndim).contains(&start) {
            return Err(Error::value("rollaxis", format_args!("-{ndim} <= start <= {ndim}"), start));
        }
        let start = if start < 0 { start + ndim } else { start } as usize;
        let mut order: Vec<isize> = (0..ndim).collect();
        order.remove(from);
        order.insert(if from < start { start - 1 } else { start }, from as isize);
        Ok(a.permute(&order))
    })
}

/// The axes `source` moved to the places `destination` of the result; the others keep their order: a view.
///
/// ```
/// use chainer_kernels::{Array, Dtype, ops::moveaxis};
/// let x = Array::zeros([2, 3, 4], Dtype::F32);
/// assert_eq!(moveaxis(&x, &[0], &[-1]).shape(), &[3, 4, 2].into());
/// assert_eq!(moveaxis(&x, &[0, 1], &[1, 0]).shape(), &[3, 2, 4].into());
/// ```
#[track_caller]
pub fn moveaxis(a: &Array, source: &[isize], destination: &[isize]) -> Array {
    const NAME: &str = "moveaxis";
    or_failed(Location::caller(), || {
        a.check()?;
        if source.len() != destination.len() {
            return Err(Error::value(
                NAME,
                "as many destinations as sources",
                format_args!("{source:?} and {destination:?}"),
            ));
        }
        a.shape().axes(source, NAME)?;
        a.shape().axes(destination, NAME)?;
        let mut pairs = source
            .iter()
            .zip(destination)
            .map(|(&from, &to)| Ok((a.shape().axis(to, NAME)?, a.shape().axis(from, NAME)?)))
            .collect::<Result<Vec<_>>>()?;
        pairs.sort_unstable();
        let mut order: Vec<isize> =
            (0..a.ndim()).filter(|axis| pairs.iter().all(|p| p.1 != *axis)).map(|axis| axis as isize).collect();
        for (to, from) in pairs {
            order.insert(to, from as isize);
        }
        Ok(a.permute(&order))
    })
}

/// The array repeated as a whole `reps[i]` times along axis `i`; axes are added in front where `reps` has more.
///
/// ```
/// use chainer_kernels::{Array, ops::tile};
/// let x = Array::from([1i32, 2]);
/// assert_eq!(tile(&x, &[2]).to_vec::<i32>()?, [1, 2, 1, 2]);
/// assert_eq!(tile(&x, &[2, 1]).shape(), &[2, 2].into());
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn tile(a: &Array, reps: &[usize]) -> Array {
    or_failed(Location::caller(), || {
        a.check()?;
        let ndim = a.ndim().max(reps.len());
        let at = |values: &[usize], i: usize| (i + values.len()).checked_sub(ndim).map_or(1, |i| values[i]);
        let (mut apart, mut stretched, mut out) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..ndim {
            let (size, count) = (at(a.shape(), i), at(reps, i));
            apart.extend([1, size]);
            stretched.extend([count, size]);
            out.push(count * size);
        }
        Ok(a.reshape(apart).broadcast_to(stretched).reshape(out))
    })
}

/// Each element repeated `repeats` times along `axis` (of the flattened array for `None`).
///
/// ```
/// use chainer_kernels::{Array, ops::repeat};
/// let x = Array::from([[1i32, 2], [3, 4]]);
/// assert_eq!(repeat(&x, 2, None).to_vec::<i32>()?, [1, 1, 2, 2, 3, 3, 4, 4]);
/// assert_eq!(repeat(&x, 2, 0).shape(), &[4, 2].into());
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn repeat(a: &Array, repeats: usize, axis: impl Into<Option<isize>>) -> Array {
    let axis = axis.into();
    or_failed(Location::caller(), || {
        let (a, axis) = flat_or(a, axis, "repeat")?;
        let mut shape: SmallVec<[usize; 4]> = SmallVec::from_slice(a.shape());
        shape.insert(axis + 1, 1);
        let apart = a.reshape(&shape[..]);
        shape[axis + 1] = repeats;
        let stretched = apart.broadcast_to(&shape[..]);
        shape.remove(axis + 1);
        shape[axis] *= repeats;
        Ok(stretched.reshape(&shape[..]))
    })
}

/// Element `i` repeated `repeats[i]` times along `axis` (of the flattened array for `None`).
///
/// ```
/// use chainer_kernels::{Array, ops::repeat_each};
/// assert_eq!(repeat_each(&Array::from([7i32, 8, 9]), &[1, 0, 2], 0).to_vec::<i32>()?, [7, 9, 9]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn repeat_each(a: &Array, repeats: &[usize], axis: impl Into<Option<isize>>) -> Array {
    let axis = axis.into();
    or_failed(Location::caller(), || {
        let (a, axis) = flat_or(a, axis, "repeat")?;
        if repeats.len() != a.shape()[axis] {
            let expect = format!("{} numbers of repeats (x.shape[{axis}])", a.shape()[axis]);
            return Err(Error::value("repeat", expect, repeats.len()));
        }
        let places: Vec<i64> =
            repeats.iter().enumerate().flat_map(|(i, &n)| std::iter::repeat_n(i as i64, n)).collect();
        Ok(take(&a, &Array::from(places), axis as isize))
    })
}

/// The array and an axis, or the flattened array and axis 0.
pub(super) fn flat_or(a: &Array, axis: Option<isize>, name: &'static str) -> Result<(Array, usize)> {
    a.check()?;
    Ok(match axis {
        None => (a.reshape(a.size()), 0),
        Some(axis) => (a.clone(), a.shape().axis(axis, name)?),
    })
}

/// At least one axis: a zero-dimensional array gets one.
///
/// ```
/// use chainer_kernels::{Array, ops::atleast_1d};
/// assert_eq!(atleast_1d(&Array::scalar(1.0f32)).shape(), &[1].into());
/// ```
pub fn atleast_1d(a: &Array) -> Array {
    if a.is_failed() || a.ndim() > 0 { a.clone() } else { a.reshape(1) }
}

/// At least two axes: new ones stand in front.
///
/// ```
/// use chainer_kernels::{Array, Dtype, ops::atleast_2d};
/// assert_eq!(atleast_2d(&Array::zeros(3, Dtype::F32)).shape(), &[1, 3].into());
/// ```
pub fn atleast_2d(a: &Array) -> Array {
    if a.is_failed() || a.ndim() > 1 { a.clone() } else { a.reshape([1, a.size()]) }
}

/// At least three axes: a vector (n) becomes (1, n, 1), a matrix (m, n) becomes (m, n, 1).
///
/// ```
/// use chainer_kernels::{Array, Dtype, ops::atleast_3d};
/// assert_eq!(atleast_3d(&Array::zeros([2, 3], Dtype::F32)).shape(), &[2, 3, 1].into());
/// ```
pub fn atleast_3d(a: &Array) -> Array {
    match (a.is_failed(), a.ndim()) {
        (false, 0 | 1) => a.reshape([1, a.size(), 1]),
        (false, 2) => a.reshape(a.shape().iter().copied().chain([1]).collect::<Shape>()),
        _ => a.clone(),
    }
}

impl Array {
    /// The elements in row-major order as one axis: a view where the layout allows it.
    ///
    /// ```
    /// use chainer_kernels::{Array, Dtype};
    /// assert_eq!(Array::zeros([2, 3], Dtype::F32).ravel().shape(), &[6].into());
    /// ```
    pub fn ravel(&self) -> Array {
        self.reshape(self.size())
    }
}
