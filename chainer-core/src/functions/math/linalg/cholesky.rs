//! [`cholesky`].

use chainer_kernels::ops::{eye, linalg};

use super::{SolveTriangular, check_square, lower_part, transposed};
use crate::functions::{matmul, refused};
use crate::type_check::Checked;
use crate::{Array, AsVariable, BackwardContext, Dtype, Function, Gradients, Outputs, Retain, Variable, apply};

struct Cholesky;

impl Function for Cholesky {
    fn name(&self) -> &'static str {
        "cholesky"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_square(&inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(refused) = refused(self, inputs) {
            return refused;
        }
        linalg::cholesky(&inputs[0]).into()
    }
    fn retain(&self) -> Retain {
        Retain::outputs()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        // With p the lower triangle of lᵀ gl, its diagonal halved: l⁻ᵀ p l⁻¹, made symmetric.
        let (l, gl) = (c.output(0), c.gy(0));
        let n = c.output_shape(0)[c.output_shape(0).ndim() - 1];
        let halves = Variable::constant(eye(n, n, 0, Dtype::Bool)).select(Array::full((), 0.5, l.dtype()), 1.0);
        let p = lower_part(&(matmul(transposed(l), gl) * halves), 0);
        let solve = |b: Variable| SolveTriangular::new().lower(false).call(transposed(l), b);
        let s = transposed(&solve(transposed(&solve(p))));
        ((&s + transposed(&s)) * 0.5).into()
    }
}

/// The lower triangular L with `a = L Lᵀ` of symmetric positive definite matrices (…, n, n). The lower triangle of a is read; the
/// gradient is symmetric, as that of a symmetric matrix (Murray, arXiv:1602.07527).
///
/// # Errors
/// The result fails unless a has a float dtype and square matrices along the last two axes. That one is not positive definite is an
/// error when the factor is computed.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let a = Variable::new(Array::from([[4.0f32, 2.0], [2.0, 5.0]]));
/// assert_eq!(F::cholesky(&a).to_vec::<f32>()?, [2.0, 0.0, 1.0, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn cholesky(a: impl AsVariable) -> Variable {
    apply(Cholesky, [a.as_variable()]).one()
}
