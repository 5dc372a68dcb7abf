//! Pooling.

use chainer::{Array, Dtype, Variable, functions as F};

use crate::{Refusal, Unchecked, failed, integers, x};

fn roi(x: &[usize], rois: &[usize], out: usize, scale: f64) -> Variable {
    F::roi_pooling_2d(crate::x(x), crate::x(rois), out, out, scale)
}

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    vec![
        ("max_pooling_2d", F::max_pooling_2d(x(&[2, 3]), 2), &["x.ndim == 4", "2 != 4"]),
        ("average_pooling_2d", F::average_pooling_2d(x(&[2, 3]), 2), &["x.ndim == 4"]),
        ("max_pooling_2d", F::max_pooling_2d(x(&[1, 1, 4, 4]), 0), &["ksize"]),
        ("max_pooling_2d", F::max_pooling_2d(integers(&[1, 1, 4, 4]), 2), &["x.dtype.kind == f"]),
        ("max_pooling_2d", F::MaxPooling2D::new(5).cover_all(false).call(x(&[1, 1, 4, 4])), &["fits into x.shape[2]"]),
        ("max_pooling_2d", F::MaxPooling2D::new(2).pad(usize::MAX).call(x(&[1, 1, 4, 4])), &["pad <="]),
        ("max_pooling_2d", F::MaxPooling2D::new(1).pad(1 << 31).call(x(&[1, 1, 4, 4])), &["fits into memory"]),
        ("average_pooling_2d", F::AveragePooling2D::new(2).stride(usize::MAX).call(x(&[1, 1, 4, 4])), &["stride <="]),
        ("average_pooling_2d", F::average_pooling_2d(integers(&[1, 1, 4, 4]), 2), &["x.dtype.kind == f"]),
        ("average_pooling_2d", F::average_pooling_2d(x(&[1, 1, 4, 4]), 5), &["fits into x.shape[2]", "window 5"]),
        ("max_pooling_nd", F::max_pooling_nd(integers(&[1, 1, 4]), 2), &["x.dtype.kind == f"]),
        ("max_pooling_nd", F::max_pooling_nd(x(&[2, 3]), 2), &["x.ndim >= 3", "2 < 3"]),
        ("max_pooling_nd", F::max_pooling_nd(x(&[1, 1, 4, 4]), [2]), &["x.ndim == 3", "4 != 3"]),
        ("max_pooling_nd", F::MaxPoolingND::new(2).stride([1]).call(x(&[1, 1, 4, 4])), &["stride of 2 numbers", "[1]"]),
        ("max_pooling_nd", F::MaxPoolingND::new(2).stride(0).call(x(&[1, 1, 4])), &["stride", ">= 1"]),
        ("average_pooling_nd", F::average_pooling_nd(x(&[2, 3]), 2), &["x.ndim >= 3", "2 < 3"]),
        ("average_pooling_nd", F::average_pooling_nd(integers(&[1, 1, 4]), 2), &["x.dtype.kind == f"]),
        ("average_pooling_nd", F::average_pooling_nd(x(&[1, 1, 4]), 5), &["fits into x.shape[2]", "window 5"]),
        ("roi_pooling_2d", roi(&[2, 1, 4], &[1, 5], 2, 1.0), &["x.ndim == 4"]),
        ("roi_pooling_2d", roi(&[2, 1, 4, 4], &[5], 2, 1.0), &["rois.ndim == 2"]),
        ("roi_pooling_2d", roi(&[2, 1, 4, 4], &[1, 4], 2, 1.0), &["rois.shape[1] == 5", "4 != 5"]),
        ("roi_pooling_2d", roi(&[2, 1, 4, 4], &[1, 5], 0, 1.0), &["outh >= 1", "outh = 0"]),
        ("roi_pooling_2d", roi(&[2, 1, 4, 4], &[1, 5], 2, 0.0), &["spatial_scale > 0"]),
        ("roi_pooling_2d", roi(&[2, 1, 0, 4], &[1, 5], 2, 1.0), &["x.shape[2] >= 1"]),
        ("roi_pooling_2d", F::roi_pooling_2d(integers(&[1, 1, 2, 2]), x(&[1, 5]), 2, 2, 1.0), &["x.dtype.kind == f"]),
        ("spatial_pyramid_pooling_2d", F::spatial_pyramid_pooling_2d(x(&[2, 4]), 2), &["x.ndim == 4"]),
        (
            "spatial_pyramid_pooling_2d",
            F::spatial_pyramid_pooling_2d(x(&[1, 1, 4, 4]), 0),
            &["1 <= pyramid_height", "0"],
        ),
        ("spatial_pyramid_pooling_2d", F::spatial_pyramid_pooling_2d(x(&[1, 1, 4, 0]), 1), &["x.shape[3] >= 1"]),
        (
            "spatial_pyramid_pooling_2d",
            F::spatial_pyramid_pooling_2d(integers(&[1, 1, 4, 4]), 2),
            &["x.dtype.kind == f", "i != f"],
        ),
        ("unpooling_nd", F::unpooling_nd(integers(&[1, 1, 4]), 2), &["x.dtype.kind == f"]),
        ("upsampling_2d", F::upsampling_2d(x(&[1, 2, 2]), integers(&[1, 2, 2]), 2), &["x.ndim == 4", "3 != 4"]),
        (
            "upsampling_2d",
            F::upsampling_2d(integers(&[1, 1, 2, 2]), integers(&[1, 1, 2, 2]), 2),
            &["x.dtype.kind == f"],
        ),
        ("unpooling_2d", F::unpooling_2d(x(&[1, 2, 3]), 2), &["x.ndim == 4"]),
        ("unpooling_2d", F::unpooling_2d(integers(&[1, 1, 2, 3]), 2), &["x.dtype.kind == f"]),
        ("unpooling_2d", F::unpooling_2d(x(&[1, 1, 2, 3]), 0), &["ksize >= 1"]),
        (
            "unpooling_2d",
            F::Unpooling2D::new(2).outsize((4, 4)).call(x(&[1, 1, 2, 3])),
            &["x.shape[3] == get_conv_outsize(outsize[1]", "3 != 2"],
        ),
        ("unpooling_2d", F::Unpooling2D::new(2).stride(1 << 31).call(x(&[1, 1, 9, 9])), &["fits into memory"]),
        ("unpooling_nd", F::unpooling_nd(x(&[1, 2]), 2), &["x.ndim >= 3"]),
        (
            "unpooling_nd",
            F::UnpoolingND::new(2).outsize(vec![4, 4]).call(x(&[1, 1, 2])),
            &["len(outsize) == x.ndim - 2", "2 != 1"],
        ),
        ("unpooling_nd", F::UnpoolingND::new(2).pad([1, 1]).call(x(&[1, 1, 2])), &["len(pad) == x.ndim - 2", "2 != 1"]),
        (
            "unpooling_nd",
            F::UnpoolingND::new(2).outsize(vec![9]).call(x(&[1, 1, 2])),
            &["x.shape[2] == get_conv_outsize(outsize[0]"],
        ),
        (
            "upsampling_2d",
            F::upsampling_2d(x(&[1, 1, 2, 2]), integers(&[1, 1, 2, 1]), 2),
            &["x.shape == indexes.shape"],
        ),
        ("upsampling_2d", F::upsampling_2d(x(&[1, 1, 2, 2]), x(&[1, 1, 2, 2]), 2), &["indexes.dtype.kind == i"]),
        (
            "upsampling_2d",
            F::upsampling_2d(x(&[1, 1, 1, 1]), Array::full([1, 1, 1, 1], 4, Dtype::I32), 2),
            &["0 <= indexes < 4", "indexes[0, 0, 0, 0] = 4"],
        ),
        (
            "upsampling_2d",
            F::Upsampling2D::new(2).outsize((9, 9)).call(x(&[1, 1, 2, 2]), integers(&[1, 1, 2, 2])),
            &["get_conv_outsize"],
        ),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![
        F::max_pooling_2d(failed(), 2),
        F::MaxPooling2D::new(2).call_with_indexes(failed()).1,
        F::average_pooling_2d(failed(), 2),
        F::max_pooling_nd(failed(), 2),
        F::average_pooling_nd(failed(), [2, 2]),
        F::roi_pooling_2d(failed(), x(&[1, 5]), 1, 1, 1.0),
        F::roi_pooling_2d(x(&[1, 1, 2, 2]), failed(), 1, 1, 1.0),
        F::spatial_pyramid_pooling_2d(failed(), 2),
        F::unpooling_2d(failed(), 2),
        F::unpooling_nd(failed(), 2),
        F::upsampling_2d(failed(), integers(&[1, 1, 2, 2]), 2),
        F::upsampling_2d(x(&[1, 1, 2, 2]), failed(), 2),
    ]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![
        ("max_pooling_2d", Box::new(|| F::max_pooling_2d(x(&[]), 2))),
        ("average_pooling_2d", Box::new(|| F::average_pooling_2d(x(&[2]), 2))),
        ("max_pooling_nd", Box::new(|| F::max_pooling_nd(x(&[2]), 2))),
        ("average_pooling_nd", Box::new(|| F::average_pooling_nd(x(&[1, 1]), 2))),
        ("average_pooling_nd", Box::new(|| F::average_pooling_nd(x(&[1, 1, 4]), [2, 2]))),
        ("roi_pooling_2d", Box::new(|| roi(&[2], &[5], 2, 1.0))),
        ("spatial_pyramid_pooling_2d", Box::new(|| F::spatial_pyramid_pooling_2d(x(&[2]), 2))),
        ("unpooling_2d", Box::new(|| F::unpooling_2d(x(&[2]), 2))),
        ("unpooling_nd", Box::new(|| F::unpooling_nd(x(&[2]), 2))),
        ("upsampling_2d", Box::new(|| F::upsampling_2d(x(&[2]), integers(&[2]), 2))),
    ]
}
