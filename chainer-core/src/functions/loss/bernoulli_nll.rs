//! [`bernoulli_nll`].

use super::{Reduction, check_alike, positioned};
use crate::functions::settings;
use crate::{AsVariable, Result, Variable};

settings! {
    /// [`bernoulli_nll`] with settings.
    BernoulliNll() {
        /// What becomes of the single losses (default: their sum).
        reduce: Reduction = Reduction::Sum,
    }
}

impl BernoulliNll {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, y: impl AsVariable) -> Variable {
        positioned(|| self.loss(x.as_variable(), y.as_variable()))
    }

    fn loss(self, x: Variable, y: Variable) -> Result<Variable> {
        check_alike("bernoulli_nll", &[("x", &x), ("y", &y)])?;
        // softplus(y) - x * y, without the difference of two large numbers: exact in both tails.
        let losses = &x * (-&y).softplus() + (1.0 - &x) * y.softplus();
        Ok(self.reduce.of(losses))
    }
}

/// The negative logarithm of the likelihood of x under Bernoulli distributions with the probabilities `p = sigmoid(y)`:
/// `-(x log(p) + (1 - x) log(1 - p))`, summed over all elements. y is what a layer computes, without a sigmoid. It does not overflow.
/// [`BernoulliNll`] has another reduction.
///
/// # Errors
/// The result fails unless x and y have the same shape and float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let y = Variable::new(Array::from([0.0f32, 1000.0, -1000.0]));
/// let loss = F::bernoulli_nll(Array::from([1.0f32, 1.0, 0.0]), &y);
/// assert_eq!(loss.item::<f32>()?, 2f32.ln());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn bernoulli_nll(x: impl AsVariable, y: impl AsVariable) -> Variable {
    BernoulliNll::new().call(x, y)
}
