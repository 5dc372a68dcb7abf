//! [`gelu`].

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use chainer_kernels::ArrayOps;

use crate::functions::settings;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Variable, apply};

settings! {
    /// [`gelu`] with settings.
    Gelu() {
        /// Whether the normal distribution is approximated by tanh: `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`
        /// (default false).
        approximate: bool = false,
    }
}

/// Beyond this distance from 0 the function is x or 0 in every dtype, and its slope 1 or 0. Terms that would be 0 times infinity there
/// are computed of the nearest number within.
const FLAT: f64 = 40.0;
/// `sqrt(8 / pi)`: twice the factor in the argument of tanh, because `(1 + tanh(u)) / 2` is `sigmoid(2 u)`.
const STEEPNESS: f64 = 2.0 * FRAC_1_SQRT_2 * FRAC_2_SQRT_PI;
const CUBIC: f64 = 0.044715;

impl Function for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let x = (&inputs[0]).maximum(-FLAT);
        if self.approximate {
            let inside = (&x).minimum(FLAT);
            let share = (&inside * ((&inside).square() * (STEEPNESS * CUBIC) + STEEPNESS)).sigmoid();
            return (x * share).into();
        }
        // Not 1 + erf: of that nothing would be left of small shares.
        let share = (&x * -FRAC_1_SQRT_2).erfc();
        (x * 0.5 * share).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let x = c.input(0).maximum(-FLAT).minimum(FLAT);
        if self.approximate {
            let square = x.square();
            let share = (&x * (&square * (STEEPNESS * CUBIC) + STEEPNESS)).sigmoid();
            let steepness = square * (3.0 * STEEPNESS * CUBIC) + STEEPNESS;
            return (c.gy(0) * (&share + x * (&share * (1.0 - &share)) * steepness)).into();
        }
        let density = (x.square() * -0.5).exp() * (0.5 * FRAC_1_SQRT_2 * FRAC_2_SQRT_PI);
        let share = (&x * -FRAC_1_SQRT_2).erfc() * 0.5;
        (c.gy(0) * (share + x * density)).into()
    }
}

impl Gelu {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        apply(self, [x.as_variable()]).one()
    }
}

/// The Gaussian error linear unit: x times the share of the normal distribution below x, `x / 2 * (1 + erf(x / sqrt(2)))`. [`Gelu`]
/// has the approximation by tanh (Hendrycks and Gimpel, arXiv:1606.08415).
///
/// # Errors
/// The result fails unless x has a float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([-1e30f32, -1.0, 0.0, 1.0]));
/// let y = F::gelu(&x).to_vec::<f32>()?;
/// assert!(y[0] == 0.0 && (y[1] + 0.158655).abs() < 1e-6 && y[2] == 0.0 && (y[3] - 0.841345).abs() < 1e-6);
/// let y = F::Gelu::new().approximate(true).call(&x).to_vec::<f32>()?;
/// assert!((y[3] - 0.841192).abs() < 1e-6);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn gelu(x: impl AsVariable) -> Variable {
    Gelu::new().call(x)
}
