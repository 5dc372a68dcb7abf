//! [`take_along_axis`].

use chainer_kernels::ops;

use super::axis_of;
use crate::functions::{composed, refused};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Shape, Variable, apply};

struct TakeAlongAxis {
    indices: Array,
    axis: isize,
}

impl Function for TakeAlongAxis {
    fn name(&self) -> &'static str {
        "take_along_axis"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        let (x, indices) = (&inputs[0], &self.indices);
        type_check::integer("indices", indices)?;
        let axis = axis_of(x, self.axis)?;
        type_check::equal("x.ndim", x.ndim(), "indices.ndim", indices.ndim())?;
        let others = (0..x.ndim()).filter(|&i| i != axis);
        others.into_iter().try_for_each(|i| type_check::same_size("x", x, i, "indices", indices, i))
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(failed) = refused(self, inputs) {
            return failed;
        }
        ops::take_along_axis(&inputs[0], &self.indices, self.axis).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        put_along_axis(c.gy(0), self.indices.clone(), self.axis, c.input_shape(0)).into()
    }
}

/// Zeros of a shape, with the elements of x added where the indices say: the reverse of [`take_along_axis`].
#[track_caller]
pub(in crate::functions) fn put_along_axis(x: &Variable, indices: Array, axis: isize, shape: &Shape) -> Variable {
    apply(TakeAlongAxisGrad { indices, axis, shape: shape.clone() }, [x]).one()
}

struct TakeAlongAxisGrad {
    indices: Array,
    axis: isize,
    shape: Shape,
}

impl Function for TakeAlongAxisGrad {
    fn name(&self) -> &'static str {
        "take_along_axis_grad"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let zeros = Array::zeros(&self.shape, inputs[0].dtype());
        ops::scatter_add_along_axis(&zeros, &self.indices, &inputs[0], self.axis).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        apply(TakeAlongAxis { indices: self.indices.clone(), axis: self.axis }, [c.gy(0)]).one().into()
    }
}

/// Of each place of `indices` (of the shape of x but for `axis`, any integer dtype) the element of x that the index names along `axis`.
/// Negative indices count from the end. The gradients of elements that are named several times add up.
///
/// # Errors
/// The result fails if the axis does not exist or the shapes do not fit. An index outside the axis fails when the result is computed.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]));
/// let y = F::take_along_axis(&x, Array::from([[2i32, 2], [0, -1]]), 1);
/// assert_eq!(y.to_vec::<f32>()?, [3.0, 3.0, 4.0, 6.0]);
/// y.sum().backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.0, 0.0, 2.0, 1.0, 0.0, 1.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn take_along_axis(x: impl AsVariable, indices: impl AsVariable, axis: isize) -> Variable {
    let (x, indices) = (x.as_variable(), indices.as_variable().into_data());
    composed(std::panic::Location::caller(), || {
        x.check()?;
        indices.check()?;
        Ok(apply(TakeAlongAxis { indices, axis }, [x]).one())
    })
}
