//! [`relu`].

use chainer_kernels::ArrayOps;

use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

struct Relu;

impl Function for Relu {
    fn name(&self) -> &'static str {
        "relu"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        (&inputs[0]).maximum(0.0).into()
    }
    fn retain(&self) -> Retain {
        Retain::outputs()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        c.output(0).greater(0.0).select(c.gy(0), 0.0).into()
    }
}

/// The rectified linear unit: `max(0, x)`. The gradient at 0 is 0.
///
/// # Errors
/// The result fails unless x has a float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([-1.0f32, 0.0, 2.0]));
/// let y = F::relu(&x);
/// assert_eq!(y.to_vec::<f32>()?, [0.0, 0.0, 2.0]);
/// y.sum().backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.0, 0.0, 1.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn relu(x: impl AsVariable) -> Variable {
    apply(Relu, [x.as_variable()]).one()
}
