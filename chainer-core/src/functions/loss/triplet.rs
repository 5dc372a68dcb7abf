//! [`triplet`].

use super::{Reduction, check_alike, positioned};
use crate::functions::{checked, relu, settings};
use crate::{AsVariable, Error, Result, Variable, type_check};

settings! {
    /// [`triplet`] with settings.
    Triplet() {
        /// By how much the squared distance to the negative sample should be larger at least (default 0.2).
        margin: f64 = 0.2,
        /// What becomes of the losses of single triplets (default: their mean).
        reduce: Reduction = Reduction::Mean,
    }
}

impl Triplet {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, anchor: impl AsVariable, positive: impl AsVariable, negative: impl AsVariable) -> Variable {
        positioned(|| self.loss(anchor.as_variable(), positive.as_variable(), negative.as_variable()))
    }

    fn loss(self, anchor: Variable, positive: Variable, negative: Variable) -> Result<Variable> {
        const NAME: &str = "triplet";
        check_alike(NAME, &[("anchor", &anchor), ("positive", &positive), ("negative", &negative)])?;
        checked(NAME, || {
            type_check::ndim("anchor", anchor.data(), 2)?;
            type_check::expect(anchor.len() > 0, "anchor.shape[0] > 0", "0 <= 0")
        })?;
        if self.margin.is_nan() || self.margin <= 0.0 {
            return Err(Error::value(NAME, "margin > 0", format_args!("margin = {}", self.margin)));
        }
        let nearer = (&anchor - positive).square() - (anchor - negative).square();
        Ok(self.reduce.of(relu(nearer.sum_axes(1, false) + self.margin)))
    }
}

/// The triplet loss of anchors, positive and negative samples (N, size each): `max(0, |a - p|^2 - |a - n|^2 + margin)` with margin 0.2;
/// the mean is returned (Wang et al., *Learning fine-grained image similarity with deep ranking*, arXiv:1404.4661). Where the margin is
/// just met the gradient is 0. [`Triplet`] has settings.
///
/// # Errors
/// The result fails unless all three are matrices of one shape and float dtype with a row at least, and if the margin is not above 0.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let anchor = Variable::new(Array::from([[0.0f32, 0.0], [0.0, 0.0]]));
/// let positive = Variable::new(Array::from([[1.0f32, 1.0], [0.0, 1.0]]));
/// let negative = Variable::new(Array::from([[0.0f32, 1.0], [5.0, 0.0]]));
/// let single = F::Triplet::new().margin(1.0).reduce(F::Reduction::No).call(&anchor, &positive, &negative);
/// assert_eq!(single.to_vec::<f32>()?, [2.0, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn triplet(anchor: impl AsVariable, positive: impl AsVariable, negative: impl AsVariable) -> Variable {
    Triplet::new().call(anchor, positive, negative)
}
