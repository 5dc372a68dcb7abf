//! [`decov`].

use chainer_kernels::ops::eye;

use super::covariance::{CovarianceReduction, centered, own_covariances};
use super::positioned;
use crate::functions::{checked, settings};
use crate::{AsVariable, Dtype, Result, Variable, type_check};

settings! {
    /// [`decov`] with settings.
    Decov() {
        /// What becomes of the covariances (default: half the sum of their squares).
        reduce: CovarianceReduction = CovarianceReduction::HalfSquaredSum,
    }
}

impl Decov {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, h: impl AsVariable) -> Variable {
        positioned(|| self.penalty(h.as_variable()))
    }

    fn penalty(self, h: Variable) -> Result<Variable> {
        h.check()?;
        checked("decov", || {
            type_check::float("h", h.data())?;
            type_check::ndim("h", h.data(), 2)?;
            type_check::expect(h.len() > 0, "h.shape[0] > 0", "0 <= 0")
        })?;
        let diagonal = Variable::constant(eye(h.shape()[1], None, 0, Dtype::Bool));
        Ok(self.reduce.of(diagonal.select(0.0, own_covariances(centered(h)))))
    }
}

/// Half the sum of the squared covariances of the columns of h (N, size) with each other; their variances do not count. Made small, it
/// keeps units from saying the same (Cogswell et al., *Reducing overfitting in deep networks by decorrelating representations*,
/// arXiv:1511.06068). [`Decov`] can return the covariances (size, size) themselves, zero on the diagonal.
///
/// # Errors
/// The result fails unless h is a float matrix with a row at least.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let h = Variable::new(Array::from([[1.0f32, 0.0], [3.0, 4.0]]));
/// assert_eq!(F::decov(&h).item::<f32>()?, 4.0);
/// let covariances = F::Decov::new().reduce(F::CovarianceReduction::No).call(&h);
/// assert_eq!(covariances.to_vec::<f32>()?, [0.0, 2.0, 2.0, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn decov(h: impl AsVariable) -> Variable {
    Decov::new().call(h)
}
