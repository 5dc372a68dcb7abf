//! Evaluation.

use chainer::{Variable, functions as F};

use crate::{Refusal, Unchecked, failed, integers, x};

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    vec![
        ("accuracy", F::accuracy(x(&[2, 3]), x(&[2])), &["t.dtype.kind == i"]),
        ("accuracy", F::accuracy(x(&[2, 3]), integers(&[3])), &["t.shape", "(3,) and (2, 3)"]),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![F::accuracy(failed(), integers(&[2]))]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![]
}
