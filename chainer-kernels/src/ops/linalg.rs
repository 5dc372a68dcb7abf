//! Linear algebra: inverses, determinants, systems of equations and factorisations of matrices, over any number of leading axes.
//!
//! Everything is computed in float64 and rounded to the operand's dtype (integers give float64). Whether a matrix is singular shows when
//! the result is computed: reading it is then an error.

use std::panic::Location;
use std::sync::Arc;

use super::{check_all, one, or_failed};
use crate::array::Array;
use crate::cpu::linalg::{Linalg, Operation};
use crate::dtype::Dtype;
use crate::error::{Error, Loc, Position, Result};
use crate::kernel::Kernel;
use crate::shape::Shape;

/// The leading axes, the rows and the columns of matrices.
fn matrices<'a>(name: &'static str, letter: &str, a: &'a Array) -> Result<(&'a [usize], usize, usize)> {
    a.check()?;
    match &a.shape()[..] {
        [lead @ .., rows, columns] => Ok((lead, *rows, *columns)),
        _ => Err(Error::mismatch(name, format_args!("{letter}.ndim >= 2"), a.ndim())),
    }
}

/// The leading axes and the size of square matrices.
fn square<'a>(name: &'static str, a: &'a Array) -> Result<(&'a [usize], usize)> {
    let (lead, rows, columns) = matrices(name, "a", a)?;
    if rows != columns {
        let expect = format!("a.shape[{}] == a.shape[{}]", lead.len(), lead.len() + 1);
        return Err(Error::mismatch(name, expect, format_args!("{rows} != {columns}")));
    }
    Ok((lead, rows))
}

/// The dtype of results.
fn result_dtype(a: &Array) -> Dtype {
    if a.dtype().is_float() { a.dtype() } else { Dtype::F64 }
}

/// The shape of results: the leading axes and those of one result.
fn shaped(lead: &[usize], tail: &[usize]) -> Shape {
    lead.iter().chain(tail).copied().collect()
}

/// The results of an operation, of these shapes.
fn call<const N: usize>(
    name: &'static str,
    operation: Operation,
    inputs: &[&Array],
    shapes: [Shape; N],
    at: Loc,
) -> Result<[Array; N]> {
    let dtype = inputs.iter().map(|a| result_dtype(a)).reduce(Dtype::promote).unwrap_or(Dtype::F64);
    let outputs = shapes.map(|shape| (shape, dtype));
    let kernel = Kernel::Host(Arc::new(Linalg { name, operation, at: Position::or(at) }));
    let mut made = Array::call(kernel, inputs, &outputs).into_iter();
    Ok(std::array::from_fn(|_| one(made.next().into_iter().collect())))
}

/// Results, or failed ones with the error at `at`.
fn all_or_failed<const N: usize>(at: Loc, make: impl FnOnce() -> Result<[Array; N]>) -> [Array; N] {
    make().unwrap_or_else(|error| {
        let failed = Array::failed(error.at(at));
        std::array::from_fn(|_| failed.clone())
    })
}

/// The inverses of square matrices (…, n, n).
///
/// Matrices that are not square give a failed array. A singular matrix is an error when the inverse is computed.
///
/// ```
/// use chainer_kernels::{Array, ops::linalg};
/// let a = Array::from([[2.0f64, 1.0], [1.0, 1.0]]);
/// assert_eq!(linalg::inv(&a).to_vec::<f64>()?, [1.0, -1.0, -1.0, 2.0]);
/// assert!(linalg::inv(&Array::from([[1.0f32, 1.0], [2.0, 2.0]])).to_vec::<f32>().is_err());
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn inv(a: &Array) -> Array {
    inverse("inv", a)
}

/// [`inv`] for a function that is called `name`.
#[doc(hidden)]
#[track_caller]
pub fn inverse(name: &'static str, a: &Array) -> Array {
    let at = Location::caller();
    or_failed(at, || {
        square(name, a)?;
        let [y] = call(name, Operation::Inverse, &[a], [a.shape().clone()], at)?;
        Ok(y)
    })
}

