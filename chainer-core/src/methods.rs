//! Methods of [`Variable`] that are functions.

use chainer_kernels::Axes;

use crate::{Dtype, Shape, Variable, functions};

impl Variable {
    /// See [`functions::reshape`].
    #[track_caller]
    pub fn reshape(&self, shape: impl Into<Shape>) -> Variable {
        functions::reshape(self, shape)
    }

    /// The axes in reverse order; see [`functions::transpose`] for other orders.
    #[track_caller]
    pub fn transpose(&self) -> Variable {
        functions::transpose(self, &[])
    }

    /// See [`functions::broadcast_to`].
    #[track_caller]
    pub fn broadcast_to(&self, shape: impl Into<Shape>) -> Variable {
        functions::broadcast_to(self, shape)
    }

    /// See [`functions::cast`].
    #[track_caller]
    pub fn cast(&self, dtype: Dtype) -> Variable {
        functions::cast(self, dtype)
    }

    /// The sum of all elements; see [`functions::sum`].
    #[track_caller]
    pub fn sum(&self) -> Variable {
        functions::sum(self, None, false)
    }

    /// The sum over some axes; see [`functions::sum`].
    #[track_caller]
    pub fn sum_axes(&self, axes: impl Into<Axes>, keepdims: bool) -> Variable {
        functions::sum(self, axes, keepdims)
    }
}
