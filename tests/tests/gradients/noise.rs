//! Noise.

use chainer::functions as F;

use crate::{Empty, Huge, Row, row};

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![row("dropout", &[&[2, 3]], |xs| {
        chainer_kernels::random::seed(1);
        F::dropout(&xs[0], 0.5)
    })]
}

/// Empty batches.
pub fn empty() -> Vec<Empty> {
    vec![]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![]
}
