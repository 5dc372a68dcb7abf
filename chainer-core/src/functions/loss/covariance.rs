//! Covariances of the columns of matrices, for [`cross_covariance`](super::cross_covariance()) and [`decov`](super::decov()).

use chainer_kernels::ops;

use crate::functions::{MatMul, matmul, mean, transpose};
use crate::{Array, BackwardContext, Error, Function, Gradients, Outputs, Retain, Variable, apply};

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

/// x (N, n) → `x^T x`.
struct Gram;

impl Function for Gram {
    fn name(&self) -> &'static str {
        "decov"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        ops::matmul(&inputs[0].transpose(), &inputs[0]).into()
    }
    fn retain(&self) -> Retain {
        Retain::inputs()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        // One product, where each side for itself would take one.
        matmul(c.input(0), c.gy(0) + transpose(c.gy(0), &[])).into()
    }
}

/// `x^T x / N` of a centered matrix (N, n).
pub(super) fn own_covariances(x: Variable) -> Variable {
    // Divided first: the products alone may overflow. Both sides alike, as the product of a matrix with itself is half the work, and by
    // a power of 2, not less than the root of N, which rounds nothing.
    let count = x.len() as f64;
    let divisor = count.sqrt().log2().ceil().exp2();
    apply(Gram, [x / divisor]).one() * (divisor * divisor / count)
}

/// `y^T z / N` of centered matrices (N, …).
pub(super) fn covariances(y: &Variable, z: &Variable) -> Variable {
    // Divided first: the products alone may overflow.
    let count = y.len() as f64;
    MatMul::new().transa(true).call(y / count, z)
}
