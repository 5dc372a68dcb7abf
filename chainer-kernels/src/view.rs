//! Memory with a shape: what a kernel reads and writes.

use std::sync::Arc;

use crate::buffer::Buffer;
use crate::dtype::{Dtype, Element};
use crate::shape::{Shape, Strides};

/// A strided window on a buffer.
///
/// Invariant: `offset` and every element that `shape` and `strides` reach lie inside the buffer.
#[derive(Clone)]
pub struct View {
    /// The memory.
    pub(crate) buffer: Arc<Buffer>,
    /// The elements' type.
    pub(crate) dtype: Dtype,
    /// The sizes of the axes.
    pub(crate) shape: Shape,
    /// Steps in elements, as many as `shape` has axes.
    pub(crate) strides: Strides,
    /// The first element's place in the buffer, in elements.
    pub(crate) offset: usize,
}

impl View {
    /// A row-major view of a whole buffer.
    pub(crate) fn contiguous(buffer: Arc<Buffer>, dtype: Dtype, shape: Shape) -> Self {
        debug_assert!(buffer.bytes() >= shape.size() * dtype.size());
        let strides = shape.strides();
        View { buffer, dtype, shape, strides, offset: 0 }
    }

    /// The elements' type.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The sizes of the axes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Steps between neighbours, in elements.
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// Whether the elements lie without gaps in row-major order.
    pub fn is_contiguous(&self) -> bool {
        let mut step = 1isize;
        for (&dim, &stride) in self.shape.iter().zip(&self.strides).rev() {
            if dim != 1 {
                if stride != step && self.shape.size() != 0 {
                    return false;
                }
                step *= dim as isize;
            }
        }
        true
    }

    /// The address of the first element.
    pub(crate) fn ptr(&self) -> *mut u8 {
        // A buffer of no bytes has a dangling, aligned pointer; the offset of an empty view may lie one past the end.
        self.buffer.ptr().wrapping_add(self.offset * self.dtype.size())
    }

    /// The address of the first element as `T`, which must be the view's element type.
    pub(crate) fn ptr_as<T: Element>(&self) -> *mut T {
        debug_assert_eq!(T::DTYPE, self.dtype);
        self.ptr().cast()
    }

    /// The elements as a slice if the view is row-major without gaps and in host memory.
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        if T::DTYPE != self.dtype || !self.is_contiguous() {
            return None;
        }
        if self.shape.size() == 0 {
            return Some(&[]);
        }
        // SAFETY: the invariant of `View` bounds the elements; a buffer is initialised before anyone gets a view to read, and
        // published buffers are never written while shared (copy on write).
        Some(unsafe { std::slice::from_raw_parts(self.ptr_as::<T>(), self.shape.size()) })
    }

    /// Distinct bytes that the view covers: broadcast axes count once.
    pub(crate) fn bytes_touched(&self) -> usize {
        let elements: usize =
            self.shape.iter().zip(&self.strides).map(|(&d, &s)| if s == 0 && d > 0 { 1 } else { d }).product();
        elements * self.dtype.size()
    }

    /// The view stretched to `shape`, which its own shape must broadcast to.
    pub(crate) fn broadcast(&self, shape: &Shape) -> View {
        let lead = shape.ndim() - self.shape.ndim();
        let strides = (0..shape.ndim())
            .map(|axis| match axis.checked_sub(lead) {
                Some(own) if self.shape[own] == shape[axis] && self.shape[own] != 1 => self.strides[own],
                Some(own) if self.shape[own] == 1 && shape[axis] == 1 => self.strides[own],
                _ => 0,
            })
            .collect();
        View { buffer: self.buffer.clone(), dtype: self.dtype, shape: shape.clone(), strides, offset: self.offset }
    }

    /// The same memory under another row-major shape of the same size, if the layout allows it without a copy.
    pub(crate) fn reshape(&self, shape: &Shape) -> Option<View> {
        debug_assert_eq!(self.shape.size(), shape.size());
        let mut view = self.clone();
        view.shape = shape.clone();
        if self.is_contiguous() {
            view.strides = shape.strides();
            return Some(view);
        }
        // Match runs of old axes with runs of new axes of equal product; inside a run the old axes must be gapless.
        let old: Vec<(usize, isize)> =
            self.shape.iter().copied().zip(self.strides.iter().copied()).filter(|(d, _)| *d != 1).collect();
        let mut strides: Strides = smallvec::SmallVec::from_elem(0, shape.ndim());
        let (mut i, mut j) = (0, 0);
        while i < old.len() {
            let (mut have, mut want, start, first) = (old[i].0, 1usize, i, j);
            i += 1;
            while j < shape.ndim() && (want < have || shape[j] == 1) {
                want *= shape[j];
                j += 1;
                while want > have && i < old.len() {
                    have *= old[i].0;
                    i += 1;
                }
            }
            if want != have {
                return None;
            }
            if (start + 1..i).any(|k| old[k - 1].1 != old[k].1 * old[k].0 as isize) {
                return None;
            }
            let mut step = old[i - 1].1;
            for k in (first..j).rev() {
                strides[k] = step;
                step *= shape[k] as isize;
            }
        }
        view.strides = strides;
        Some(view)
    }
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:?}", self.dtype, self.shape)?;
        if self.is_contiguous() { Ok(()) } else { write!(f, " strides {:?}", &self.strides[..]) }
    }
}
