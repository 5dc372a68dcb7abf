//! Connections.

use chainer::{Array, Dtype, functions as F};

use crate::{Empty, Huge, Row, row, x};

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![
        row("bilinear", &[&[3, 2], &[3, 4], &[2, 4, 2]], |xs| F::bilinear(&xs[0], &xs[1], &xs[2], None, None, None)),
        row("bilinear, linear terms", &[&[2, 3], &[2, 2, 1], &[3, 2, 2], &[3, 2], &[2, 2], &[2]], |xs| {
            F::bilinear(&xs[0], &xs[1], &xs[2], &xs[3], &xs[4], &xs[5])
        }),
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
        row("convolution_nd", &[&[2, 2, 5], &[3, 2, 3], &[3]], |xs| F::convolution_nd(&xs[0], &xs[1], &xs[2])),
        row("convolution_nd, settings", &[&[1, 4, 3, 4, 2], &[2, 2, 2, 2, 1]], |xs| {
            let function = F::ConvolutionND::new().stride([1, 2, 1]).pad([1, 0, 0]).dilate([2, 1, 1]).groups(2);
            function.call(&xs[0], &xs[1], None)
        }),
        row("convolution_nd, cover_all", &[&[1, 2, 6], &[2, 2, 3]], |xs| {
            F::ConvolutionND::new().stride(2).cover_all(true).call(&xs[0], &xs[1], None)
        }),
        row("deconvolution_2d", &[&[2, 3, 3, 2], &[3, 2, 2, 3], &[2]], |xs| {
            F::deconvolution_2d(&xs[0], &xs[1], &xs[2])
        }),
        row("deconvolution_2d, settings", &[&[1, 4, 2, 3], &[4, 1, 3, 2]], |xs| {
            let function = F::Deconvolution2D::new().stride((2, 1)).pad((1, 0)).dilate((1, 2)).groups(2);
            function.outsize((4, 5)).call(&xs[0], &xs[1], None)
        }),
        row("deconvolution_nd", &[&[2, 2, 3], &[2, 3, 2], &[3]], |xs| F::deconvolution_nd(&xs[0], &xs[1], &xs[2])),
        row("deconvolution_nd, settings", &[&[1, 2, 2, 2, 1], &[2, 1, 2, 1, 2]], |xs| {
            let function = F::DeconvolutionND::new().stride([2, 1, 1]).pad([0, 0, 1]).dilate([1, 1, 2]).groups(2);
            function.outsize(vec![5, 2, 1]).call(&xs[0], &xs[1], None)
        }),
        row("depthwise_convolution_2d", &[&[2, 3, 4, 3], &[2, 3, 2, 2], &[6]], |xs| {
            F::depthwise_convolution_2d(&xs[0], &xs[1], &xs[2])
        }),
        row("depthwise_convolution_2d, settings", &[&[1, 2, 4, 5], &[1, 2, 2, 3]], |xs| {
            F::DepthwiseConvolution2D::new().stride((1, 2)).pad((0, 1)).call(&xs[0], &xs[1], None)
        }),
        row("dilated_convolution_2d", &[&[1, 2, 5, 6], &[3, 2, 2, 2], &[3]], |xs| {
            F::DilatedConvolution2D::new().dilate((2, 3)).call(&xs[0], &xs[1], &xs[2])
        }),
        row("dilated_convolution_2d, settings", &[&[1, 1, 6, 6], &[2, 1, 2, 2]], |xs| {
            let function = F::DilatedConvolution2D::new().stride(3).pad((1, 0)).dilate(2).cover_all(true);
            function.call(&xs[0], &xs[1], None)
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
        ("bilinear", F::bilinear(x(&[0, 2]), x(&[0, 3]), x(&[2, 3, 4]), None, None, None), &[0, 4]),
        ("linear", F::linear(x(&[0, 3]), x(&[2, 3]), x(&[2])), &[0, 2]),
        ("convolution_2d", F::convolution_2d(x(&[0, 2, 3, 3]), x(&[4, 2, 2, 2]), None), &[0, 4, 2, 2]),
        ("convolution_nd", F::convolution_nd(x(&[0, 2, 3]), x(&[4, 2, 2]), x(&[4])), &[0, 4, 2]),
        ("deconvolution_2d", F::deconvolution_2d(x(&[0, 2, 3, 3]), x(&[2, 4, 2, 2]), None), &[0, 4, 4, 4]),
        ("deconvolution_nd", F::deconvolution_nd(x(&[0, 2, 3]), x(&[2, 4, 2]), x(&[4])), &[0, 4, 4]),
        (
            "depthwise_convolution_2d",
            F::depthwise_convolution_2d(x(&[0, 2, 3, 3]), x(&[4, 2, 2, 2]), None),
            &[0, 8, 2, 2],
        ),
        ("dilated_convolution_2d", F::dilated_convolution_2d(x(&[0, 2, 3, 3]), x(&[4, 2, 2, 2]), None), &[0, 4, 2, 2]),
        ("embed_id", F::embed_id(no_labels(), x(&[4, 3])), &[0, 3]),
    ]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![]
}
