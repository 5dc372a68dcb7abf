//! Covariances of the columns of matrices, for [`cross_covariance`](super::cross_covariance()) and [`decov`](super::decov()).

use crate::functions::{MatMul, mean};
use crate::{Error, Variable};

/// What becomes of the matrix of covariances. In text (`"no".parse()`) the names are Chainer's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CovarianceReduction {
    /// Half the sum of its squares: `half_squared_sum`.
    #[default]
    HalfSquaredSum,
    /// It stays as it is: `no`.
    No,
}

impl CovarianceReduction {
    /// The covariances, reduced.
    pub(super) fn of(self, covariances: Variable) -> Variable {
        match self {
            CovarianceReduction::HalfSquaredSum => (covariances.square() * 0.5).sum(),
            CovarianceReduction::No => covariances,
        }
    }
}

impl std::str::FromStr for CovarianceReduction {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "half_squared_sum" => Ok(CovarianceReduction::HalfSquaredSum),
            "no" => Ok(CovarianceReduction::No),
            other => {
                let expect = "reduce is \"half_squared_sum\" or \"no\"";
                Err(Error::value("reduce", expect, format_args!("{other:?}")))
            }
        }
    }
}

/// The columns minus their means.
pub(super) fn centered(x: Variable) -> Variable {
    let mean = mean(&x, 0, true);
    x - mean
}

/// `y^T z / N` of centered matrices (N, …).
pub(super) fn covariances(y: &Variable, z: &Variable) -> Variable {
    // Divided first: the products alone may overflow.
    let count = y.len() as f64;
    MatMul::new().transa(true).call(y / count, z)
}
