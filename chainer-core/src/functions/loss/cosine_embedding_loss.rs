//! [`cosine_embedding_loss`].

use chainer_kernels::ArrayOps;

use super::{CosineSimilarity, Reduction, positioned};
use crate::functions::{check_integers, checked, relu, settings};
use crate::{AsVariable, Error, Result, Variable, type_check};

settings! {
    /// [`cosine_embedding_loss`] with settings.
    CosineEmbeddingLoss() {
        /// How similar dissimilar samples may be, in `[-1, 1]` (default 0).
        margin: f64 = 0.0,
        /// What becomes of the losses of single pairs (default: their mean).
        reduce: Reduction = Reduction::Mean,
    }
}

impl CosineEmbeddingLoss {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x0: impl AsVariable, x1: impl AsVariable, y: impl AsVariable) -> Variable {
        positioned(|| self.loss(x0.as_variable(), x1.as_variable(), y.as_variable()))
    }

    fn loss(self, x0: Variable, x1: Variable, y: Variable) -> Result<Variable> {
        const NAME: &str = "cosine_embedding_loss";
        y.check()?;
        let y = y.into_data();
        checked(NAME, || type_check::integer("y", &y))?;
        let similarity = CosineSimilarity::new().named(NAME, x0, x1)?;
        checked(NAME, || {
            let shapes = (y.shape(), similarity.shape());
            type_check::equal("y.shape", shapes.0, "x0.shape without its second axis", shapes.1)
        })?;
        check_integers(NAME, "y", &y, || "y == 1 or y == -1".to_owned(), |_, label| label == 1 || label == -1)?;
        if !(-1.0..=1.0).contains(&self.margin) {
            return Err(Error::value(NAME, "-1 <= margin <= 1", format_args!("margin = {}", self.margin)));
        }
        let similar = Variable::constant(y.equal(1));
        let losses = similar.select(1.0 - &similarity, relu(&similarity - self.margin));
        Ok(self.reduce.of(losses))
    }
}

/// A loss of pairs of samples x0 and x1 (N, size, …) with labels y (N, …): 1 says that the two are similar, -1 that they are not. Of the
/// [cosine](super::cosine_similarity()) c of their angle it is `1 - c` for similar pairs and `max(0, c - margin)` with margin 0 for
/// others; the mean is returned. [`CosineEmbeddingLoss`] has settings.
///
/// # Errors
/// The result fails unless x0 and x1 have the same shape and float dtype and y has an integer for each pair, 1 or -1, and if the margin
/// lies outside `[-1, 1]`.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x0 = Variable::new(Array::from([[1.0f32, 0.0], [2.0, 0.0], [0.0, 1.0]]));
/// let x1 = Variable::new(Array::from([[0.0f32, 5.0], [1.0, 0.0], [1.0, 0.0]]));
/// assert_eq!(F::cosine_embedding_loss(&x0, &x1, Array::from([1i32, -1, -1])).item::<f32>()?, 2.0 / 3.0);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn cosine_embedding_loss(x0: impl AsVariable, x1: impl AsVariable, y: impl AsVariable) -> Variable {
    CosineEmbeddingLoss::new().call(x0, x1, y)
}
