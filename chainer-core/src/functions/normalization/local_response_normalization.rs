//! [`local_response_normalization`].

use std::panic::Location;

use super::widened;
use crate::functions::{AveragePooling2D, checked, composed, reshape, settings};
use crate::type_check;
use crate::{AsVariable, Result, Variable};

settings! {
    /// [`local_response_normalization`] with settings.
    LocalResponseNormalization() {
        /// The width of the window (default 5): it reaches `n / 2` channels, rounded down, to both sides.
        n: usize = 5,
        /// What is added to the weighted sum (default 2).
        k: f64 = 2.0,
        /// The weight of the sum of squares (default 1e-4).
        alpha: f64 = 1e-4,
        /// The power (default 0.75).
        beta: f64 = 0.75,
    }
}

impl LocalResponseNormalization {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        composed(Location::caller(), || self.normalized(x.as_variable()))
    }

    fn normalized(self, x: Variable) -> Result<Variable> {
        x.check()?;
        checked("local_response_normalization", || {
            type_check::float("x", x.data())?;
            type_check::min_ndim("x", x.data(), 2)
        })?;
        if x.size() == 0 {
            return Ok(x);
        }
        let (dtype, shape) = (x.dtype(), x.shape().clone());
        let x = widened(x);
        // Sums over windows of channels, the zeros around them included, are means times the window's width. No window needs to be wider
        // than to reach all channels.
        let half = (self.n / 2).min(shape[1]);
        let width = 2 * half + 1;
        let columns = reshape(x.square(), [shape[0], 1, shape[1], shape[2..].iter().product()]);
        let means = AveragePooling2D::new((width, 1)).stride(1).pad((half, 0)).call(columns);
        let divisor = reshape(means, &shape) * (self.alpha * width as f64) + self.k;
        Ok((x * divisor.pow(-self.beta)).cast(dtype))
    }
}

/// Divides each element by a measure of its neighbours in the channels next to it: of x (B, channels, …),
/// `y[i] = x[i] / (k + alpha * sum(x[j]^2))^beta` with the sum over the channels j from `i - n/2` to `i + n/2` that exist, n 5, k 2, alpha
/// 1e-4 and beta 0.75 ([`LocalResponseNormalization`] has others). Half precision is computed in float32 (Krizhevsky et al., *ImageNet
/// classification with deep convolutional neural networks*, 2012).
///
/// # Errors
/// The result fails unless x has a float dtype and at least two axes.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0, 3.0]]));
/// let y = F::LocalResponseNormalization::new().n(3).k(1.0).alpha(1.0).beta(1.0).call(&x).to_vec::<f32>()?;
/// assert!(y.iter().zip([1.0 / 6.0, 2.0 / 15.0, 3.0 / 14.0]).all(|(y, want)| (y - want).abs() < 1e-6));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn local_response_normalization(x: impl AsVariable) -> Variable {
    LocalResponseNormalization::new().call(x)
}
