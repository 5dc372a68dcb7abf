//! Losses.

use chainer::{Array, Dtype, functions as F};

use crate::{Empty, Huge, Row, row, x};

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    let labels = || Array::from([2i32, 0, 1]);
    let wide_labels = || Array::from([[0i64, 2, 1, -1], [1, 1, 2, 0]]);
    vec![
        row("mean_squared_error", &[&[2, 3], &[2, 3]], |xs| F::mean_squared_error(&xs[0], &xs[1])),
        row("mean_absolute_error", &[&[2, 3], &[2, 3]], |xs| F::mean_absolute_error(&xs[0], &xs[1])),
        row("softmax_cross_entropy", &[&[3, 4]], move |xs| F::softmax_cross_entropy(&xs[0], labels())),
        row("softmax_cross_entropy, more axes", &[&[2, 3, 4]], move |xs| {
            F::SoftmaxCrossEntropy::new().normalize(false).call(&xs[0], wide_labels())
        }),
        row("softmax_cross_entropy, weights", &[&[2, 3, 4]], move |xs| {
            let weight = Array::from([0.5f64, 2.0, 1.5]);
            let function = F::SoftmaxCrossEntropy::new().class_weight(weight).reduce(F::Reduction::No);
            function.call(&xs[0], wide_labels())
        }),
        row("softmax_cross_entropy, no cache", &[&[3, 4]], move |xs| {
            let function = F::SoftmaxCrossEntropy::new().cache_score(false).ignore_label(1).reduce(F::Reduction::Sum);
            function.call(&xs[0], labels())
        }),
        row("sigmoid_cross_entropy", &[&[2, 3]], |xs| {
            F::sigmoid_cross_entropy(&xs[0], Array::from([[1i32, 0, -1], [0, 1, 1]]))
        }),
        row("sigmoid_cross_entropy, settings", &[&[2, 3]], |xs| {
            let t = Array::from([[1i8, 0, -1], [0, 1, 1]]);
            F::SigmoidCrossEntropy::new().normalize(false).reduce(F::Reduction::No).call(&xs[0], t)
        }),
    ]
}

/// Empty batches.
pub fn empty() -> Vec<Empty> {
    let no_labels = || Array::zeros(0, Dtype::I32);
    vec![("softmax_cross_entropy", F::softmax_cross_entropy(x(&[0, 3]), no_labels()), &[])]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![
        ("softmax_cross_entropy", |x| F::softmax_cross_entropy(x, Array::from([0i32, 1]))),
        ("sigmoid_cross_entropy", |x| F::sigmoid_cross_entropy(x, Array::from([[0i32, 1, 0], [1, 0, 1]]))),
    ]
}
