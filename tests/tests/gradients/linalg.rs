//! Linear algebra. (Rows of `math`.)

use chainer::functions as F;
use chainer::{Array, Variable};

use crate::{Empty, Kind, Row, row, rows, sizes, x};

/// The unit matrix of the size of the matrices.
fn unit(x: &Variable) -> Array {
    chainer_kernels::ops::identity(sizes(x).pop().unwrap_or_default(), x.dtype())
}

const ONE_NUMBER: &str = "one number has no equals; larger matrices have rows of their own";
const SINGULAR: &str = "equal rows make the matrix singular: its factors are not determined";

/// Symmetric matrices far from singular.
fn positive(x: &Variable) -> Variable {
    F::einsum("...ij,...kj->...ik", [x, x]) + unit(x) * 2.0
}

fn symmetric(x: &Variable) -> Variable {
    x + F::swap_axes(x, -1, -2)
}

/// The factors with one of the two signs that each pair of singular vectors can have.
fn signed((u, s, vt): (Variable, Variable, Variable)) -> Vec<Variable> {
    let sign = sign_of_columns(&u);
    vec![u * &sign, s, vt * F::swap_axes(sign, -1, -2)]
}

/// Values, and vectors with one of their two signs.
fn signed_columns((values, vectors): (Variable, Variable)) -> Vec<Variable> {
    let sign = sign_of_columns(&vectors);
    vec![values, vectors * sign]
}

/// A sign of each column, the other one if the column has its other sign. (The sum itself can be zero: of vectors orthogonal to ones.)
fn sign_of_columns(x: &Variable) -> Variable {
    F::sum(x.pow(3), -2, true).sign()
}

/// Regular matrices.
fn regular(x: &Variable) -> Variable {
    x + unit(x) * 4.0
}

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![
        row("inv", &[&[3, 3]], |xs| F::inv(regular(&xs[0]))),
        row("inv, one number", &[&[1, 1]], |xs| F::inv(&xs[0] + 3.0)).without(Kind::Repeated, ONE_NUMBER),
        row("batch_inv", &[&[2, 3, 3]], |xs| F::batch_inv(regular(&xs[0]))),
        row("batch_inv, two leading axes", &[&[2, 1, 3, 3]], |xs| F::batch_inv(regular(&xs[0]))),
        row("det", &[&[3, 3]], |xs| F::det(regular(&xs[0]))),
        row("det, one number", &[&[1, 1]], |xs| F::det(&xs[0])).without(Kind::Repeated, ONE_NUMBER),
        row("batch_det", &[&[2, 3, 3]], |xs| F::batch_det(regular(&xs[0]))),
        row("solve", &[&[3, 3], &[3, 2]], |xs| F::solve(regular(&xs[0]), &xs[1])),
        row("solve, vector", &[&[3, 3], &[3]], |xs| F::solve(regular(&xs[0]), &xs[1])),
        row("solve, batches broadcast", &[&[2, 1, 3, 3], &[3, 3, 2]], |xs| F::solve(regular(&xs[0]), &xs[1])),
        row("solve, vector for all", &[&[2, 3, 3], &[3]], |xs| F::solve(regular(&xs[0]), &xs[1])),
        row("solve_triangular", &[&[3, 3], &[3, 2]], |xs| F::solve_triangular(regular(&xs[0]), &xs[1])),
        row("solve_triangular, upper", &[&[2, 3, 3], &[3, 2]], |xs| {
            F::SolveTriangular::new().lower(false).call(regular(&xs[0]), &xs[1])
        }),
        row("cholesky", &[&[3, 3]], |xs| F::cholesky(positive(&xs[0]))),
        row("cholesky, batch", &[&[2, 2, 2]], |xs| F::cholesky(positive(&xs[0]))),
        // Factors of rounded matrices are other ones.
        rows("qr", &[&[3, 3]], |xs| both(F::qr(&xs[0]))).not_in_half().without(Kind::Repeated, SINGULAR),
        rows("qr, tall", &[&[4, 2]], |xs| both(F::qr(&xs[0]))).not_in_half().without(Kind::Repeated, SINGULAR),
        rows("qr, wide", &[&[2, 2, 3]], |xs| both(F::qr(&xs[0]))).not_in_half(),
        rows("qr, complete", &[&[2, 3]], |xs| both(F::Qr::new().complete(true).call(&xs[0])))
            .not_in_half()
            .without(Kind::Repeated, SINGULAR)
            .fixed("taller matrices have no gradient"),
        rows("svd", &[&[3, 3]], |xs| signed(F::svd(&xs[0]))).not_in_half().without(Kind::Repeated, SINGULAR),
        rows("svd, tall", &[&[3, 2]], |xs| signed(F::svd(&xs[0]))).not_in_half().without(Kind::Repeated, SINGULAR),
        rows("svd, wide", &[&[2, 2, 3]], |xs| signed(F::svd(&xs[0]))).not_in_half(),
        rows("svd, full", &[&[2, 2]], |xs| signed(F::Svd::new().full_matrices(true).call(&xs[0])))
            .not_in_half()
            .without(Kind::Repeated, SINGULAR)
            .fixed("matrices that are not square have no gradient"),
        row("svd, values", &[&[3, 2]], |xs| F::Svd::new().full_matrices(true).call(&xs[0]).1)
            .not_in_half()
            .without(Kind::Repeated, SINGULAR),
        rows("eigh", &[&[3, 3]], |xs| signed_columns(F::eigh(symmetric(&xs[0])))).not_in_half(),
        row("eigh, values of a batch", &[&[2, 3, 3]], |xs| F::eigh(symmetric(&xs[0])).0).not_in_half(),
    ]
}

