//! Normalization.

use chainer::{Array, functions as F};

use crate::{Empty, Huge, Row, row, rows};

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![
        row("batch_normalization", &[&[5, 3], &[3], &[3]], |xs| F::batch_normalization(&xs[0], &xs[1], &xs[2]))
            .not_in_half(),
        row("batch_normalization, images", &[&[2, 3, 2, 2], &[3], &[3]], |xs| {
            F::BatchNormalization::new().eps(0.1).call(&xs[0], &xs[1], &xs[2])
        })
        .not_in_half(),
        rows("batch_normalization, statistics", &[&[4, 2, 3], &[2, 3], &[2, 3]], |xs| {
            F::BatchNormalization::new().eps(0.1).call_with_statistics(&xs[0], &xs[1], &xs[2]).into()
        })
        .not_in_half(),
        row("fixed_batch_normalization", &[&[2, 3, 2], &[3], &[3], &[3], &[3]], |xs| {
            F::fixed_batch_normalization(&xs[0], &xs[1], &xs[2], &xs[3], xs[4].square() + 0.5)
        }),
    ]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![("batch_normalization", |x| {
        let channel = |value: i64| Array::full(3, value, x.dtype());
        F::batch_normalization(x * 1e-3, channel(1), channel(0))
    })]
}

/// Empty batches.
pub fn empty() -> Vec<Empty> {
    vec![]
}
