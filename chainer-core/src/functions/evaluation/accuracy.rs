//! [`accuracy`].

use std::panic::Location;

use chainer_kernels::ArrayOps;

use crate::functions::{at_least_f32, settings};
use crate::{Array, AsVariable, Error, Result, Variable};

settings! {
    /// [`accuracy`] with a label that does not count.
    Accuracy() {
        /// The label of samples that do not count (default: none).
        ignore_label: into Option<i64> = None,
    }
}

impl Accuracy {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, y: impl AsVariable, t: impl AsVariable) -> Variable {
        let at = Location::caller();
        let computed = self.computed(y.as_variable().into_data(), t.as_variable().into_data());
        computed.map_err(|error| error.at(at)).map(Variable::constant).into()
    }

    fn computed(self, y: Array, t: Array) -> Result<Array> {
        check_scores("accuracy", &y, &t)?;
        let dtype = y.dtype();
        // Counts beyond 2048 have no place in float16.
        let wide = at_least_f32(dtype);
        let predicted = y.argmax(1, false).reshape(t.shape());
        let right = predicted.equal(&t);
        let Some(ignored) = self.ignore_label else {
            return Ok(right.astype(wide).mean(None, false).astype(dtype));
        };
        let counted = t.not_equal(ignored);
        let right = right.logical_and(&counted).astype(wide).sum(None, false);
        let counted = counted.astype(wide).sum(None, false).maximum(1.0);
        Ok((right / counted).astype(dtype))
    }
}

/// Scores of samples and classes beside labels of samples.
pub(super) fn check_scores(name: &'static str, y: &Array, t: &Array) -> Result<()> {
    y.check()?;
    t.check()?;
    let refuse = |expect: &str, actual: String| Err(Error::mismatch(name, expect, actual));
    if !y.dtype().is_float() {
        return refuse("y.dtype.kind == f", format!("{} != f", y.dtype().kind()));
    }
    if !t.dtype().is_integer() {
        return refuse("t.dtype.kind == i", format!("{} != i", t.dtype().kind()));
    }
    if y.ndim() < 2 {
        return refuse("y.ndim >= 2", format!("{} < 2", y.ndim()));
    }
    if y.shape()[1] == 0 {
        return refuse("y.shape[1] >= 1", "0 < 1".to_owned());
    }
    // Axes of size 1 at the end of y may be missing from t.
    let samples: Vec<usize> = y.shape().iter().enumerate().filter(|(i, _)| *i != 1).map(|(_, &size)| size).collect();
    let (have, size) = (t.ndim(), samples.len());
    let fits = have <= size && samples[..have] == t.shape()[..] && samples[have..].iter().all(|&size| size == 1);
    if !fits {
        return refuse("t.shape == y.shape without its second axis", format!("{:?} and {:?}", t.shape(), y.shape()));
    }
    Ok(())
}

/// The share of samples whose label t (N, …) is the class with the highest score in y (N, classes, …), as a number of y's dtype. It has
/// no gradient. [`Accuracy`] can leave samples out.
///
/// # Errors
/// The result fails unless y has a float and t an integer dtype and their shapes fit.
///
/// ```
/// use chainer::{functions as F, Array};
/// let y = Array::from([[0.1f32, 0.7, 0.2], [8.0, 1.0, 2.0], [-8.0, 1.0, 2.0], [-8.0, -1.0, -2.0]]);
/// assert_eq!(F::accuracy(&y, Array::from([1i32, 0, 2, 1])).item::<f32>()?, 1.0);
/// let t = Array::from([1i32, 0, 0, 0]);
/// assert_eq!(F::accuracy(&y, &t).item::<f32>()?, 0.5);
/// assert_eq!(F::Accuracy::new().ignore_label(0).call(&y, &t).item::<f32>()?, 1.0);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn accuracy(y: impl AsVariable, t: impl AsVariable) -> Variable {
    Accuracy::new().call(y, t)
}
