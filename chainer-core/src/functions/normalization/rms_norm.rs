//! [`rms_norm`].

use std::panic::Location;

use super::{check_last, last_axes, widened};
use crate::functions::{checked, composed, mean, settings};
use crate::{AsVariable, Result, Variable};

settings! {
    /// [`rms_norm`] with settings.
    RmsNorm() {
        /// What is added to the mean square (default 1e-6).
        eps: f64 = 1e-6,
    }
}

impl RmsNorm {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, gamma: impl AsVariable) -> Variable {
        composed(Location::caller(), || self.normalized(x.as_variable(), gamma.as_variable()))
    }

    fn normalized(self, x: Variable, gamma: Variable) -> Result<Variable> {
        [&x, &gamma].into_iter().try_for_each(Variable::check)?;
        checked("rms_norm", || check_last(x.data(), &[("gamma", gamma.data())]))?;
        let (dtype, axes) = (x.dtype(), last_axes(gamma.ndim()));
        let x = widened(x);
        let scale = (mean(x.square(), &axes, true) + self.eps).rsqrt();
        Ok((x * scale * widened(gamma)).cast(dtype))
    }
}

/// Divides each sample by the root of the mean of its squares over its last axes, then scales by gamma (Zhang and Sennrich,
/// arXiv:1910.07467): `y = gamma * x / sqrt(mean(x^2) + eps)`, with eps 1e-6 ([`RmsNorm`] has another one).
///
/// gamma has the shape of the axes that are normalized: (units,) for x (B, units) or (B, length, units). Half precision is computed in
/// float32.
///
/// # Errors
/// The result fails if shapes or dtypes do not fit; both have the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, -1.0], [6.0, 8.0]]));
/// let y = F::rms_norm(&x, Array::from([1.0f32, 2.0])).to_vec::<f32>()?;
/// let root = 50f32.sqrt();
/// assert!(y.iter().zip([1.0, -2.0, 6.0 / root, 16.0 / root]).all(|(y, want)| (y - want).abs() < 1e-4));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn rms_norm(x: impl AsVariable, gamma: impl AsVariable) -> Variable {
    RmsNorm::new().call(x, gamma)
}
