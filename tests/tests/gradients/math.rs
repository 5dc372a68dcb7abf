//! Mathematics.

use chainer::Array;
use chainer::functions as F;

use crate::{Empty, Huge, Kind, MEAN_OF_NOTHING, Row, linalg, row, rows, unary, x};

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    let mut table = linalg::table();
    table.extend(own());
    table
}

fn own() -> Vec<Row> {
    vec![
        unary("exp", |x| F::exp(x)),
        unary("expm1", |x| F::expm1(x)),
        unary("log", |x| F::log(x)).domain(0.5, 3.0),
        unary("log2", |x| F::log2(x)).domain(0.5, 3.0),
        unary("log10", |x| F::log10(x)).domain(0.5, 3.0),
        unary("log1p", |x| F::log1p(x)).domain(-0.5, 3.0),
        unary("sqrt", |x| F::sqrt(x)).domain(0.5, 3.0),
        unary("rsqrt", |x| F::rsqrt(x)).domain(0.5, 3.0),
        unary("square", |x| F::square(x)),
        unary("absolute", |x| F::absolute(x)),
        unary("sin", |x| F::sin(x)),
        unary("cos", |x| F::cos(x)),
        unary("tan", |x| F::tan(x)).domain(-1.0, 1.0),
        unary("arcsin", |x| F::arcsin(x)).domain(-0.8, 0.8),
        unary("arccos", |x| F::arccos(x)).domain(-0.8, 0.8),
        unary("arctan", |x| F::arctan(x)),
        unary("sinh", |x| F::sinh(x)),
        unary("cosh", |x| F::cosh(x)),
        unary("arcsinh", |x| F::arcsinh(x)),
        unary("arccosh", |x| F::arccosh(x)).domain(1.2, 3.0),
        unary("arctanh", |x| F::arctanh(x)).domain(-0.8, 0.8),
        unary("cbrt", |x| F::cbrt(x)).domain(0.5, 3.0),
        unary("erf", |x| F::erf(x)),
        unary("erfc", |x| F::erfc(x)),
        unary("erfinv", |x| F::erfinv(x)).domain(-0.8, 0.8),
        unary("erfcinv", |x| F::erfcinv(x)).domain(0.2, 1.8),
        unary("lgamma", |x| F::lgamma(x)).domain(0.3, 3.0),
        unary("lgamma, below zero", |x| F::lgamma(x)).domain(-0.9, -0.1).not_in_half(),
        unary("digamma", |x| F::digamma(x)).domain(0.3, 3.0),
        unary("polygamma", |x| F::polygamma(2, x)).domain(0.7, 3.0),
        row("polygamma, orders that broadcast", &[&[2, 3]], |xs| F::polygamma(Array::from([[0i32], [3]]), &xs[0]))
            .domain(1.0, 3.0)
            .not_in_half(),
        row("arctan2", &[&[2, 3], &[3]], |xs| F::arctan2(&xs[0], &xs[1])).broadcasts(),
        row("fmod", &[&[2, 3], &[2, 3]], |xs| F::fmod(&xs[0] * 5.0, &xs[1] + 3.0)).broadcasts().not_in_half(),
        unary("clip", |x| F::clip(x, -0.7, 1.3)),
        unary("clip, one side", |x| F::clip(x, None, 0.3)),
        row("absolute_error", &[&[2, 3], &[2, 3]], |xs| F::absolute_error(&xs[0], &xs[1])),
        row("squared_error", &[&[2, 3], &[2, 3]], |xs| F::squared_error(&xs[0], &xs[1])),
        row("squared_difference", &[&[2, 3], &[2, 3]], |xs| F::squared_difference(&xs[0], &xs[1])),
        row("linear_interpolate", &[&[2, 3], &[2, 3], &[2, 3]], |xs| F::linear_interpolate(&xs[0], &xs[1], &xs[2])),
        rows("identity", &[&[2, 3], &[]], |xs| F::identity(xs)),
        row("bias", &[&[2, 3, 2], &[3]], |xs| F::bias(&xs[0], &xs[1])),
        row("bias, axis", &[&[2, 3, 2], &[3, 2]], |xs| F::Bias::new().axis(-2).call(&xs[0], &xs[1])),
        row("scale", &[&[2, 3, 2], &[3, 1]], |xs| F::scale(&xs[0], &xs[1])),
        row("scale, axis", &[&[2, 3, 2], &[2, 3]], |xs| F::Scale::new().axis(0).call(&xs[0], &xs[1])),
        row("scale, one number", &[&[2, 3], &[]], |xs| F::scale(&xs[0], &xs[1])),
        row("batch_l2_norm_squared", &[&[3, 4]], |xs| F::batch_l2_norm_squared(&xs[0])),
        row("batch_l2_norm_squared, more axes", &[&[2, 3, 2]], |xs| F::batch_l2_norm_squared(&xs[0])),
        row("cumsum", &[&[2, 3, 2]], |xs| F::cumsum(&xs[0], 1)),
        row("cumsum, flattened", &[&[2, 3]], |xs| F::cumsum(&xs[0], None)),
        row("cumprod", &[&[2, 4]], |xs| F::cumprod(&xs[0], -1)),
        row("cumprod, flattened", &[&[2, 2]], |xs| F::cumprod(&xs[0], None)),
        row("cumprod, zeros", &[&[3, 4]], |xs| F::cumprod(&xs[0], 1)).zeros(),
        row("cumprod, zeros, first axis", &[&[3, 4]], |xs| F::cumprod(&xs[0], 0)).zeros(),
        row("prod", &[&[2, 3]], |xs| F::prod(&xs[0], None, false)),
        row("prod, axes", &[&[2, 3, 2]], |xs| F::prod(&xs[0], [0, 2], true)),
        row("prod, zeros", &[&[3, 4]], |xs| F::prod(&xs[0], 1, false)).zeros(),
        row("prod, zeros, first axis", &[&[3, 4]], |xs| F::prod(&xs[0], 0, true)).zeros(),
        row("prod, no axis", &[&[2, 3]], |xs| F::prod(&xs[0], [0isize; 0], true)),
        row("sort", &[&[3, 4]], |xs| F::sort(&xs[0])),
        row("sort, descending", &[&[3, 4, 2]], |xs| F::Sort::new().axis(0).descending(true).call(&xs[0])),
        row("sort, flattened", &[&[3, 2]], |xs| F::Sort::new().axis(None).call(&xs[0])),
        row("topk", &[&[3, 4]], |xs| F::topk(&xs[0], 2).0).distinct(),
        row("topk, smallest", &[&[3, 4, 2]], |xs| F::Topk::new(2usize).axis(1).largest(false).call(&xs[0]).0),
        row("tensordot", &[&[2, 3, 2], &[2, 3, 2]], |xs| F::tensordot(&xs[0], &xs[1], ([1, 2], [1, 0]))),
        row("tensordot, last axis", &[&[2, 3], &[3, 2]], |xs| F::tensordot(&xs[0], &xs[1], 1)),
        row("tensordot, outer product", &[&[2], &[3]], |xs| F::tensordot(&xs[0], &xs[1], 0)),
        row("einsum, matrix product", &[&[2, 3], &[3, 4]], |xs| F::einsum("ij,jk", xs)),
        row("einsum, batches and ellipsis", &[&[2, 1, 2, 3], &[3, 3, 2]], |xs| F::einsum("...ij,...jk->...ki", xs)),
        row("einsum, three operands", &[&[2, 3], &[3, 2], &[2]], |xs| F::einsum("ij,jk,k->i", xs)),
        row("einsum, diagonal", &[&[2, 3, 2], &[3]], |xs| F::einsum("iji,j->ji", xs)),
        row("einsum, inner product of batches", &[&[2, 3], &[2, 3]], |xs| F::einsum("bi,bi->b", xs)),
        row("einsum, sums of one alone", &[&[2, 3], &[1, 3]], |xs| F::einsum("ai,bi->i", xs)),
        row("batch_matmul", &[&[2, 2, 3], &[2, 3, 2]], |xs| F::batch_matmul(&xs[0], &xs[1])),
        row("batch_matmul, vectors, transposed", &[&[2, 3], &[2, 2, 3]], |xs| {
            F::BatchMatMul::new().transa(true).transb(true).call(&xs[0], &xs[1])
        }),
        row("maximum", &[&[2, 3], &[3]], |xs| F::maximum(&xs[0], &xs[1])).broadcasts(),
        row("minimum", &[&[2, 3], &[2, 1]], |xs| F::minimum(&xs[0], &xs[1])).broadcasts(),
        row("sum", &[&[2, 3]], |xs| F::sum(&xs[0], None, false)),
        row("sum, axes", &[&[2, 3, 2]], |xs| F::sum(&xs[0], [0, -1], false)),
        row("mean", &[&[2, 3]], |xs| F::mean(&xs[0], None, false)).without(Kind::Empty, MEAN_OF_NOTHING),
        row("mean, axes", &[&[2, 3, 2]], |xs| F::mean(&xs[0], [0, 2], true)),
        row("average", &[&[2, 3], &[2, 3]], |xs| F::average(&xs[0], None, xs[1].square() + 1.0, false))
            .without(Kind::Empty, MEAN_OF_NOTHING),
        row("average, axis", &[&[2, 3], &[3]], |xs| F::average(&xs[0], 1, xs[1].square() + 1.0, true)),
        row("max", &[&[2, 3]], |xs| F::max(&xs[0], None, false))
            .distinct()
            .without(Kind::Empty, "there is no largest element of nothing"),
        row("max, axis", &[&[2, 3, 2]], |xs| F::max(&xs[0], 1, false)),
        row("min, keepdims", &[&[2, 3, 2]], |xs| F::min(&xs[0], [0, 2], true)).distinct(),
        row("logsumexp", &[&[2, 3]], |xs| F::logsumexp(&xs[0], None))
            .without(Kind::Empty, "there is no largest element of nothing"),
        row("logsumexp, axis", &[&[2, 3]], |xs| F::logsumexp(&xs[0], 1)),
        row("matmul", &[&[2, 3], &[3, 4]], |xs| F::matmul(&xs[0], &xs[1])),
        row("matmul, transposed", &[&[3, 2], &[4, 3]], |xs| {
            F::MatMul::new().transa(true).transb(true).call(&xs[0], &xs[1])
        }),
        row("matmul, transa", &[&[3, 2], &[3, 4]], |xs| F::MatMul::new().transa(true).call(&xs[0], &xs[1])),
        row("matmul, transb", &[&[2, 3], &[4, 3]], |xs| F::MatMul::new().transb(true).call(&xs[0], &xs[1])),
        row("matmul, batches broadcast", &[&[2, 1, 2, 3], &[3, 3, 2]], |xs| F::matmul(&xs[0], &xs[1])),
        row("matmul, matrix and vector", &[&[2, 3], &[3]], |xs| F::matmul(&xs[0], &xs[1])),
        row("matmul, vector and batch", &[&[3], &[2, 3, 2]], |xs| F::matmul(&xs[0], &xs[1])),
        row("matmul, vectors", &[&[3], &[3]], |xs| F::matmul(&xs[0], &xs[1])),
    ]
}

