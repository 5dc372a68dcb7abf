//! Connections.

use chainer::{Array, Dtype, Variable, functions as F};

use crate::{Refusal, Unchecked, failed, integers, of, x};

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    let t = |labels: &[i32]| Array::from(labels);
    vec![
        ("linear", F::linear(x(&[2, 3]), of(&[2, 3], Dtype::F64), None), &["x.dtype == W.dtype", "float32 != float64"]),
        ("embed_id", F::embed_id(x(&[2]), x(&[3, 2])), &["x.dtype.kind == i", "f != i"]),
        ("linear", F::linear(x(&[3]), x(&[2, 3]), None), &["x.ndim >= 2", "1 < 2"]),
        ("convolution_2d", F::convolution_2d(x(&[2, 3, 4]), x(&[1, 3, 2, 2]), None), &["x.ndim == 4", "3 != 4"]),
        ("linear", F::linear(x(&[2, 3]), x(&[5, 4]), None), &["x.shape[1] == W.shape[1]", "3 != 4"]),
        ("linear", F::linear(x(&[2, 3]), x(&[5, 3]), x(&[4])), &["b.shape[0] == W.shape[0]", "4 != 5"]),
        (
            "convolution_2d",
            F::convolution_2d(x(&[1, 3, 4, 4]), x(&[1, 2, 2, 2]), None),
            &["x.shape[1] == W.shape[1]", "3 != 2"],
        ),
        (
            "convolution_2d",
            F::convolution_2d(x(&[1, 3, 4, 4]), x(&[5, 3, 2, 2]), x(&[4])),
            &["b.shape[0] == W.shape[0]", "4 != 5"],
        ),
        ("convolution_2d", F::convolution_2d(x(&[1, 3, 2, 2]), x(&[5, 3, 3, 3]), None), &["window", "3", "2"]),
        (
            "convolution_2d",
            F::Convolution2D::new().stride(0).call(x(&[1, 3, 4, 4]), x(&[5, 3, 2, 2]), None),
            &["stride >= 1"],
        ),
        (
            "convolution_2d",
            F::Convolution2D::new().groups(2).call(x(&[1, 3, 4, 4]), x(&[4, 1, 2, 2]), None),
            &["groups", "3 != 2"],
        ),
        (
            "convolution_2d",
            F::Convolution2D::new().groups(usize::MAX).call(x(&[1, 3, 4, 4]), x(&[4, 2, 2, 2]), None),
            &["x.shape[1] == W.shape[1] * groups"],
        ),
        (
            "convolution_2d",
            F::Convolution2D::new().pad(usize::MAX).call(x(&[1, 3, 4, 4]), x(&[5, 3, 2, 2]), None),
            &["pad <= "],
        ),
        (
            "convolution_2d",
            F::Convolution2D::new().pad(1 << 31).call(x(&[1, 3, 4, 4]), x(&[5, 3, 2, 2]), None),
            &["fits into memory"],
        ),
        (
            "convolution_2d",
            F::Convolution2D::new().dilate(9).call(x(&[1, 3, 4, 4]), x(&[5, 3, 2, 2]), None),
            &["window 2 (dilate 9)"],
        ),
        (
            "convolution_2d",
            F::convolution_2d(x(&[1, 3, 4, 4]), x(&[5, 3, 2, 2]), x(&[5, 1])),
            &["b.ndim == 1", "2 != 1"],
        ),
        (
            "convolution_2d",
            F::convolution_2d(x(&[1, 3, 4, 4]), x(&[5, 3, 2, 2]), of(&[5], Dtype::F64)),
            &["b.dtype == W.dtype", "float64 != float32"],
        ),
        ("convolution_2d", F::convolution_2d(integers(&[1, 3, 4, 4]), x(&[5, 3, 2, 2]), None), &["x.dtype.kind == f"]),
        ("convolution_nd", F::convolution_nd(x(&[1, 3]), x(&[5, 3]), None), &["x.ndim == 3", "2 != 3"]),
        ("convolution_nd", F::convolution_nd(x(&[1, 3, 4]), x(&[5, 3, 2, 2]), None), &["W.ndim == 3", "4 != 3"]),
        (
            "convolution_nd",
            F::convolution_nd(x(&[1, 3, 4]), x(&[5, 2, 2]), None),
            &["x.shape[1] == W.shape[1]", "3 != 2"],
        ),
        (
            "convolution_nd",
            F::ConvolutionND::new().stride([1, 2]).call(x(&[1, 3, 4]), x(&[5, 3, 2]), None),
            &["stride.len() == 1", "2"],
        ),
        (
            "convolution_nd",
            F::ConvolutionND::new().dilate(0).call(x(&[1, 3, 4]), x(&[5, 3, 2]), None),
            &["dilate >= 1"],
        ),
        ("convolution_nd", F::convolution_nd(x(&[1, 3, 4]), x(&[5, 3, 5]), None), &["window 5", "size 4"]),
        (
            "convolution_nd",
            F::convolution_nd(x(&[1, 3, 4]), x(&[5, 3, 2]), x(&[3])),
            &["b.shape[0] == W.shape[0]", "3 != 5"],
        ),
        ("deconvolution_2d", F::deconvolution_2d(x(&[1, 3, 4]), x(&[3, 5, 2, 2]), None), &["x.ndim == 4", "3 != 4"]),
        (
            "deconvolution_2d",
            F::deconvolution_2d(x(&[1, 3, 4, 4]), x(&[5, 3, 2, 2]), None),
            &["x.shape[1] == W.shape[0]", "3 != 5"],
        ),
        (
            "deconvolution_2d",
            F::deconvolution_2d(x(&[1, 3, 4, 4]), x(&[3, 5, 2, 2]), x(&[3])),
            &["b.shape[0] == W.shape[1]", "3 != 5"],
        ),
        (
            "deconvolution_2d",
            F::Deconvolution2D::new().outsize((6, 5)).call(x(&[1, 3, 4, 4]), x(&[3, 5, 2, 2]), None),
            &["an output size whose convolution has size 4 on axis 2", "6 (convolved: 5)"],
        ),
        (
            // Only windows that reach beyond the end would give the size of x.
            "deconvolution_2d",
            F::Deconvolution2D::new().stride(2).outsize((7, 8)).call(x(&[1, 3, 4, 4]), x(&[3, 5, 2, 2]), None),
            &["an output size whose convolution has size 4 on axis 2", "7 (convolved: 3)"],
        ),
        (
            "deconvolution_2d",
            F::Deconvolution2D::new().pad(1).call(x(&[1, 3, 1, 1]), x(&[3, 5, 2, 2]), None),
            &["outsize[0] >= 1"],
        ),
        (
            "deconvolution_2d",
            F::Deconvolution2D::new().stride((1, 0)).call(x(&[1, 3, 4, 4]), x(&[3, 5, 2, 2]), None),
            &["stride >= 1"],
        ),
        (
            "deconvolution_2d",
            F::Deconvolution2D::new().groups(2).call(x(&[1, 3, 4, 4]), x(&[3, 5, 2, 2]), None),
            &["groups", "3"],
        ),
        ("deconvolution_2d", F::deconvolution_2d(x(&[1, 3, 4, 4]), x(&[3, 5, 2, 0]), None), &["W.shape[3] >= 1", "0"]),
        ("deconvolution_nd", F::deconvolution_nd(x(&[1, 3]), x(&[3, 5]), None), &["x.ndim == 3", "2 != 3"]),
        (
            "deconvolution_nd",
            F::DeconvolutionND::new().outsize(vec![5, 5]).call(x(&[1, 3, 4]), x(&[3, 5, 2]), None),
            &["1 output sizes", "[5, 5]"],
        ),
        (
            "deconvolution_nd",
            F::DeconvolutionND::new().pad([0, 0]).call(x(&[1, 3, 4]), x(&[3, 5, 2]), None),
            &["pad.len() == 1"],
        ),
        (
            "deconvolution_nd",
            F::DeconvolutionND::new().stride(1 << 31).call(x(&[1, 1, 1 << 20]), x(&[1, 1 << 20, 1]), None),
            &["fits into memory"],
        ),
        (
            "depthwise_convolution_2d",
            F::depthwise_convolution_2d(x(&[1, 3, 4, 4]), x(&[2, 4, 2, 2]), None),
            &["x.shape[1] == W.shape[1]", "3 != 4"],
        ),
        (
            "depthwise_convolution_2d",
            F::depthwise_convolution_2d(x(&[1, 3, 4, 4]), x(&[2, 3, 2, 2]), x(&[3])),
            &["b.shape[0] == W.shape[0] * W.shape[1]", "3 != 6"],
        ),
        (
            "depthwise_convolution_2d",
            F::depthwise_convolution_2d(x(&[3, 4, 4]), x(&[2, 3, 2, 2]), None),
            &["x.ndim == 4", "3 != 4"],
        ),
        (
            "depthwise_convolution_2d",
            F::depthwise_convolution_2d(x(&[1, 3, 1, 4]), x(&[2, 3, 2, 2]), None),
            &["window 2", "size 1"],
        ),
        (
            "dilated_convolution_2d",
            F::DilatedConvolution2D::new().dilate(4).call(x(&[1, 3, 4, 4]), x(&[5, 3, 2, 2]), None),
            &["window 2 (dilate 4)"],
        ),
        (
            "dilated_convolution_2d",
            F::dilated_convolution_2d(x(&[1, 3, 4, 4]), x(&[5, 2, 2, 2]), None),
            &["x.shape[1] == W.shape[1]", "3 != 2"],
        ),
        (
            "dilated_convolution_2d",
            F::dilated_convolution_2d(x(&[1, 3, 4, 4]), x(&[5, 3, 2, 2]), x(&[4])),
            &["b.shape[0] == W.shape[0]", "4 != 5"],
        ),
        (
            "bilinear",
            F::bilinear(x(&[2, 3]), x(&[4, 3]), x(&[3, 3, 2]), None, None, None),
            &["e1.shape[0] == e2.shape[0]", "2 != 4"],
        ),
        (
            "bilinear",
            F::bilinear(x(&[2, 3, 2]), x(&[2, 3]), x(&[3, 3, 2]), None, None, None),
            &["prod(e1.shape[1:]) == W.shape[0]", "6 != 3"],
        ),
        (
            "bilinear",
            F::bilinear(x(&[2, 3]), x(&[2, 4]), x(&[3, 4, 2]), x(&[3, 2]), None, x(&[2])),
            &["V1, V2 and b, or none of them", "V2 is not"],
        ),
        (
            "bilinear",
            F::bilinear(x(&[2, 3]), x(&[2, 4]), x(&[3, 4, 2]), x(&[3, 2]), x(&[3, 2]), x(&[2])),
            &["V2.shape[0] == W.shape[1]", "3 != 4"],
        ),
        (
            "bilinear",
            F::bilinear(x(&[2, 3]), x(&[2, 4]), x(&[3, 4, 2]), x(&[3, 2]), x(&[4, 2]), x(&[1])),
            &["b.shape[0] == W.shape[2]", "1 != 2"],
        ),
        ("bilinear", F::bilinear(x(&[2]), x(&[2, 4]), x(&[3, 4, 2]), None, None, None), &["e1.ndim >= 2", "1 < 2"]),
        (
            "bilinear",
            F::bilinear(x(&[2, 3]), x(&[2, 4]), of(&[3, 4, 2], Dtype::F64), None, None, None),
            &["e1.dtype == W.dtype", "float32 != float64"],
        ),
        (
            "scaled_dot_product_attention",
            F::scaled_dot_product_attention(integers(&[2, 3]), x(&[2, 3]), x(&[2, 3])),
            &["q.dtype.kind == f", "i != f"],
        ),
        (
            "scaled_dot_product_attention",
            F::scaled_dot_product_attention(x(&[2, 3]), x(&[4, 5]), x(&[4, 3])),
            &["q.shape[-1] == k.shape[-1]", "3 != 5"],
        ),
        (
            "scaled_dot_product_attention",
            F::scaled_dot_product_attention(x(&[2, 3]), x(&[4, 3]), x(&[5, 3])),
            &["k.shape[-2] == v.shape[-2]", "4 != 5"],
        ),
        (
            "scaled_dot_product_attention",
            F::scaled_dot_product_attention(x(&[2, 2, 3]), x(&[3, 4, 3]), x(&[2, 4, 3])),
            &["q.shape[0] == k.shape[0]", "2 != 3"],
        ),
        (
            "scaled_dot_product_attention",
            F::ScaledDotProductAttention::new().mask(Array::zeros([2, 3], Dtype::Bool)).call(
                x(&[2, 3]),
                x(&[4, 3]),
                x(&[4, 3]),
            ),
            &["mask.shape broadcasts", "(2, 4)", "(2, 3)"],
        ),
        (
            "scaled_dot_product_attention",
            F::ScaledDotProductAttention::new().mask(Array::zeros(4, Dtype::I32)).call(
                x(&[2, 3]),
                x(&[4, 3]),
                x(&[4, 3]),
            ),
            &["mask.dtype.kind == b or f"],
        ),
        ("convolution_nd", F::convolution_nd(integers(&[1, 3, 4]), x(&[5, 3, 2]), None), &["x.dtype.kind == f"]),
        ("convolution_nd", F::convolution_nd(x(&[1, 3, 4]), of(&[5, 3, 2], Dtype::F64), None), &["dtype", "float64"]),
        (
            "deconvolution_2d",
            F::deconvolution_2d(integers(&[1, 3, 4, 4]), x(&[3, 5, 2, 2]), None),
            &["x.dtype.kind == f", "i != f"],
        ),
        ("deconvolution_2d", F::deconvolution_2d(x(&[1, 3, 4, 4]), x(&[3, 5, 2]), None), &["W.ndim == 4", "3 != 4"]),
        ("deconvolution_nd", F::deconvolution_nd(integers(&[1, 3, 4]), x(&[3, 5, 2]), None), &["x.dtype.kind == f"]),
        (
            "deconvolution_nd",
            F::deconvolution_nd(x(&[1, 3, 4]), x(&[4, 5, 2]), None),
            &["x.shape[1] == W.shape[0]", "3 != 4"],
        ),
        (
            "depthwise_convolution_2d",
            F::depthwise_convolution_2d(integers(&[1, 3, 4, 4]), x(&[2, 3, 2, 2]), None),
            &["x.dtype.kind == f"],
        ),
        (
            "dilated_convolution_2d",
            F::dilated_convolution_2d(integers(&[1, 3, 4, 4]), x(&[5, 3, 2, 2]), None),
            &["x.dtype.kind == f"],
        ),
        (
            "dilated_convolution_2d",
            F::dilated_convolution_2d(x(&[3, 4, 4]), x(&[5, 3, 2, 2]), None),
            &["x.ndim == 4", "3 != 4"],
        ),
        (
            "scaled_dot_product_attention",
            F::scaled_dot_product_attention(x(&[3]), x(&[4, 3]), x(&[4, 3])),
            &["q.ndim >= 2", "1 < 2"],
        ),
        (
            "scaled_dot_product_attention",
            F::scaled_dot_product_attention(x(&[2, 3]), of(&[4, 3], Dtype::F64), x(&[4, 3])),
            &["q.dtype == k.dtype", "float64"],
        ),
        ("embed_id", F::embed_id(integers(&[2]), x(&[3])), &["W.ndim == 2", "1 != 2"]),
        ("embed_id", F::embed_id(integers(&[2]), integers(&[3, 2])), &["W.dtype.kind == f", "i != f"]),
        ("embed_id", F::embed_id(t(&[0, 4]), x(&[4, 2])), &["IndexOutOfBounds", "0 <= x < 4", "x[1] = 4"]),
        ("embed_id", F::embed_id(t(&[-1, 0]), x(&[4, 2])), &["x[0] = -1"]),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![
        F::linear(failed(), x(&[2, 3]), None),
        F::linear(x(&[2, 3]), x(&[2, 3]), failed()),
        F::convolution_2d(x(&[1, 1, 2, 2]), failed(), None),
        F::convolution_2d(x(&[1, 1, 2, 2]), x(&[1, 1, 2, 2]), failed()),
        F::embed_id(integers(&[2]), failed()),
        F::bilinear(failed(), x(&[2, 4]), x(&[3, 4, 2]), None, None, None),
        F::bilinear(x(&[2, 3]), x(&[2, 4]), x(&[3, 4, 2]), x(&[3, 2]), x(&[4, 2]), failed()),
        F::convolution_nd(failed(), x(&[1, 1, 2]), None),
        F::convolution_nd(x(&[1, 1, 2]), x(&[1, 1, 2]), failed()),
        F::deconvolution_2d(x(&[1, 1, 2, 2]), failed(), None),
        F::deconvolution_2d(x(&[1, 1, 2, 2]), x(&[1, 1, 2, 2]), failed()),
        F::deconvolution_nd(failed(), x(&[1, 1, 2]), None),
        F::deconvolution_nd(x(&[1, 1, 2]), x(&[1, 1, 2]), failed()),
        F::depthwise_convolution_2d(failed(), x(&[1, 1, 2, 2]), None),
        F::depthwise_convolution_2d(x(&[1, 1, 2, 2]), x(&[1, 1, 2, 2]), failed()),
        F::dilated_convolution_2d(x(&[1, 1, 2, 2]), failed(), None),
        F::scaled_dot_product_attention(x(&[2, 3]), x(&[2, 3]), failed()),
        F::ScaledDotProductAttention::new().mask(failed().into_data()).call(x(&[2, 3]), x(&[2, 3]), x(&[2, 3])),
    ]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![
        ("linear", Box::new(|| F::linear(x(&[]), x(&[2, 3]), None))),
        ("linear", Box::new(|| F::linear(x(&[2, 3]), x(&[3]), None))),
        ("linear", Box::new(|| F::linear(x(&[2, 3]), x(&[4, 2]), x(&[3])))),
        ("convolution_2d", Box::new(|| F::convolution_2d(x(&[2]), x(&[2]), None))),
        ("convolution_2d", Box::new(|| F::convolution_2d(x(&[1, 2, 3, 3]), x(&[1, 2, 2, 2]), x(&[3])))),
        ("convolution_2d", Box::new(|| F::convolution_2d(x(&[]), x(&[1, 2, 2, 2]), None))),
        ("convolution_nd", Box::new(|| F::convolution_nd(x(&[]), x(&[1, 2, 2]), None))),
        ("convolution_nd", Box::new(|| F::convolution_nd(x(&[1, 2, 3]), x(&[2]), None))),
        ("deconvolution_2d", Box::new(|| F::deconvolution_2d(x(&[2]), x(&[1, 2, 2, 2]), None))),
        ("deconvolution_2d", Box::new(|| F::deconvolution_2d(x(&[1, 3, 2, 2]), x(&[2, 2, 2, 2]), None))),
        ("deconvolution_nd", Box::new(|| F::deconvolution_nd(x(&[1, 2, 3]), x(&[2]), None))),
        ("deconvolution_nd", Box::new(|| F::deconvolution_nd(integers(&[1, 2, 3]), x(&[2, 1, 2]), None))),
        ("depthwise_convolution_2d", Box::new(|| F::depthwise_convolution_2d(x(&[2]), x(&[2]), None))),
        ("dilated_convolution_2d", Box::new(|| F::dilated_convolution_2d(x(&[2]), x(&[2]), None))),
        ("bilinear", Box::new(|| F::bilinear(x(&[2, 3]), x(&[2]), x(&[3, 3, 2]), None, None, None))),
        ("embed_id", Box::new(|| F::embed_id(x(&[2]), x(&[3, 2])))),
        ("embed_id", Box::new(|| F::embed_id(integers(&[2]), x(&[3])))),
        ("scaled_dot_product_attention", {
            Box::new(|| F::scaled_dot_product_attention(x(&[]), x(&[2, 3]), x(&[2, 3])))
        }),
        ("scaled_dot_product_attention", {
            Box::new(|| F::scaled_dot_product_attention(x(&[2, 3]), x(&[3]), x(&[2, 3])))
        }),
    ]
}
