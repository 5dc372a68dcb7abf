//! [`precision`].

use super::ClassificationSummary;
use crate::functions::settings;
use crate::{AsVariable, Variable};

settings! {
    /// [`precision`] with settings.
    Precision() {
        /// The number of classes; `None` (the default) is one more than the largest label.
        label_num: into Option<usize> = None,
        /// The label of samples that do not count (default -1).
        ignore_label: i64 = -1,
    }
}

impl Precision {
    /// Applies the function. Returns precision and support.
    #[track_caller]
    pub fn call(self, y: impl AsVariable, t: impl AsVariable) -> (Variable, Variable) {
        let summary = ClassificationSummary::new().label_num(self.label_num).ignore_label(self.ignore_label);
        let (y, t) = (y.as_variable(), t.as_variable());
        summary.parts("precision", y, t, |summary| [summary.precision, summary.support]).into()
    }
}

/// The precision of each class (float64): which share of the samples that are predicted so are labelled so; and the support (int64).
/// See [`classification_summary`](super::classification_summary()), which gives this and more. [`Precision`] has settings.
///
/// # Errors
/// The results fail unless y has a float and t an integer dtype and their shapes fit, and if a label lies outside the classes.
///
/// ```
/// use chainer::{functions as F, Array};
/// let y = Array::from([[0.1f32, 0.7, 0.2], [8.0, 1.0, 2.0], [-8.0, 1.0, 2.0], [-8.0, 3.0, -2.0]]);
/// let (precision, support) = F::precision(&y, Array::from([1i32, 0, 2, 2]));
/// assert_eq!(precision.to_vec::<f64>()?, [1.0, 0.5, 1.0]);
/// assert_eq!(support.to_vec::<i64>()?, [1, 1, 2]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn precision(y: impl AsVariable, t: impl AsVariable) -> (Variable, Variable) {
    Precision::new().call(y, t)
}
