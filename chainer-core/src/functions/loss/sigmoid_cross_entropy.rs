//! [`sigmoid_cross_entropy`].

use super::labels::BinaryLabels;
use super::{Reduction, positioned};
use crate::functions::settings;
use crate::{AsVariable, Result, Variable};

settings! {
    /// [`sigmoid_cross_entropy`] with settings.
    SigmoidCrossEntropy() {
        /// Whether the mean is over the labels that are not ignored (`true`, the default) or the sum is divided by the batch size.
        normalize: bool = true,
        /// What becomes of the single losses (default: their mean).
        reduce: Reduction = Reduction::Mean,
    }
}

impl SigmoidCrossEntropy {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, t: impl AsVariable) -> Variable {
        positioned(|| self.loss(x.as_variable(), t.as_variable()))
    }

    fn loss(self, x: Variable, t: Variable) -> Result<Variable> {
        let labels = BinaryLabels::new("sigmoid_cross_entropy", &x, t)?;
        // log(1 + exp(x)) for label 0, log(1 + exp(-x)) for label 1: exact in both tails.
        let losses = labels.positive().select(-&x, x).softplus();
        Ok(labels.reduced(losses, self.reduce, self.normalize))
    }
}

/// The cross entropy of labels t (0 or 1; -1 is ignored) and the probabilities `sigmoid(x)`: the mean over all labels that are not
/// ignored, 0 if all are. It does not overflow. [`SigmoidCrossEntropy`] has settings. It is differentiable with respect to x only.
///
/// # Errors
/// The result fails unless x has a float and t an integer dtype and the same shape, and if a label is none of -1, 0 and 1.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[0.0f32, 1000.0], [-1000.0, 5.0]]));
/// let t = Array::from([[1i32, 1], [0, -1]]);
/// let loss = F::sigmoid_cross_entropy(&x, &t);
/// assert!((loss.item::<f32>()? - 2f32.ln() / 3.0).abs() < 1e-6);
/// let single = F::SigmoidCrossEntropy::new().reduce(F::Reduction::No).call(&x, &t);
/// assert_eq!(single.to_vec::<f32>()?[1..], [0.0, 0.0, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn sigmoid_cross_entropy(x: impl AsVariable, t: impl AsVariable) -> Variable {
    SigmoidCrossEntropy::new().call(x, t)
}
