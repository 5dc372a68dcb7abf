//! Factorisations of matrices, computed on the host in float64 and rounded to the operand's dtype (integers give float64).
//!
//! These are for analysis and initialisation (orthogonal matrices), not for hot loops.

use std::panic::Location;

use super::or_failed;
use crate::array::{Array, ArrayOps};
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};

/// A dense matrix on the host, row-major.
#[derive(Clone)]
struct Matrix {
    rows: usize,
    columns: usize,
    data: Vec<f64>,
}

impl Matrix {
    fn zeros(rows: usize, columns: usize) -> Self {
        Matrix { rows, columns, data: vec![0.0; rows * columns] }
    }

    fn unit(size: usize) -> Self {
        let mut unit = Matrix::zeros(size, size);
        (0..size).for_each(|i| unit[(i, i)] = 1.0);
        unit
    }

    fn read(name: &'static str, a: &Array) -> Result<(Self, Dtype)> {
        a.check()?;
        let [rows, columns] = a.shape()[..] else {
            return Err(Error::mismatch(name, "a.ndim == 2", a.ndim()));
        };
        let dtype = if a.dtype().is_float() { a.dtype() } else { Dtype::F64 };
        let data = a.to_f64_vec()?;
        if let Some(bad) = data.iter().find(|x| !x.is_finite()) {
            return Err(Error::value(name, "finite elements", bad));
        }
        Ok((Matrix { rows, columns, data }, dtype))
    }

    fn transposed(&self) -> Self {
        let mut out = Matrix::zeros(self.columns, self.rows);
        for i in 0..self.rows {
            for j in 0..self.columns {
                out[(j, i)] = self[(i, j)];
            }
        }
        out
    }

    /// The first `rows` rows and `columns` columns.
    fn leading(&self, rows: usize, columns: usize) -> Self {
        let mut out = Matrix::zeros(rows, columns);
        for i in 0..rows {
            out.data[i * columns..(i + 1) * columns].copy_from_slice(&self.data[i * self.columns..][..columns]);
        }
        out
    }

    fn into_array(self, dtype: Dtype) -> Array {
        Array::from_vec(self.data, [self.rows, self.columns]).astype(dtype)
    }
}

impl std::ops::Index<(usize, usize)> for Matrix {
    type Output = f64;
    fn index(&self, (i, j): (usize, usize)) -> &f64 {
        &self.data[i * self.columns + j]
    }
}
impl std::ops::IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut f64 {
        &mut self.data[i * self.columns + j]
    }
}

/// The lower triangular L with `a = L L^T` of a symmetric positive definite matrix, of which the lower triangle is read.
///
/// A matrix that is not square or not positive definite gives a failed array.
///
/// ```
/// use chainer_kernels::{Array, ops::linalg};
/// let l = linalg::cholesky(&Array::from([[4.0f64, 2.0], [2.0, 5.0]]));
/// assert_eq!(l.to_vec::<f64>()?, [2.0, 0.0, 1.0, 2.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn cholesky(a: &Array) -> Array {
    const NAME: &str = "cholesky";
    or_failed(Location::caller(), || {
        let (a, dtype) = Matrix::read(NAME, a)?;
        if a.rows != a.columns {
            let actual = format!("{} != {}", a.rows, a.columns);
            return Err(Error::mismatch(NAME, "a.shape[0] == a.shape[1]", actual));
        }
        let mut l = Matrix::zeros(a.rows, a.rows);
        for j in 0..a.rows {
            for i in j..a.rows {
                let sum: f64 = (0..j).map(|k| l[(i, k)] * l[(j, k)]).sum();
                let rest = a[(i, j)] - sum;
                if i > j {
                    l[(i, j)] = rest / l[(j, j)];
                } else if rest > 0.0 {
                    l[(j, j)] = rest.sqrt();
                } else {
                    return Err(Error::value(
                        NAME,
                        "a positive definite matrix",
                        format_args!("pivot {rest} in row {j}"),
                    ));
                }
            }
        }
        Ok(l.into_array(dtype))
    })
}

/// Which parts of `a = q r` [`qr`] returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QrMode {
    /// q (m, min(m, n)), r (min(m, n), n).
    Reduced,
    /// q (m, m), r (m, n).
    Complete,
}

/// Orthonormal q and upper triangular r with `a = q r` (by Householder reflections). Columns of q are unique up to their sign.
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
    match Matrix::read("qr", a) {
        Ok((a, dtype)) => {
            let (m, n) = (a.rows, a.columns);
            let (q, r) = householder(a);
            let kept = if mode == QrMode::Reduced { m.min(n) } else { m };
            (q.leading(m, kept).into_array(dtype), r.leading(kept, n).into_array(dtype))
        }
        Err(error) => {
            let failed = Array::failed(error.at(at));
            (failed.clone(), failed)
        }
    }
}

