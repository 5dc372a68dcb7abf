//! Arrays from Rust values, from ndarray, and from nothing.

use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};

use super::Array;
use crate::backend::{Device, backend};
use crate::buffer::Buffer;
use crate::dtype::{Dtype, Element};
use crate::error::{Error, Loc, Result};
use crate::expr;
use crate::op::Op;
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::view::View;

impl Array {
    /// A row-major copy of a slice.
    ///
    /// A length that is not the product of `shape` gives a failed array.
    #[track_caller]
    pub fn from_slice<T: Element>(data: &[T], shape: impl Into<Shape>) -> Array {
        let at = std::panic::Location::caller();
        let shape = shape.into();
        match checked_size(data.len(), &shape, "from_slice", at).and_then(|()| copied(data, shape)) {
            Ok(array) => array,
            Err(error) => Array::failed(error),
        }
    }

    /// A row-major array that takes over a vector without copying it.
    ///
    /// A length that is not the product of `shape` gives a failed array.
    ///
    /// ```
    /// # use chainer_kernels::Array;
    /// let x = Array::from_vec(vec![1i32, 2, 3, 4, 5, 6], [2, 3]);
    /// assert_eq!(x.to_string(), "[[1 2 3]\n [4 5 6]]");
    /// assert!(Array::from_vec(vec![1.0f32; 5], [2, 3]).is_failed());
    /// ```
    #[track_caller]
    pub fn from_vec<T: Element>(data: Vec<T>, shape: impl Into<Shape>) -> Array {
        let at = std::panic::Location::caller();
        let shape = shape.into();
        match checked_size(data.len(), &shape, "from_vec", at) {
            Ok(()) => Array::from_view(View::contiguous(owned(data), T::DTYPE, shape)),
            Err(error) => Array::failed(error),
        }
    }

    /// A zero-dimensional array.
    pub fn scalar<T: Element>(value: T) -> Array {
        Array::full((), value.to_scalar(), T::DTYPE)
    }

    /// An array whose elements all are `value`, rounded to `dtype`. It takes no memory until one is needed.
    pub fn full(shape: impl Into<Shape>, value: impl Into<Scalar>, dtype: Dtype) -> Array {
        Array::from_node(Arc::new(expr::fill(value.into(), shape.into(), dtype, Device::Cpu)))
    }

    /// Zeros.
    pub fn zeros(shape: impl Into<Shape>, dtype: Dtype) -> Array {
        Array::full(shape, 0i64, dtype)
    }

    /// Ones.
    pub fn ones(shape: impl Into<Shape>, dtype: Dtype) -> Array {
        Array::full(shape, 1i64, dtype)
    }

    /// Zeros of another array's shape, dtype and device.
    pub fn zeros_like(other: &Array) -> Array {
        other.full_like(0i64)
    }

    /// Ones of another array's shape, dtype and device.
    pub fn ones_like(other: &Array) -> Array {
        other.full_like(1i64)
    }

    /// An array of this one's shape, dtype and device whose elements all are `value`. Stays failed.
    pub fn full_like(&self, value: impl Into<Scalar>) -> Array {
        if self.is_failed() {
            return self.clone();
        }
        let node = self.node();
        Array::from_node(Arc::new(expr::fill(value.into(), node.shape.clone(), node.dtype, node.device)))
    }

    /// The row-major index of each element, as `dtype`: 0, 1, 2 …
    pub(crate) fn index(shape: impl Into<Shape>, dtype: Dtype) -> Array {
        Array::from_node(Arc::new(expr::source(Op::Index, [None, None], shape.into(), dtype, Device::Cpu)))
    }

    /// Random numbers: `op` is `Uniform` or `Normal`, `offset` the place of the first element in the stream of `seed`.
    pub(crate) fn random(op: Op, place: (u64, u64), general: bool, shape: Shape, dtype: Dtype) -> Array {
        Array::from_node(Arc::new(expr::random(op, place, general, shape, dtype)))
    }
}

fn checked_size(len: usize, shape: &Shape, operation: &'static str, at: Loc) -> Result<()> {
    // The product may overflow where it cannot match anyway.
    let size = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    if size == Some(len) {
        return Ok(());
    }
    let expect = format!("data.len() == product of shape {shape:?}");
    Err(Error::mismatch(operation, expect, format_args!("data.len() == {len}")).at(at))
}

fn copied<T: Element>(data: &[T], shape: Shape) -> Result<Array> {
    let buffer = backend(Device::Cpu).allocate(std::mem::size_of_val(data))?;
    // SAFETY: the buffer is fresh, large enough and aligned for any element.
    unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), buffer.ptr().cast(), data.len()) };
    Ok(Array::from_view(View::contiguous(buffer, T::DTYPE, shape)))
}

/// A buffer that takes over a vector.
fn owned<T: Element>(mut data: Vec<T>) -> Arc<Buffer> {
    let (ptr, bytes) = (data.as_mut_ptr().cast(), std::mem::size_of_val(&data[..]));
    // SAFETY: the vector's memory stays where it is and is valid for as long as the buffer owns the vector.
    Arc::new(unsafe { Buffer::from_owner(ptr, bytes, Box::new(data)) })
}

/// Takes over the memory of an ndarray (of any layout) without copying.
impl<T: Element> From<ArrayD<T>> for Array {
    fn from(array: ArrayD<T>) -> Self {
        let shape = Shape::new(array.shape());
        let strides = array.strides().iter().copied().collect();
        let (data, offset) = array.into_raw_vec_and_offset();
        let offset = offset.unwrap_or(0);
        Array::from_view(View { buffer: owned(data), dtype: T::DTYPE, shape, strides, offset })
    }
}

/// Copies a view of an ndarray into row-major order.
impl<T: Element> From<ArrayViewD<'_, T>> for Array {
    fn from(view: ArrayViewD<'_, T>) -> Self {
        match view.as_slice() {
            Some(slice) => Array::from_slice(slice, view.shape()),
            None => Array::from_vec(view.iter().copied().collect(), view.shape()),
        }
    }
}

impl<T: Element> From<Vec<T>> for Array {
    fn from(data: Vec<T>) -> Self {
        let len = data.len();
        Array::from_vec(data, len)
    }
}

impl<T: Element> From<&[T]> for Array {
    fn from(data: &[T]) -> Self {
        Array::from_slice(data, data.len())
    }
}

impl<T: Element, const A: usize> From<[T; A]> for Array {
    fn from(data: [T; A]) -> Self {
        Array::from_slice(&data, [A])
    }
}

impl<T: Element, const A: usize, const B: usize> From<[[T; B]; A]> for Array {
    fn from(data: [[T; B]; A]) -> Self {
        Array::from_slice(data.as_flattened(), [A, B])
    }
}

impl<T: Element, const A: usize, const B: usize, const C: usize> From<[[[T; C]; B]; A]> for Array {
    fn from(data: [[[T; C]; B]; A]) -> Self {
        Array::from_slice(data.as_flattened().as_flattened(), [A, B, C])
    }
}

impl<T: Element> From<T> for Array {
    fn from(value: T) -> Self {
        Array::scalar(value)
    }
}