/// The determinants of square matrices (…, n, n): (…).
///
/// ```
/// use chainer_kernels::{Array, ops::linalg};
/// let a = Array::from([[2.0f64, 1.0], [1.0, 3.0]]);
/// assert_eq!(linalg::det(&a).item::<f64>()?, 5.0);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn det(a: &Array) -> Array {
    let at = Location::caller();
    or_failed(at, || {
        let (lead, _) = square("det", a)?;
        let [y] = call("det", Operation::Determinant, &[a], [shaped(lead, &[])], at)?;
        Ok(y)
    })
}

/// The derivatives of the determinants of square matrices (…, n, n) by their elements: the transposed inverse times the determinant, and
/// what that tends to where the matrix is singular.
///
/// ```
/// use chainer_kernels::{Array, ops::linalg};
/// let a = Array::from([[1.0f64, 2.0], [2.0, 4.0]]);
/// let got = linalg::cofactors(&a).to_vec::<f64>()?;
/// assert!(got.iter().zip([4.0, -2.0, -2.0, 1.0]).all(|(got, want)| (got - want).abs() < 1e-12));
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn cofactors(a: &Array) -> Array {
    let at = Location::caller();
    or_failed(at, || {
        square("cofactors", a)?;
        let [y] = call("cofactors", Operation::Cofactors, &[a], [a.shape().clone()], at)?;
        Ok(y)
    })
}

/// The solutions x (…, n, k) of `a x = b` for a (…, n, n) and b (…, n, k); leading axes broadcast. A vector b (n,) gives vectors.
///
/// A singular matrix is an error when the solution is computed.
///
/// ```
/// use chainer_kernels::{Array, ops::linalg};
/// let a = Array::from([[2.0f64, 0.0], [1.0, 1.0]]);
/// assert_eq!(linalg::solve(&a, &Array::from([4.0f64, 3.0])).to_vec::<f64>()?, [2.0, 1.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn solve(a: &Array, b: &Array) -> Array {
    let at = Location::caller();
    or_failed(at, || solution("solve", Operation::Solve, a, b, at))
}

/// [`solve`] for the lower or upper triangle of a, the other one being ignored.
///
/// ```
/// use chainer_kernels::{Array, ops::linalg};
/// let a = Array::from([[2.0f64, 9.0], [1.0, 1.0]]);
/// assert_eq!(linalg::solve_triangular(&a, &Array::from([4.0f64, 3.0]), true).to_vec::<f64>()?, [2.0, 1.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn solve_triangular(a: &Array, b: &Array, lower: bool) -> Array {
    let at = Location::caller();
    or_failed(at, || solution("solve_triangular", Operation::SolveTriangular { lower }, a, b, at))
}

fn solution(name: &'static str, operation: Operation, a: &Array, b: &Array, at: Loc) -> Result<Array> {
    check_all([a, b])?;
    let (a_lead, n) = square(name, a)?;
    if b.ndim() == 0 {
        return Err(Error::mismatch(name, "b.ndim >= 1", 0));
    }
    let right = if b.ndim() == 1 { b.reshape([b.size(), 1]) } else { b.clone() };
    let (b_lead, rows, columns) = matrices(name, "b", &right)?;
    if rows != n {
        let expect = format!("a.shape[{}] == b.shape[{}]", a_lead.len(), if b.ndim() == 1 { 0 } else { b.ndim() - 2 });
        return Err(Error::mismatch(name, expect, format_args!("{n} != {rows}")));
    }
    let Some(lead) = Shape::new(a_lead).broadcast(&Shape::new(b_lead)) else {
        let actual = format!("{:?} and {:?}", a.shape(), b.shape());
        return Err(Error::mismatch(name, "shapes whose leading axes broadcast", actual));
    };
    let left = a.broadcast_to(shaped(&lead, &[n, n]));
    let right = right.broadcast_to(shaped(&lead, &[n, columns]));
    let [x] = call(name, operation, &[&left, &right], [shaped(&lead, &[n, columns])], at)?;
    Ok(if b.ndim() == 1 { x.reshape(shaped(&lead, &[n])) } else { x })
}

