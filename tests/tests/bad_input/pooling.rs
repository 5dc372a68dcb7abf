//! Pooling.

use chainer::{Variable, functions as F};

use crate::{Refusal, Unchecked, failed, x};

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    vec![
        ("max_pooling_2d", F::max_pooling_2d(x(&[2, 3]), 2), &["x.ndim == 4", "2 != 4"]),
        ("average_pooling_2d", F::average_pooling_2d(x(&[2, 3]), 2), &["x.ndim == 4"]),
        ("max_pooling_2d", F::max_pooling_2d(x(&[1, 1, 4, 4]), 0), &["ksize"]),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![F::max_pooling_2d(failed(), 2), F::average_pooling_2d(failed(), 2)]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![
        ("max_pooling_2d", Box::new(|| F::max_pooling_2d(x(&[]), 2))),
        ("average_pooling_2d", Box::new(|| F::average_pooling_2d(x(&[2]), 2))),
    ]
}
