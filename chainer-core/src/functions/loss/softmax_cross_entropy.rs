//! [`softmax_cross_entropy`].

use std::panic::Location;

use chainer_kernels::{ArrayOps, ops};

use super::Reduction;
use crate::functions::{check_indices, settings};
use crate::{
    Array, AsVariable, BackwardContext, Dtype, Error, Function, Gradients, Outputs, Result, Retain, Shape, Variable,
    apply,
};

settings! {
    /// [`softmax_cross_entropy`] with settings.
    SoftmaxCrossEntropy() {
        /// Whether the mean is over the labels that are not ignored (`true`, the default) or the sum is divided by the batch size.
        normalize: bool = true,
        /// Whether backward keeps what forward found of each sample (the default), or computes it again from x.
        cache_score: bool = true,
        /// What the losses of each class are multiplied by, of shape (classes,) (default: nothing). The mean is over the number of
        /// labels all the same.
        class_weight: into Option<Array> = None,
        /// The label that is ignored (default -1).
        ignore_label: i64 = -1,
        /// What becomes of the single losses (default: their mean).
        reduce: Reduction = Reduction::Mean,
    }
}

/// x (N, C, …), t (N, …), all labels in `0..C` → the losses (N, …), the largest x and the sum of `exp(x - largest)` of each sample
/// (N, 1, …).
struct NegativeLogLikelihood {
    cache_score: bool,
}

impl Function for NegativeLogLikelihood {
    fn name(&self) -> &'static str {
        "softmax_cross_entropy"
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

/// Whether a class (N, C, …) is the label (N, …).
fn one_hot(t: &Array, shape: &Shape) -> Variable {
    let mut classes = vec![1; shape.ndim()];
    classes[1] = shape[1];
    let numbers = Array::from_vec((0..shape[1] as i64).collect(), shape[1]).reshape(classes);
    Variable::constant(t.expand_dims(1).astype(Dtype::I64).equal(numbers))
}

impl SoftmaxCrossEntropy {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, t: impl AsVariable) -> Variable {
        let at = Location::caller();
        self.loss(x.as_variable(), t.as_variable()).map_err(|error| error.at(at)).into()
    }

    #[track_caller]
    fn loss(self, x: Variable, t: Variable) -> Result<Variable> {
        check(&x, &t, self.class_weight.as_ref())?;
        let (t, dtype, batch) = (t.into_data(), x.dtype(), x.len());
        let counted = check_indices(NAME, "t", &t, x.shape()[1], Some(self.ignore_label))?;
        let kept = (counted < t.size()).then(|| (&t).not_equal(self.ignore_label));
        // Ignored samples are looked up at class 0, and not used.
        let label = match &kept {
            Some(kept) => kept.select(&t, 0),
            None => t,
        };
        let weights = self.class_weight.map(|weight| ops::take(&weight.astype(dtype), &label, 0));
        let function = NegativeLogLikelihood { cache_score: self.cache_score };
        let [mut losses, _, _] = apply(function, [x, Variable::constant(label)]).many();
        if let Some(weights) = weights {
            losses *= weights;
        }
        if let Some(kept) = kept {
            losses = Variable::constant(kept).select(losses, 0.0);
        }
        Ok(match self.reduce {
            Reduction::No => losses,
            Reduction::Sum => losses.sum(),
            Reduction::Mean => {
                let count = if self.normalize { counted } else { batch };
                (losses * (1.0 / count.max(1) as f64)).sum()
            }
        })
    }
}

const NAME: &str = "softmax_cross_entropy";

fn check(x: &Variable, t: &Variable, class_weight: Option<&Array>) -> Result<()> {
    x.check()?;
    t.check()?;
    let refuse = |expect: &str, actual: String| Err(Error::mismatch(NAME, expect, actual));
    if !x.dtype().is_float() {
        return refuse("x.dtype.kind == f", format!("{} != f", x.dtype().kind()));
    }
    if !t.dtype().is_integer() {
        return refuse("t.dtype.kind == i", format!("{} != i", t.dtype().kind()));
    }
    if x.ndim() < 2 {
        return refuse("x.ndim >= 2", format!("{} < 2", x.ndim()));
    }
    if t.ndim() != x.ndim() - 1 {
        return refuse("t.ndim == x.ndim - 1", format!("{} != {}", t.ndim(), x.ndim() - 1));
    }
    for (i, (&size, &labels)) in
        x.shape().iter().enumerate().filter(|(i, _)| *i != 1).map(|(_, s)| s).zip(t.shape().iter()).enumerate()
    {
        if size != labels {
            let j = if i == 0 { 0 } else { i + 1 };
            return refuse(&format!("x.shape[{j}] == t.shape[{i}]"), format!("{size} != {labels}"));
        }
    }
    if let Some(weight) = class_weight {
        weight.check()?;
        if !weight.dtype().is_float() {
            return refuse("class_weight.dtype.kind == f", format!("{} != f", weight.dtype().kind()));
        }
        if weight.ndim() != 1 || weight.size() != x.shape()[1] {
            let actual = format!("{:?} != ({},)", weight.shape(), x.shape()[1]);
            return refuse("class_weight.shape == (x.shape[1],)", actual);
        }
    }
    Ok(())
}

/// The cross entropy of labels t (N, …) and the probabilities `softmax(x)` of x (N, classes, …): the mean over all labels that are not
/// -1, which stands for samples that are ignored; 0 if all are. It does not overflow. [`SoftmaxCrossEntropy`] has settings: another
/// label to ignore, class weights, other means. It is differentiable with respect to x only.
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
/// let error = F::softmax_cross_entropy(&x, Array::from([1i32, 2])).check().unwrap_err();
/// assert!(error.to_string().contains("t[1] = 2"));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn softmax_cross_entropy(x: impl AsVariable, t: impl AsVariable) -> Variable {
    SoftmaxCrossEntropy::new().call(x, t)
}
