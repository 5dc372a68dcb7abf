//! [`qr`].

use chainer_kernels::Index;
use chainer_kernels::ops::linalg::{self, QrMode};

use super::{SolveTriangular, check_matrices, lower_part, transposed, upper_part};
use crate::functions::{Concat, get_item, matmul, refused, settings};
use crate::type_check::Checked;
use crate::{
    Array, AsVariable, BackwardContext, Error, ErrorKind, Function, Gradients, Outputs, Retain, Variable, apply,
};

settings! {
    /// [`qr`] with settings.
    Qr() {
        /// Whether q is square (…, m, m) and r (…, m, n) (default false).
        complete: bool = false,
    }
}

impl Function for Qr {
    fn name(&self) -> &'static str {
        "qr"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_matrices(&inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(refused) = refused(self, inputs) {
            return refused;
        }
        linalg::qr(&inputs[0], if self.complete { QrMode::Complete } else { QrMode::Reduced }).into()
    }
    fn retain(&self) -> Retain {
        Retain::outputs()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let [.., m, n] = c.input_shape(0)[..] else { return Gradients::none() };
        let (q, r, gq, gr) = (c.output(0), c.output(1), c.gy(0), c.gy(1));
        if m >= n && (!self.complete || m == n) {
            return tall(q, r, gq, gr).into();
        }
        if m > n {
            let message = "the complete q has no gradient: its last columns are not determined";
            return Variable::failed(Error::new(ErrorKind::Unsupported, "qr", message)).into();
        }
        // a = [x y] with square x = q u; r = [u v], so that y = q v.
        let (u, v) = (columns(r, 0, m), columns(r, m, n));
        let (gu, gv) = (columns(gr, 0, m), columns(gr, m, n));
        let y = matmul(q, v);
        let gx = tall(q, &u, &(gq + matmul(y, transposed(&gv))), &gu);
        Concat::new().axis(-1).call([gx, matmul(q, gv)]).into()
    }
}

fn columns(x: &Variable, first: usize, end: usize) -> Variable {
    get_item(x, [Index::Ellipsis, Index::Slice(Some(first as isize), Some(end as isize), None)])
}

/// The gradient where no column of q is more than the matrix determines: with m = r grᵀ - gqᵀ q it is (gq + q s) r⁻ᵀ, where s is
/// symmetric and has the lower triangle of m.
fn tall(q: &Variable, r: &Variable, gq: &Variable, gr: &Variable) -> Variable {
    let m = matmul(r, transposed(&upper_part(gr))) - matmul(transposed(gq), q);
    let s = lower_part(&m, 0) + transposed(&lower_part(&m, -1));
    let right = gq + matmul(q, s);
    transposed(&SolveTriangular::new().lower(false).call(r, transposed(&right)))
}

impl Qr {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, a: impl AsVariable) -> (Variable, Variable) {
        let [q, r] = apply(self, [a.as_variable()]).many();
        (q, r)
    }
}

/// Orthonormal q (…, m, k) and upper triangular r (…, k, n), k = min(m, n), with `a = q r` of matrices (…, m, n). Columns of q are unique
/// up to their sign. [`Qr`] also gives the complete q (…, m, m). The gradient (Liao et al., arXiv:1903.09650) needs the first k columns to
/// be independent; the complete q has none where m > n.
///
/// # Errors
/// The results fail unless a has a float dtype and at least two axes. Elements that are not finite are an error when the factors are
/// computed.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let a = Variable::new(Array::from([[3.0f32, 1.0], [4.0, 2.0], [0.0, 5.0]]));
/// let (q, r) = F::qr(&a);
/// assert_eq!((q.shape(), r.shape()), (&[3, 2].into(), &[2, 2].into()));
/// let back = F::matmul(q, r).to_vec::<f32>()?;
/// assert!(back.iter().zip(a.to_vec::<f32>()?).all(|(x, y)| (x - y).abs() < 1e-5));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn qr(a: impl AsVariable) -> (Variable, Variable) {
    Qr::new().call(a)
}
