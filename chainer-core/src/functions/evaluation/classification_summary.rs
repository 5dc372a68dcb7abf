//! [`classification_summary`].

use std::panic::Location;

use chainer_kernels::kernel::ScatterMode;
use chainer_kernels::{ArrayOps, ops};

use super::accuracy::check_scores;
use crate::functions::{check_indices, named, settings};
use crate::{Array, AsVariable, Dtype, Error, Result, Variable};

settings! {
    /// [`classification_summary`] with settings.
    ClassificationSummary() {
        /// The number of classes; `None` (the default) is one more than the largest label.
        label_num: into Option<usize> = None,
        /// How much recall counts beside precision in the F score (default 1).
        beta: f64 = 1.0,
        /// The label of samples that do not count (default -1).
        ignore_label: i64 = -1,
    }
}

/// More than this fits into no memory.
const MOST_CLASSES: usize = 1 << 48;

/// What is said of each class: arrays of shape (classes,).
pub(super) struct Summary {
    pub(super) precision: Array,
    pub(super) recall: Array,
    pub(super) f_score: Array,
    pub(super) support: Array,
}

impl ClassificationSummary {
    /// Applies the function. Returns precision, recall, F score and support.
    #[track_caller]
    pub fn call(self, y: impl AsVariable, t: impl AsVariable) -> (Variable, Variable, Variable, Variable) {
        let parts = self.parts("classification_summary", y.as_variable(), t.as_variable(), |summary| {
            [summary.precision, summary.recall, summary.f_score, summary.support]
        });
        parts.into()
    }

    /// Some parts of the summary, for the function `name`.
    #[track_caller]
    pub(super) fn parts<const N: usize>(
        self,
        name: &'static str,
        y: Variable,
        t: Variable,
        parts: impl FnOnce(Summary) -> [Array; N],
    ) -> [Variable; N] {
        let at = Location::caller();
        match self.summary(name, y.into_data(), t.into_data()) {
            Ok(summary) => parts(summary).map(|part| Variable::constant(named(name, part))),
            Err(error) => {
                let failed = Variable::failed(error.at(at));
                std::array::from_fn(|_| failed.clone())
            }
        }
    }

    fn summary(&self, name: &'static str, y: Array, t: Array) -> Result<Summary> {
        check_scores(name, &y, &t)?;
        let classes = match self.label_num {
            Some(classes) => classes,
            None if t.size() == 0 => {
                return Err(Error::value(name, "t.size >= 1 where label_num is not given", "t.size = 0"));
            }
            None => (&t).max(None, false).item::<i64>()?.saturating_add(1).max(0) as usize,
        };
        check_indices(name, "t", &t, classes, Some(self.ignore_label))?;
        if classes > MOST_CLASSES {
            return Err(Error::value(name, format_args!("label_num <= {MOST_CLASSES}"), classes));
        }
        // One more class takes what does not count.
        let nowhere = classes as i64;
        let predicted = y.argmax(1, false).reshape(t.shape());
        let counts = (&t).not_equal(self.ignore_label);
        let known = (&predicted).less(nowhere).logical_and(&counts);
        let predicted = known.select(predicted, nowhere);
        let truth = counts.select(t.astype(Dtype::I64), nowhere);
        let right = (&predicted).equal(&truth).select(&truth, nowhere);
        let [right, relevant, support] = [right, predicted, truth].map(|labels| occurrences(&labels, classes));
        let precision = &right / relevant;
        let recall = right / &support;
        let square = self.beta * self.beta;
        let f_score = &precision * &recall * (1.0 + square) / (&precision * square + &recall);
        Ok(Summary { precision, recall, f_score, support })
    }
}

/// How often each label below `classes` occurs; others are at most `classes`.
fn occurrences(labels: &Array, classes: usize) -> Array {
    let (labels, zeros) = (labels.ravel(), Array::zeros(classes + 1, Dtype::I64));
    let ones = Array::ones(labels.shape(), Dtype::I64);
    ops::scatter_axis(&zeros, &labels, &ones, 0, ScatterMode::Add).slice(..classes as isize)
}

/// Precision, recall, F score (all float64) and support (int64) of each class, from scores y (N, classes, …) and labels t (N, …). The
/// predicted class is that with the highest score. They have no gradient.
///
/// Of a class, let p be the samples that are predicted, s those that are labelled so (the support), and r those that are both. Then
/// precision is `r / p`, recall `r / s`, and the F score `(1 + beta^2) precision recall / (beta^2 precision + recall)`, with beta 1. What
/// would be divided by 0 is NaN. There are as many classes as the largest label says. [`ClassificationSummary`] has another number of
/// classes, another beta, and another label to ignore than -1.
///
/// # Errors
/// The results fail unless y has a float and t an integer dtype and their shapes fit, and if a label lies outside the classes (the
/// message names its place and value).
///
/// ```
/// use chainer::{functions as F, Array};
/// let y = Array::from([[0.1f32, 0.7, 0.2], [8.0, 1.0, 2.0], [-8.0, 1.0, 2.0], [-8.0, 3.0, -2.0]]);
/// let t = Array::from([1i32, 0, 2, 2]);
/// let (precision, recall, f_score, support) = F::classification_summary(&y, &t);
/// assert_eq!(precision.to_vec::<f64>()?, [1.0, 0.5, 1.0]);
/// assert_eq!(recall.to_vec::<f64>()?, [1.0, 1.0, 0.5]);
/// assert_eq!(f_score.to_vec::<f64>()?, [1.0, 2.0 / 3.0, 2.0 / 3.0]);
/// assert_eq!(support.to_vec::<i64>()?, [1, 1, 2]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn classification_summary(y: impl AsVariable, t: impl AsVariable) -> (Variable, Variable, Variable, Variable) {
    ClassificationSummary::new().call(y, t)
}
