//! Normalization.

use chainer::{Array, Dtype, functions as F};

use crate::{Empty, Huge, Row, row, rows, x};

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![
        row("batch_normalization", &[&[5, 3], &[3], &[3]], |xs| F::batch_normalization(&xs[0], &xs[1], &xs[2])),
        row("batch_normalization, images", &[&[2, 3, 2, 2], &[3], &[3]], |xs| {
            F::BatchNormalization::new().eps(0.1).call(&xs[0], &xs[1], &xs[2])
        }),
        // Of half precision, the statistics are float32.
        rows("batch_normalization, statistics", &[&[4, 2, 3], &[2, 3], &[2, 3]], |xs| {
            F::BatchNormalization::new().eps(0.1).call_with_statistics(&xs[0], &xs[1], &xs[2]).into()
        })
        .not_in_half(),
        row("fixed_batch_normalization", &[&[2, 3, 2], &[3], &[3], &[3], &[3]], |xs| {
            F::fixed_batch_normalization(&xs[0], &xs[1], &xs[2], &xs[3], xs[4].square() + 0.5)
        }),
        row("batch_normalization, running statistics", &[&[5, 3], &[3], &[3]], |xs| {
            let running = || Array::zeros(3, Dtype::F32);
            let function = F::BatchNormalization::new().running_mean(running()).running_var(running());
            function.call_with_running_statistics(&xs[0], &xs[1], &xs[2])[0].clone()
        }),
        row("group_normalization", &[&[2, 4], &[4], &[4]], |xs| {
            F::GroupNormalization::new(1).eps(0.1).call(&xs[0], &xs[1], &xs[2])
        }),
        row("group_normalization, images", &[&[2, 4, 3, 1], &[4], &[4]], |xs| {
            F::group_normalization(&xs[0], 2, &xs[1], &xs[2])
        }),
        row("instance_normalization", &[&[2, 2, 4], &[2], &[2]], |xs| {
            F::InstanceNormalization::new().eps(0.1).call(&xs[0], &xs[1], &xs[2])
        }),
        row("layer_normalization", &[&[3, 5], &[5], &[5]], |xs| F::layer_normalization(&xs[0], &xs[1], &xs[2])),
        row("layer_normalization, two axes", &[&[2, 3, 2], &[3, 2], &[3, 2]], |xs| {
            F::LayerNormalization::new().eps(0.1).call(&xs[0], &xs[1], &xs[2])
        }),
        row("layer_normalization of a vector", &[&[4], &[4], &[4]], |xs| {
            F::layer_normalization(&xs[0], &xs[1], &xs[2])
        }),
        row("local_response_normalization", &[&[2, 6, 2]], |xs| F::local_response_normalization(&xs[0])),
        row("local_response_normalization, settings", &[&[1, 4, 2, 2]], |xs| {
            F::LocalResponseNormalization::new().n(3).k(1.0).alpha(0.3).beta(0.5).call(&xs[0])
        }),
        row("local_response_normalization, even window", &[&[2, 5]], |xs| {
            F::LocalResponseNormalization::new().n(2).alpha(0.3).call(&xs[0])
        }),
        row("local_response_normalization, wide window", &[&[2, 3]], |xs| {
            F::LocalResponseNormalization::new().n(99).alpha(0.3).call(&xs[0])
        }),
        row("normalize", &[&[3, 4]], |xs| F::normalize(&xs[0])),
        row("normalize, eps", &[&[2, 3, 2]], |xs| F::Normalize::new().eps(0.5).call(&xs[0])),
        row("normalize, axis", &[&[4]], |xs| F::Normalize::new().axis(0).call(&xs[0])),
        row("normalize, axes", &[&[2, 3, 2]], |xs| F::Normalize::new().axis([0, -1]).call(&xs[0])),
        row("rms_norm", &[&[3, 5], &[5]], |xs| F::rms_norm(&xs[0], &xs[1])),
        row("rms_norm, two axes", &[&[2, 3, 2], &[3, 2]], |xs| F::RmsNorm::new().eps(0.1).call(&xs[0], &xs[1])),
    ]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![
        ("batch_normalization", |x| {
            let channel = |value: i64| Array::full(3, value, x.dtype());
            F::batch_normalization(x * 1e-3, channel(1), channel(0))
        }),
        ("local_response_normalization", |x| F::local_response_normalization(x)),
        ("normalize", |x| F::normalize(x)),
    ]
}

/// Empty batches.
pub fn empty() -> Vec<Empty> {
    vec![
        ("batch_normalization", F::batch_normalization(x(&[0, 3]), x(&[3]), x(&[3])), &[0, 3]),
        ("group_normalization", F::group_normalization(x(&[0, 4, 2]), 2, x(&[4]), x(&[4])), &[0, 4, 2]),
        ("group_normalization, no channels", F::group_normalization(x(&[2, 0]), 2, x(&[0]), x(&[0])), &[2, 0]),
        ("instance_normalization", F::instance_normalization(x(&[0, 2, 3]), x(&[2]), x(&[2])), &[0, 2, 3]),
        ("instance_normalization, no pixels", F::instance_normalization(x(&[2, 2, 0]), x(&[2]), x(&[2])), &[2, 2, 0]),
        ("layer_normalization", F::layer_normalization(x(&[0, 3]), x(&[3]), x(&[3])), &[0, 3]),
        ("layer_normalization, no units", F::layer_normalization(x(&[2, 0]), x(&[0]), x(&[0])), &[2, 0]),
        ("local_response_normalization", F::local_response_normalization(x(&[0, 3, 2])), &[0, 3, 2]),
        ("normalize", F::normalize(x(&[0, 3])), &[0, 3]),
        ("normalize, no elements", F::normalize(x(&[2, 0])), &[2, 0]),
        ("rms_norm", F::rms_norm(x(&[0, 3]), x(&[3])), &[0, 3]),
    ]
}
