//! Activation functions.

use chainer::{Variable, functions as F};

use crate::{Refusal, Unchecked, failed, integers, x};

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    vec![
        ("relu", F::relu(integers(&[2])), &["InvalidType", "x.dtype.kind == f", "i != f"]),
        ("elu", F::elu(integers(&[2])), &["x.dtype.kind == f"]),
        ("leaky_relu", F::leaky_relu(integers(&[2])), &["x.dtype.kind == f"]),
        ("sigmoid", F::sigmoid(integers(&[2])), &["x.dtype.kind == f"]),
        ("softplus", F::softplus(integers(&[2])), &["x.dtype.kind == f"]),
        ("softmax", F::Softmax::new().axis(2).call(x(&[2, 3])), &["axis < x.ndim", "axis = 2"]),
        ("lstm", F::lstm(x(&[3]), x(&[12])).0, &["c_prev.ndim >= 2"]),
        ("lstm", F::lstm(x(&[2, 3]), x(&[2, 11])).1, &["x.shape[1] == 4 * c_prev.shape[1]", "11 != 12"]),
        ("lstm", F::lstm(x(&[2, 3]), x(&[3, 12])).1, &["x.shape[0] == c_prev.shape[0]", "3 != 2"]),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![F::tanh(failed()), F::softmax(failed()), F::lstm(failed(), x(&[2, 8])).1]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![
        ("softmax", Box::new(|| F::softmax(x(&[])))),
        ("log_softmax", Box::new(|| F::LogSoftmax::new().axis(5).call(x(&[2])))),
        ("lstm", Box::new(|| F::lstm(x(&[]), x(&[])).0)),
        ("lstm", Box::new(|| F::lstm(x(&[2, 3]), x(&[2, 11])).0)),
        ("lstm", Box::new(|| F::lstm(x(&[2, 3]), x(&[12])).0)),
    ]
}
