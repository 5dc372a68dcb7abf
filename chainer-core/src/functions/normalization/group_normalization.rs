//! [`group_normalization`].

use std::panic::Location;

use super::standardize::standardize;
use super::{check_channel_vectors, widened};
use crate::functions::{checked, composed, reshape};
use crate::type_check;
use crate::{AsVariable, Error, Result, Variable};

/// [`group_normalization`] with settings.
#[derive(Clone, Debug)]
#[must_use = "the function is applied by `call`"]
pub struct GroupNormalization {
    groups: usize,
    eps: f64,
}

impl GroupNormalization {
    /// The function with so many groups and its default settings.
    pub fn new(groups: usize) -> Self {
        GroupNormalization { groups, eps: 1e-5 }
    }

    /// What is added to the variance (default 1e-5).
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, gamma: impl AsVariable, beta: impl AsVariable) -> Variable {
        let (x, gamma, beta) = (x.as_variable(), gamma.as_variable(), beta.as_variable());
        composed(Location::caller(), || self.normalized("group_normalization", x, gamma, beta))
    }

    /// The result of the function `name`.
    pub(super) fn normalized(
        self,
        name: &'static str,
        x: Variable,
        gamma: Variable,
        beta: Variable,
    ) -> Result<Variable> {
        [&x, &gamma, &beta].into_iter().try_for_each(Variable::check)?;
        if self.groups == 0 {
            return Err(Error::value(name, "groups >= 1", "groups = 0"));
        }
        checked(name, || {
            check_channel_vectors(x.data(), &[("gamma", gamma.data()), ("beta", beta.data())])?;
            let (channels, groups) = (x.shape()[1], self.groups);
            let actual = format_args!("{channels} % {groups} != 0");
            type_check::expect(channels.is_multiple_of(groups), "x.shape[1] % groups == 0", actual)
        })?;
        let (dtype, shape, groups) = (x.dtype(), x.shape().clone(), self.groups);
        let (members, pixels) = (shape[1] / groups, shape[2..].iter().product());
        let y = standardize(reshape(widened(x), [shape[0], groups, members, pixels]), [2, 3], self.eps);
        // Scaled in this shape: to another, the result would have to be written twice.
        let [gamma, beta] = [gamma, beta].map(|vector| reshape(widened(vector), [groups, members, 1]));
        Ok(reshape((y * gamma + beta).cast(dtype), shape))
    }
}

/// Normalizes each sample to mean 0 and variance 1 over each of `groups` groups of neighbouring channels and all axes after them, then
/// scales by gamma and shifts by beta (Wu and He, arXiv:1803.08494): `y = gamma * (x - mean) / sqrt(variance + eps) + beta`, with eps
/// 1e-5 ([`GroupNormalization`] has another one).
///
/// x is (B, channels, …), gamma and beta are (channels,). Half precision is computed in float32.
///
/// # Errors
/// The result fails if shapes or dtypes do not fit, or the number of channels is no multiple of the number of groups; all have the same
/// float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 3.0, 10.0, 30.0]]));
/// let (gamma, beta) = (Array::from([1.0f32; 4]), Array::from([0.0f32, 0.0, 0.0, 5.0]));
/// let y = F::group_normalization(&x, 2, &gamma, &beta).to_vec::<f32>()?;
/// assert!(y.iter().zip([-1.0, 1.0, -1.0, 6.0]).all(|(y, want)| (y - want).abs() < 1e-4));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn group_normalization(
    x: impl AsVariable,
    groups: usize,
    gamma: impl AsVariable,
    beta: impl AsVariable,
) -> Variable {
    GroupNormalization::new(groups).call(x, gamma, beta)
}
