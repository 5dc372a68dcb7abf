//! Connections.

use chainer::{Array, Dtype, functions as F};

use crate::{Empty, Huge, Row, row, x};

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![
        row("linear", &[&[3, 4], &[2, 4], &[2]], |xs| F::linear(&xs[0], &xs[1], &xs[2])),
        row("linear, no bias, more axes", &[&[3, 2, 2], &[2, 4]], |xs| F::linear(&xs[0], &xs[1], None)),
        row("convolution_2d", &[&[2, 3, 5, 4], &[2, 3, 2, 3], &[2]], |xs| F::convolution_2d(&xs[0], &xs[1], &xs[2])),
        row("convolution_2d, settings", &[&[1, 2, 5, 6], &[4, 1, 2, 2]], |xs| {
            let function = F::Convolution2D::new().stride((2, 1)).pad((1, 2)).dilate(2).groups(2);
            function.call(&xs[0], &xs[1], None)
        }),
        row("convolution_2d, cover_all", &[&[1, 2, 6, 6], &[2, 2, 3, 3]], |xs| {
            F::Convolution2D::new().stride(2).cover_all(true).call(&xs[0], &xs[1], None)
        }),
        row("embed_id", &[&[3, 2]], |xs| F::embed_id(Array::from([[2i32, 0], [2, 1]]), &xs[0])),
        row("embed_id, ignore_label", &[&[3, 2]], |xs| {
            F::EmbedId::new().ignore_label(-1).call(Array::from([2i64, -1, 0]), &xs[0])
        }),
    ]
}

/// Empty batches.
pub fn empty() -> Vec<Empty> {
    let no_labels = || Array::zeros(0, Dtype::I32);
    vec![
        ("linear", F::linear(x(&[0, 3]), x(&[2, 3]), x(&[2])), &[0, 2]),
        ("convolution_2d", F::convolution_2d(x(&[0, 2, 3, 3]), x(&[4, 2, 2, 2]), None), &[0, 4, 2, 2]),
        ("embed_id", F::embed_id(no_labels(), x(&[4, 3])), &[0, 3]),
    ]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![]
}
