//! Noise.

use chainer::{Array, Dtype, Variable, functions as F};

use crate::{Refusal, Unchecked, failed, x};

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    vec![
        ("dropout", F::dropout(x(&[2]), 1.0), &["0 <= ratio < 1", "ratio = 1"]),
        ("dropout", F::dropout(x(&[2]), f64::NAN), &["0 <= ratio < 1", "NaN"]),
        ("dropout", F::Dropout::new(0.5).mask(Array::zeros(3, Dtype::F32)).call(x(&[2])), &["mask.shape == x.shape"]),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![F::dropout(failed(), 0.5)]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![]
}
