//! Joining arrays and cutting them apart.

use std::panic::Location;

use super::{Index, check_all, one, or_failed};
use crate::array::{Array, ArrayOps};
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::shape::Shape;

/// The arrays joined along an existing axis. Dtypes promote.
///
/// No arrays, ranks that differ, or shapes that differ on another axis give a failed array.
///
/// ```
/// use chainer_kernels::{Array, ops::concatenate};
/// let (a, b) = (Array::from([[1i32, 2], [3, 4]]), Array::from([[5i32], [6]]));
/// assert_eq!(concatenate(&[&a, &b], 1).to_vec::<i32>()?, [1, 2, 5, 3, 4, 6]);
/// let error = concatenate(&[&a, &b], 0).check().unwrap_err();
/// assert!(error.to_string().contains("2 != 1"));
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn concatenate(arrays: &[&Array], axis: isize) -> Array {
    or_failed(Location::caller(), || joined("concatenate", arrays, axis))
}

fn joined(name: &'static str, arrays: &[&Array], axis: isize) -> Result<Array> {
    let first = *arrays.first().ok_or_else(|| Error::value(name, "at least one array", "none"))?;
    check_all(arrays.iter().copied())?;
    let axis = first.shape().axis(axis, name)?;
    let mut shape = first.shape().to_vec();
    let mut dtype = first.dtype();
    for (n, x) in arrays.iter().enumerate().skip(1) {
        if x.ndim() != first.ndim() {
            let expect = format!("xs[0].ndim == xs[{n}].ndim");
            return Err(Error::mismatch(name, expect, format_args!("{} != {}", first.ndim(), x.ndim())));
        }
        let differs = |&d: &usize| d != axis && x.shape()[d] != first.shape()[d];
        if let Some(d) = (0..first.ndim()).find(differs) {
            let expect = format!("xs[0].shape[{d}] == xs[{n}].shape[{d}]");
            return Err(Error::mismatch(name, expect, format_args!("{} != {}", first.shape()[d], x.shape()[d])));
        }
        shape[axis] += x.shape()[axis];
        dtype = dtype.promote(x.dtype());
    }
    if arrays.len() == 1 {
        return Ok(first.clone());
    }
    let same: Vec<Array> = arrays.iter().map(|x| x.astype(dtype)).collect();
    let inputs: Vec<&Array> = same.iter().collect();
    Ok(one(Array::call(Kernel::Concat { axis }, &inputs, &[(Shape::new(&shape), dtype)])))
}

/// The arrays, all of one shape, along a new axis, which stands at `axis` of the result.
///
/// ```
/// use chainer_kernels::{Array, ops::stack};
/// let (a, b) = (Array::from([1i32, 2]), Array::from([3i32, 4]));
/// assert_eq!(stack(&[&a, &b], 1).to_vec::<i32>()?, [1, 3, 2, 4]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn stack(arrays: &[&Array], axis: isize) -> Array {
    const NAME: &str = "stack";
    or_failed(Location::caller(), || {
        check_all(arrays.iter().copied())?;
        for (n, x) in arrays.iter().enumerate() {
            if x.shape() != arrays[0].shape() {
                let expect = format!("xs[0].shape == xs[{n}].shape");
                return Err(Error::mismatch(NAME, expect, format_args!("{:?} != {:?}", arrays[0].shape(), x.shape())));
            }
        }
        let expanded: Vec<Array> = arrays.iter().map(|x| x.expand_dims(axis)).collect();
        joined(NAME, &expanded.iter().collect::<Vec<_>>(), axis)
    })
}

/// Rows under each other: 1-d arrays become rows, everything is joined along axis 0.
///
/// ```
/// use chainer_kernels::{Array, ops::vstack};
/// assert_eq!(vstack(&[&Array::from([1i32, 2]), &Array::from([3i32, 4])]).shape(), &[2, 2].into());
/// ```
#[track_caller]
pub fn vstack(arrays: &[&Array]) -> Array {
    or_failed(Location::caller(), || {
        let rows: Vec<Array> = arrays.iter().map(|x| super::atleast_2d(x)).collect();
        joined("vstack", &rows.iter().collect::<Vec<_>>(), 0)
    })
}

/// Side by side: joined along axis 1, 1-d arrays along their only axis.
///
/// ```
/// use chainer_kernels::{Array, ops::hstack};
/// assert_eq!(hstack(&[&Array::from([1i32, 2]), &Array::from([3i32])]).to_vec::<i32>()?, [1, 2, 3]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn hstack(arrays: &[&Array]) -> Array {
    or_failed(Location::caller(), || {
        let parts: Vec<Array> = arrays.iter().map(|x| super::atleast_1d(x)).collect();
        let axis = if parts.first().is_some_and(|x| x.ndim() == 1) { 0 } else { 1 };
        joined("hstack", &parts.iter().collect::<Vec<_>>(), axis)
    })
}