/// Empty batches.
pub fn empty() -> Vec<Empty> {
    let mut empty = linalg::empty();
    let own: Vec<Empty> = vec![
        ("matmul", F::matmul(x(&[0, 3]), x(&[3, 2])), &[0, 2]),
        ("batch_matmul", F::batch_matmul(x(&[0, 2, 3]), x(&[0, 3, 2])), &[0, 2, 2]),
        ("batch_l2_norm_squared", F::batch_l2_norm_squared(x(&[0, 3])), &[0]),
        ("bias", F::bias(x(&[0, 3]), x(&[3])), &[0, 3]),
        ("cumsum", F::cumsum(x(&[0, 3]), 1), &[0, 3]),
        ("cumsum along nothing", F::cumsum(x(&[2, 0]), 1), &[2, 0]),
        ("cumprod", F::cumprod(x(&[0, 3]), 1), &[0, 3]),
        ("cumprod along nothing", F::cumprod(x(&[2, 0]), 1), &[2, 0]),
        ("prod", F::prod(x(&[0, 3]), 1, false), &[0]),
        ("prod of nothing", F::prod(x(&[0, 3]), 0, false), &[3]),
        ("sort", F::sort(x(&[0, 3])), &[0, 3]),
        ("topk", F::topk(x(&[0, 3]), 2).0, &[0, 2]),
        ("topk of nothing", F::topk(x(&[2, 3]), 0).0, &[2, 0]),
        ("tensordot", F::tensordot(x(&[0, 3]), x(&[3, 2]), 1), &[0, 2]),
        ("einsum", F::einsum("bi,ij->bj", [x(&[0, 3]), x(&[3, 2])]), &[0, 2]),
        ("einsum over nothing", F::einsum("ib,bj->ij", [x(&[2, 0]), x(&[0, 3])]), &[2, 3]),
    ];
    empty.extend(own);
    empty
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![
        ("logsumexp", |x| F::logsumexp(x, 1)),
        ("clip", |x| F::clip(x, -1.0, 1.0)),
        ("sort", |x| F::sort(x)),
        ("digamma", |x| F::digamma(x.abs() + 1.0)),
    ]
}
