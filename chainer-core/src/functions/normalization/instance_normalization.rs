//! [`instance_normalization`].

use std::panic::Location;

use super::GroupNormalization;
use crate::functions::{checked, composed, settings};
use crate::type_check;
use crate::{AsVariable, Result, Variable};

settings! {
    /// [`instance_normalization`] with settings.
    InstanceNormalization() {
        /// What is added to the variance (default 1e-5).
        eps: f64 = 1e-5,
    }
}

const NAME: &str = "instance_normalization";

impl InstanceNormalization {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, gamma: impl AsVariable, beta: impl AsVariable) -> Variable {
        composed(Location::caller(), || self.normalized(x.as_variable(), gamma.as_variable(), beta.as_variable()))
    }

    fn normalized(self, x: Variable, gamma: Variable, beta: Variable) -> Result<Variable> {
        x.check()?;
        // With two axes there would be nothing to average over.
        checked(NAME, || type_check::min_ndim("x", x.data(), 3))?;
        // Groups of one channel each; without channels any number of groups will do.
        GroupNormalization::new(x.shape()[1].max(1)).eps(self.eps).normalized(NAME, x, gamma, beta)
    }
}

/// Normalizes each channel of each sample to mean 0 and variance 1 over the axes after the channels, then scales by gamma and shifts by
/// beta (Ulyanov et al., arXiv:1607.08022): `y = gamma * (x - mean) / sqrt(variance + eps) + beta`, with eps 1e-5
/// ([`InstanceNormalization`] has another one).
///
/// x is (B, channels, …) with at least one axis after the channels, gamma and beta are (channels,). Half precision is computed in
/// float32.
///
/// # Errors
/// The result fails if shapes or dtypes do not fit; all have the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[[1.0f32, 3.0], [10.0, 30.0]]]));
/// let (gamma, beta) = (Array::from([1.0f32, 2.0]), Array::from([0.0f32, 5.0]));
/// let y = F::instance_normalization(&x, &gamma, &beta).to_vec::<f32>()?;
/// assert!(y.iter().zip([-1.0, 1.0, 3.0, 7.0]).all(|(y, want)| (y - want).abs() < 1e-4));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn instance_normalization(x: impl AsVariable, gamma: impl AsVariable, beta: impl AsVariable) -> Variable {
    InstanceNormalization::new().call(x, gamma, beta)
}