/// The lower triangular L with `a = L Lᵀ` of symmetric positive definite matrices (…, n, n), of which the lower triangle is read.
///
/// Matrices that are not square give a failed array. One that is not positive definite is an error when the factor is computed.
///
/// ```
/// use chainer_kernels::{Array, ops::linalg};
/// let l = linalg::cholesky(&Array::from([[4.0f64, 2.0], [2.0, 5.0]]));
/// assert_eq!(l.to_vec::<f64>()?, [2.0, 0.0, 1.0, 2.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn cholesky(a: &Array) -> Array {
    let at = Location::caller();
    or_failed(at, || {
        square("cholesky", a)?;
        let [l] = call("cholesky", Operation::Cholesky, &[a], [a.shape().clone()], at)?;
        Ok(l)
    })
}

/// Which parts of `a = q r` [`qr`] returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QrMode {
    /// q (…, m, min(m, n)), r (…, min(m, n), n).
    Reduced,
    /// q (…, m, m), r (…, m, n).
    Complete,
}

/// Orthonormal q and upper triangular r with `a = q r`, of matrices (…, m, n). Columns of q are unique up to their sign.
///
/// ```
/// use chainer_kernels::{Array, ops::{linalg, matmul}};
/// let a = Array::from([[3.0f64, 1.0], [4.0, 2.0]]);
/// let (q, r) = linalg::qr(&a, linalg::QrMode::Reduced);
/// assert!((matmul(&q, &r).item_at::<f64>(&[1, 0])? - 4.0).abs() < 1e-12);
/// assert_eq!(r.item_at::<f64>(&[1, 0])?, 0.0);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn qr(a: &Array, mode: QrMode) -> (Array, Array) {
    let at = Location::caller();
    let [q, r] = all_or_failed(at, || {
        let (lead, m, n) = matrices("qr", "a", a)?;
        let kept = if mode == QrMode::Reduced { m.min(n) } else { m };
        call("qr", Operation::Qr, &[a], [shaped(lead, &[m, kept]), shaped(lead, &[kept, n])], at)
    });
    (q, r)
}

/// The singular value decomposition `a = u diag(s) vt` of matrices (…, m, n), s descending: u (…, m, k), s (…, k), vt (…, k, n) with
/// k = min(m, n); with `full_matrices` u (…, m, m) and vt (…, n, n). Columns of u and rows of vt are unique up to their sign.
///
/// ```
/// use chainer_kernels::{Array, ops::linalg};
/// let (_, s, _) = linalg::svd(&Array::from([[3.0f64, 0.0], [0.0, -4.0]]), false);
/// assert_eq!(s.to_vec::<f64>()?, [4.0, 3.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn svd(a: &Array, full_matrices: bool) -> (Array, Array, Array) {
    let at = Location::caller();
    let [u, s, vt] = all_or_failed(at, || {
        let (lead, m, n) = matrices("svd", "a", a)?;
        let k = m.min(n);
        let (rows, columns) = if full_matrices { (m, n) } else { (k, k) };
        let shapes = [shaped(lead, &[m, rows]), shaped(lead, &[k]), shaped(lead, &[columns, n])];
        call("svd", Operation::Svd, &[a], shapes, at)
    });
    (u, s, vt)
}

/// The eigenvalues w (…, n), ascending, and eigenvectors v (…, n, n), in columns, of symmetric matrices (…, n, n), of which the lower
/// triangle is read: `a v = v diag(w)`. Columns of v are unique up to their sign.
///
/// ```
/// use chainer_kernels::{Array, ops::linalg};
/// let (w, _) = linalg::eigh(&Array::from([[2.0f64, 1.0], [1.0, 2.0]]));
/// assert!((w.item_at::<f64>(&[0])? - 1.0).abs() < 1e-12 && (w.item_at::<f64>(&[1])? - 3.0).abs() < 1e-12);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn eigh(a: &Array) -> (Array, Array) {
    let at = Location::caller();
    let [w, v] = all_or_failed(at, || {
        let (lead, n) = square("eigh", a)?;
        call("eigh", Operation::Eigh, &[a], [shaped(lead, &[n]), a.shape().clone()], at)
    });
    (w, v)
}
