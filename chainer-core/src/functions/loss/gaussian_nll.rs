//! [`gaussian_nll`].

use std::f64::consts::PI;

use super::{Reduction, check_alike, positioned};
use crate::functions::settings;
use crate::{AsVariable, Result, Variable};

settings! {
    /// [`gaussian_nll`] with settings.
    GaussianNll() {
        /// What becomes of the single losses (default: their sum).
        reduce: Reduction = Reduction::Sum,
    }
}

impl GaussianNll {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, mean: impl AsVariable, ln_var: impl AsVariable) -> Variable {
        positioned(|| self.loss(x.as_variable(), mean.as_variable(), ln_var.as_variable()))
    }

    fn loss(self, x: Variable, mean: Variable, ln_var: Variable) -> Result<Variable> {
        check_alike("gaussian_nll", &[("x", &x), ("mean", &mean), ("ln_var", &ln_var)])?;
        // Divided before it is squared: the square alone may overflow where the quotient does not.
        let deviations = (x - mean) * (&ln_var * -0.5).exp();
        let losses = (deviations.square() + ln_var + (2.0 * PI).ln()) * 0.5;
        Ok(self.reduce.of(losses))
    }
}

/// The negative logarithm of the density of x under normal distributions, in one dimension each:
/// `((x - mean)^2 / exp(ln_var) + ln_var + log(2 pi)) / 2`, summed over all elements. ln_var is the logarithm of the variance.
/// [`GaussianNll`] has another reduction.
///
/// # Errors
/// The result fails unless x, mean and ln_var have the same shape and float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let mean = Variable::new(Array::from([1.0f64]));
/// let ln_var = Variable::new(Array::from([4f64.ln()]));
/// let loss = F::gaussian_nll(Array::from([5.0f64]), &mean, &ln_var).item::<f64>()?;
/// let density = (-2f64).exp() / (2.0 * std::f64::consts::PI * 4.0).sqrt();
/// assert!((loss + density.ln()).abs() < 1e-12);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn gaussian_nll(x: impl AsVariable, mean: impl AsVariable, ln_var: impl AsVariable) -> Variable {
    GaussianNll::new().call(x, mean, ln_var)
}
