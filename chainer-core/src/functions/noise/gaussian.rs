//! [`gaussian`].

use std::panic::Location;

use chainer_kernels::random::default_generator;

use crate::functions::{checked, composed, settings};
use crate::type_check;
use crate::{Array, AsVariable, Result, Variable};

settings! {
    /// [`gaussian`] with settings.
    Gaussian() {
        /// The standard normal numbers that are scaled and shifted, of the shape and dtype of `mean`, instead of a random draw.
        eps: into Option<Array> = None,
    }
}

impl Gaussian {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, mean: impl AsVariable, ln_var: impl AsVariable) -> Variable {
        composed(Location::caller(), || self.drawn(mean.as_variable(), ln_var.as_variable()))
    }

    fn drawn(self, mean: Variable, ln_var: Variable) -> Result<Variable> {
        mean.check()?;
        ln_var.check()?;
        self.eps.as_ref().map_or(Ok(()), Array::check)?;
        checked("gaussian", || {
            type_check::float("mean", mean.data())?;
            type_check::same_dtype("mean", mean.data(), "ln_var", ln_var.data())?;
            type_check::same_shape("mean", mean.data(), "ln_var", ln_var.data())?;
            let Some(eps) = &self.eps else { return Ok(()) };
            type_check::same_dtype("mean", mean.data(), "eps", eps)?;
            type_check::same_shape("mean", mean.data(), "eps", eps)
        })?;
        // The numbers are a function of their places: they are drawn again in backward rather than kept.
        let eps = self.eps.unwrap_or_else(|| default_generator().normal(mean.shape(), 0.0, 1.0, mean.dtype()));
        Ok(mean + (ln_var * 0.5).exp() * eps)
    }
}

/// A sample of the normal distribution with this mean and the variance `exp(ln_var)`, drawn as `mean + exp(ln_var / 2) * eps` with eps
/// standard normal, so that gradients pass to both (Kingma and Welling, arXiv:1312.6114).
///
/// # Errors
/// The result fails unless both have the same float dtype and shape.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let mean = Variable::new(Array::from([1.0f32, 2.0]));
/// let ln_var = Variable::new(Array::from([0.0f32, -1000.0]));
/// assert_eq!(F::gaussian(&mean, &ln_var).to_vec::<f32>()?[1], 2.0);
/// let y = F::Gaussian::new().eps(Array::from([0.5f32, 0.5])).call(&mean, &ln_var);
/// assert_eq!(y.to_vec::<f32>()?, [1.5, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn gaussian(mean: impl AsVariable, ln_var: impl AsVariable) -> Variable {
    Gaussian::new().call(mean, ln_var)
}
