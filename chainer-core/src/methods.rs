//! Methods of [`Variable`] that are functions.

use chainer_kernels::Axes;

use crate::{AsVariable, Dtype, Shape, Variable, functions};

impl Variable {
    /// See [`functions::reshape`].
    #[track_caller]
    pub fn reshape(&self, shape: impl Into<Shape>) -> Variable {
        functions::reshape(self, shape)
    }

    /// [`reshape`](Variable::reshape) to sizes of which one may be -1: whatever makes the number of elements right.
    ///
    /// ```
    /// # use chainer::{Array, Dtype, Variable};
    /// let x = Variable::new(Array::zeros([2, 3, 4], Dtype::F32));
    /// assert_eq!(x.reshape_infer(&[2, -1]).dims()?, [2, 12]);
    /// assert!(x.reshape_infer(&[5, -1]).check().is_err());
    /// # Ok::<(), chainer::Error>(())
    /// ```
    #[track_caller]
    pub fn reshape_infer(&self, sizes: &[isize]) -> Variable {
        let inferred = self.data().reshape_infer(sizes);
        match inferred.error() {
            Some(error) => Variable::failed(error.clone()),
            None => functions::reshape(self, inferred.shape()),
        }
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

    /// The axes in reverse order: the transpose of a matrix.
    #[track_caller]
    pub fn t(&self) -> Variable {
        functions::transpose(self, &[])
    }

    /// See [`functions::matmul`].
    #[track_caller]
    pub fn matmul(&self, other: impl AsVariable) -> Variable {
        functions::matmul(self, other)
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
