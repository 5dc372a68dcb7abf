//! Mathematics.

use chainer::functions as F;

use crate::{Empty, Huge, Row, row, unary, x};

/// Derivatives to check.
pub fn table() -> Vec<Row> {
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
        unary("erf", |x| F::erf(x)),
        unary("erfc", |x| F::erfc(x)),
        row("maximum", &[&[2, 3], &[3]], |xs| F::maximum(&xs[0], &xs[1])),
        row("minimum", &[&[2, 3], &[2, 1]], |xs| F::minimum(&xs[0], &xs[1])),
        row("sum", &[&[2, 3]], |xs| F::sum(&xs[0], None, false)),
        row("sum, axes", &[&[2, 3, 2]], |xs| F::sum(&xs[0], [0, -1], false)),
        row("mean", &[&[2, 3]], |xs| F::mean(&xs[0], None, false)),
        row("mean, axes", &[&[2, 3, 2]], |xs| F::mean(&xs[0], [0, 2], true)),
        row("average", &[&[2, 3], &[2, 3]], |xs| F::average(&xs[0], None, xs[1].square() + 1.0, false)),
        row("average, axis", &[&[2, 3], &[3]], |xs| F::average(&xs[0], 1, xs[1].square() + 1.0, true)),
        row("max", &[&[2, 3]], |xs| F::max(&xs[0], None, false)),
        row("max, axis", &[&[2, 3, 2]], |xs| F::max(&xs[0], 1, false)),
        row("min, keepdims", &[&[2, 3, 2]], |xs| F::min(&xs[0], [0, 2], true)),
        row("logsumexp", &[&[2, 3]], |xs| F::logsumexp(&xs[0], None)),
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
    vec![("matmul", F::matmul(x(&[0, 3]), x(&[3, 2])), &[0, 2])]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![("logsumexp", |x| F::logsumexp(x, 1))]
}
