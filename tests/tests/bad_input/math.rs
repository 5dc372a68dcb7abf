//! Mathematics.

use chainer::{Variable, functions as F};

use crate::{Refusal, Unchecked, failed, integers, x};

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    vec![
        ("exp", F::exp(integers(&[2])), &["x.dtype.kind == f"]),
        ("matmul", F::matmul(x(&[]), x(&[2])), &["a.ndim >= 1", "0 and 1"]),
        ("sum", F::sum(x(&[2, 3]), 2, false), &["axis < 2", "axis = 2"]),
        ("max", F::max(x(&[2, 3]), [0, 0], false), &["named twice"]),
        ("max", F::max(x(&[0, 3]), 0, false), &["no elements", "(0, 3)"]),
        ("matmul", F::matmul(x(&[2, 3]), x(&[4, 5])), &["a.shape[-1] == b.shape[-2]", "3 != 4"]),
        ("matmul", F::matmul(x(&[2, 2, 3]), x(&[3, 3, 5])), &["broadcast", "(2, 2, 3) and (3, 3, 5)"]),
        ("average", F::average(x(&[2, 3]), 1, x(&[2]), false), &["weights.shape", "(2,)"]),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![
        F::sum(failed(), None, false),
        F::average(x(&[2]), None, failed(), false),
        F::max(failed(), None, false),
        F::argmax(failed(), None),
        F::logsumexp(failed(), None),
        F::matmul(x(&[2, 2]), failed()),
    ]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![("matmul", Box::new(|| F::matmul(x(&[2, 3]), x(&[2, 3]))))]
}
