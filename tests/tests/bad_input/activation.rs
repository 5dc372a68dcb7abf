//! Activation functions.

use chainer::{Dtype, Variable, functions as F};

use crate::{Refusal, Unchecked, failed, integers, of, x};

fn slstm(c1: &[usize], c2: &[usize], x1: &[usize], x2: &[usize]) -> Variable {
    F::slstm(x(c1), x(c2), x(x1), x(x2)).0
}

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    vec![
        ("relu", F::relu(integers(&[2])), &["InvalidType", "x.dtype.kind == f", "i != f"]),
        ("elu", F::elu(integers(&[2])), &["x.dtype.kind == f"]),
        ("leaky_relu", F::leaky_relu(integers(&[2])), &["x.dtype.kind == f"]),
        ("sigmoid", F::sigmoid(integers(&[2])), &["x.dtype.kind == f"]),
        ("softplus", F::softplus(integers(&[2])), &["x.dtype.kind == f"]),
        ("tanh", F::tanh(integers(&[2])), &["x.dtype.kind == f"]),
        ("softmax", F::softmax(integers(&[2, 3])), &["x.dtype.kind == f"]),
        ("log_softmax", F::log_softmax(integers(&[2, 3])), &["x.dtype.kind == f"]),
        ("log_softmax", F::LogSoftmax::new().axis(-3).call(x(&[2, 3])), &["axis < x.ndim", "axis = -3"]),
        ("softmax", F::Softmax::new().axis(2).call(x(&[2, 3])), &["axis < x.ndim", "axis = 2"]),
        ("clipped_relu", F::clipped_relu(integers(&[2])), &["x.dtype.kind == f", "i != f"]),
        ("clipped_relu", F::ClippedRelu::new().z(0.0).call(x(&[2])), &["InvalidValue", "z > 0", "z = 0"]),
        ("clipped_relu", F::ClippedRelu::new().z(f64::NAN).call(x(&[2])), &["z > 0", "z = NaN"]),
        ("crelu", F::crelu(integers(&[2, 2])), &["x.dtype.kind == f"]),
        ("crelu", F::crelu(x(&[2])), &["-x.ndim <= axis < x.ndim", "axis = 1, x.ndim = 1"]),
        ("gelu", F::gelu(integers(&[2])), &["x.dtype.kind == f"]),
        ("hard_sigmoid", F::hard_sigmoid(integers(&[2])), &["x.dtype.kind == f"]),
        ("hard_tanh", F::hard_tanh(integers(&[2])), &["x.dtype.kind == f"]),
        ("hard_tanh", F::HardTanh::new().low(2.0).call(x(&[2])), &["low < high", "low = 2, high = 1"]),
        ("log_sigmoid", F::log_sigmoid(integers(&[2])), &["x.dtype.kind == f"]),
        ("maxout", F::maxout(integers(&[2, 4]), 2), &["x.dtype.kind == f"]),
        ("maxout", F::maxout(x(&[2, 4]), 3), &["x.shape[1] % pool_size == 0", "4 % 3 != 0"]),
        ("maxout", F::maxout(x(&[2, 4]), 0), &["InvalidValue", "pool_size >= 1", "pool_size = 0"]),
        ("maxout", F::Maxout::new(2).axis(-3).call(x(&[2, 4])), &["-x.ndim <= axis < x.ndim", "axis = -3"]),
        ("mish", F::mish(integers(&[2])), &["x.dtype.kind == f"]),
        ("prelu", F::prelu(integers(&[2, 3]), x(&[3])), &["x.dtype.kind == f"]),
        ("prelu", F::prelu(x(&[2, 3]), of(&[3], Dtype::F64)), &["x.dtype == W.dtype", "float32 != float64"]),
        ("prelu", F::prelu(x(&[2, 3]), x(&[4])), &["x.shape[1] == W.shape[0]", "3 != 4"]),
        ("prelu", F::prelu(x(&[3]), x(&[3])), &["x.ndim >= W.ndim + 1", "1 < 2"]),
        ("selu", F::selu(integers(&[2])), &["x.dtype.kind == f"]),
        ("silu", F::silu(integers(&[2])), &["x.dtype.kind == f"]),
        ("slstm", slstm(&[3], &[3], &[12], &[12]), &["c_prev1.ndim >= 2", "1 < 2"]),
        ("slstm", slstm(&[2, 3], &[2, 4], &[2, 12], &[2, 12]), &["c_prev1.shape == c_prev2.shape"]),
        ("slstm", slstm(&[2, 3], &[2, 3], &[2, 12], &[2, 11]), &["x2.shape[1] == 4 * c_prev1.shape[1]", "11 != 12"]),
        ("slstm", slstm(&[2, 3], &[2, 3], &[1, 12], &[2, 12]), &["x1.shape[0] == c_prev1.shape[0]", "1 != 2"]),
        ("slstm", slstm(&[2, 3], &[2, 3], &[2, 12, 1], &[2, 12]), &["x1.ndim == c_prev1.ndim", "3 != 2"]),
        (
            "slstm",
            F::slstm(x(&[2, 3]), of(&[2, 3], Dtype::F16), x(&[2, 12]), x(&[2, 12])).0,
            &["c_prev2.dtype", "float16"],
        ),
        ("swish", F::swish(integers(&[2, 3]), integers(&[3])), &["x.dtype.kind == f"]),
        ("swish", F::swish(x(&[2, 3]), of(&[3], Dtype::F64)), &["x.dtype == beta.dtype", "float64"]),
        ("swish", F::swish(x(&[3]), x(&[3])), &["x.ndim >= beta.ndim + 1", "1 < 2"]),
        ("swish", F::swish(x(&[2, 3]), x(&[2])), &["x.shape[1] == beta.shape[0]", "3 != 2"]),
        ("lstm", F::lstm(x(&[3]), x(&[12])).0, &["c_prev.ndim >= 2"]),
        ("lstm", F::lstm(integers(&[2, 3]), integers(&[2, 12])).0, &["c_prev.dtype.kind == f", "i != f"]),
        ("lstm", F::lstm(x(&[2, 3]), of(&[2, 12], Dtype::F64)).1, &["dtype", "float64"]),
        ("lstm", F::lstm(x(&[2, 3]), x(&[2, 11])).1, &["x.shape[1] == 4 * c_prev.shape[1]", "11 != 12"]),
        ("lstm", F::lstm(x(&[2, 3]), x(&[3, 12])).1, &["x.shape[0] == c_prev.shape[0]", "3 != 2"]),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![
        F::tanh(failed()),
        F::softmax(failed()),
        F::lstm(failed(), x(&[2, 8])).1,
        F::crelu(failed()),
        F::gelu(failed()),
        F::maxout(failed(), 2),
        F::prelu(x(&[2, 3]), failed()),
        F::slstm(x(&[2, 3]), failed(), x(&[2, 12]), x(&[2, 12])).1,
        F::swish(failed(), x(&[3])),
    ]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![
        ("softmax", Box::new(|| F::softmax(x(&[])))),
        ("log_softmax", Box::new(|| F::LogSoftmax::new().axis(5).call(x(&[2])))),
        ("clipped_relu", Box::new(|| F::ClippedRelu::new().z(-1.0).call(x(&[2])))),
        ("crelu", Box::new(|| F::crelu(x(&[])))),
        ("crelu", Box::new(|| F::Crelu::new().axis(-4).call(x(&[2, 3])))),
        ("hard_tanh", Box::new(|| F::HardTanh::new().high(-1.0).call(x(&[2])))),
        ("maxout", Box::new(|| F::maxout(x(&[]), 2))),
        ("maxout", Box::new(|| F::maxout(x(&[2, 3]), 2))),
        ("prelu", Box::new(|| F::prelu(x(&[]), x(&[2])))),
        ("prelu", Box::new(|| F::prelu(x(&[2, 3]), x(&[2])))),
        ("slstm", Box::new(|| slstm(&[], &[], &[], &[]))),
        ("slstm", Box::new(|| slstm(&[2, 3], &[2, 3], &[2, 12], &[2, 11]))),
        ("slstm", Box::new(|| slstm(&[2, 3], &[1, 3], &[2, 12], &[2, 12]))),
        ("swish", Box::new(|| F::swish(x(&[3]), x(&[2])))),
        ("lstm", Box::new(|| F::lstm(x(&[]), x(&[])).0)),
        ("lstm", Box::new(|| F::lstm(x(&[2, 3]), x(&[2, 11])).0)),
        ("lstm", Box::new(|| F::lstm(x(&[2, 3]), x(&[12])).0)),
    ]
}
