//! [`softmax_cross_entropy`].

use chainer_kernels::{ArrayOps, ops};

use super::labels::{Labels, one_hot};
use super::{Reduction, positioned};
use crate::functions::settings;
use crate::{Array, AsVariable, BackwardContext, Error, Function, Gradients, Outputs, Result, Retain, Variable, apply};

settings! {
    /// [`softmax_cross_entropy`] with settings.
    SoftmaxCrossEntropy() {
        /// Whether the mean is over the labels that are not ignored (`true`, the default) or the sum is divided by the batch size.
        normalize: bool = true,
        /// Whether backward keeps what forward found of each sample (the default), or computes it again from x.
        cache_score: bool = true,
        /// What the log-probabilities of each class are multiplied by, of shape (classes,) (default: nothing). The mean is over the
        /// number of labels all the same.
        class_weight: into Option<Array> = None,
        /// The label that is ignored (default -1).
        ignore_label: i64 = -1,
        /// What becomes of the single losses (default: their mean).
        reduce: Reduction = Reduction::Mean,
        /// The share of the label's probability that is spread over all classes: the target of each class is `label_smoothing / classes`,
        /// that of the label `1 - label_smoothing` more (default 0; Szegedy et al., arXiv:1512.00567).
        label_smoothing: f64 = 0.0,
    }
}

/// x (N, C, …), t (N, …), all labels in `0..C` → the losses (N, …), the largest x and the sum of `exp(x - largest)` of each sample
/// (N, 1, …).
struct NegativeLogLikelihood {
    cache_score: bool,
}

impl Function for NegativeLogLikelihood {
    fn name(&self) -> &'static str {
        NAME
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let (x, t) = (&inputs[0], &inputs[1]);
        let largest = x.max(1, true);
        let sum = (x - &largest).exp().sum(1, true);
        // What has the size of x is never written: not even the logarithms of probabilities.
        let labelled = ops::take_along_axis(x, &t.expand_dims(1), 1);
        let losses = ((&sum).log() - (labelled - &largest)).reshape(t.shape());
        (losses, largest, sum).into()
    }
    fn retain(&self) -> Retain {
        if self.cache_score { Retain::inputs().output(1).output(2) } else { Retain::inputs() }
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (x, t) = (c.input(0), c.input(1).data());
        // The largest is but a shift: probabilities do not depend on it, and so it has no gradient.
        let (shifted, sum) = if self.cache_score {
            (x - c.output(1).data(), c.output(2).clone())
        } else {
            let shifted = x - x.data().max(1, true);
            let sum = shifted.exp().sum_axes(1, true);
            (shifted, sum)
        };
        let exponentials = shifted.exp();
        let probabilities = &exponentials / sum;
        let gy = c.gy(0).reshape(c.output_shape(1));
        let gx = one_hot(t, x.shape()).select(&probabilities - 1.0, &probabilities) * gy;
        match c.grad_output(2) {
            Some(gsum) => (gx + exponentials * gsum).into(),
            None => gx.into(),
        }
    }
}

impl SoftmaxCrossEntropy {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, t: impl AsVariable) -> Variable {
        positioned(|| self.loss(x.as_variable(), t.as_variable()))
    }

    fn loss(self, x: Variable, t: Variable) -> Result<Variable> {
        let labels = Labels::new(NAME, &x, t, self.class_weight, self.ignore_label)?;
        let smoothing = self.label_smoothing;
        if !(0.0..=1.0).contains(&smoothing) {
            return Err(Error::value(NAME, "0 <= label_smoothing <= 1", format_args!("label_smoothing = {smoothing}")));
        }
        let function = NegativeLogLikelihood { cache_score: self.cache_score };
        let classes = Variable::constant(labels.classes.clone());
        // Where nothing is smoothed x is handed over.
        let (x, smoothed) = if smoothing == 0.0 { (x, None) } else { (x.clone(), Some(x)) };
        let [mut losses, largest, sum] = apply(function, [x, classes]).many();
        if let Some(weights) = labels.weights() {
            losses *= weights;
        }
        if let Some(x) = smoothed {
            let mut surprise = sum.log() - (&x - largest.data());
            if let Some(weight) = &labels.class_weight {
                let mut shape = vec![1; x.ndim()];
                shape[1] = weight.size();
                surprise *= weight.reshape(shape);
            }
            // Each is made smaller before they add up.
            losses = losses * (1.0 - smoothing) + (surprise * (smoothing / x.shape()[1] as f64)).sum_axes(1, false);
        }
        Ok(labels.reduced(losses, self.reduce, self.normalize))
    }
}

const NAME: &str = "softmax_cross_entropy";

/// The cross entropy of labels t (N, …) and the probabilities `softmax(x)` of x (N, classes, …): the mean over all labels that are not
/// -1, which stands for samples that are ignored; 0 if all are. It does not overflow. [`SoftmaxCrossEntropy`] has settings: another
/// label to ignore, class weights, smoothed labels, other means. It is differentiable with respect to x only.
///
/// # Errors
/// The result fails unless x has a float and t an integer dtype and their shapes fit, and if a label lies outside the classes (the
/// message names its place and value).
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[0.0f32, 0.0], [1000.0, 0.0]]));
/// let loss = F::softmax_cross_entropy(&x, Array::from([1i32, 0]));
/// assert!((loss.item::<f32>()? - 2f32.ln() / 2.0).abs() < 1e-6);
/// let single = F::SoftmaxCrossEntropy::new().reduce(F::Reduction::No).call(&x, Array::from([-1i32, 1]));
/// assert_eq!(single.to_vec::<f32>()?, [0.0, 1000.0]);
/// let smoothed = F::SoftmaxCrossEntropy::new().label_smoothing(0.1).call(&x, Array::from([-1i32, 0]));
/// assert_eq!(smoothed.item::<f32>()?, 50.0);
/// let error = F::softmax_cross_entropy(&x, Array::from([1i32, 2])).check().unwrap_err();
/// assert!(error.to_string().contains("t[1] = 2"));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn softmax_cross_entropy(x: impl AsVariable, t: impl AsVariable) -> Variable {
    SoftmaxCrossEntropy::new().call(x, t)
}
