//! [`silu`].

use chainer_kernels::ArrayOps;

use crate::functions::settings;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Variable, apply};

settings! {
    /// [`silu`] with another `beta`. [`swish`](super::swish()) learns it.
    Silu() {
        /// How sharp the bend is (default 1). With 0 the function is `x / 2`; far from 0 it comes near [`relu`](super::relu()).
        beta: f64 = 1.0,
    }
}

/// Beyond this the sigmoid is 0 or 1 in every dtype. Products with what is left of it would be 0 times infinity there.
pub(super) const FLAT: f64 = 800.0;

impl Function for Silu {
    fn name(&self) -> &'static str {
        "silu"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let x = &inputs[0];
        let share = (x * self.beta).sigmoid();
        (&share).equal(0.0).select(0.0, x * share).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let scaled = (c.input(0) * self.beta).maximum(-FLAT).minimum(FLAT);
        let share = scaled.sigmoid();
        (c.gy(0) * (&share * (scaled * (1.0 - &share) + 1.0))).into()
    }
}

impl Silu {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        apply(self, [x.as_variable()]).one()
    }
}

/// The sigmoid linear unit: `x * sigmoid(beta * x)`, with beta 1 ([`Silu`] has another one; [`swish`](super::swish()) has a variable)
/// (Elfwing et al., arXiv:1702.03118; Ramachandran et al., arXiv:1710.05941).
///
/// # Errors
/// The result fails unless x has a float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([-1e30f32, 0.0, 1.0, 1e30]));
/// let y = F::silu(&x).to_vec::<f32>()?;
/// assert!(y[0] == 0.0 && y[1] == 0.0 && (y[2] - 0.731059).abs() < 1e-6 && y[3] == 1e30);
/// assert_eq!(F::Silu::new().beta(0.0).call(&x).to_vec::<f32>()?[2], 0.5);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn silu(x: impl AsVariable) -> Variable {
    Silu::new().call(x)
}
