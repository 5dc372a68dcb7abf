//! [`softplus`].

use chainer_kernels::ArrayOps;

use crate::functions::settings;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Variable, apply};

settings! {
    /// [`softplus`] with another `beta`.
    Softplus() {
        /// How sharp the bend is (default 1).
        beta: f64 = 1.0,
    }
}

impl Function for Softplus {
    fn name(&self) -> &'static str {
        "softplus"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if self.beta == 1.0 {
            return (&inputs[0]).softplus().into();
        }
        ((&inputs[0] * self.beta).softplus() / self.beta).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        ((c.input(0) * self.beta).sigmoid() * c.gy(0)).into()
    }
}

impl Softplus {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        apply(self, [x.as_variable()]).one()
    }
}

/// A smooth [`relu`](super::relu): `log(1 + exp(beta * x)) / beta`, with beta 1 ([`Softplus`] has another one). It does not overflow.
///
/// # Errors
/// The result fails unless x has a float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([0.0f32, 1000.0]));
/// assert_eq!(F::softplus(&x).to_vec::<f32>()?, [2f32.ln(), 1000.0]);
/// let y = F::Softplus::new().beta(2.0).call(&x).to_vec::<f32>()?;
/// assert!((y[0] - 2f32.ln() / 2.0).abs() < 1e-6);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn softplus(x: impl AsVariable) -> Variable {
    Softplus::new().call(x)
}
