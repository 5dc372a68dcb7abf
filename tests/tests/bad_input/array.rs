//! Shapes, axes, picking and joining.

use chainer::{Dtype, Variable, functions as F};

use crate::{Refusal, Unchecked, failed, of, x};

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    vec![
        ("where", F::where_(x(&[2]), x(&[2]), x(&[2])), &["condition.dtype == bool", "float32 != bool"]),
        ("concat", F::concat([x(&[2])]), &["axis < xs[0].ndim", "axis = 1"]),
        ("concat", F::concat(Vec::<Variable>::new()), &["at least one input"]),
        ("split_axis", F::split_axis(x(&[2]), 2, 1).remove(0), &["axis < x.ndim", "axis = 1"]),
        ("concat", F::concat([x(&[2, 3]), x(&[3, 3])]), &["xs[0].shape[0] == xs[1].shape[0]", "2 != 3"]),
        ("concat", F::concat([x(&[2, 3]), of(&[2, 3], Dtype::F64)]), &["xs[0].dtype == xs[1].dtype"]),
        ("split_axis", F::split_axis(x(&[2, 5]), 2, 1).remove(1), &["x.shape[1] % indices_or_sections == 0", "5 % 2"]),
        ("split_axis", F::split_axis(x(&[2, 5]), 0, 1).remove(0), &["indices_or_sections >= 1"]),
        ("get_item", F::get_item(x(&[2, 5]), 2), &["2"]),
        ("where", F::where_(of(&[2], Dtype::Bool), x(&[3]), x(&[2])), &["broadcast", "(3,)"]),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![
        F::concat([x(&[2, 2]), failed()]),
        F::split_axis(failed(), 2, 0).remove(1),
        F::get_item(failed(), 0),
        F::where_(failed(), 1.0, 0.0),
    ]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![
        ("concat", Box::new(|| F::concat([x(&[2])]))),
        ("concat", Box::new(|| F::concat(Vec::<Variable>::new()))),
        ("split_axis", Box::new(|| F::split_axis(x(&[2]), 2, 1).remove(0))),
    ]
}
