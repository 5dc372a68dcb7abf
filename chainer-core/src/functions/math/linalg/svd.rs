//! [`svd`].

use chainer_kernels::ops::{identity, linalg};

use super::{check_matrices, size, transposed, with_diagonal};
use crate::functions::{matmul, refused, settings};
use crate::type_check::Checked;
use crate::{
    Array, AsVariable, BackwardContext, Dtype, Error, ErrorKind, Function, Gradients, Outputs, Retain, Shape, Variable,
    apply,
};

settings! {
    /// [`svd`] with settings.
    Svd() {
        /// Whether u is (…, m, m) and vt (…, n, n) (default false).
        full_matrices: bool = false,
    }
}

impl Function for Svd {
    fn name(&self) -> &'static str {
        "svd"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_matrices(&inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(refused) = refused(self, inputs) {
            return refused;
        }
        linalg::svd(&inputs[0], self.full_matrices).into()
    }
    fn retain(&self) -> Retain {
        if self.full_matrices { Retain::all() } else { Retain::outputs() }
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let [.., m, n] = c.input_shape(0)[..] else { return Gradients::none() };
        let (gu, gs, gvt) = (c.grad_output(0), c.grad_output(1), c.grad_output(2));
        if !self.full_matrices || m == n {
            return gradient([c.output(0), c.output(1), c.output(2)], [gu, gs, gvt]).into();
        }
        if gu.is_some() || gvt.is_some() {
            let message = "the full u and vt have no gradient: their last vectors are not determined";
            return Variable::failed(Error::new(ErrorKind::Unsupported, "svd", message)).into();
        }
        // The vectors again, but only those that have gradients themselves.
        let [u, s, vt] = apply(Svd::new(), [c.input(0)]).many();
        gradient([&u, &s, &vt], [None, gs, None]).into()
    }
}

/// u' diag(gs) v'ᵀ and, where they have gradients, what the turning of u and v contributes (Giles, "An extended collection of matrix
/// derivative results", 2008). Turning two vectors against each other shows in the gradient divided by the difference of the squares of
/// their singular values.
fn gradient([u, s, vt]: [&Variable; 3], [gu, gs, gvt]: [Option<&Variable>; 3]) -> Option<Variable> {
    let lead = s.shape().to_vec();
    let k = lead.last().copied().unwrap_or(0);
    let with = |tail: [usize; 2]| -> Shape { lead[..lead.len() - 1].iter().copied().chain(tail).collect() };
    let (row, column) = (s.reshape(with([1, k])), s.reshape(with([k, 1])));
    let v = transposed(vt);
    let mut inner = gs.map(|gs| diagonal(gs, with([1, k])));
    // The diagonal, where the difference is 0, is excluded; 1 stands there only so that nothing is divided by zero.
    let turning = |x: Variable| -> Variable {
        let apart = with_diagonal(&((&row - &column) * (&row + &column)), 1.0);
        with_diagonal(&((&x - transposed(&x)) / apart), 0.0)
    };
    if let Some(gu) = gu {
        inner = plus(inner, turning(matmul(transposed(u), gu)) * &row);
    }
    if let Some(gvt) = gvt {
        inner = plus(inner, &column * turning(matmul(vt, transposed(gvt))));
    }
    let mut gradient = inner.map(|inner| matmul(matmul(u, inner), vt));
    // What turns u or v out of the space that it spans.
    let (m, n) = (size(u).0, size(vt).1);
    if let Some(gu) = gu.filter(|_| m > k) {
        let outside = gu - matmul(u, matmul(transposed(u), gu));
        gradient = plus(gradient, matmul(outside / &row, vt));
    }
    if let Some(gvt) = gvt.filter(|_| n > k) {
        let outside = gvt - matmul(matmul(gvt, &v), vt);
        gradient = plus(gradient, matmul(u, outside / &column));
    }
    gradient
}

fn plus(sum: Option<Variable>, term: Variable) -> Option<Variable> {
    Some(match sum {
        None => term,
        Some(sum) => sum + term,
    })
}

/// Matrices with this diagonal, of shape (…, 1, k).
fn diagonal(values: &Variable, row: Shape) -> Variable {
    let k = row.last().copied().unwrap_or(0);
    let unit = Variable::constant(identity(k, Dtype::Bool));
    unit.select(values.reshape(row), 0.0)
}

impl Svd {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, a: impl AsVariable) -> (Variable, Variable, Variable) {
        let [u, s, vt] = apply(self, [a.as_variable()]).many();
        (u, s, vt)
    }
}

/// The singular value decomposition `a = u diag(s) vt` of matrices (…, m, n), s descending: u (…, m, k), s (…, k), vt (…, k, n) with
/// k = min(m, n). Columns of u and rows of vt are unique up to their sign. [`Svd`] also gives square u and vt.
///
/// Gradients through u and vt need distinct singular values, and none of them 0 unless the matrix is square; those through s alone have
/// no such condition. The full matrices have none where m and n differ.
///
/// # Errors
/// The results fail unless a has a float dtype and at least two axes. Elements that are not finite are an error when the factors are
/// computed.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let a = Variable::new(Array::from([[3.0f64, 0.0], [0.0, -4.0]]));
/// let (_, s, _) = F::svd(&a);
/// assert_eq!(s.to_vec::<f64>()?, [4.0, 3.0]);
/// // The gradient of the sum of the singular values.
/// s.sum().backward()?;
/// let gradient = a.grad().unwrap().to_vec::<f64>()?;
/// assert!(gradient.iter().zip([1.0, 0.0, 0.0, -1.0]).all(|(got, want)| (got - want).abs() < 1e-12));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn svd(a: impl AsVariable) -> (Variable, Variable, Variable) {
    Svd::new().call(a)
}
