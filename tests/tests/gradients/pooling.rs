//! Pooling.

use chainer::{Array, Dtype, functions as F};

use crate::{Empty, Huge, Row, cycled, row, sizes, x};

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![
        row("max_pooling_2d", &[&[2, 2, 5, 5]], |xs| F::max_pooling_2d(&xs[0], 2)),
        row("max_pooling_2d, settings", &[&[1, 2, 6, 5]], |xs| {
            F::MaxPooling2D::new((3, 2)).stride((2, 1)).pad((1, 0)).cover_all(false).call(&xs[0])
        }),
        row("max_pooling_nd", &[&[2, 2, 7]], |xs| F::max_pooling_nd(&xs[0], 2)),
        row("max_pooling_nd, settings", &[&[1, 2, 3, 4, 2]], |xs| {
            F::MaxPoolingND::new([2, 3, 2]).stride([1, 2, 1]).pad(1).cover_all(false).call(&xs[0])
        })
        .distinct(),
        row("average_pooling_2d", &[&[2, 2, 5, 4]], |xs| F::average_pooling_2d(&xs[0], 2)),
        row("average_pooling_2d, settings", &[&[1, 2, 6, 5]], |xs| {
            F::AveragePooling2D::new((3, 2)).stride((2, 1)).pad((1, 0)).call(&xs[0])
        }),
        row("average_pooling_nd", &[&[2, 2, 7]], |xs| F::average_pooling_nd(&xs[0], 2)),
        row("average_pooling_nd, settings", &[&[1, 2, 3, 4, 2]], |xs| {
            F::AveragePoolingND::new([2, 3, 2]).stride([1, 2, 1]).pad(1).call(&xs[0])
        }),
        row("roi_pooling_2d", &[&[2, 2, 4, 5]], |xs| {
            let rois =
                Array::from([[1.0f64, 0.0, 0.0, 4.0, 3.0], [0.0, 1.0, 1.0, 2.0, 5.0], [1.0, 9.0, 1.0, 9.0, 1.0]]);
            F::roi_pooling_2d(&xs[0], rois, 2, 3, 1.0)
        }),
        row("roi_pooling_2d, scale", &[&[1, 1, 4, 5]], |xs| {
            F::roi_pooling_2d(&xs[0], Array::from([[0i32, 1, 1, 7, 6]]), 3, 2, 0.5)
        })
        .distinct(),
        row("spatial_pyramid_pooling_2d", &[&[2, 2, 5, 3]], |xs| F::spatial_pyramid_pooling_2d(&xs[0], 2)),
        row("spatial_pyramid_pooling_2d, means", &[&[1, 2, 5, 6]], |xs| {
            F::SpatialPyramidPooling2D::new().pooling_class(F::PyramidPooling::Average).call(&xs[0], 2)
        }),
        row("unpooling_2d", &[&[2, 2, 2, 3]], |xs| F::unpooling_2d(&xs[0], 2)),
        row("unpooling_2d, settings", &[&[1, 2, 3, 2]], |xs| {
            F::Unpooling2D::new((3, 2)).stride((2, 1)).pad((1, 0)).cover_all(false).call(&xs[0])
        }),
        row("unpooling_2d, outsize", &[&[1, 1, 3, 2]], |xs| F::Unpooling2D::new(2).outsize((6, 4)).call(&xs[0])),
        row("unpooling_nd", &[&[2, 2, 3]], |xs| F::unpooling_nd(&xs[0], 3)),
        row("unpooling_nd, settings", &[&[1, 2, 2, 2, 3]], |xs| {
            F::UnpoolingND::new([2, 3, 2]).stride([1, 2, 1]).pad([0, 1, 0]).outsize(vec![3, 3, 4]).call(&xs[0])
        }),
        row("upsampling_2d", &[&[1, 2, 1, 2]], |xs| {
            F::upsampling_2d(&xs[0], cycled(&[0i32, 2, 0, 0], &sizes(&xs[0])), 2)
        }),
        row("upsampling_2d, overlapping windows", &[&[1, 1, 2, 2]], |xs| {
            let indexes = cycled(&[4i64, 3, 1, 0], &sizes(&xs[0]));
            F::Upsampling2D::new(3).stride(1).pad(1).outsize((2, 2)).cover_all(false).call(&xs[0], indexes)
        }),
    ]
}

/// Empty batches.
pub fn empty() -> Vec<Empty> {
    vec![
        ("max_pooling_2d", F::max_pooling_2d(x(&[0, 2, 4, 4]), 2), &[0, 2, 2, 2]),
        ("average_pooling_2d", F::average_pooling_2d(x(&[0, 2, 4, 4]), 2), &[0, 2, 2, 2]),
        ("max_pooling_nd", F::max_pooling_nd(x(&[0, 2, 4]), 2), &[0, 2, 2]),
        ("average_pooling_nd", F::average_pooling_nd(x(&[0, 2, 4]), 2), &[0, 2, 2]),
        ("roi_pooling_2d", F::roi_pooling_2d(x(&[1, 2, 4, 4]), x(&[0, 5]), 2, 2, 1.0), &[0, 2, 2, 2]),
        ("roi_pooling_2d", F::roi_pooling_2d(x(&[1, 0, 4, 4]), x(&[1, 5]), 2, 2, 1.0), &[1, 0, 2, 2]),
        ("spatial_pyramid_pooling_2d", F::spatial_pyramid_pooling_2d(x(&[0, 2, 4, 4]), 2), &[0, 10, 1, 1]),
        ("unpooling_2d", F::unpooling_2d(x(&[0, 2, 2, 2]), 2), &[0, 2, 3, 3]),
        ("unpooling_nd", F::unpooling_nd(x(&[0, 2, 2]), 2), &[0, 2, 3]),
        ("unpooling_2d of nothing", F::unpooling_2d(x(&[2, 2, 0, 3]), 2), &[2, 2, 0, 5]),
        ("unpooling_nd of nothing", F::UnpoolingND::new(3).stride(1).cover_all(false).call(x(&[2, 1, 0])), &[2, 1, 2]),
        ("upsampling_2d", F::upsampling_2d(x(&[0, 1, 2, 2]), Array::zeros([0, 1, 2, 2], Dtype::I32), 2), &[0, 1, 3, 3]),
    ]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![]
}