fn both((first, second): (Variable, Variable)) -> Vec<Variable> {
    vec![first, second]
}

/// Empty batches, and matrices of nothing.
pub fn empty() -> Vec<Empty> {
    vec![
        ("inv", F::inv(x(&[0, 0])), &[0, 0]),
        ("batch_inv", F::batch_inv(x(&[0, 3, 3])), &[0, 3, 3]),
        ("det", F::det(x(&[0, 0])), &[]),
        ("batch_det", F::batch_det(x(&[0, 3, 3])), &[0]),
        ("solve", F::solve(x(&[0, 3, 3]), x(&[3, 2])), &[0, 3, 2]),
        ("solve_triangular", F::solve_triangular(x(&[0, 3, 3]), x(&[3])), &[0, 3]),
        ("cholesky", F::cholesky(x(&[0, 2, 2])), &[0, 2, 2]),
        ("qr", F::qr(x(&[0, 3, 2])).0, &[0, 3, 2]),
        ("svd", F::svd(x(&[0, 3, 2])).1, &[0, 2]),
        ("eigh", F::eigh(x(&[0, 2, 2])).1, &[0, 2, 2]),
    ]
}

/// The derivative of a determinant exists also where the matrix has no inverse.
#[test]
fn determinants_of_singular_matrices_have_gradients() {
    for (values, want) in [
        ([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]], [[4.0, 4.0, -4.0], [-2.0, -2.0, 2.0], [0.0, 0.0, 0.0]]),
        ([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [3.0, 3.0, 3.0]], [[0.0; 3]; 3]),
        ([[0.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]], [[6.0, 0.0, 0.0], [0.0; 3], [0.0; 3]]),
    ] {
        let a = Variable::new(Array::from(values));
        let y = F::det(&a);
        assert!(y.item::<f64>().unwrap().abs() < 1e-12);
        y.backward().unwrap();
        let got = a.grad().unwrap().to_vec::<f64>().unwrap();
        let close = got.iter().zip(want.as_flattened()).all(|(got, want)| (got - want).abs() < 1e-12);
        assert!(close, "{got:?}, expected {want:?}");
    }
}

/// What is not determined has no gradient: an error says so.
#[test]
fn completed_factors_have_no_gradients() {
    let a = x(&[3, 2]);
    for y in [F::Qr::new().complete(true).call(&a).0, F::Svd::new().full_matrices(true).call(&a).0] {
        let error = y.sum().backward().unwrap_err();
        assert!(error.to_string().contains("not determined"), "{error}");
    }
}
