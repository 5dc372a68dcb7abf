//! [`eigh`].

use chainer_kernels::ops::{identity, linalg};

use super::{check_square, transposed, with_diagonal};
use crate::functions::{matmul, refused};
use crate::type_check::Checked;
use crate::{Array, AsVariable, BackwardContext, Dtype, Function, Gradients, Outputs, Retain, Shape, Variable, apply};

struct Eigh;

impl Function for Eigh {
    fn name(&self) -> &'static str {
        "eigh"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_square(&inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(refused) = refused(self, inputs) {
            return refused;
        }
        linalg::eigh(&inputs[0]).into()
    }
    fn retain(&self) -> Retain {
        Retain::outputs()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        // v (diag(gw) + f * vᵀ gv) vᵀ with f[i, j] = 1 / (w[j] - w[i]) off the diagonal, made symmetric.
        let (w, v) = (c.output(0), c.output(1));
        let shape = c.output_shape(1);
        let n = shape[shape.ndim() - 1];
        let with = |rows: usize, columns: usize| -> Shape {
            shape[..shape.ndim() - 2].iter().copied().chain([rows, columns]).collect()
        };
        let (row, column) = (with(1, n), with(n, 1));
        let values =
            c.grad_output(0).map(|gw| Variable::constant(identity(n, Dtype::Bool)).select(gw.reshape(&row), 0.0));
        let turning = c.grad_output(1).map(|gv| {
            let apart = with_diagonal(&(w.reshape(&row) - w.reshape(&column)), 1.0);
            with_diagonal(&(matmul(transposed(v), gv) / apart), 0.0)
        });
        let inner = match (values, turning) {
            (Some(values), Some(turning)) => values + turning,
            (Some(inner), None) | (None, Some(inner)) => inner,
            (None, None) => return Gradients::none(),
        };
        let gradient = matmul(matmul(v, inner), transposed(v));
        ((&gradient + transposed(&gradient)) * 0.5).into()
    }
}

/// The eigenvalues w (…, n), ascending, and the eigenvectors v (…, n, n), in columns, of symmetric matrices (…, n, n):
/// `a v = v diag(w)`. The lower triangle of a is read; the gradient is symmetric, as that of a symmetric matrix. Columns of v are unique
/// up to their sign.
///
/// Gradients through v need distinct eigenvalues; those through w alone do not (Giles, "An extended collection of matrix derivative
/// results", 2008).
///
/// # Errors
/// The results fail unless a has a float dtype and square matrices along the last two axes. Elements that are not finite are an error
/// when the results are computed.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let a = Variable::new(Array::from([[2.0f64, 1.0], [1.0, 2.0]]));
/// let (w, _) = F::eigh(&a);
/// let w = w.to_vec::<f64>()?;
/// assert!((w[0] - 1.0).abs() < 1e-12 && (w[1] - 3.0).abs() < 1e-12);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn eigh(a: impl AsVariable) -> (Variable, Variable) {
    let [w, v] = apply(Eigh, [a.as_variable()]).many();
    (w, v)
}
