//! [`batch_l2_norm_squared`].

use chainer_kernels::{ArrayOps, Axes};

use crate::functions::refused;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Shape, Variable, apply};

struct BatchL2NormSquared;

impl Function for BatchL2NormSquared {
    fn name(&self) -> &'static str {
        "batch_l2_norm_squared"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])?;
        type_check::min_ndim("x", &inputs[0], 2)
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(refused) = refused(self, inputs) {
            return refused;
        }
        let x = &inputs[0];
        let axes: Vec<isize> = (1..x.ndim() as isize).collect();
        (x * x).sum(Axes::from(&axes), false).into()
    }
    fn retain(&self) -> Retain {
        Retain::none().input(0)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let shape = c.input_shape(0);
        let column: Shape = shape.iter().enumerate().map(|(i, &size)| if i == 0 { size } else { 1 }).collect();
        (c.gy(0).reshape(column) * c.input(0) * 2.0).into()
    }
}

/// The squared Euclidean norm of each sample: x (N, …) gives (N,), the sums of squares over all axes but the first.
///
/// # Errors
/// The result fails unless x has a float dtype and at least two axes.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[3.0f32, 4.0], [1.0, 2.0]]));
/// assert_eq!(F::batch_l2_norm_squared(&x).to_vec::<f32>()?, [25.0, 5.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn batch_l2_norm_squared(x: impl AsVariable) -> Variable {
    apply(BatchL2NormSquared, [x.as_variable()]).one()
}
