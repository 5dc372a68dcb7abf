//! Normalization.

use chainer::{Array, Dtype, Variable, functions as F};

use crate::{Refusal, Unchecked, failed, integers, of, x};

/// Batch normalization with running statistics of these shapes.
fn running(mean: &[usize], var: Option<&[usize]>) -> F::BatchNormalization {
    let array = |shape: &[usize]| Array::zeros(shape, Dtype::F32);
    F::BatchNormalization::new().running_mean(array(mean)).running_var(var.map(array))
}

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    vec![
        (
            "batch_normalization",
            F::batch_normalization(x(&[2, 3]), x(&[4]), x(&[4])),
            &["x.shape[1] == gamma.shape[0]", "3 != 4"],
        ),
        ("batch_normalization", F::batch_normalization(x(&[3]), x(&[3]), x(&[3])), &["x.ndim >= gamma.ndim + 1"]),
        (
            "batch_normalization",
            running(&[3], None).call(x(&[2, 3]), x(&[3]), x(&[3])),
            &["InvalidValue", "both", "running_mean without running_var"],
        ),
        (
            "batch_normalization",
            running(&[3], Some(&[2])).call(x(&[2, 3]), x(&[3]), x(&[3])),
            &["running_var.shape == gamma.shape", "(2,) != (3,)"],
        ),
        (
            "batch_normalization",
            F::BatchNormalization::new().call_with_running_statistics(x(&[2, 3]), x(&[3]), x(&[3]))[1].clone(),
            &["running_mean and running_var are given", "None"],
        ),
        (
            "group_normalization",
            F::group_normalization(x(&[2, 4]), 3, x(&[4]), x(&[4])),
            &["x.shape[1] % groups == 0", "4 % 3 != 0"],
        ),
        (
            "group_normalization",
            F::group_normalization(x(&[2, 4]), 0, x(&[4]), x(&[4])),
            &["InvalidValue", "groups >= 1", "groups = 0"],
        ),
        (
            "group_normalization",
            F::group_normalization(x(&[2, 4]), 2, x(&[2]), x(&[4])),
            &["x.shape[1] == gamma.shape[0]", "4 != 2"],
        ),
        ("instance_normalization", F::instance_normalization(x(&[2, 4]), x(&[4]), x(&[4])), &["x.ndim >= 3", "2 < 3"]),
        (
            "instance_normalization",
            F::instance_normalization(x(&[2, 4, 3]), x(&[4]), x(&[2, 2])),
            &["beta.ndim == 1", "2 != 1"],
        ),
        (
            "layer_normalization",
            F::layer_normalization(x(&[2, 3]), x(&[2]), x(&[2])),
            &["x.shape[1] == gamma.shape[0]", "3 != 2"],
        ),
        (
            "layer_normalization",
            F::layer_normalization(x(&[3]), x(&[2, 3]), x(&[3])),
            &["x.ndim >= gamma.ndim", "1 < 2"],
        ),
        ("layer_normalization", F::layer_normalization(x(&[2, 3]), x(&[]), x(&[])), &["gamma.ndim >= 1", "0 < 1"]),
        (
            "layer_normalization",
            F::layer_normalization(x(&[2, 2, 3]), x(&[2, 3]), x(&[3])),
            &["gamma.shape == beta.shape", "(2, 3) != (3,)"],
        ),
        ("local_response_normalization", F::local_response_normalization(x(&[3])), &["x.ndim >= 2", "1 < 2"]),
        ("normalize", F::normalize(integers(&[2, 3])), &["x.dtype.kind == f", "i != f"]),
        ("normalize", F::normalize(x(&[3])), &["axis"]),
        ("normalize", F::Normalize::new().axis([0, -2]).call(x(&[2, 3])), &["axes of x, each once"]),
        ("rms_norm", F::rms_norm(x(&[2, 3]), of(&[3], Dtype::F64)), &["x.dtype == gamma.dtype", "float64"]),
        (
            "batch_normalization",
            F::batch_normalization(integers(&[2, 3]), x(&[3]), x(&[3])),
            &["x.dtype.kind == f", "i != f"],
        ),
        (
            "batch_normalization",
            F::batch_normalization(x(&[2, 3]), x(&[3]), of(&[3], Dtype::F64)),
            &["x.dtype == beta.dtype", "float64"],
        ),
        (
            "group_normalization",
            F::group_normalization(integers(&[2, 4]), 2, x(&[4]), x(&[4])),
            &["x.dtype.kind == f", "i != f"],
        ),
        ("group_normalization", F::group_normalization(x(&[4]), 2, x(&[4]), x(&[4])), &["x.ndim >=", "1 < 2"]),
        (
            "instance_normalization",
            F::instance_normalization(integers(&[2, 4, 3]), x(&[4]), x(&[4])),
            &["x.dtype.kind == f", "i != f"],
        ),
        (
            "instance_normalization",
            F::instance_normalization(x(&[2, 4, 3]), x(&[3]), x(&[3])),
            &["x.shape[1] == gamma.shape[0]", "4 != 3"],
        ),
        (
            "layer_normalization",
            F::layer_normalization(integers(&[2, 3]), x(&[3]), x(&[3])),
            &["x.dtype.kind == f", "i != f"],
        ),
        ("local_response_normalization", F::local_response_normalization(integers(&[2, 3])), &["x.dtype.kind == f"]),
        ("rms_norm", F::rms_norm(integers(&[2, 3]), x(&[3])), &["x.dtype.kind == f"]),
        ("rms_norm", F::rms_norm(x(&[2, 3]), x(&[2])), &["x.shape[1] == gamma.shape[0]", "3 != 2"]),
        ("rms_norm", F::rms_norm(x(&[3]), x(&[2, 3])), &["x.ndim >= gamma.ndim", "1 < 2"]),
        (
            "fixed_batch_normalization",
            F::fixed_batch_normalization(integers(&[2, 3]), x(&[3]), x(&[3]), x(&[3]), x(&[3])),
            &["x.dtype.kind == f", "i != f"],
        ),
        (
            "fixed_batch_normalization",
            F::fixed_batch_normalization(x(&[3]), x(&[3]), x(&[3]), x(&[3]), x(&[3])),
            &["x.ndim >= gamma.ndim + 1"],
        ),
        (
            "fixed_batch_normalization",
            F::fixed_batch_normalization(x(&[2, 3]), x(&[3]), x(&[3]), x(&[3]), x(&[2])),
            &["x.shape[1] == var.shape[0]", "3 != 2"],
        ),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![
        F::batch_normalization(failed(), x(&[2]), x(&[2])),
        F::fixed_batch_normalization(x(&[2, 2]), x(&[2]), x(&[2]), x(&[2]), failed()),
        running(&[2], Some(&[2])).call_with_running_statistics(failed(), x(&[2]), x(&[2]))[2].clone(),
        F::group_normalization(x(&[2, 2]), 1, failed(), x(&[2])),
        F::instance_normalization(failed(), x(&[2]), x(&[2])),
        F::layer_normalization(x(&[2, 2]), x(&[2]), failed()),
        F::local_response_normalization(failed()),
        F::normalize(failed()),
        F::rms_norm(x(&[2, 2]), failed()),
    ]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![
        ("batch_normalization", Box::new(|| F::batch_normalization(x(&[]), x(&[2]), x(&[2])))),
        ("batch_normalization", Box::new(|| F::batch_normalization(x(&[2, 3]), x(&[4]), x(&[4])))),
        ("batch_normalization", Box::new(|| running(&[2], Some(&[3])).call(x(&[2, 3]), x(&[3]), x(&[3])))),
        ("group_normalization", Box::new(|| F::group_normalization(x(&[]), 2, x(&[4]), x(&[4])))),
        ("instance_normalization", Box::new(|| F::instance_normalization(x(&[2]), x(&[4]), x(&[4])))),
        ("layer_normalization", Box::new(|| F::layer_normalization(x(&[]), x(&[4]), x(&[4])))),
        ("local_response_normalization", Box::new(|| F::local_response_normalization(x(&[])))),
        ("normalize", Box::new(|| F::normalize(x(&[])))),
        ("rms_norm", Box::new(|| F::rms_norm(x(&[2, 3]), x(&[2])))),
    ]
}