/// q (m, m) and r (m, n).
fn householder(mut r: Matrix) -> (Matrix, Matrix) {
    let (m, n) = (r.rows, r.columns);
    let mut q = Matrix::unit(m);
    for k in 0..n.min(m.saturating_sub(1)) {
        let norm = (k..m).map(|i| r[(i, k)].powi(2)).sum::<f64>().sqrt();
        if norm == 0.0 {
            continue;
        }
        let alpha = if r[(k, k)] > 0.0 { -norm } else { norm };
        let mut v: Vec<f64> = (k..m).map(|i| r[(i, k)]).collect();
        v[0] -= alpha;
        let square: f64 = v.iter().map(|x| x * x).sum();
        if square == 0.0 {
            continue;
        }
        for j in k..n {
            let factor = 2.0 * v.iter().enumerate().map(|(i, x)| x * r[(k + i, j)]).sum::<f64>() / square;
            v.iter().enumerate().for_each(|(i, x)| r[(k + i, j)] -= factor * x);
        }
        for i in 0..m {
            let factor = 2.0 * v.iter().enumerate().map(|(l, x)| x * q[(i, k + l)]).sum::<f64>() / square;
            v.iter().enumerate().for_each(|(l, x)| q[(i, k + l)] -= factor * x);
        }
        // Exactly zero, as the factorisation says.
        (k + 1..m).for_each(|i| r[(i, k)] = 0.0);
    }
    (q, r)
}

/// Sweeps after which the one-sided Jacobi method has converged for any matrix (it needs some ten).
const SWEEPS: usize = 60;

/// The singular value decomposition `a = u diag(s) vt`, s descending: u (m, k), s (k), vt (k, n) with k = min(m, n); with
/// `full_matrices` u (m, m) and vt (n, n). Columns of u and rows of vt are unique up to their sign.
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
    let make = || -> Result<(Array, Array, Array)> {
        let (a, dtype) = Matrix::read("svd", a)?;
        let (u, s, vt) = if a.rows >= a.columns {
            tall_svd(a, full_matrices)?
        } else {
            let (v, s, ut) = tall_svd(a.transposed(), full_matrices)?;
            (ut.transposed(), s, v.transposed())
        };
        Ok((u.into_array(dtype), Array::from(s).astype(dtype), vt.into_array(dtype)))
    };
    make().unwrap_or_else(|error| {
        let failed = Array::failed(error.at(at));
        (failed.clone(), failed.clone(), failed)
    })
}

/// One-sided Jacobi: columns are rotated against each other until all are orthogonal; their norms are the singular values.
fn tall_svd(mut a: Matrix, full: bool) -> Result<(Matrix, Vec<f64>, Matrix)> {
    let (m, n) = (a.rows, a.columns);
    let mut v = Matrix::unit(n);
    let mut converged = false;
    for _ in 0..SWEEPS {
        converged = true;
        for p in 0..n {
            for q in p + 1..n {
                let (mut pp, mut qq, mut pq) = (0.0, 0.0, 0.0);
                for i in 0..m {
                    pp += a[(i, p)] * a[(i, p)];
                    qq += a[(i, q)] * a[(i, q)];
                    pq += a[(i, p)] * a[(i, q)];
                }
                if pq.abs() <= f64::EPSILON * (pp * qq).sqrt() || pq == 0.0 {
                    continue;
                }
                converged = false;
                let zeta = (qq - pp) / (2.0 * pq);
                let t = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let cosine = 1.0 / t.hypot(1.0);
                let sine = cosine * t;
                for x in [&mut a, &mut v] {
                    for i in 0..x.rows {
                        let (left, right) = (x[(i, p)], x[(i, q)]);
                        x[(i, p)] = cosine * left - sine * right;
                        x[(i, q)] = sine * left + cosine * right;
                    }
                }
            }
        }
        if converged {
            break;
        }
    }
    if !converged {
        return Err(Error::new(ErrorKind::InvalidValue, "svd", "the iteration did not converge"));
    }
    let norms: Vec<f64> = (0..n).map(|j| (0..m).map(|i| a[(i, j)].powi(2)).sum::<f64>().sqrt()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| norms[j].total_cmp(&norms[i]));
    let s: Vec<f64> = order.iter().map(|&j| norms[j]).collect();
    let mut vt = Matrix::zeros(n, n);
    for (k, &j) in order.iter().enumerate() {
        (0..n).for_each(|i| vt[(k, i)] = v[(i, j)]);
    }
    // Columns of singular value 0, and those beyond n, are completed by orthogonalising unit vectors.
    let wanted = if full { m } else { n };
    let cut = s.first().copied().unwrap_or(0.0) * f64::EPSILON * m.max(1) as f64;
    let mut columns: Vec<Vec<f64>> = Vec::with_capacity(wanted);
    for (k, &j) in order.iter().enumerate() {
        if s[k] <= cut {
            break;
        }
        columns.push((0..m).map(|i| a[(i, j)] / s[k]).collect());
    }
    for unit in 0..m {
        if columns.len() >= wanted {
            break;
        }
        let mut candidate = vec![0.0; m];
        candidate[unit] = 1.0;
        // Twice: once leaves rounding errors.
        for _ in 0..2 {
            for column in &columns {
                let overlap: f64 = column.iter().zip(&candidate).map(|(x, y)| x * y).sum();
                candidate.iter_mut().zip(column).for_each(|(y, x)| *y -= overlap * x);
            }
        }
        let norm = candidate.iter().map(|x| x * x).sum::<f64>().sqrt();
        if norm > 0.5 / (m as f64).sqrt() {
            columns.push(candidate.iter().map(|x| x / norm).collect());
        }
    }
    let mut u = Matrix::zeros(m, wanted);
    for (k, column) in columns.iter().enumerate() {
        (0..m).for_each(|i| u[(i, k)] = column[i]);
    }
    Ok((u, s, vt))
}
