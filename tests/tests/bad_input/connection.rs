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
    ]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![
        ("linear", Box::new(|| F::linear(x(&[]), x(&[2, 3]), None))),
        ("linear", Box::new(|| F::linear(x(&[2, 3]), x(&[3]), None))),
        ("linear", Box::new(|| F::linear(x(&[2, 3]), x(&[4, 2]), x(&[3])))),
        ("convolution_2d", Box::new(|| F::convolution_2d(x(&[2]), x(&[2]), None))),
    ]
}
