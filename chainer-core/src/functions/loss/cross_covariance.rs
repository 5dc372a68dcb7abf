//! [`cross_covariance`].

use super::covariance::{CovarianceReduction, centered, covariances};
use super::positioned;
use crate::functions::{checked, settings};
use crate::{AsVariable, Result, Variable, type_check};

settings! {
    /// [`cross_covariance`] with settings.
    CrossCovariance() {
        /// What becomes of the covariances (default: half the sum of their squares).
        reduce: CovarianceReduction = CovarianceReduction::HalfSquaredSum,
    }
}

impl CrossCovariance {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, y: impl AsVariable, z: impl AsVariable) -> Variable {
        positioned(|| self.penalty(y.as_variable(), z.as_variable()))
    }

    fn penalty(self, y: Variable, z: Variable) -> Result<Variable> {
        y.check()?;
        z.check()?;
        checked("cross_covariance", || {
            type_check::float("y", y.data())?;
            type_check::same_dtype("y", y.data(), "z", z.data())?;
            type_check::ndim("y", y.data(), 2)?;
            type_check::ndim("z", z.data(), 2)?;
            type_check::same_size("y", y.data(), 0, "z", z.data(), 0)?;
            type_check::expect(y.len() > 0, "y.shape[0] > 0", "0 <= 0")
        })?;
        Ok(self.reduce.of(covariances(&centered(y), &centered(z))))
    }
}

/// Half the sum of the squared covariances of each column of y (N, m) with each column of z (N, n). Made small, it disentangles y and z
/// (Cheung et al., *Discovering hidden factors of variation in deep networks*, arXiv:1412.6583). [`CrossCovariance`] can return the
/// covariances (m, n) themselves.
///
/// # Errors
/// The result fails unless y and z are matrices of one float dtype with the same number of rows, of which there is one at least.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let y = Variable::new(Array::from([[1.0f32], [3.0]]));
/// let z = Variable::new(Array::from([[0.0f32, 5.0], [4.0, 5.0]]));
/// assert_eq!(F::cross_covariance(&y, &z).item::<f32>()?, 2.0);
/// let covariances = F::CrossCovariance::new().reduce(F::CovarianceReduction::No).call(&y, &z);
/// assert_eq!(covariances.to_vec::<f32>()?, [2.0, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn cross_covariance(y: impl AsVariable, z: impl AsVariable) -> Variable {
    CrossCovariance::new().call(y, z)
}
