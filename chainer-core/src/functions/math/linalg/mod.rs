//! Linear algebra.
//!
//! Everything is computed in float64 and rounded to the dtype. That a matrix is singular or not positive definite shows when values are
//! computed: it is an error where they are read.

mod cholesky;
mod det;
mod eigh;
mod inv;
mod qr;
mod solve;
mod svd;

pub use cholesky::cholesky;
pub use det::{batch_det, det};
pub use eigh::eigh;
pub use inv::{batch_inv, inv};
pub use qr::{Qr, qr};
pub use solve::{SolveTriangular, solve, solve_triangular};
pub use svd::{Svd, svd};

use chainer_kernels::ops;

use crate::functions::swap_axes;
use crate::type_check::{self, Checked};
use crate::{Array, Dtype, Variable};

/// Matrices of a float dtype, (…, m, n).
fn check_matrices(a: &Array) -> Checked {
    type_check::float("a", a)?;
    type_check::min_ndim("a", a, 2)
}

/// Square matrices of a float dtype: exactly one, or (…, n, n).
fn check_square(a: &Array) -> Checked {
    check_matrices(a)?;
    type_check::same_size("a", a, a.ndim() - 2, "a", a, a.ndim() - 1)
}

/// A matrix, or a batch of them.
fn check_batch(a: &Array, batch: bool) -> Checked {
    match batch {
        false => type_check::ndim("a", a, 2)?,
        true => type_check::min_ndim("a", a, 3)?,
    }
    check_square(a)
}

/// The matrices transposed.
fn transposed(a: &Variable) -> Variable {
    swap_axes(a, -1, -2)
}

/// Which elements of (rows, columns) lie on diagonal `k` or below.
fn lower_mask(rows: usize, columns: usize, k: isize) -> Variable {
    Variable::constant(ops::tri(rows, columns, k, Dtype::Bool))
}

/// The elements on diagonal `k` and below; zeros above.
fn lower_part(a: &Variable, k: isize) -> Variable {
    let (rows, columns) = size(a);
    lower_mask(rows, columns, k).select(a, 0.0)
}

/// The elements on the diagonal and above; zeros below.
fn upper_part(a: &Variable) -> Variable {
    let (rows, columns) = size(a);
    lower_mask(rows, columns, -1).select(0.0, a)
}

/// The elements of `a`, with another number on the diagonal.
fn with_diagonal(a: &Variable, diagonal: f64) -> Variable {
    let (rows, columns) = size(a);
    let unit = Variable::constant(ops::eye(rows, columns, 0, Dtype::Bool));
    unit.select(diagonal, a)
}

/// Rows and columns of matrices; of a failed variable, whose failure goes on with whatever is done, none.
fn size(a: &Variable) -> (usize, usize) {
    if a.error().is_some() {
        return (0, 0);
    }
    match a.shape()[..] {
        [.., rows, columns] => (rows, columns),
        _ => (0, 0),
    }
}
