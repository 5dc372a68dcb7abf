//! [`mish`].

use chainer_kernels::ArrayOps;

use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Variable, apply};

struct Mish;

/// Beyond this distance from 0 the function is x or 0 in every dtype, and its slope 1 or 0. Products with what is left would be 0 times
/// infinity there.
const FLAT: f64 = 800.0;

impl Function for Mish {
    fn name(&self) -> &'static str {
        "mish"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let x = (&inputs[0]).maximum(-FLAT);
        let share = (&x).softplus().tanh();
        (x * share).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let x = c.input(0).maximum(-FLAT).minimum(FLAT);
        let share = x.softplus().tanh();
        let steepness = (1.0 - share.square()) * x.sigmoid();
        (c.gy(0) * (share + x * steepness)).into()
    }
}

/// `x * tanh(softplus(x))` (Misra, arXiv:1908.08681). It does not overflow.
///
/// # Errors
/// The result fails unless x has a float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([-1e30f32, 0.0, 1.0, 1e30]));
/// let y = F::mish(&x).to_vec::<f32>()?;
/// assert!(y[0] == 0.0 && y[1] == 0.0 && (y[2] - 0.865098).abs() < 1e-6 && y[3] == 1e30);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn mish(x: impl AsVariable) -> Variable {
    apply(Mish, [x.as_variable()]).one()
}
