//! [`batch_matmul`].

use std::panic::Location;

use super::MatMul;
use crate::functions::{checked, reshape, settings};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, Result, Variable};

settings! {
    /// [`batch_matmul`] of transposed matrices.
    BatchMatMul() {
        /// Whether each matrix of `a` is transposed first.
        transa: bool = false,
        /// Whether each matrix of `b` is transposed first.
        transb: bool = false,
    }
}

/// Rows and columns of the matrices, once transposed; those of (B, N) are columns.
fn dimensions(x: &Array, transpose: bool) -> (usize, usize) {
    let (rows, columns) = (x.shape()[1], if x.ndim() == 3 { x.shape()[2] } else { 1 });
    if transpose { (columns, rows) } else { (rows, columns) }
}

impl BatchMatMul {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, a: impl AsVariable, b: impl AsVariable) -> Variable {
        let at = Location::caller();
        self.product(a.as_variable(), b.as_variable()).map_err(|error| error.at(at)).into()
    }

    #[track_caller]
    fn product(self, a: Variable, b: Variable) -> Result<Variable> {
        a.check()?;
        b.check()?;
        checked("batch_matmul", || self.check(a.data(), b.data()))?;
        let matrices = |x: Variable| {
            let [batch, rows] = [x.shape()[0], x.shape()[1]];
            if x.ndim() == 2 { reshape(x, [batch, rows, 1]) } else { x }
        };
        Ok(MatMul::new().transa(self.transa).transb(self.transb).call(matrices(a), matrices(b)))
    }

    fn check(&self, a: &Array, b: &Array) -> Checked {
        for (name, x) in [("a", a), ("b", b)] {
            type_check::float(name, x)?;
            let fits = matches!(x.ndim(), 2 | 3);
            type_check::expect(fits, format_args!("{name}.ndim == 2 or {name}.ndim == 3"), x.ndim())?;
        }
        type_check::same_size("a", a, 0, "b", b, 0)?;
        let ((_, k), (l, _)) = (dimensions(a, self.transa), dimensions(b, self.transb));
        type_check::equal("columns of a", k, "rows of b", l)
    }
}

/// The products of the matrices of two batches: a (B, M, K) and b (B, K, N) give (B, M, N). A batch of vectors (B, K) counts as one of
/// columns (B, K, 1). [`BatchMatMul`] transposes first. ([`matmul`](super::matmul()) takes any number of leading axes.)
///
/// # Errors
/// The result fails unless both have float dtypes, two or three axes, the same first one and sizes that fit.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let a = Variable::new(Array::ones([2, 3, 4], Dtype::F32));
/// let b = Variable::new(Array::ones([2, 4], Dtype::F32));
/// assert_eq!(F::batch_matmul(&a, &b).shape(), &[2, 3, 1].into());
/// let norms = F::BatchMatMul::new().transa(true).call(&b, &b);
/// assert_eq!(norms.to_vec::<f32>()?, [4.0, 4.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn batch_matmul(a: impl AsVariable, b: impl AsVariable) -> Variable {
    BatchMatMul::new().call(a, b)
}
