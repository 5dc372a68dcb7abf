//! [`log_sigmoid`].

use chainer_kernels::ArrayOps;

use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Variable, apply};

struct LogSigmoid;

impl Function for LogSigmoid {
    fn name(&self) -> &'static str {
        "log_sigmoid"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        (-(-&inputs[0]).softplus()).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        (c.gy(0) * (-c.input(0)).sigmoid()).into()
    }
}

/// The logarithm of [`sigmoid`](super::sigmoid): `-log(1 + exp(-x))`, without overflow and without the logarithm of 0.
///
/// # Errors
/// The result fails unless x has a float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([-1000.0f32, 0.0, 1000.0]));
/// assert_eq!(F::log_sigmoid(&x).to_vec::<f32>()?, [-1000.0, -(2f32.ln()), 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn log_sigmoid(x: impl AsVariable) -> Variable {
    apply(LogSigmoid, [x.as_variable()]).one()
}
