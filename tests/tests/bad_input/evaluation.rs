//! Evaluation.

use chainer::{Array, Variable, functions as F};

use crate::{Refusal, Unchecked, failed, integers, x};

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    let t = |labels: &[i32]| Array::from(labels);
    let summary = |y: &[usize], labels: &[i32]| F::classification_summary(x(y), t(labels)).0;
    vec![
        ("accuracy", F::accuracy(x(&[2, 3]), x(&[2])), &["t.dtype.kind == i"]),
        ("accuracy", F::accuracy(x(&[2, 3]), integers(&[3])), &["t.shape", "(3,) and (2, 3)"]),
        ("binary_accuracy", F::binary_accuracy(x(&[2]), x(&[2])), &["t.dtype.kind == i", "f != i"]),
        ("binary_accuracy", F::binary_accuracy(integers(&[2]), t(&[0, 1])), &["y.dtype.kind == f", "i != f"]),
        ("binary_accuracy", F::binary_accuracy(x(&[2]), t(&[0])), &["y.shape == t.shape", "(2,) != (1,)"]),
        ("binary_accuracy", F::binary_accuracy(x(&[2]), t(&[0, 2])), &["0 <= t < 2", "t == -1", "t[1] = 2"]),
        ("classification_summary", F::classification_summary(x(&[2, 3]), x(&[2])).3, &["t.dtype.kind == i"]),
        ("classification_summary", summary(&[2, 3], &[0]), &["t.shape", "(1,) and (2, 3)"]),
        ("classification_summary", summary(&[2, 3], &[0, -2]), &["IndexOutOfBounds", "t[1] = -2"]),
        ("classification_summary", summary(&[0, 3], &[]), &["t.size >= 1", "label_num"]),
        ("classification_summary", summary(&[2, 0], &[0, 1]), &["y.shape[1] >= 1", "0 < 1"]),
        ("f1_score", F::F1Score::new().label_num(2).call(x(&[2, 3]), t(&[1, 2])).0, &["0 <= t < 2", "t[1] = 2"]),
        ("precision", F::precision(integers(&[2, 3]), t(&[1, 2])).1, &["y.dtype.kind == f"]),
        ("recall", F::recall(x(&[2]), t(&[1, 2])).1, &["y.ndim >= 2", "1 < 2"]),
        ("accuracy", F::accuracy(x(&[2]), integers(&[2])), &["y.ndim >= 2", "1 < 2"]),
        ("accuracy", F::accuracy(integers(&[2, 3]), integers(&[2])), &["y.dtype.kind == f"]),
        ("f1_score", F::f1_score(integers(&[2, 3]), t(&[1, 2])).0, &["y.dtype.kind == f"]),
        ("f1_score", F::f1_score(x(&[2]), t(&[1, 2])).1, &["y.ndim >= 2", "1 < 2"]),
        ("precision", F::precision(x(&[2, 3]), t(&[1])).1, &["t.shape", "(1,) and (2, 3)"]),
        ("recall", F::recall(x(&[2, 3]), x(&[2])).0, &["t.dtype.kind == i"]),
        ("r2_score", F::r2_score(x(&[2]), x(&[3])), &["pred.shape == true.shape", "(2,) != (3,)"]),
        ("r2_score", F::r2_score(integers(&[2]), x(&[2])), &["pred.dtype.kind == f", "i != f"]),
        ("r2_score", F::r2_score(x(&[]), x(&[])), &["pred.ndim >= 1", "0 < 1"]),
        (
            "r2_score",
            F::R2Score::new().sample_weight(x(&[3]).into_data()).call(x(&[2, 2]), x(&[2, 2])),
            &["sample_weight.shape[0] == pred.shape[0]", "3 != 2"],
        ),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    let weighted = F::R2Score::new().sample_weight(failed().into_data());
    vec![
        F::accuracy(failed(), integers(&[2])),
        F::binary_accuracy(failed(), integers(&[2])),
        F::classification_summary(x(&[2, 3]), failed()).2,
        F::f1_score(failed(), integers(&[2])).1,
        F::precision(failed(), integers(&[2])).0,
        F::recall(failed(), integers(&[2])).0,
        F::r2_score(x(&[2]), failed()),
        weighted.call(x(&[2]), x(&[2])),
    ]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![
        ("binary_accuracy", Box::new(|| F::binary_accuracy(x(&[2]), integers(&[3])))),
        ("classification_summary", Box::new(|| F::classification_summary(x(&[]), integers(&[])).0)),
        ("classification_summary", {
            Box::new(|| F::ClassificationSummary::new().label_num(usize::MAX).call(x(&[2, 3]), integers(&[2])).0)
        }),
        ("r2_score", Box::new(|| F::r2_score(x(&[]), x(&[])))),
    ]
}
