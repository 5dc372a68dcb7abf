//! Losses.

use chainer::{Array, Dtype, Variable, functions as F};

use crate::{Refusal, Unchecked, failed, integers, of, x};

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    let t = |labels: &[i32]| Array::from(labels);
    vec![
        ("softmax_cross_entropy", F::softmax_cross_entropy(x(&[2, 3]), x(&[2])), &["t.dtype.kind == i", "f != i"]),
        ("sigmoid_cross_entropy", F::sigmoid_cross_entropy(x(&[2]), x(&[2])), &["t.dtype.kind == i"]),
        ("mean_squared_error", F::mean_squared_error(x(&[2]), x(&[3])), &["x0.shape == x1.shape", "(2,) != (3,)"]),
        ("mean_absolute_error", F::mean_absolute_error(x(&[2]), of(&[2], Dtype::F64)), &["x0.dtype == x1.dtype"]),
        (
            "softmax_cross_entropy",
            F::softmax_cross_entropy(x(&[2, 3]), integers(&[3])),
            &["x.shape[0] == t.shape[0]", "2 != 3"],
        ),
        (
            "softmax_cross_entropy",
            F::softmax_cross_entropy(x(&[2, 3, 4]), integers(&[2, 5])),
            &["x.shape[2] == t.shape[1]", "4 != 5"],
        ),
        ("softmax_cross_entropy", F::softmax_cross_entropy(x(&[2, 3]), integers(&[2, 3])), &["t.ndim == x.ndim - 1"]),
        (
            "softmax_cross_entropy",
            F::SoftmaxCrossEntropy::new().class_weight(Array::zeros(2, Dtype::F32)).call(x(&[2, 3]), integers(&[2])),
            &["class_weight.shape == (x.shape[1],)", "(2,) != (3,)"],
        ),
        ("sigmoid_cross_entropy", F::sigmoid_cross_entropy(x(&[2]), integers(&[3])), &["x.shape == t.shape"]),
        (
            "softmax_cross_entropy",
            F::softmax_cross_entropy(x(&[2, 3]), t(&[0, 3])),
            &["0 <= t < 3", "t[1] = 3", "ignore_label"],
        ),
        (
            "softmax_cross_entropy",
            F::SoftmaxCrossEntropy::new().ignore_label(5).call(x(&[2, 3]), t(&[5, -1])),
            &["t[1] = -1"],
        ),
        ("sigmoid_cross_entropy", F::sigmoid_cross_entropy(x(&[2]), t(&[0, 2])), &["0 <= t < 2", "t[1] = 2"]),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![
        F::mean_squared_error(failed(), x(&[2])),
        F::softmax_cross_entropy(failed(), integers(&[2])),
        F::softmax_cross_entropy(x(&[2, 2]), failed()),
        F::sigmoid_cross_entropy(failed(), integers(&[2])),
    ]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![]
}
