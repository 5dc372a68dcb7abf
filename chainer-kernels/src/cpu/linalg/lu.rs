//! Gaussian elimination: inverses, determinants, systems of equations.
//!
//! Small matrices are eliminated row by row here: a blocked factorisation costs several times as much before it pays, from some
//! hundred rows on.

use faer::linalg::solvers::{DenseSolveCore, PartialPivLu, Solve};

use super::factor::{copied, viewed};
use super::{Fault, Matrix, unit};

/// From here on faer's factorisation is the faster one.
const LARGE: usize = 128;

/// Both triangular factors of a matrix whose rows have been exchanged.
struct Lu {
    size: usize,
    /// The upper factor and, below it, the lower one, whose diagonal is 1.
    factors: Vec<f64>,
    /// In step k rows k and `swaps[k]` changed places.
    swaps: Vec<usize>,
    /// The first pivot that is 0.
    singular: Option<usize>,
}

/// Rows `i` and `j > i`, of this length.
fn pair(data: &mut [f64], len: usize, i: usize, j: usize) -> (&mut [f64], &mut [f64]) {
    let (head, tail) = data.split_at_mut(j * len);
    (&mut head[i * len..(i + 1) * len], &mut tail[..len])
}

/// Rows that are subtracted at a time: what they are subtracted from is then read and written once for all of them.
const TOGETHER: usize = 4;

/// Subtracts rows of `others`, which begin `len` elements apart and are at least as long as `row`, each times its factor.
fn subtract(row: &mut [f64], factors: &[f64], others: &[f64], len: usize) {
    let (groups, rest) = factors.as_chunks::<TOGETHER>();
    for (group, [f, g, h, i]) in groups.iter().enumerate() {
        let [a, b, c, d] = std::array::from_fn(|k| &others[(group * TOGETHER + k) * len..][..row.len()]);
        for (k, x) in row.iter_mut().enumerate() {
            *x -= (f * a[k] + g * b[k]) + (h * c[k] + i * d[k]);
        }
    }
    for (k, factor) in rest.iter().enumerate() {
        let other = &others[(factors.len() - rest.len() + k) * len..];
        row.iter_mut().zip(other).for_each(|(x, y)| *x -= factor * y);
    }
}

impl Lu {
    fn new(a: Matrix<'_>) -> Self {
        let n = a.rows;
        let mut lu = Lu { size: n, factors: a.data.to_vec(), swaps: vec![0; n], singular: None };
        // Some columns are eliminated first, then their rows are subtracted from the rest of the matrix together.
        for first in (0..n).step_by(TOGETHER) {
            let end = (first + TOGETHER).min(n);
            (first..end).for_each(|k| lu.eliminate(k, end));
            let (upper, lower) = lu.factors.split_at_mut(end * n);
            for k in first + 1..end {
                let (known, row) = upper.split_at_mut(k * n);
                let (factors, row) = row[..n].split_at_mut(end);
                subtract(row, &factors[first..k], &known[first * n + end..], n);
            }
            for row in lower.chunks_exact_mut(n) {
                let (factors, row) = row.split_at_mut(end);
                subtract(row, &factors[first..], &upper[first * n + end..], n);
            }
        }
        lu
    }

    /// Finds the pivot of column `k`, and eliminates below it in the columns up to `end`.
    fn eliminate(&mut self, k: usize, end: usize) {
        let n = self.size;
        let column = |i: usize| self.factors[i * n + k].abs();
        let pivot = (k + 1..n).fold(k, |best, i| if column(i) > column(best) { i } else { best });
        self.swaps[k] = pivot;
        if pivot != k {
            let (upper, lower) = pair(&mut self.factors, n, k, pivot);
            upper.swap_with_slice(lower);
        }
        let (done, rest) = self.factors.split_at_mut((k + 1) * n);
        let upper = &done[k * n + k..k * n + end];
        if upper[0] == 0.0 {
            self.singular.get_or_insert(k);
            return;
        }
        for row in rest.chunks_exact_mut(n) {
            let factor = row[k] / upper[0];
            row[k] = factor;
            row[k + 1..end].iter_mut().zip(&upper[1..]).for_each(|(x, y)| *x -= factor * y);
        }
    }

