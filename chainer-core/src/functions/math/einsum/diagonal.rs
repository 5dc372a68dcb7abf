//! The diagonal of two axes of a variable.

use chainer_kernels::ops;

use crate::functions::{reshape, transpose};
use crate::{Array, BackwardContext, Dtype, Function, Gradients, Outputs, Retain, Shape, Variable, apply};

/// x → its diagonal in the plane of two axes, as the last axis.
struct Diagonal {
    /// The axes, ascending.
    axes: [usize; 2],
}

impl Function for Diagonal {
    fn name(&self) -> &'static str {
        "diagonal"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let [first, second] = self.axes;
        ops::diagonal(&inputs[0], 0, first as isize, second as isize).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let shape = c.input_shape(0);
        let [first, second] = self.axes;
        let ndim = shape.ndim();
        let sizes = |keep: fn(usize, [usize; 2]) -> bool| -> Shape {
            shape.iter().enumerate().map(|(i, &size)| if keep(i, [first, second]) { size } else { 1 }).collect()
        };
        // The diagonal back in the place of the first axis, stretched along the second, and zeros beside it.
        let mut order: Vec<isize> = (0..ndim as isize - 2).collect();
        order.insert(first, ndim as isize - 2);
        let placed = reshape(transpose(c.gy(0), &order), sizes(|i, [_, second]| i != second));
        let mask = ops::identity(shape[first], Dtype::Bool).reshape(sizes(|i, axes| axes.contains(&i)));
        Variable::constant(mask).select(placed, 0.0).into()
    }
}

/// See [`Diagonal`].
pub(super) fn diagonal(x: &Variable, axes: [usize; 2]) -> Variable {
    apply(Diagonal { axes }, [x]).one()
}
