//! [`absolute_error`].

use chainer_kernels::ArrayOps;

use super::check_pair;
use crate::type_check::Checked;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Variable, apply};

struct AbsoluteError;

impl Function for AbsoluteError {
    fn name(&self) -> &'static str {
        "absolute_error"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_pair(["x0", "x1"], inputs)
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        (&inputs[0] - &inputs[1]).abs().into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let gx = c.gy(0) * (c.input(0) - c.input(1)).sign();
        let opposite = c.wants(1).then(|| -&gx);
        (gx, opposite).into()
    }
}

/// `|x0 - x1|`, element by element; the gradient is 0 where both are equal. Its mean is
/// [`mean_absolute_error`](crate::functions::mean_absolute_error).
///
/// # Errors
/// The result fails unless both have the same shape and the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, 5.0]));
/// let y = F::absolute_error(&x, Array::from([3.0f32, 4.5]));
/// assert_eq!(y.to_vec::<f32>()?, [2.0, 0.5]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn absolute_error(x0: impl AsVariable, x1: impl AsVariable) -> Variable {
    apply(AbsoluteError, [x0.as_variable(), x1.as_variable()]).one()
}
