//! [`fixed_batch_normalization`].

use std::panic::Location;

use super::{channel_axes, check_channels};
use crate::functions::settings;
use crate::{AsVariable, Error, Result, Variable};

settings! {
    /// [`fixed_batch_normalization`] with settings.
    FixedBatchNormalization() {
        /// What is added to the variance (default 2e-5).
        eps: f64 = 2e-5,
    }
}

impl FixedBatchNormalization {
    /// Applies the function.
    #[track_caller]
    pub fn call(
        self,
        x: impl AsVariable,
        gamma: impl AsVariable,
        beta: impl AsVariable,
        mean: impl AsVariable,
        var: impl AsVariable,
    ) -> Variable {
        let at = Location::caller();
        let [x, gamma, beta] = [x.as_variable(), gamma.as_variable(), beta.as_variable()];
        self.normalized(x, [gamma, beta, mean.as_variable(), var.as_variable()]).map_err(|e| e.at(at)).into()
    }

    #[track_caller]
    fn normalized(self, x: Variable, channels: [Variable; 4]) -> Result<Variable> {
        x.check()?;
        channels.iter().try_for_each(Variable::check)?;
        let [gamma, beta, mean, var] = channels.each_ref().map(Variable::data);
        check_channels(x.data(), &[("gamma", gamma), ("beta", beta), ("mean", mean), ("var", var)])
            .map_err(|mismatch| Error::mismatch("fixed_batch_normalization", mismatch.expect, mismatch.actual))?;
        let (shape, _) = channel_axes(x.shape(), gamma.ndim());
        let [gamma, beta, mean, var] = channels.map(|channel| channel.reshape(&shape));
        Ok((x - mean) * (gamma * (var + self.eps).rsqrt()) + beta)
    }
}

/// [`batch_normalization`](super::batch_normalization) with a given mean and variance, of the shape of the channels: what a trained
/// network does. `y = gamma * (x - mean) / sqrt(var + eps) + beta`, with eps 2e-5 ([`FixedBatchNormalization`] has another one).
///
/// # Errors
/// The result fails if shapes or dtypes do not fit; all have the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32], [3.0]]));
/// let channel = |value: f32| Array::from([value]);
/// let y = F::fixed_batch_normalization(&x, channel(2.0), channel(5.0), channel(1.0), channel(4.0)).to_vec::<f32>()?;
/// assert!((y[0] - 5.0).abs() < 1e-4 && (y[1] - 7.0).abs() < 1e-4);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn fixed_batch_normalization(
    x: impl AsVariable,
    gamma: impl AsVariable,
    beta: impl AsVariable,
    mean: impl AsVariable,
    var: impl AsVariable,
) -> Variable {
    FixedBatchNormalization::new().call(x, gamma, beta, mean, var)
}
