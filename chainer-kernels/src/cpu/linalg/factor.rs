//! Factorisations.

use faer::linalg::solvers::{Llt, Qr, SelfAdjointEigen, Svd};
use faer::{MatRef, Side};

use super::{Fault, Matrix, lu, unit};

pub(super) fn viewed(a: Matrix<'_>) -> MatRef<'_, f64> {
    MatRef::from_row_major_slice(a.data, a.rows, a.columns)
}

/// Writes the first rows and columns that fit, in rows of `columns`.
pub(super) fn copied_rows(from: MatRef<'_, f64>, y: &mut [f64], columns: usize) {
    for (i, row) in y.chunks_exact_mut(columns.max(1)).enumerate() {
        row.iter_mut().enumerate().for_each(|(j, y)| *y = from[(i, j)]);
    }
}

pub(super) fn copied(from: MatRef<'_, f64>, y: &mut [f64]) {
    copied_rows(from, y, from.ncols());
}

fn check_finite(a: Matrix<'_>) -> Result<(), Fault> {
    match a.data.iter().find(|x| !x.is_finite()) {
        Some(bad) => Err(Fault { expect: "finite elements", actual: bad.to_string() }),
        None => Ok(()),
    }
}

/// What happens to iterations that do not converge, which finite elements have never been seen to do.
fn diverged<E: std::fmt::Debug>(error: E) -> Fault {
    Fault { expect: "an iteration that converges", actual: format!("{error:?}") }
}

pub(super) fn cholesky(a: Matrix<'_>, l: &mut [f64]) -> Result<(), Fault> {
    const EXPECT: &str = "a positive definite matrix";
    if a.rows == 0 {
        return Ok(());
    }
    if a.data.iter().any(|x| x.is_nan()) {
        return Err(Fault { expect: EXPECT, actual: "NaN in it".to_owned() });
    }
    let factor = Llt::new(viewed(a), Side::Lower).map_err(|error| match error {
        faer::linalg::cholesky::llt::factor::LltError::NonPositivePivot { index } => {
            Fault { expect: EXPECT, actual: format!("pivot {index} is not positive") }
        }
    })?;
    copied(factor.L(), l);
    Ok(())
}

/// q (m, m) or (m, min(m, n)), and r with as many rows as q has columns: what is meant shows in their sizes.
pub(super) fn qr(a: Matrix<'_>, q: &mut [f64], r: &mut [f64]) -> Result<(), Fault> {
    check_finite(a)?;
    let (m, n) = (a.rows, a.columns);
    if m == 0 || n == 0 {
        if q.len() == m * m {
            unit(m, q);
        }
        return Ok(());
    }
    let factors = Qr::new(viewed(a));
    let thin = q.len() == m * m.min(n);
    copied(if thin { factors.compute_thin_Q() } else { factors.compute_Q() }.as_ref(), q);
    copied(factors.thin_R(), &mut r[..m.min(n) * n]);
    r[m.min(n) * n..].fill(0.0);
    Ok(())
}

/// u (m, k), s, vᵀ (k, n) with k = min(m, n), or u (m, m) and vᵀ (n, n): what is meant shows in their sizes.
pub(super) fn svd(a: Matrix<'_>, u: &mut [f64], s: &mut [f64], vt: &mut [f64]) -> Result<(), Fault> {
    check_finite(a)?;
    let (m, n) = (a.rows, a.columns);
    let k = m.min(n);
    if k == 0 {
        if u.len() == m * m {
            unit(m, u);
        }
        if vt.len() == n * n {
            unit(n, vt);
        }
        return Ok(());
    }
    let thin = u.len() == m * k && vt.len() == k * n;
    let factors = if thin { Svd::new_thin(viewed(a)) } else { Svd::new(viewed(a)) }.map_err(diverged)?;
    copied(factors.U(), u);
    copied(factors.V().transpose(), vt);
    let values = factors.S();
    s.iter_mut().enumerate().for_each(|(i, s)| *s = values[i]);
    Ok(())
}

pub(super) fn eigh(a: Matrix<'_>, w: &mut [f64], v: &mut [f64]) -> Result<(), Fault> {
    check_finite(a)?;
    if a.rows == 0 {
        return Ok(());
    }
    let factors = SelfAdjointEigen::new(viewed(a), Side::Lower).map_err(diverged)?;
    copied(factors.U(), v);
    let values = factors.S();
    w.iter_mut().enumerate().for_each(|(i, w)| *w = values[i]);
    Ok(())
}

/// The derivative of the determinant, which exists for every matrix.
pub(super) fn cofactors(a: Matrix<'_>, y: &mut [f64]) -> Result<(), Fault> {
    let n = a.rows;
    if check_finite(a).is_err() {
        y.fill(f64::NAN);
        return Ok(());
    }
    let mut inverse = vec![0.0; n * n];
    if lu::inverse(a, &mut inverse).is_ok() {
        let determinant = lu::determinant(a);
        for (i, row) in y.chunks_exact_mut(n.max(1)).enumerate() {
            row.iter_mut().enumerate().for_each(|(j, y)| *y = determinant * inverse[j * n + i]);
        }
        if y.iter().all(|y| y.is_finite()) {
            return Ok(());
        }
    }
    // Of a singular matrix: with a = u diag(s) vᵀ it is ±u diag(c) vᵀ, where each c is the product of the other singular values.
    let (mut u, mut s, mut vt) = (vec![0.0; n * n], vec![0.0; n], vec![0.0; n * n]);
    svd(a, &mut u, &mut s, &mut vt)?;
    let [of_u, of_vt] = [&u, &vt].map(|data| lu::determinant(Matrix { rows: n, columns: n, data }).signum());
    for k in 0..n {
        let others: f64 = s.iter().enumerate().filter(|(i, _)| *i != k).map(|(_, s)| s).product();
        u.iter_mut().skip(k).step_by(n).for_each(|u| *u *= others * of_u * of_vt);
    }
    for (i, row) in y.chunks_exact_mut(n.max(1)).enumerate() {
        row.iter_mut().enumerate().for_each(|(j, y)| *y = (0..n).map(|k| u[i * n + k] * vt[k * n + j]).sum());
    }
    Ok(())
}
