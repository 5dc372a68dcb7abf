//! Index expressions, `x[1, .., ::2, mask]` in NumPy's spelling, and what they mean for a shape.

use std::ops::{Range, RangeFrom, RangeFull, RangeTo};
use std::panic::Location;

use smallvec::SmallVec;

use super::or_failed;
use crate::array::Array;
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::SliceChange;
use crate::shape::Shape;

/// One entry of an index expression.
#[derive(Clone, Debug)]
pub enum Index {
    /// `i`: one element of the axis, which vanishes. Negative numbers count from the end.
    Int(isize),
    /// `start:stop:step`.
    Slice(Option<isize>, Option<isize>, Option<isize>),
    /// `None` in NumPy: a new axis of size 1.
    NewAxis,
    /// `...`: as many full slices as are missing.
    Ellipsis,
    /// An array of integers.
    Array(Array),
    /// An array of bools over as many axes as it has.
    Mask(Array),
}

impl From<isize> for Index {
    fn from(index: isize) -> Self {
        Index::Int(index)
    }
}
impl From<Range<isize>> for Index {
    fn from(range: Range<isize>) -> Self {
        Index::Slice(Some(range.start), Some(range.end), None)
    }
}
impl From<RangeFrom<isize>> for Index {
    fn from(range: RangeFrom<isize>) -> Self {
        Index::Slice(Some(range.start), None, None)
    }
}
impl From<RangeTo<isize>> for Index {
    fn from(range: RangeTo<isize>) -> Self {
        Index::Slice(None, Some(range.end), None)
    }
}
impl From<RangeFull> for Index {
    fn from(_: RangeFull) -> Self {
        Index::Slice(None, None, None)
    }
}
impl From<Array> for Index {
    fn from(array: Array) -> Self {
        if array.dtype() == Dtype::Bool { Index::Mask(array) } else { Index::Array(array) }
    }
}
impl From<&Array> for Index {
    fn from(array: &Array) -> Self {
        Index::from(array.clone())
    }
}
impl From<&Index> for Index {
    fn from(index: &Index) -> Self {
        index.clone()
    }
}

/// What can be written between the brackets: one entry (`1`, `2..`, `&array`), a tuple of entries (`(1, .., 2..5)`, where `..` is a full
/// slice), or a slice, array or `Vec` of [`Index`].
pub trait IntoIndices {
    /// The entries.
    fn into_indices(self) -> Vec<Index>;
}

impl IntoIndices for &[Index] {
    fn into_indices(self) -> Vec<Index> {
        self.to_vec()
    }
}
impl IntoIndices for Vec<Index> {
    fn into_indices(self) -> Vec<Index> {
        self
    }
}
impl IntoIndices for &Vec<Index> {
    fn into_indices(self) -> Vec<Index> {
        self.clone()
    }
}
impl<const N: usize> IntoIndices for [Index; N] {
    fn into_indices(self) -> Vec<Index> {
        self.into()
    }
}
macro_rules! single {
    ($($ty:ty)*) => {$(
        impl IntoIndices for $ty {
            fn into_indices(self) -> Vec<Index> {
                vec![self.into()]
            }
        }
    )*};
}
single! { Index isize Range<isize> RangeFrom<isize> RangeTo<isize> RangeFull Array }
impl IntoIndices for &Array {
    fn into_indices(self) -> Vec<Index> {
        vec![self.into()]
    }
}
macro_rules! tuples {
    ($($($name:ident)+;)*) => {$(
        impl<$($name: Into<Index>),+> IntoIndices for ($($name,)+) {
            #[allow(non_snake_case)]
            fn into_indices(self) -> Vec<Index> {
                let ($($name,)+) = self;
                vec![$($name.into()),+]
            }
        }
    )*};
}
tuples! { A; A B; A B C; A B C D; A B C D E; A B C D E F; }

/// What becomes of an axis, or comes anew.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// The axis stays as (start, step, size).
    Slice { axis: usize, start: usize, step: isize, size: usize },
    /// A new axis of size 1.
    New,
    /// An ellipsis that stands for no axis. It still parts the index arrays on its two sides.
    Gap,
    /// One element: the axis vanishes.
    Fixed { axis: usize, element: usize },
    /// Indices into the axis.
    Array { axis: usize, indices: Array },
}