/// Behind each other: joined along axis 2, after [`super::atleast_3d`].
///
/// ```
/// use chainer_kernels::{Array, ops::dstack};
/// assert_eq!(dstack(&[&Array::from([1i32, 2]), &Array::from([3i32, 4])]).shape(), &[1, 2, 2].into());
/// ```
#[track_caller]
pub fn dstack(arrays: &[&Array]) -> Array {
    or_failed(Location::caller(), || {
        let parts: Vec<Array> = arrays.iter().map(|x| super::atleast_3d(x)).collect();
        joined("dstack", &parts.iter().collect::<Vec<_>>(), 2)
    })
}

/// 1-d arrays as columns, joined with 2-d ones along axis 1.
///
/// ```
/// use chainer_kernels::{Array, ops::column_stack};
/// let y = column_stack(&[&Array::from([1i32, 2]), &Array::from([3i32, 4])]);
/// assert_eq!(y.to_vec::<i32>()?, [1, 3, 2, 4]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn column_stack(arrays: &[&Array]) -> Array {
    const NAME: &str = "column_stack";
    or_failed(Location::caller(), || {
        check_all(arrays.iter().copied())?;
        let columns = arrays
            .iter()
            .map(|x| match x.ndim() {
                0 | 1 => Ok(x.reshape([x.size(), 1])),
                2 => Ok((*x).clone()),
                more => Err(Error::mismatch(NAME, "xs[i].ndim <= 2", more)),
            })
            .collect::<Result<Vec<Array>>>()?;
        joined(NAME, &columns.iter().collect::<Vec<_>>(), 1)
    })
}

/// NumPy's `r_[a, b, …]`: joined along the first axis, zero-dimensional arrays as one element.
///
/// ```
/// use chainer_kernels::{Array, ops::r_};
/// assert_eq!(r_(&[&Array::from([1i32, 2]), &Array::scalar(3i32)]).to_vec::<i32>()?, [1, 2, 3]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn r_(arrays: &[&Array]) -> Array {
    or_failed(Location::caller(), || {
        let parts: Vec<Array> = arrays.iter().map(|x| super::atleast_1d(x)).collect();
        joined("r_", &parts.iter().collect::<Vec<_>>(), 0)
    })
}

/// NumPy's `c_[a, b, …]`: joined along the last axis, 1-d arrays as columns.
///
/// ```
/// use chainer_kernels::{Array, ops::c_};
/// assert_eq!(c_(&[&Array::from([1i32, 2]), &Array::from([3i32, 4])]).shape(), &[2, 2].into());
/// ```
#[track_caller]
pub fn c_(arrays: &[&Array]) -> Array {
    or_failed(Location::caller(), || {
        check_all(arrays.iter().copied())?;
        let ndim = arrays.iter().map(|x| x.ndim()).max().unwrap_or(0).max(2);
        let parts: Vec<Array> = arrays
            .iter()
            .map(|x| {
                // New axes behind.
                let missing = ndim - x.ndim();
                x.reshape(x.shape().iter().copied().chain(std::iter::repeat_n(1, missing)).collect::<Shape>())
            })
            .collect();
        joined("c_", &parts.iter().collect::<Vec<_>>(), -1)
    })
}

/// How to cut an axis: into a number of parts, or before these indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sections {
    /// So many parts.
    Parts(usize),
    /// Cuts before these elements (as slices: negative ones count from the end, those beyond it give empty parts).
    Before(Vec<isize>),
}

impl Sections {
    /// How many parts that makes.
    pub fn count(&self) -> usize {
        match self {
            Sections::Parts(count) => *count,
            Sections::Before(indices) => indices.len() + 1,
        }
    }
}

impl From<usize> for Sections {
    fn from(parts: usize) -> Self {
        Sections::Parts(parts)
    }
}
impl From<&[isize]> for Sections {
    fn from(indices: &[isize]) -> Self {
        Sections::Before(indices.to_vec())
    }
}
impl From<Vec<isize>> for Sections {
    fn from(indices: Vec<isize>) -> Self {
        Sections::Before(indices)
    }
}
impl<const N: usize> From<[isize; N]> for Sections {
    fn from(indices: [isize; N]) -> Self {
        Sections::Before(indices.to_vec())
    }
}

