//! Noise.

use chainer::{Array, Dtype, Variable, functions as F};

use crate::{Refusal, Unchecked, failed, integers, of, x};

fn zeros(shape: &[usize], dtype: Dtype) -> Array {
    Array::zeros(shape, dtype)
}

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    let masked = |shape: &[usize]| F::SimplifiedDropconnect::new().mask(zeros(shape, Dtype::Bool));
    vec![
        ("dropout", F::dropout(x(&[2]), 1.0), &["0 <= ratio < 1", "ratio = 1"]),
        ("dropout", F::dropout(x(&[2]), f64::NAN), &["0 <= ratio < 1", "NaN"]),
        ("dropout", F::Dropout::new(0.5).mask(zeros(&[3], Dtype::F32)).call(x(&[2])), &["mask.shape == x.shape"]),
        ("gaussian", F::gaussian(integers(&[2]), integers(&[2])), &["mean.dtype.kind == f", "i != f"]),
        ("gaussian", F::gaussian(x(&[2]), x(&[3])), &["mean.shape == ln_var.shape", "(2,) != (3,)"]),
        ("gaussian", F::gaussian(x(&[2]), of(&[2], Dtype::F64)), &["mean.dtype == ln_var.dtype", "float64"]),
        (
            "gaussian",
            F::Gaussian::new().eps(zeros(&[3], Dtype::F32)).call(x(&[2]), x(&[2])),
            &["mean.shape == eps.shape", "(2,) != (3,)"],
        ),
        (
            "simplified_dropconnect",
            F::simplified_dropconnect(x(&[2, 3]), x(&[4, 2]), None),
            &["prod(x.shape[1:]) == W.shape[1]", "3 != 2"],
        ),
        ("simplified_dropconnect", F::simplified_dropconnect(x(&[3]), x(&[4, 2]), None), &["x.ndim >= 2", "1 < 2"]),
        (
            "simplified_dropconnect",
            F::simplified_dropconnect(x(&[2, 3]), x(&[4, 3]), x(&[3])),
            &["b.shape[0] == W.shape[0]", "3 != 4"],
        ),
        (
            "simplified_dropconnect",
            F::SimplifiedDropconnect::new().ratio(-0.1).call(x(&[2, 3]), x(&[4, 3]), None),
            &["InvalidValue", "0 <= ratio < 1", "ratio = -0.1"],
        ),
        ("simplified_dropconnect", masked(&[4, 3]).call(x(&[2, 3]), x(&[4, 3]), None), &["mask.ndim == 3", "2 != 3"]),
        (
            "simplified_dropconnect",
            masked(&[1, 4, 3]).call(x(&[2, 3]), x(&[4, 3]), None),
            &["mask.shape[0] == x.shape[0]", "1 != 2"],
        ),
        ("dropout", F::dropout(integers(&[2]), 0.5), &["x.dtype.kind == f"]),
        (
            "simplified_dropconnect",
            F::simplified_dropconnect(integers(&[2, 3]), x(&[4, 3]), None),
            &["x.dtype.kind == f", "i != f"],
        ),
        (
            "simplified_dropconnect",
            F::simplified_dropconnect(x(&[2, 3]), of(&[4, 3], Dtype::F64), None),
            &["x.dtype == W.dtype", "float64"],
        ),
        ("zoneout", F::zoneout(integers(&[2]), integers(&[2]), 0.5), &["h.dtype.kind == f"]),
        ("zoneout", F::zoneout(x(&[2]), x(&[3]), 0.5), &["h.shape == x.shape", "(2,) != (3,)"]),
        ("zoneout", F::zoneout(x(&[2]), of(&[2], Dtype::F16), 0.5), &["h.dtype == x.dtype", "float32 != float16"]),
        ("zoneout", F::zoneout(x(&[2]), x(&[2]), 1.5), &["0 <= ratio < 1", "ratio = 1.5"]),
        (
            "zoneout",
            F::Zoneout::new(0.5).flag_x(zeros(&[2], Dtype::F32)).call(x(&[2]), x(&[2])),
            &["flag_x.dtype == bool", "float32 != bool"],
        ),
        (
            "zoneout",
            F::Zoneout::new(0.5).flag_x(zeros(&[3], Dtype::Bool)).call(x(&[2]), x(&[2])),
            &["flag_x.shape == x.shape", "(3,) != (2,)"],
        ),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    let mask = F::SimplifiedDropconnect::new().mask(failed().into_data());
    vec![
        F::dropout(failed(), 0.5),
        F::gaussian(x(&[2]), failed()),
        F::simplified_dropconnect(x(&[2, 3]), x(&[4, 3]), failed()),
        mask.call(x(&[2, 3]), x(&[4, 3]), None),
        F::zoneout(failed(), x(&[2]), 0.5),
    ]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![
        ("dropout", Box::new(|| F::dropout(x(&[2]), -1.0))),
        ("gaussian", Box::new(|| F::gaussian(x(&[2]), x(&[3])))),
        ("simplified_dropconnect", Box::new(|| F::simplified_dropconnect(x(&[]), x(&[4, 2]), None))),
        ("simplified_dropconnect", Box::new(|| F::simplified_dropconnect(x(&[2, 3]), x(&[3]), None))),
        ("zoneout", Box::new(|| F::zoneout(x(&[2]), x(&[3]), 0.5))),
    ]
}
