//! Sums, products, powers and other mathematics.

use chainer::{Axes, Variable, functions as F};
use chainer_tests::golden::{Call, Outcome};

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("absolute", |c| Ok(F::absolute(c.get("x")?).into())),
    ("arccos", |c| Ok(F::arccos(c.get("x")?).into())),
    ("arcsin", |c| Ok(F::arcsin(c.get("x")?).into())),
    ("arctan", |c| Ok(F::arctan(c.get("x")?).into())),
    ("argmax", |c| Ok(F::argmax(c.get("x")?, c.args.opt_int("axis")?).into())),
    ("argmin", |c| Ok(F::argmin(c.get("x")?, c.args.opt_int("axis")?).into())),
    ("average", average),
    ("ceil", |c| Ok(F::ceil(c.get("x")?).into())),
    ("cos", |c| Ok(F::cos(c.get("x")?).into())),
    ("cosh", |c| Ok(F::cosh(c.get("x")?).into())),
    ("exp", |c| Ok(F::exp(c.get("x")?).into())),
    ("expm1", |c| Ok(F::expm1(c.get("x")?).into())),
    ("floor", |c| Ok(F::floor(c.get("x")?).into())),
    ("log", |c| Ok(F::log(c.get("x")?).into())),
    ("log10", |c| Ok(F::log10(c.get("x")?).into())),
    ("log1p", |c| Ok(F::log1p(c.get("x")?).into())),
    ("log2", |c| Ok(F::log2(c.get("x")?).into())),
    ("logsumexp", |c| Ok(F::logsumexp(c.get("x")?, axes(c)?).into())),
    ("matmul", |c| {
        let function = F::MatMul::new().transa(c.args.flag("transa", false)?).transb(c.args.flag("transb", false)?);
        Ok(function.call(column(c.get("a")?), column(c.get("b")?)).into())
    }),
    ("max", |c| Ok(F::max(c.get("x")?, axes(c)?, keepdims(c)?).into())),
    ("maximum", |c| Ok(F::maximum(c.get("x1")?, c.get("x2")?).into())),
    ("mean", average),
    ("min", |c| Ok(F::min(c.get("x")?, axes(c)?, keepdims(c)?).into())),
    ("minimum", |c| Ok(F::minimum(c.get("x1")?, c.get("x2")?).into())),
    ("operator.matmul", |c| Ok(F::matmul(column(c.get("lhs")?), column(c.get("rhs")?)).into())),
    ("rsqrt", |c| Ok(F::rsqrt(c.get("x")?).into())),
    ("sin", |c| Ok(F::sin(c.get("x")?).into())),
    ("sinh", |c| Ok(F::sinh(c.get("x")?).into())),
    ("sqrt", |c| Ok(F::sqrt(c.get("x")?).into())),
    ("square", |c| Ok(F::square(c.get("x")?).into())),
    ("sum", |c| Ok(F::sum(c.get("x")?, axes(c)?, keepdims(c)?).into())),
    ("tan", |c| Ok(F::tan(c.get("x")?).into())),
];

/// `axis`: all of them, one or several.
fn axes(call: &Call<'_, Variable>) -> Outcome<Axes> {
    Ok(call.args.axes("axis")?.map_or(Axes::All, |axes| Axes::from(&axes)))
}

fn keepdims(call: &Call<'_, Variable>) -> Outcome<bool> {
    call.args.flag("keepdims", false)
}

/// `mean` is the reference's other name of it.
fn average(call: &Call<'_, Variable>) -> Made {
    Ok(F::average(call.get("x")?, axes(call)?, call.opt("weights")?, keepdims(call)?).into())
}

/// Chainer 1.24 reads a vector as a column; here one says so.
fn column(x: &Variable) -> Variable {
    if x.ndim() == 1 { x.reshape([x.size(), 1]) } else { x.clone() }
}