/// The array cut along `axis` into equal parts, or before given indices: views, nothing is copied.
///
/// If it cannot be cut so (the number of parts does not divide the axis), all parts are failed arrays.
///
/// ```
/// use chainer_kernels::{Array, ops::split};
/// let x = Array::from([1i32, 2, 3, 4, 5, 6]);
/// assert_eq!(split(&x, 3, 0)[1].to_vec::<i32>()?, [3, 4]);
/// assert_eq!(split(&x, [1, 4], 0)[2].to_vec::<i32>()?, [5, 6]);
/// assert!(split(&x, 4, 0)[0].is_failed());
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn split(array: &Array, sections: impl Into<Sections>, axis: isize) -> Vec<Array> {
    let at = Location::caller();
    let sections = sections.into();
    let count = sections.count();
    parts("split", array, sections, axis, true).unwrap_or_else(|e| vec![Array::failed(e.at(at)); count])
}

/// [`split`] where a number of parts need not divide the axis: the first parts are one longer.
///
/// ```
/// use chainer_kernels::{Array, ops::array_split};
/// let parts = array_split(&Array::from([1i32, 2, 3, 4, 5]), 3, 0);
/// assert_eq!(parts.iter().map(|p| p.size()).collect::<Vec<_>>(), [2, 2, 1]);
/// ```
#[track_caller]
pub fn array_split(array: &Array, sections: impl Into<Sections>, axis: isize) -> Vec<Array> {
    let at = Location::caller();
    let sections = sections.into();
    let count = sections.count();
    parts("array_split", array, sections, axis, false).unwrap_or_else(|e| vec![Array::failed(e.at(at)); count])
}

fn parts(name: &'static str, array: &Array, sections: Sections, axis: isize, equal: bool) -> Result<Vec<Array>> {
    array.check()?;
    let axis = array.shape().axis(axis, name)?;
    let size = array.shape()[axis];
    let borders: Vec<isize> = match sections {
        Sections::Parts(0) => return Err(Error::value(name, "at least one part", 0)),
        Sections::Parts(count) if equal && !size.is_multiple_of(count) => {
            let expect = format!("x.shape[{axis}] % {count} == 0");
            return Err(Error::mismatch(name, expect, format_args!("{size} % {count} != 0")));
        }
        Sections::Parts(count) => (1..count).map(|n| (n * (size / count) + n.min(size % count)) as isize).collect(),
        Sections::Before(indices) => indices,
    };
    let mut index = vec![Index::Slice(None, None, None); axis + 1];
    let mut cut = |start: Option<isize>, stop: Option<isize>| {
        index[axis] = Index::Slice(start, stop, None);
        array.slice(&index[..])
    };
    let mut start = Some(0);
    let mut out = Vec::with_capacity(borders.len() + 1);
    for &border in &borders {
        out.push(cut(start, Some(border)));
        start = Some(border);
    }
    out.push(cut(start, None));
    Ok(out)
}

/// [`split`] along axis 0.
///
/// ```
/// use chainer_kernels::{Array, Dtype, ops::vsplit};
/// assert_eq!(vsplit(&Array::zeros([4, 2], Dtype::F32), 2)[0].shape(), &[2, 2].into());
/// ```
#[track_caller]
pub fn vsplit(array: &Array, sections: impl Into<Sections>) -> Vec<Array> {
    least("vsplit", array, sections.into(), 2, 0)
}

/// [`split`] along axis 1, of a 1-d array along axis 0.
///
/// ```
/// use chainer_kernels::{Array, Dtype, ops::hsplit};
/// assert_eq!(hsplit(&Array::zeros([4, 2], Dtype::F32), 2)[0].shape(), &[4, 1].into());
/// ```
#[track_caller]
pub fn hsplit(array: &Array, sections: impl Into<Sections>) -> Vec<Array> {
    least("hsplit", array, sections.into(), 1, if array.ndim() == 1 { 0 } else { 1 })
}

/// [`split`] along axis 2.
///
/// ```
/// use chainer_kernels::{Array, Dtype, ops::dsplit};
/// assert_eq!(dsplit(&Array::zeros([1, 2, 4], Dtype::F32), 2)[0].shape(), &[1, 2, 2].into());
/// ```
#[track_caller]
pub fn dsplit(array: &Array, sections: impl Into<Sections>) -> Vec<Array> {
    least("dsplit", array, sections.into(), 3, 2)
}

#[track_caller]
fn least(name: &'static str, array: &Array, sections: Sections, ndim: usize, axis: isize) -> Vec<Array> {
    let at = Location::caller();
    let count = sections.count();
    if !array.is_failed() && array.ndim() < ndim {
        let error = Error::mismatch(name, format_args!("x.ndim >= {ndim}"), array.ndim()).at(at);
        return vec![Array::failed(error); count];
    }
    parts(name, array, sections, axis, true).unwrap_or_else(|e| vec![Array::failed(e.at(at)); count])
}
