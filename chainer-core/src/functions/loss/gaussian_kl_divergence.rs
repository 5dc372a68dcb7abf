//! [`gaussian_kl_divergence`].

use super::{Reduction, check_alike, positioned};
use crate::functions::settings;
use crate::{AsVariable, Result, Variable};

settings! {
    /// [`gaussian_kl_divergence`] with settings.
    GaussianKlDivergence() {
        /// What becomes of the single divergences (default: their sum).
        reduce: Reduction = Reduction::Sum,
    }
}

impl GaussianKlDivergence {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, mean: impl AsVariable, ln_var: impl AsVariable) -> Variable {
        positioned(|| self.divergence(mean.as_variable(), ln_var.as_variable()))
    }

    fn divergence(self, mean: Variable, ln_var: Variable) -> Result<Variable> {
        check_alike("gaussian_kl_divergence", &[("mean", &mean), ("ln_var", &ln_var)])?;
        // expm1: what remains of a variance near 1.
        let divergences = (mean.square() + (ln_var.expm1() - &ln_var)) * 0.5;
        Ok(self.reduce.of(divergences))
    }
}

/// The Kullback-Leibler divergence of normal distributions from the standard one, in one dimension each:
/// `(mean^2 + exp(ln_var) - ln_var - 1) / 2`, summed over all elements. ln_var is the logarithm of the variance.
/// [`GaussianKlDivergence`] has another reduction.
///
/// # Errors
/// The result fails unless mean and ln_var have the same shape and float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let mean = Variable::new(Array::from([0.0f32, 2.0]));
/// let ln_var = Variable::new(Array::from([0.0f32, 0.0]));
/// assert_eq!(F::gaussian_kl_divergence(&mean, &ln_var).item::<f32>()?, 2.0);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn gaussian_kl_divergence(mean: impl AsVariable, ln_var: impl AsVariable) -> Variable {
    GaussianKlDivergence::new().call(mean, ln_var)
}
