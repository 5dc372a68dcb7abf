//! [`selu`].

use chainer_kernels::ArrayOps;

use crate::functions::settings;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Variable, apply};

settings! {
    /// [`selu`] with other constants.
    Selu() {
        /// The value far below 0, negated and before it is scaled (default 1.6732632423543772).
        alpha: f64 = 1.673_263_242_354_377_2,
        /// What everything is multiplied by (default 1.0507009873554805).
        scale: f64 = 1.050_700_987_355_480_5,
    }
}

impl Function for Selu {
    fn name(&self) -> &'static str {
        "selu"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let x = &inputs[0];
        // Limited, so that what is not chosen does not overflow.
        x.less(0.0).select(x.minimum(0.0).expm1() * (self.scale * self.alpha), x * self.scale).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (x, gy) = (c.input(0), c.gy(0));
        x.less(0.0).select(x.minimum(0.0).exp() * (self.scale * self.alpha) * gy, gy * self.scale).into()
    }
}

impl Selu {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        apply(self, [x.as_variable()]).one()
    }
}

/// The scaled exponential linear unit: `scale * x` from 0 on, `scale * alpha * (exp(x) - 1)` below. With the default constants, alpha
/// 1.6733 and scale 1.0507 ([`Selu`] has others), activations of mean 0 and variance 1 stay so from layer to layer (Klambauer et al.,
/// arXiv:1706.02515). The gradient at 0 is `scale`.
///
/// # Errors
/// The result fails unless x has a float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([-1000.0f32, 1.0]));
/// let y = F::selu(&x).to_vec::<f32>()?;
/// assert!((y[0] + 1.7580993).abs() < 1e-6 && (y[1] - 1.050701).abs() < 1e-6);
/// assert_eq!(F::Selu::new().alpha(1.0).scale(2.0).call(&x).to_vec::<f32>()?, [-2.0, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn selu(x: impl AsVariable) -> Variable {
    Selu::new().call(x)
}
