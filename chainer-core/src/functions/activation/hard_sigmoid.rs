//! [`hard_sigmoid`].

use chainer_kernels::ArrayOps;

use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Variable, apply};

struct HardSigmoid;

impl Function for HardSigmoid {
    fn name(&self) -> &'static str {
        "hard_sigmoid"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        (&inputs[0] * 0.2 + 0.5).maximum(0.0).minimum(1.0).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        // By x and not by the result, which reaches its ends by rounding a little earlier.
        c.input(0).abs().less(2.5).select(c.gy(0) * 0.2, 0.0).into()
    }
}

/// [`sigmoid`](super::sigmoid) out of three straight lines: `min(max(0, 0.2 x + 0.5), 1)`. The gradient is 0.2 strictly between -2.5 and
/// 2.5, and 0 elsewhere.
///
/// # Errors
/// The result fails unless x has a float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([-2.6f64, -1.0, 0.0, 1.0, 2.6]));
/// let y = F::hard_sigmoid(&x);
/// assert_eq!(y.to_vec::<f64>()?, [0.0, 0.3, 0.5, 0.7, 1.0]);
/// y.sum().backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f64>()?, [0.0, 0.2, 0.2, 0.2, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn hard_sigmoid(x: impl AsVariable) -> Variable {
    apply(HardSigmoid, [x.as_variable()]).one()
}
