//! Linear algebra. (Rows of `math`.)

use chainer::{Array, Dtype, Variable, functions as F};

use crate::{Refusal, Unchecked, failed, integers, of, x};

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    vec![
        ("inv", F::inv(x(&[2, 3])), &["a.shape[0] == a.shape[1]", "2 != 3"]),
        ("inv", F::inv(x(&[2, 3, 3])), &["a.ndim == 2", "3 != 2"]),
        ("inv", F::inv(integers(&[2, 2])), &["a.dtype.kind == f", "i != f"]),
        ("batch_inv", F::batch_inv(x(&[3, 3])), &["a.ndim >= 3", "2 < 3"]),
        ("batch_inv", F::batch_inv(x(&[2, 3, 4])), &["a.shape[1] == a.shape[2]", "3 != 4"]),
        ("det", F::det(x(&[2, 3])), &["a.shape[0] == a.shape[1]", "2 != 3"]),
        ("det", F::det(x(&[1, 2, 2])), &["a.ndim == 2", "3 != 2"]),
        ("batch_det", F::batch_det(x(&[2, 2])), &["a.ndim >= 3", "2 < 3"]),
        ("batch_det", F::batch_det(x(&[2, 3, 2])), &["a.shape[1] == a.shape[2]", "3 != 2"]),
        ("solve", F::solve(x(&[3, 3]), x(&[2, 3])), &["a.shape[-1] == rows of b", "3 != 2"]),
        ("solve", F::solve(x(&[3, 3]), x(&[2])), &["a.shape[-1] == rows of b", "3 != 2"]),
        ("solve", F::solve(x(&[3]), x(&[3])), &["a.ndim >= 2", "1 < 2"]),
        ("solve", F::solve(x(&[3, 3]), x(&[])), &["b.ndim >= 1", "0 < 1"]),
        ("solve", F::solve(x(&[2, 3, 3]), x(&[4, 3, 1])), &["broadcast", "(2, 3, 3) and (4, 3, 1)"]),
        ("solve", F::solve(x(&[3, 3]), of(&[3, 3], Dtype::F64)), &["a.dtype == b.dtype"]),
        ("solve_triangular", F::solve_triangular(x(&[3, 2]), x(&[3])), &["a.shape[0] == a.shape[1]", "3 != 2"]),
        ("cholesky", F::cholesky(x(&[3, 2])), &["a.shape[0] == a.shape[1]", "3 != 2"]),
        ("qr", F::qr(x(&[3])).0, &["a.ndim >= 2", "1 < 2"]),
        ("qr", F::qr(integers(&[3, 3])).1, &["a.dtype.kind == f"]),
        ("svd", F::svd(x(&[3])).2, &["a.ndim >= 2", "1 < 2"]),
        ("eigh", F::eigh(x(&[2, 3])).0, &["a.shape[0] == a.shape[1]", "2 != 3"]),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![
        F::inv(failed()),
        F::batch_inv(failed()),
        F::det(failed()),
        F::batch_det(failed()),
        F::solve(failed(), x(&[2])),
        F::solve(x(&[2, 2]), failed()),
        F::solve_triangular(x(&[2, 2]), failed()),
        F::cholesky(failed()),
        F::qr(failed()).1,
        F::svd(failed()).2,
        F::eigh(failed()).0,
    ]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![
        ("inv", Box::new(|| F::inv(x(&[2])))),
        ("batch_inv", Box::new(|| F::batch_inv(x(&[])))),
        ("det", Box::new(|| F::det(x(&[2, 3])))),
        ("solve", Box::new(|| F::solve(x(&[2, 2]), x(&[])))),
        ("solve", Box::new(|| F::solve(x(&[2]), x(&[2])))),
        ("solve_triangular", Box::new(|| F::solve_triangular(x(&[2, 2]), x(&[3])))),
        ("cholesky", Box::new(|| F::cholesky(x(&[2, 3])))),
        ("qr", Box::new(|| F::qr(x(&[2])).0)),
        ("svd", Box::new(|| F::svd(x(&[])).1)),
        ("eigh", Box::new(|| F::eigh(x(&[2, 3])).1)),
    ]
}

/// Values that cannot be computed with are errors where they are read, at the line of the call.
#[test]
fn matrices_without_a_result_are_named_when_they_are_read() {
    let singular = || Array::from([[1.0f32, 2.0], [2.0, 4.0]]);
    let batch = || Array::from([[[2.0f32, 1.0], [1.0, 1.0]], [[1.0, 2.0], [2.0, 4.0]]]);
    let nan = || Array::from([[f32::NAN, 1.0], [1.0, 1.0]]);
    let cases: [(Variable, &[&str]); 9] = [
        (F::inv(singular()), &["InvalidValue in inv", "a regular matrix", "pivot 1 is 0"]),
        (F::batch_inv(batch()), &["batch_inv", "a regular matrix", "matrix 1 of 2"]),
        (F::solve(singular(), Array::from([1.0f32, 2.0])), &["solve", "a regular matrix"]),
        (F::solve_triangular(Array::from([[0.0f32]]), Array::from([1.0f32])), &["solve_triangular", "pivot 0 is 0"]),
        (F::cholesky(Array::from([[1.0f32, 2.0], [2.0, 1.0]])), &["cholesky", "positive definite", "pivot 1"]),
        (F::cholesky(nan()), &["cholesky", "positive definite", "NaN"]),
        (F::qr(nan()).1, &["qr", "finite elements", "NaN"]),
        (F::svd(nan()).0, &["svd", "finite elements", "NaN"]),
        (F::eigh(nan()).0, &["eigh", "finite elements", "NaN"]),
    ];
    for (y, parts) in cases {
        let message = y.to_vec::<f32>().expect_err("a result").to_string();
        for part in parts.iter().chain(&["tests/bad_input/linalg.rs"]) {
            assert!(message.contains(part), "{message}\nlacks {part:?}");
        }
    }
}