    fn determinant(&self) -> f64 {
        let sign = self.swaps.iter().enumerate().fold(1.0, |sign, (k, &pivot)| if pivot == k { sign } else { -sign });
        (0..self.size).fold(sign, |product, k| product * self.factors[k * self.size + k])
    }

    /// Replaces x, rows of length `len`, by the solution of the equations with these right sides.
    fn solve(&self, x: &mut [f64], len: usize) {
        let n = self.size;
        for (k, &pivot) in self.swaps.iter().enumerate().filter(|(k, pivot)| k != *pivot) {
            let (upper, lower) = pair(x, len, k, pivot);
            upper.swap_with_slice(lower);
        }
        for i in 1..n {
            let (known, row) = x.split_at_mut(i * len);
            subtract(&mut row[..len], &self.factors[i * n..][..i], known, len);
        }
        substitute_back(&self.factors, n, x, len);
    }

    /// Writes the inverse over `y`.
    fn inverse(&self, y: &mut [f64]) {
        let n = self.size;
        // Without the exchanges the lower factor's inverse is a triangle, too; they come last then, among the columns.
        unit(n, y);
        for i in 1..n {
            let (known, row) = y.split_at_mut(i * n);
            subtract(&mut row[..i], &self.factors[i * n..][..i], known, n);
        }
        substitute_back(&self.factors, n, y, n);
        for row in y.chunks_exact_mut(n.max(1)) {
            self.swaps.iter().enumerate().rev().for_each(|(k, &pivot)| row.swap(k, pivot));
        }
    }
}

/// Solves with the upper triangle of `a`.
fn substitute_back(a: &[f64], n: usize, x: &mut [f64], len: usize) {
    for i in (0..n).rev() {
        let (row, known) = x.split_at_mut((i + 1) * len);
        let row = &mut row[i * len..];
        subtract(row, &a[i * n + i + 1..(i + 1) * n], known, len);
        row.iter_mut().for_each(|x| *x /= a[i * n + i]);
    }
}

/// The factorisation of a large matrix, unless a pivot is 0.
fn large(a: Matrix<'_>) -> Result<PartialPivLu<f64>, Fault> {
    let lu = PartialPivLu::new(viewed(a));
    let upper = lu.U();
    match (0..a.rows).find(|&k| upper[(k, k)] == 0.0) {
        Some(k) => Err(Fault::singular(k)),
        None => Ok(lu),
    }
}

pub(super) fn inverse(a: Matrix<'_>, y: &mut [f64]) -> Result<(), Fault> {
    if a.rows >= LARGE {
        copied(large(a)?.inverse().as_ref(), y);
        return Ok(());
    }
    let lu = Lu::new(a);
    if let Some(pivot) = lu.singular {
        return Err(Fault::singular(pivot));
    }
    lu.inverse(y);
    Ok(())
}

pub(super) fn determinant(a: Matrix<'_>) -> f64 {
    if a.rows < LARGE {
        return Lu::new(a).determinant();
    }
    let lu = PartialPivLu::new(viewed(a));
    let upper = lu.U();
    (0..a.rows).fold(sign(lu.P().arrays().0), |product, k| product * upper[(k, k)])
}

/// Of a permutation: -1 to the power of the exchanges that it takes.
fn sign(permutation: &[usize]) -> f64 {
    let mut seen = vec![false; permutation.len()];
    let mut sign = 1.0;
    for start in 0..permutation.len() {
        // A cycle of n elements takes n - 1 exchanges.
        let mut at = start;
        while !std::mem::replace(&mut seen[at], true) {
            at = permutation[at];
            if at != start {
                sign = -sign;
            }
        }
    }
    sign
}

pub(super) fn solve(a: Matrix<'_>, b: Matrix<'_>, x: &mut [f64]) -> Result<(), Fault> {
    if a.rows >= LARGE {
        copied(large(a)?.solve(viewed(b)).as_ref(), x);
        return Ok(());
    }
    let lu = Lu::new(a);
    if let Some(pivot) = lu.singular {
        return Err(Fault::singular(pivot));
    }
    x.copy_from_slice(b.data);
    lu.solve(x, b.columns);
    Ok(())
}

