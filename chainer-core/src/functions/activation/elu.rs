//! [`elu`].

use chainer_kernels::ArrayOps;

use crate::functions::settings;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Variable, apply};

settings! {
    /// [`elu`] with another `alpha`.
    Elu() {
        /// The value far below 0, negated (default 1).
        alpha: f64 = 1.0,
    }
}

impl Function for Elu {
    fn name(&self) -> &'static str {
        "elu"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let x = &inputs[0];
        // Limited, so that what is not chosen does not overflow.
        x.less(0.0).select(x.minimum(0.0).expm1() * self.alpha, x).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (x, gy) = (c.input(0), c.gy(0));
        x.less(0.0).select(x.minimum(0.0).exp() * self.alpha * gy, gy).into()
    }
}

impl Elu {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        apply(self, [x.as_variable()]).one()
    }
}

/// The exponential linear unit: x from 0 on, `alpha * (exp(x) - 1)` below, with alpha 1 ([`Elu`] has another one). The gradient at 0 is
/// 1 (Clevert et al., arXiv:1511.07289).
///
/// # Errors
/// The result fails unless x has a float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([-1.0f32, 2.0]));
/// let y = F::elu(&x).to_vec::<f32>()?;
/// assert!((y[0] - ((-1f32).exp() - 1.0)).abs() < 1e-6 && y[1] == 2.0);
/// assert_eq!(F::Elu::new().alpha(0.0).call(&x).to_vec::<f32>()?, [0.0, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn elu(x: impl AsVariable) -> Variable {
    Elu::new().call(x)
}
