//! Normalization.

use chainer::{Variable, functions as F};

use crate::{Refusal, Unchecked, failed, x};

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    vec![
        (
            "batch_normalization",
            F::batch_normalization(x(&[2, 3]), x(&[4]), x(&[4])),
            &["x.shape[1] == gamma.shape[0]", "3 != 4"],
        ),
        ("batch_normalization", F::batch_normalization(x(&[3]), x(&[3]), x(&[3])), &["x.ndim >= gamma.ndim + 1"]),
        (
            "fixed_batch_normalization",
            F::fixed_batch_normalization(x(&[2, 3]), x(&[3]), x(&[3]), x(&[3]), x(&[2])),
            &["x.shape[1] == var.shape[0]", "3 != 2"],
        ),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![
        F::batch_normalization(failed(), x(&[2]), x(&[2])),
        F::fixed_batch_normalization(x(&[2, 2]), x(&[2]), x(&[2]), x(&[2]), failed()),
    ]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![
        ("batch_normalization", Box::new(|| F::batch_normalization(x(&[]), x(&[2]), x(&[2])))),
        ("batch_normalization", Box::new(|| F::batch_normalization(x(&[2, 3]), x(&[4]), x(&[4])))),
    ]
}