/// An index expression fitted to a shape: every axis occurs once, in order, and there is one gap at most.
pub(super) fn fit(operation: &'static str, shape: &Shape, indices: &[Index]) -> Result<Vec<Part>> {
    // How many axes each entry takes.
    let takes = |index: &Index| match index {
        Index::Int(_) | Index::Slice(..) | Index::Array(_) => 1,
        Index::NewAxis | Index::Ellipsis => 0,
        Index::Mask(mask) => mask.ndim(),
    };
    for index in indices {
        if let Index::Array(array) | Index::Mask(array) = index {
            array.check()?;
        }
    }
    let taken: usize = indices.iter().map(takes).sum();
    if taken > shape.ndim() {
        let expect = format!("indices for at most {} axes (shape {shape:?})", shape.ndim());
        return Err(Error::value(operation, expect, taken));
    }
    if indices.iter().filter(|i| matches!(i, Index::Ellipsis)).count() > 1 {
        return Err(Error::value(operation, "one ellipsis at most", "several"));
    }
    let full = |axis: usize| Part::Slice { axis, start: 0, step: 1, size: shape[axis] };
    let mut parts = Vec::with_capacity(indices.len() + shape.ndim());
    let mut axis = 0;
    for index in indices {
        match index {
            Index::Int(i) => {
                let size = shape[axis] as isize;
                if !(-size..size).contains(i) {
                    let message = format!("index {i} is out of bounds for axis {axis} of size {size}");
                    return Err(Error::new(ErrorKind::IndexOutOfBounds, operation, message));
                }
                parts.push(Part::Fixed { axis, element: i.rem_euclid(size) as usize });
            }
            Index::Slice(start, stop, step) => {
                let (start, step, size) = slice(operation, (*start, *stop, *step), shape[axis])?;
                parts.push(Part::Slice { axis, start, step, size });
            }
            Index::NewAxis => parts.push(Part::New),
            Index::Ellipsis => {
                let rest = shape.ndim() - taken;
                parts.extend((axis..axis + rest).map(full));
                parts.extend((rest == 0).then_some(Part::Gap));
                axis += rest;
            }
            Index::Array(array) => {
                if !array.dtype().is_integer() {
                    return Err(Error::mismatch(operation, "indices.dtype.kind in i, u, b", array.dtype()));
                }
                parts.push(Part::Array { axis, indices: array.clone() });
            }
            Index::Mask(mask) => {
                if mask.dtype() != Dtype::Bool {
                    return Err(Error::mismatch(operation, "mask.dtype == bool", mask.dtype()));
                }
                let of = Shape::new(&shape[axis..axis + mask.ndim()]);
                if *mask.shape() != of {
                    let expect = format!("mask.shape == x.shape[{axis}:{}]", axis + mask.ndim());
                    return Err(Error::mismatch(operation, expect, format_args!("{:?} != {of:?}", mask.shape())));
                }
                if mask.ndim() == 0 {
                    // A new axis that is there once or not at all.
                    let there = mask.item::<bool>()? as usize;
                    parts.push(Part::New);
                    if there == 0 {
                        return Err(Error::value(operation, "a mask of at least one axis", "a zero-dimensional one"));
                    }
                    continue;
                }
                for (i, indices) in super::nonzero(mask)?.into_iter().enumerate() {
                    parts.push(Part::Array { axis: axis + i, indices });
                }
            }
        }
        axis += takes(index);
    }
    parts.extend((axis..shape.ndim()).map(full));
    Ok(parts)
}

/// Python's `slice.indices`: (start, step, number of elements).
fn slice(
    operation: &'static str,
    (start, stop, step): (Option<isize>, Option<isize>, Option<isize>),
    size: usize,
) -> Result<(usize, isize, usize)> {
    let (step, size) = (step.unwrap_or(1), size as isize);
    if step == 0 {
        return Err(Error::value(operation, "a slice step other than 0", 0));
    }
    // The range of what a border may be.
    let (low, high) = if step > 0 { (0, size) } else { (-1, size - 1) };
    let border = |at: Option<isize>, default: isize| match at {
        None => default,
        Some(at) => (if at < 0 { at.saturating_add(size) } else { at }).clamp(low, high),
    };
    let (first, end) =
        if step > 0 { (border(start, low), border(stop, high)) } else { (border(start, high), border(stop, low)) };
    let count = if step > 0 { (end - first).max(0) as usize } else { (first - end).max(0) as usize };
    let count = count.div_ceil(step.unsigned_abs());
    Ok((if count == 0 { 0 } else { first as usize }, step, count))
}

/// The view that the slices, new axes and fixed elements of `parts` make. Indexed axes stay whole.
pub(super) fn view(x: &Array, parts: &[Part]) -> Array {
    let mut dims: SmallVec<[usize; 4]> = SmallVec::new();
    let mut change = SliceChange { axes: SmallVec::new(), fixed: SmallVec::new() };
    let mut whole = true;
    for part in parts {
        match *part {
            Part::Slice { axis, start, step, size } => {
                whole &= start == 0 && step == 1 && size == x.shape()[axis];
                dims.push(size);
                change.axes.push((Some(axis), start, step));
            }
            Part::Gap => {}
            Part::New => {
                whole = false;
                dims.push(1);
                change.axes.push((None, 0, 1));
            }
            Part::Fixed { axis, element } => {
                whole = false;
                change.fixed.push((axis, element));
            }
            Part::Array { axis, .. } => {
                dims.push(x.shape()[axis]);
                change.axes.push((Some(axis), 0, 1));
            }
        }
    }
    if whole { x.clone() } else { x.sliced(dims.into_iter().collect(), change) }
}

impl Array {
    /// The elements that a basic index expression (numbers, slices, new axes, ellipsis) names, as a view: nothing is copied.
    ///
    /// Numbers outside their axis, too many entries, and array entries (see [`Array::get_item`]) give a failed array.
    ///
    /// ```
    /// use chainer_kernels::{Array, ops::Index};
    /// let x = Array::from([[1i32, 2, 3], [4, 5, 6]]);
    /// assert_eq!(x.slice((1, 1..)).to_vec::<i32>()?, [5, 6]);
    /// assert_eq!(x.slice((.., -1)).to_vec::<i32>()?, [3, 6]);
    /// assert_eq!(x.slice([Index::Ellipsis, Index::Slice(None, None, Some(-2))]).to_vec::<i32>()?, [3, 1, 6, 4]);
    /// assert_eq!(x.slice((Index::NewAxis, 0)).shape(), &[1, 3].into());
    /// assert!(x.slice(2).is_failed());
    /// # Ok::<(), chainer_kernels::Error>(())
    /// ```
    #[track_caller]
    pub fn slice(&self, indices: impl IntoIndices) -> Array {
        let indices = indices.into_indices();
        or_failed(Location::caller(), || {
            self.check()?;
            if indices.iter().any(|i| matches!(i, Index::Array(_) | Index::Mask(_))) {
                return Err(Error::value(
                    "slice",
                    "numbers, slices, new axes and ellipsis",
                    "an array among the indices",
                ));
            }
            Ok(view(self, &fit("slice", self.shape(), &indices)?))
        })
    }
}
