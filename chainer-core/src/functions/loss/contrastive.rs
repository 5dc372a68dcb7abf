//! [`contrastive`].

use chainer_kernels::ArrayOps;

use super::{Reduction, check_alike, positioned};
use crate::functions::{check_indices, checked, relu, settings};
use crate::{AsVariable, Error, Result, Variable, type_check};

settings! {
    /// [`contrastive`] with settings.
    Contrastive() {
        /// How far apart dissimilar samples should be at least (default 1).
        margin: f64 = 1.0,
        /// What becomes of the losses of single pairs (default: their mean).
        reduce: Reduction = Reduction::Mean,
    }
}

impl Contrastive {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x0: impl AsVariable, x1: impl AsVariable, y: impl AsVariable) -> Variable {
        positioned(|| self.loss(x0.as_variable(), x1.as_variable(), y.as_variable()))
    }

    fn loss(self, x0: Variable, x1: Variable, y: Variable) -> Result<Variable> {
        const NAME: &str = "contrastive";
        check_alike(NAME, &[("x0", &x0), ("x1", &x1)])?;
        y.check()?;
        let y = y.into_data();
        checked(NAME, || {
            type_check::integer("y", &y)?;
            type_check::ndim("x0", x0.data(), 2)?;
            type_check::ndim("y", &y, 1)?;
            type_check::same_size("x0", x0.data(), 0, "y", &y, 0)?;
            type_check::expect(x0.len() > 0, "x0.shape[0] > 0", "0 <= 0")
        })?;
        check_indices(NAME, "y", &y, 2, None)?;
        if self.margin.is_nan() || self.margin <= 0.0 {
            return Err(Error::value(NAME, "margin > 0", format_args!("margin = {}", self.margin)));
        }
        let squares = (x0 - x1).square().sum_axes(1, false);
        // The distance has no gradient at 0; 0 stands for it there.
        let same = squares.equal(0.0);
        let distances = same.select(0.0, same.select(1.0, &squares).sqrt());
        let similar = Variable::constant(y.equal(1));
        let losses = similar.select(squares, relu(self.margin - distances).square()) * 0.5;
        Ok(self.reduce.of(losses))
    }
}

/// The contrastive loss of pairs of samples x0 and x1 (N, size) with labels y (N,): 1 says that the two are similar, 0 that they are
/// not. Of the Euclidean distance d it is `d^2 / 2` for similar pairs, and `max(0, margin - d)^2 / 2` with margin 1 for others; the mean
/// is returned (Chopra et al., *Learning a similarity metric discriminatively*, 2005). The gradient of two samples in one place is 0.
/// [`Contrastive`] has settings.
///
/// # Errors
/// The result fails unless x0 and x1 are matrices of one shape and float dtype with a row at least and y has an integer for each row, 0
/// or 1, and if the margin is not above 0.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x0 = Variable::new(Array::from([[0.0f32, 0.0], [0.3, 0.4], [0.0, 2.0]]));
/// let x1 = Variable::new(Array::from([[3.0f32, 4.0], [0.0, 0.0], [0.0, 0.0]]));
/// let single = F::Contrastive::new().reduce(F::Reduction::No).call(&x0, &x1, Array::from([1i32, 0, 0]));
/// assert_eq!(single.to_vec::<f32>()?, [12.5, 0.125, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn contrastive(x0: impl AsVariable, x1: impl AsVariable, y: impl AsVariable) -> Variable {
    Contrastive::new().call(x0, x1, y)
}