pub(super) fn solve_triangular(a: Matrix<'_>, b: Matrix<'_>, lower: bool, x: &mut [f64]) -> Result<(), Fault> {
    let (n, len) = (a.rows, b.columns);
    if let Some(k) = (0..n).find(|k| a.data[k * n + k] == 0.0) {
        return Err(Fault::singular(k));
    }
    if n >= LARGE {
        let mut solution = viewed(b).to_owned();
        match lower {
            true => viewed(a).solve_lower_triangular_in_place(solution.as_mut()),
            false => viewed(a).solve_upper_triangular_in_place(solution.as_mut()),
        }
        copied(solution.as_ref(), x);
        return Ok(());
    }
    x.copy_from_slice(b.data);
    if !lower {
        substitute_back(a.data, n, x, len);
        return Ok(());
    }
    for i in 0..n {
        let (known, row) = x.split_at_mut(i * len);
        let row = &mut row[..len];
        subtract(row, &a.data[i * n..][..i], known, len);
        row.iter_mut().for_each(|x| *x /= a.data[i * n + i]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::testing::{assert_close, random};

    fn multiplied(a: &[f64], b: &[f64], n: usize, columns: usize) -> Vec<f64> {
        let entry = |i: usize, j: usize| (0..n).map(|k| a[i * n + k] * b[k * columns + j]).sum();
        (0..n * columns).map(|at| entry(at / columns, at % columns)).collect()
    }

    #[test]
    fn inverses_solutions_and_determinants_of_small_and_large_matrices() {
        for n in [0, 1, 2, 3, 5, 17, LARGE - 1, LARGE, LARGE + 13] {
            let data = random(n * n, 3);
            let a = Matrix { rows: n, columns: n, data: &data };
            let mut y = vec![0.0; n * n];
            assert!(inverse(a, &mut y).is_ok());
            let mut one = vec![0.0; n * n];
            unit(n, &mut one);
            assert_close(&multiplied(&data, &y, n, n), &one, 1e-9, "a times its inverse");
            let b = random(n * 3, 5);
            let mut x = vec![0.0; n * 3];
            assert!(solve(a, Matrix { rows: n, columns: 3, data: &b }, &mut x).is_ok());
            assert_close(&multiplied(&data, &x, n, 3), &b, 1e-9, "a times x");
            let product = determinant(a) * determinant(Matrix { rows: n, columns: n, data: &y });
            assert!((product - 1.0).abs() < 1e-9, "{n}: {product}");
            for lower in [false, true] {
                let triangle: Vec<f64> = (0..n * n)
                    .map(|at| match (at / n).cmp(&(at % n)) {
                        std::cmp::Ordering::Equal => 2.0,
                        order if (order == std::cmp::Ordering::Greater) == lower => data[at] / n as f64,
                        _ => 0.0,
                    })
                    .collect();
                // What stands in the other triangle is not read.
                let full: Vec<f64> = triangle.iter().map(|&x| if x == 0.0 { f64::NAN } else { x }).collect();
                let a = Matrix { rows: n, columns: n, data: &full };
                assert!(solve_triangular(a, Matrix { rows: n, columns: 3, data: &b }, lower, &mut x).is_ok());
                assert_close(&multiplied(&triangle, &x, n, 3), &b, 1e-9, "t times x");
            }
        }
    }

    #[test]
    fn determinants_have_their_sign() {
        for n in [2, 5, LARGE + 1] {
            // A cyclic permutation of the rows: n - 1 exchanges.
            let data: Vec<f64> = (0..n * n).map(|at| f64::from(at % n == (at / n + 1) % n)).collect();
            let want = if n % 2 == 0 { -1.0 } else { 1.0 };
            assert_eq!(determinant(Matrix { rows: n, columns: n, data: &data }), want, "{n}");
        }
    }

    #[test]
    fn singular_matrices_have_no_inverse() {
        for n in [1, 3, LARGE + 5] {
            let mut data = random(n * n, 7);
            data[..n].fill(0.0);
            let a = Matrix { rows: n, columns: n, data: &data };
            assert!(inverse(a, &mut vec![0.0; n * n]).is_err_and(|fault| fault.actual.contains("singular")));
            assert_eq!(determinant(a), 0.0);
            assert!(solve_triangular(a, a, true, &mut vec![0.0; n * n]).is_err());
        }
    }
}
