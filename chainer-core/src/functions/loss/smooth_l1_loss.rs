//! [`smooth_l1_loss`].

use super::huber_loss::huber;
use super::{Reduction, check_alike, positioned};
use crate::functions::settings;
use crate::{AsVariable, Error, Result, Variable};

settings! {
    /// [`smooth_l1_loss`] with settings.
    SmoothL1Loss() {
        /// Where the parabola ends and the straight lines begin (default 1; 0 gives the absolute difference).
        beta: f64 = 1.0,
        /// What becomes of the single losses (default: their mean).
        reduce: Reduction = Reduction::Mean,
    }
}

impl SmoothL1Loss {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, t: impl AsVariable) -> Variable {
        positioned(|| self.loss(x.as_variable(), t.as_variable()))
    }

    fn loss(self, x: Variable, t: Variable) -> Result<Variable> {
        const NAME: &str = "smooth_l1_loss";
        check_alike(NAME, &[("x", &x), ("t", &t)])?;
        if self.beta.is_nan() || self.beta < 0.0 {
            return Err(Error::value(NAME, "beta >= 0", format_args!("beta = {}", self.beta)));
        }
        let difference = x - t;
        let losses = if self.beta == 0.0 { difference.abs() } else { huber(difference, self.beta) / self.beta };
        Ok(self.reduce.of(losses))
    }
}

/// The mean over all elements of the differences `a = x - t` as `a^2 / 2` where `|a| <= 1` and `|a| - 1/2` elsewhere (Girshick, *Fast
/// R-CNN*, arXiv:1504.08083). [`SmoothL1Loss`] has settings: with `beta` it is the [Huber loss](super::huber_loss()) with that delta,
/// divided by beta, so that the slope far from 0 stays 1.
///
/// # Errors
/// The result fails unless x and t have the same shape and float dtype, and if beta is below 0.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, -3.0]));
/// assert_eq!(F::smooth_l1_loss(&x, Array::from([0.0f32, 0.0])).item::<f32>()?, 1.5);
/// let half = F::SmoothL1Loss::new().beta(0.5).reduce(F::Reduction::No).call(&x, Array::from([0.0f32, 0.0]));
/// assert_eq!(half.to_vec::<f32>()?, [0.75, 2.75]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn smooth_l1_loss(x: impl AsVariable, t: impl AsVariable) -> Variable {
    SmoothL1Loss::new().call(x, t)
}
