//! Arrays to Rust values and to ndarray. Reading computes what is pending.

use ndarray::{ArrayD, ArrayViewD, IxDyn, ShapeBuilder};

use super::{Array, ArrayOps};
use crate::dtype::{Dtype, Element};
use crate::error::{Error, Loc, Result};
use crate::expr::{contiguous_copy, force_all};
use crate::graph;
use crate::scalar::Scalar;
use crate::view::View;

/// An array's elements in host memory, borrowed as an ndarray view. Nothing is copied; the memory lives as long as this value.
pub struct HostView<T> {
    view: View,
    _element: std::marker::PhantomData<T>,
}

impl<T: Element> HostView<T> {
    /// The elements.
    pub fn array(&self) -> ArrayViewD<'_, T> {
        let strides: Vec<usize> = self.view.strides.iter().map(|&s| s as usize).collect();
        let shape = IxDyn(self.view.shape.dims()).strides(IxDyn(&strides));
        // SAFETY: the invariant of `View` bounds the elements; strides are not negative (see `Array::view`); the buffer is kept alive
        // by `self` and not written while shared.
        unsafe { ArrayViewD::from_shape_ptr(shape, self.view.ptr_as::<T>()) }
    }

    /// The elements in row-major order, if they lie so.
    pub fn as_slice(&self) -> Option<&[T]> {
        self.view.as_slice()
    }
}

impl Array {
    #[track_caller]
    fn host<T: Element>(&self, operation: &'static str) -> Result<View> {
        let at = std::panic::Location::caller();
        let view = self.ready_view()?;
        graph::host_read(operation, &view, Some(at));
        if view.dtype != T::DTYPE {
            let expect = format!("dtype == {}", T::DTYPE);
            return Err(Error::mismatch(operation, expect, view.dtype).at(at));
        }
        Ok(view)
    }

    /// The elements in row-major order.
    ///
    /// # Errors
    /// The array's own error; another dtype than `T` (convert with [`ArrayOps::astype`] first).
    ///
    /// ```
    /// # use chainer_kernels::Array;
    /// let x = Array::from([[1i64, 2], [3, 4]]).transpose();
    /// assert_eq!(x.to_vec::<i64>()?, [1, 3, 2, 4]);
    /// # Ok::<(), chainer_kernels::Error>(())
    /// ```
    #[track_caller]
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        let view = self.host::<T>("to_vec")?;
        if let Some(slice) = view.as_slice::<T>() {
            return Ok(slice.to_vec());
        }
        let copy = contiguous_copy(&view)?;
        Ok(copy.as_slice::<T>().map(<[T]>::to_vec).unwrap_or_default())
    }

    /// The only element, converted to `T`.
    ///
    /// # Errors
    /// The array's own error; a size other than 1.
    #[track_caller]
    pub fn item<T: Element>(&self) -> Result<T> {
        let at = std::panic::Location::caller();
        self.check()?;
        if self.size() != 1 {
            return Err(Error::mismatch(
                "item",
                "size == 1",
                format_args!("{} (shape {:?})", self.size(), self.shape()),
            )
            .at(at));
        }
        self.element("item", &vec![0; self.ndim()], at).map(T::from_scalar)
    }

    /// The element at an index (one number for each axis), converted to `T`.
    ///
    /// # Errors
    /// The array's own error; an index that does not lie inside the shape.
    #[track_caller]
    pub fn item_at<T: Element>(&self, index: &[usize]) -> Result<T> {
        let at = std::panic::Location::caller();
        self.check()?;
        let shape = self.shape();
        if index.len() != shape.ndim() || index.iter().zip(shape.iter()).any(|(i, d)| i >= d) {
            let message = format!("index {index:?} does not lie in shape {shape:?}");
            return Err(Error::new(crate::ErrorKind::IndexOutOfBounds, "item_at", message).at(at));
        }
        self.element("item_at", index, at).map(T::from_scalar)
    }

    /// The element at an index that lies inside the shape.
    fn element(&self, operation: &'static str, index: &[usize], at: Loc) -> Result<Scalar> {
        if let Some(value) = self.fill_value() {
            return Ok(value);
        }
        let view = self.ready_view()?;
        graph::host_read(operation, &view, Some(at));
        let steps: isize = index.iter().zip(&view.strides).map(|(&i, s)| i as isize * s).sum();
        // SAFETY: the index lies inside the shape, so the element lies inside the buffer; `T` is its type.
        Ok(crate::with_element!(view.dtype, T => unsafe { view.ptr_as::<T>().offset(steps).read() }.to_scalar()))
    }

    /// The elements as an ndarray view, without copying (but for flipped arrays, whose strides are negative).
    ///
    /// # Errors
    /// As [`Array::to_vec`].
    ///
    /// ```
    /// # use chainer_kernels::Array;
    /// let x = Array::from([[1.0f64, 2.0], [3.0, 4.0]]);
    /// let view = x.view::<f64>()?;
    /// assert_eq!(view.array().sum(), 10.0);
    /// # Ok::<(), chainer_kernels::Error>(())
    /// ```
    #[track_caller]
    pub fn view<T: Element>(&self) -> Result<HostView<T>> {
        let mut view = self.host::<T>("view")?;
        if view.strides.iter().any(|&s| s < 0) {
            view = contiguous_copy(&view)?;
        }
        Ok(HostView { view, _element: std::marker::PhantomData })
    }

    /// The elements as an owned ndarray.
    ///
    /// # Errors
    /// As [`Array::to_vec`].
    #[track_caller]
    pub fn to_ndarray<T: Element>(&self) -> Result<ArrayD<T>> {
        Ok(self.view::<T>()?.array().to_owned())
    }

    /// The elements converted to f64, in row-major order: for printing, plotting and tests.
    #[track_caller]
    pub fn to_f64_vec(&self) -> Result<Vec<f64>> {
        self.astype(Dtype::F64).to_vec()
    }

    /// The same elements without gaps in row-major order: the array itself if they lie so already.
    pub fn contiguous(&self) -> Array {
        force_all(&[self.node()]);
        match self.node().view() {
            Some(view) if !view.is_contiguous() => match contiguous_copy(&view) {
                Ok(copy) => Array::from_view(copy),
                Err(error) => Array::failed(error),
            },
            _ => self.clone(),
        }
    }
}
