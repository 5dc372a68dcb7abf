//! [`r2_score`].

use std::panic::Location;

use chainer_kernels::ArrayOps;

use crate::functions::{at_least_f32, checked, settings};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, Error, Result, Variable};

/// What becomes of the scores of several outputs. In text (`"raw_values".parse()`) the names are Chainer's: `uniform_average` and
/// `raw_values`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MultiOutput {
    /// Their mean.
    #[default]
    UniformAverage,
    /// They stay as they are.
    RawValues,
}

impl std::str::FromStr for MultiOutput {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "uniform_average" => Ok(MultiOutput::UniformAverage),
            "raw_values" => Ok(MultiOutput::RawValues),
            other => {
                let expect = "multioutput is \"uniform_average\" or \"raw_values\"";
                Err(Error::value("multioutput", expect, format_args!("{other:?}")))
            }
        }
    }
}

settings! {
    /// [`r2_score`] with settings.
    R2Score() {
        /// How much each sample counts, of shape (N,) and a float dtype (default: all the same).
        sample_weight: into Option<Array> = None,
        /// What becomes of the scores of several outputs (default: their mean).
        multioutput: MultiOutput = MultiOutput::UniformAverage,
    }
}

impl R2Score {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, pred: impl AsVariable, truth: impl AsVariable) -> Variable {
        let at = Location::caller();
        let computed = self.computed(pred.as_variable().into_data(), truth.as_variable().into_data());
        computed.map_err(|error| error.at(at)).map(Variable::constant).into()
    }

    fn computed(self, pred: Array, truth: Array) -> Result<Array> {
        pred.check()?;
        truth.check()?;
        self.sample_weight.as_ref().map_or(Ok(()), Array::check)?;
        checked("r2_score", || check(&pred, &truth, self.sample_weight.as_ref()))?;
        let dtype = pred.dtype();
        let wide = at_least_f32(dtype);
        let (pred, truth) = (pred.astype(wide), truth.astype(wide));
        let weights = self.sample_weight.map(|weights| {
            let mut shape = vec![1; truth.ndim()];
            shape[0] = weights.size();
            weights.astype(wide).reshape(shape)
        });
        let weighted = |x: Array| match &weights {
            Some(weights) => x * weights,
            None => x,
        };
        let mean = match &weights {
            Some(weights) => weighted(truth.clone()).sum(0, true) / weights.sum(0, true),
            None => (&truth).mean(0, true),
        };
        let unexplained = weighted((&truth - pred).square()).sum(0, false);
        let total = weighted((truth - mean).square()).sum(0, false);
        // Nothing can be said of what does not vary.
        let constant = (&total).equal(0.0);
        let divisor = (&constant).select(1.0, total);
        let scores = constant.select(0.0, 1.0 - unexplained / divisor);
        Ok(match self.multioutput {
            MultiOutput::UniformAverage => scores.mean(None, false),
            MultiOutput::RawValues => scores,
        }
        .astype(dtype))
    }
}

fn check(pred: &Array, truth: &Array, sample_weight: Option<&Array>) -> Checked {
    type_check::float("pred", pred)?;
    type_check::float("true", truth)?;
    type_check::same_shape("pred", pred, "true", truth)?;
    type_check::min_ndim("pred", pred, 1)?;
    let Some(weights) = sample_weight else { return Ok(()) };
    type_check::float("sample_weight", weights)?;
    type_check::ndim("sample_weight", weights, 1)?;
    type_check::same_size("sample_weight", weights, 0, "pred", pred, 0)
}

/// The coefficient of determination of predictions (N, …) of the values `truth` (N, …): for each output
/// `1 - sum((truth - pred)^2) / sum((truth - mean(truth))^2)` over the samples; 0 where all values are equal. A number of the
/// predictions' dtype, the mean over the outputs; [`R2Score`] gives them one by one, and weights samples. It has no gradient.
///
/// # Errors
/// The result fails unless both have a float dtype and the same shape with at least one axis.
///
/// ```
/// use chainer::{functions as F, Array};
/// let pred = Array::from([[1.0f32, 0.0], [2.0, 0.0], [3.0, 3.0]]);
/// let truth = Array::from([[1.0f32, 0.0], [2.0, 1.0], [3.0, 2.0]]);
/// assert_eq!(F::r2_score(&pred, &truth).item::<f32>()?, 0.5);
/// let each = F::R2Score::new().multioutput(F::MultiOutput::RawValues).call(&pred, &truth);
/// assert_eq!(each.to_vec::<f32>()?, [1.0, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn r2_score(pred: impl AsVariable, truth: impl AsVariable) -> Variable {
    R2Score::new().call(pred, truth)
}
