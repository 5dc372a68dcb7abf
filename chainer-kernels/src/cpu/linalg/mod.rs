//! Dense linear algebra over batches of matrices, in float64 whatever the dtype.
//!
//! The factorisations are those of `faer`; elimination of small matrices, of which there may be many, is our own (`lu`).

mod factor;
mod lu;

use std::sync::Mutex;

use super::strided::{self, Ptr};
use super::wrong_arity;
use crate::error::{Error, Loc, Result};
use crate::kernel::HostKernel;
use crate::view::View;

/// What is done with each matrix of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operation {
    /// a (n, n) → its inverse.
    Inverse,
    /// a (n, n) → its determinant ().
    Determinant,
    /// a (n, n) → the derivative of its determinant (n, n): the determinant times the transposed inverse, where that exists.
    Cofactors,
    /// a (n, n), b (n, k) → x (n, k) with a x = b.
    Solve,
    /// a (n, n), b (n, k) → x (n, k) with t x = b, where t is the lower or upper triangle of a.
    SolveTriangular {
        /// Which one.
        lower: bool,
    },
    /// a (n, n) → lower l (n, n) with a = l lᵀ; the lower triangle of a is read.
    Cholesky,
    /// a (m, n) → orthonormal q, upper triangular r.
    Qr,
    /// a (m, n) → orthonormal u, descending s (min(m, n)), vᵀ.
    Svd,
    /// a (n, n) → ascending eigenvalues (n), eigenvectors in columns (n, n); the lower triangle of a is read.
    Eigh,
}

/// An operation on all matrices of a batch, as a kernel. The shapes of the outputs say which form of it is meant.
#[derive(Debug)]
pub(crate) struct Linalg {
    /// The function's name, in errors.
    pub name: &'static str,
    /// What is done.
    pub operation: Operation,
    /// The user's line: whether a matrix has an inverse comes out only here.
    pub at: Loc,
}

/// A matrix in row-major order.
#[derive(Clone, Copy)]
struct Matrix<'a> {
    rows: usize,
    columns: usize,
    data: &'a [f64],
}

/// Why there is no result: what was expected, and what came.
struct Fault {
    expect: &'static str,
    actual: String,
}

impl Fault {
    fn singular(pivot: usize) -> Self {
        Fault { expect: "a regular matrix", actual: format!("a singular one (pivot {pivot} is 0)") }
    }
}

impl HostKernel for Linalg {
    fn name(&self) -> &str {
        self.name
    }

    fn execute(&self, inputs: &[View], outputs: &[View]) -> Result<()> {
        let Some(first) = inputs.first().filter(|a| a.shape.ndim() >= 2) else { return Err(wrong_arity("linalg")) };
        let lead = &first.shape[..first.shape.ndim() - 2];
        let batch: usize = lead.iter().product();
        if batch == 0 {
            return Ok(());
        }
        let operands: Vec<Operand> = inputs.iter().map(Operand::read).collect();
        let mut results: Vec<Vec<f64>> = outputs.iter().map(|y| vec![0.0; y.shape.size()]).collect();
        let places: Vec<(Ptr<f64>, usize)> =
            results.iter_mut().map(|y| (Ptr(y.as_mut_ptr()), y.len() / batch)).collect();
        let first_fault: Mutex<Option<(usize, Fault)>> = Mutex::new(None);
        strided::split(batch, grain(&operands), |range| {
            for i in range {
                let matrices: Vec<Matrix<'_>> = operands.iter().map(|operand| operand.matrix(i)).collect();
                let mut out: Vec<&mut [f64]> = places
                    .iter()
                    // SAFETY: the i-th part of each result, which this task alone writes.
                    .map(|(y, size)| unsafe { std::slice::from_raw_parts_mut(y.at((i * size) as isize), *size) })
                    .collect();
                if let Err(fault) = self.operation.run(&matrices, &mut out) {
                    let mut first = first_fault.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    // The same one whatever the number of threads.
                    if first.as_ref().is_none_or(|(j, _)| i < *j) {
                        *first = Some((i, fault));
                    }
                }
            }
        });
        if let Some((i, fault)) = first_fault.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()) {
            let place = if lead.is_empty() { String::new() } else { format!(", matrix {i} of {batch}") };
            return Err(Error::value(self.name, fault.expect, fault.actual + &place).at(self.at));
        }
        outputs.iter().zip(&results).try_for_each(|(y, values)| strided::write_doubles(y, values))
    }
}

/// An input, read.
struct Operand {
    rows: usize,
    columns: usize,
    data: Vec<f64>,
}

impl Operand {
    fn read(view: &View) -> Self {
        let [.., rows, columns] = view.shape[..] else {
            return Operand { rows: 1, columns: 1, data: strided::doubles(view) };
        };
        Operand { rows, columns, data: strided::doubles(view) }
    }

    fn matrix(&self, i: usize) -> Matrix<'_> {
        let size = self.rows * self.columns;
        Matrix { rows: self.rows, columns: self.columns, data: &self.data[i * size..(i + 1) * size] }
    }
}

/// How many matrices are worth a thread: each takes a nanosecond for each of its n³ steps, roughly.
fn grain(operands: &[Operand]) -> usize {
    let steps: usize = operands.iter().map(|a| a.rows * a.columns * a.rows.min(a.columns)).sum();
    20_000usize.div_ceil(steps.max(1))
}

impl Operation {
    fn run(self, inputs: &[Matrix<'_>], outputs: &mut [&mut [f64]]) -> std::result::Result<(), Fault> {
        match (self, inputs, outputs) {
            (Operation::Inverse, [a], [y]) => lu::inverse(*a, y),
            (Operation::Determinant, [a], [y]) => {
                y[0] = lu::determinant(*a);
                Ok(())
            }
            (Operation::Cofactors, [a], [y]) => factor::cofactors(*a, y),
            (Operation::Solve, [a, b], [x]) => lu::solve(*a, *b, x),
            (Operation::SolveTriangular { lower }, [a, b], [x]) => lu::solve_triangular(*a, *b, lower, x),
            (Operation::Cholesky, [a], [l]) => factor::cholesky(*a, l),
            (Operation::Qr, [a], [q, r]) => factor::qr(*a, q, r),
            (Operation::Svd, [a], [u, s, vt]) => factor::svd(*a, u, s, vt),
            (Operation::Eigh, [a], [w, v]) => factor::eigh(*a, w, v),
            _ => Err(Fault { expect: "the operation's inputs and outputs", actual: "other ones".to_owned() }),
        }
    }
}

/// Writes the unit matrix over rows of this length.
fn unit(rows: usize, y: &mut [f64]) {
    y.fill(0.0);
    (0..rows).for_each(|i| y[i * rows + i] = 1.0);
}
