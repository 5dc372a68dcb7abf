//! [`layer_normalization`].

use std::panic::Location;

use super::standardize::standardize;
use super::{check_last, last_axes, widened};
use crate::functions::{checked, composed, settings};
use crate::{AsVariable, Result, Variable};

settings! {
    /// [`layer_normalization`] with settings.
    LayerNormalization() {
        /// What is added to the variance (default 1e-5).
        eps: f64 = 1e-5,
    }
}

impl LayerNormalization {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, gamma: impl AsVariable, beta: impl AsVariable) -> Variable {
        composed(Location::caller(), || self.normalized(x.as_variable(), gamma.as_variable(), beta.as_variable()))
    }

    fn normalized(self, x: Variable, gamma: Variable, beta: Variable) -> Result<Variable> {
        [&x, &gamma, &beta].into_iter().try_for_each(Variable::check)?;
        checked("layer_normalization", || check_last(x.data(), &[("gamma", gamma.data()), ("beta", beta.data())]))?;
        let (dtype, axes) = (x.dtype(), last_axes(gamma.ndim()));
        let y = standardize(widened(x), &axes, self.eps);
        Ok((y * widened(gamma) + widened(beta)).cast(dtype))
    }
}

/// Normalizes each sample to mean 0 and variance 1 over its last axes, then scales by gamma and shifts by beta (Ba et al.,
/// arXiv:1607.06450): `y = gamma * (x - mean) / sqrt(variance + eps) + beta`, with eps 1e-5 ([`LayerNormalization`] has another one).
///
/// gamma and beta have the shape of the axes that are normalized: (units,) for x (B, units) or (B, length, units), (height, width) for x
/// (B, height, width). Half precision is computed in float32.
///
/// # Errors
/// The result fails if shapes or dtypes do not fit; all have the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 3.0], [10.0, 30.0]]));
/// let (gamma, beta) = (Array::from([1.0f32, 1.0]), Array::from([0.0f32, 5.0]));
/// let y = F::layer_normalization(&x, &gamma, &beta).to_vec::<f32>()?;
/// assert!(y.iter().zip([-1.0, 6.0, -1.0, 6.0]).all(|(y, want)| (y - want).abs() < 1e-4));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn layer_normalization(x: impl AsVariable, gamma: impl AsVariable, beta: impl AsVariable) -> Variable {
    LayerNormalization::new().call(x, gamma, beta)
}
