//! Pooling.

use chainer::functions as F;

use crate::{Empty, Huge, Row, row, x};

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![
        row("max_pooling_2d", &[&[2, 2, 5, 5]], |xs| F::max_pooling_2d(&xs[0], 2)),
        row("max_pooling_2d, settings", &[&[1, 2, 6, 5]], |xs| {
            F::MaxPooling2D::new((3, 2)).stride((2, 1)).pad((1, 0)).cover_all(false).call(&xs[0])
        }),
        row("average_pooling_2d", &[&[2, 2, 5, 4]], |xs| F::average_pooling_2d(&xs[0], 2)),
        row("average_pooling_2d, settings", &[&[1, 2, 6, 5]], |xs| {
            F::AveragePooling2D::new((3, 2)).stride((2, 1)).pad((1, 0)).call(&xs[0])
        }),
    ]
}

/// Empty batches.
pub fn empty() -> Vec<Empty> {
    vec![
        ("max_pooling_2d", F::max_pooling_2d(x(&[0, 2, 4, 4]), 2), &[0, 2, 2, 2]),
        ("average_pooling_2d", F::average_pooling_2d(x(&[0, 2, 4, 4]), 2), &[0, 2, 2, 2]),
    ]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![]
}
