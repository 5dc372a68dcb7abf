//! [`kl_divergence`].

use super::{Reduction, check_alike, positioned};
use crate::functions::{checked, settings};
use crate::{AsVariable, Result, Variable, type_check};

settings! {
    /// [`kl_divergence`] with settings.
    KlDivergence() {
        /// Whether t holds logarithms of probabilities as x does (default false).
        log_target: bool = false,
        /// What becomes of the divergences of single samples (default: their mean).
        reduce: Reduction = Reduction::Mean,
    }
}

impl KlDivergence {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, t: impl AsVariable) -> Variable {
        positioned(|| self.divergence(x.as_variable(), t.as_variable()))
    }

    fn divergence(self, x: Variable, t: Variable) -> Result<Variable> {
        const NAME: &str = "kl_divergence";
        check_alike(NAME, &[("x", &x), ("t", &t)])?;
        checked(NAME, || type_check::min_ndim("x", x.data(), 2))?;
        let probabilities = if self.log_target { t.exp() } else { t.clone() };
        // What never happens adds nothing, whatever its logarithms are.
        let never = probabilities.equal(0.0);
        let logarithms = if self.log_target { never.select(0.0, t) } else { never.select(1.0, t).log() };
        let terms = probabilities * (logarithms - never.select(0.0, x));
        Ok(self.reduce.of(terms.sum_axes(1, false)))
    }
}

/// The Kullback-Leibler divergence of distributions over the second axis: how many nats are lost where x (N, classes, …), logarithms of
/// probabilities, stands for the probabilities t of the same shape: `sum(t (log(t) - x))`. The mean over all distributions is returned.
/// [`KlDivergence`] has settings: logarithms of t, other reductions. It is differentiable with respect to both.
///
/// # Errors
/// The result fails unless x and t have the same shape, of at least two axes, and the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = F::log_softmax(Variable::new(Array::from([[0.0f64, 0.0], [1.0, 2.0]])));
/// let t = F::softmax(Array::from([[0.0f64, -1000.0], [1.0, 2.0]]));
/// let single = F::KlDivergence::new().reduce(F::Reduction::No).call(&x, &t).to_vec::<f64>()?;
/// assert!((single[0] - 2f64.ln()).abs() < 1e-12 && single[1].abs() < 1e-12);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn kl_divergence(x: impl AsVariable, t: impl AsVariable) -> Variable {
    KlDivergence::new().call(x, t)
}
