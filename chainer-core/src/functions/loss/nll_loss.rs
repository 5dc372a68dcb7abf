//! [`nll_loss`].

use super::labels::{Labels, pick};
use super::{Reduction, positioned};
use crate::functions::settings;
use crate::{Array, AsVariable, Result, Variable};

settings! {
    /// [`nll_loss`] with settings.
    NllLoss() {
        /// Whether the mean is over the labels that are not ignored (`true`, the default) or the sum is divided by the batch size.
        normalize: bool = true,
        /// What the losses of each class are multiplied by, of shape (classes,) (default: nothing). The mean is over the number of
        /// labels all the same.
        class_weight: into Option<Array> = None,
        /// The label that is ignored (default -1).
        ignore_label: i64 = -1,
        /// What becomes of the single losses (default: their mean).
        reduce: Reduction = Reduction::Mean,
    }
}

impl NllLoss {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, t: impl AsVariable) -> Variable {
        positioned(|| self.loss(x.as_variable(), t.as_variable()))
    }

    fn loss(self, x: Variable, t: Variable) -> Result<Variable> {
        let labels = Labels::new("nll_loss", &x, t, self.class_weight, self.ignore_label)?;
        let mut losses = -pick(x, &labels.classes);
        if let Some(weights) = labels.weights() {
            losses *= weights;
        }
        Ok(labels.reduced(losses, self.reduce, self.normalize))
    }
}

/// The negative log-likelihood of labels t (N, …) where x (N, classes, …) are logarithms of probabilities: the mean over all labels that
/// are not -1, which stands for samples that are ignored; 0 if all are. After [`log_softmax`](crate::functions::log_softmax()) it is
/// [`softmax_cross_entropy`](super::softmax_cross_entropy()). [`NllLoss`] has settings. It is differentiable with respect to x only.
///
/// # Errors
/// The result fails unless x has a float and t an integer dtype and their shapes fit, and if a label lies outside the classes (the
/// message names its place and value).
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[-1.0f32, -2.0], [-3.0, -4.0], [-5.0, -6.0]]));
/// assert_eq!(F::nll_loss(&x, Array::from([1i32, 0, -1])).item::<f32>()?, 2.5);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn nll_loss(x: impl AsVariable, t: impl AsVariable) -> Variable {
    NllLoss::new().call(x, t)
}
