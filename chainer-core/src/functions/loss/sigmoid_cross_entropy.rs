//! [`sigmoid_cross_entropy`].

use std::panic::Location;

use chainer_kernels::ArrayOps;

use super::Reduction;
use crate::functions::{check_indices, settings};
use crate::{AsVariable, Error, Result, Variable};

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
        let at = Location::caller();
        self.loss(x.as_variable(), t.as_variable()).map_err(|error| error.at(at)).into()
    }

    #[track_caller]
    fn loss(self, x: Variable, t: Variable) -> Result<Variable> {
        const NAME: &str = "sigmoid_cross_entropy";
        x.check()?;
        t.check()?;
        if !x.dtype().is_float() {
            return Err(Error::mismatch(NAME, "x.dtype.kind == f", format_args!("{} != f", x.dtype().kind())));
        }
        if !t.dtype().is_integer() {
            return Err(Error::mismatch(NAME, "t.dtype.kind == i", format_args!("{} != i", t.dtype().kind())));
        }
        if x.shape() != t.shape() {
            let actual = format!("{:?} != {:?}", x.shape(), t.shape());
            return Err(Error::mismatch(NAME, "x.shape == t.shape", actual));
        }
        let t = t.into_data();
        let counted = check_indices(NAME, "t", &t, 2, Some(-1))?;
        let batch = x.len();
        // log(1 + exp(x)) for label 0, log(1 + exp(-x)) for label 1: exact in both tails.
        let positive = Variable::constant((&t).equal(1));
        let losses = positive.select(-&x, x).softplus();
        let losses = if counted == t.size() { losses } else { Variable::constant(t.not_equal(-1)).select(losses, 0.0) };
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
