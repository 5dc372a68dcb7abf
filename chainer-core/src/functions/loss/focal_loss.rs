//! [`focal_loss`] and [`softmax_focal_loss`].

use super::labels::{BinaryLabels, Labels};
use super::{Reduction, SoftmaxCrossEntropy, positioned};
use crate::functions::settings;
use crate::{Array, AsVariable, Error, Result, Variable};

settings! {
    /// [`focal_loss`] with settings.
    FocalLoss() {
        /// How much less what is classified well counts (default 2; 0 gives the cross entropy).
        gamma: f64 = 2.0,
        /// What label 1 counts, in `[0, 1]`; label 0 counts `1 - alpha` (default 0.25; `None`: both count 1).
        alpha: into Option<f64> = Some(0.25),
        /// Whether the mean is over the labels that are not ignored (`true`, the default) or the sum is divided by the batch size.
        normalize: bool = true,
        /// What becomes of the single losses (default: their mean).
        reduce: Reduction = Reduction::Mean,
    }
}

impl FocalLoss {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, t: impl AsVariable) -> Variable {
        positioned(|| self.loss(x.as_variable(), t.as_variable()))
    }

    fn loss(self, x: Variable, t: Variable) -> Result<Variable> {
        const NAME: &str = "focal_loss";
        let labels = BinaryLabels::new(NAME, &x, t)?;
        check_gamma(NAME, self.gamma)?;
        let positive = labels.positive();
        let towards = positive.select(&x, -&x);
        // log(1 - p) and -log(p) of the label's probability p: the power is one of e, whose derivatives are finite everywhere.
        let mut losses = (towards.softplus() * -self.gamma).exp() * (-towards).softplus();
        if let Some(alpha) = self.alpha {
            if !(0.0..=1.0).contains(&alpha) {
                return Err(Error::value(NAME, "0 <= alpha <= 1", format_args!("alpha = {alpha}")));
            }
            losses = positive.select(&losses * alpha, &losses * (1.0 - alpha));
        }
        Ok(labels.reduced(losses, self.reduce, self.normalize))
    }
}

settings! {
    /// [`softmax_focal_loss`] with settings.
    SoftmaxFocalLoss() {
        /// How much less what is classified well counts (default 2; 0 gives the cross entropy).
        gamma: f64 = 2.0,
        /// What the losses of each class are multiplied by, of shape (classes,) (default: nothing). The mean is over the number of
        /// labels all the same.
        class_weight: into Option<Array> = None,
        /// The label that is ignored (default -1).
        ignore_label: i64 = -1,
        /// Whether the mean is over the labels that are not ignored (`true`, the default) or the sum is divided by the batch size.
        normalize: bool = true,
        /// What becomes of the single losses (default: their mean).
        reduce: Reduction = Reduction::Mean,
    }
}

impl SoftmaxFocalLoss {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, t: impl AsVariable) -> Variable {
        positioned(|| self.loss(x.as_variable(), t.as_variable()))
    }

    fn loss(self, x: Variable, t: Variable) -> Result<Variable> {
        const NAME: &str = "softmax_focal_loss";
        let labels = Labels::new(NAME, &x, t, self.class_weight, self.ignore_label)?;
        check_gamma(NAME, self.gamma)?;
        // -log(p), and 1 - p, of the label's probability p.
        let surprise = SoftmaxCrossEntropy::new().reduce(Reduction::No).call(x, &labels.classes);
        let missing = -(-&surprise).expm1();
        // Where nothing is missing the loss is 0 whatever the power, whose derivative may be infinite there.
        let missing = missing.equal(0.0).select(1.0, missing);
        let mut losses = missing.pow(self.gamma) * surprise;
        if let Some(weights) = labels.weights() {
            losses *= weights;
        }
        Ok(labels.reduced(losses, self.reduce, self.normalize))
    }
}

fn check_gamma(operation: &'static str, gamma: f64) -> Result<()> {
    if gamma >= 0.0 && gamma.is_finite() {
        return Ok(());
    }
    Err(Error::value(operation, "gamma >= 0", format_args!("gamma = {gamma}")))
}

/// The focal loss of labels t (0 or 1; -1 is ignored) and the probabilities `sigmoid(x)`: of the probability p that is given to the
/// label it is `-alpha (1 - p)^gamma log(p)` with gamma 2, where alpha is 0.25 for label 1 and 0.75 for label 0. What is classified well
/// already counts little. The mean over all labels that are not ignored is returned, 0 if all are (Lin et al., *Focal loss for dense
/// object detection*, arXiv:1708.02002). It does not overflow. [`FocalLoss`] has settings. It is differentiable with respect to x only.
///
/// # Errors
/// The result fails unless x has a float and t an integer dtype and the same shape, if a label is none of -1, 0 and 1, and if gamma or
/// alpha is out of range.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([0.0f64, 1000.0, -1000.0]));
/// let t = Array::from([1i32, 1, 0]);
/// let single = F::FocalLoss::new().alpha(None).reduce(F::Reduction::No).call(&x, &t).to_vec::<f64>()?;
/// assert!((single[0] - 0.25 * 2f64.ln()).abs() < 1e-12 && single[1..] == [0.0, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn focal_loss(x: impl AsVariable, t: impl AsVariable) -> Variable {
    FocalLoss::new().call(x, t)
}

/// The focal loss over several classes: of labels t (N, …) and the probabilities `softmax(x)` of x (N, classes, …) it is
/// `-(1 - p)^gamma log(p)` with gamma 2, where p is the label's probability; the mean over all labels that are not -1, which stands for
/// samples that are ignored; 0 if all are (Lin et al., arXiv:1708.02002). It does not overflow. [`SoftmaxFocalLoss`] has settings; its
/// class weights are the paper's alpha. It is differentiable with respect to x only.
///
/// # Errors
/// The result fails unless x has a float and t an integer dtype and their shapes fit, if a label lies outside the classes (the message
/// names its place and value), and if gamma is below 0.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[0.0f64, 0.0], [1000.0, 0.0]]));
/// let t = Array::from([1i32, 0]);
/// let single = F::SoftmaxFocalLoss::new().reduce(F::Reduction::No).call(&x, &t).to_vec::<f64>()?;
/// assert!((single[0] - 0.25 * 2f64.ln()).abs() < 1e-12 && single[1] == 0.0);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn softmax_focal_loss(x: impl AsVariable, t: impl AsVariable) -> Variable {
    SoftmaxFocalLoss::new().call(x, t)
}
