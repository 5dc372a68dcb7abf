//! Sums, products, powers and other mathematics.

use chainer::{Axes, Variable, functions as F};
use chainer_tests::golden::{Call, Outcome};

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("absolute", |c| Ok(F::absolute(c.get("x")?).into())),
    ("absolute_error", |c| Ok(F::absolute_error(c.get("x0")?, c.get("x1")?).into())),
    ("arccos", |c| Ok(F::arccos(c.get("x")?).into())),
    ("arcsin", |c| Ok(F::arcsin(c.get("x")?).into())),
    ("arctan", |c| Ok(F::arctan(c.get("x")?).into())),
    ("argmax", |c| Ok(F::argmax(c.get("x")?, c.args.opt_int("axis")?).into())),
    ("argmin", |c| Ok(F::argmin(c.get("x")?, c.args.opt_int("axis")?).into())),
    ("average", average),
    ("batch_det", |c| Ok(F::batch_det(c.get("a")?).into())),
    ("batch_inv", |c| Ok(F::batch_inv(c.get("a")?).into())),
    ("batch_l2_norm_squared", |c| Ok(F::batch_l2_norm_squared(c.get("x")?).into())),
    ("batch_matmul", |c| {
        let (transa, transb) = (c.args.flag("transa", false)?, c.args.flag("transb", false)?);
        Ok(F::BatchMatMul::new().transa(transa).transb(transb).call(c.get("a")?, c.get("b")?).into())
    }),
    ("bias", |c| Ok(F::Bias::new().axis(c.args.int_or("axis", 1)?).call(c.get("x")?, c.get("y")?).into())),
    ("ceil", |c| Ok(F::ceil(c.get("x")?).into())),
    ("clip", |c| Ok(F::clip(c.get("x")?, c.args.opt_float("x_min")?, c.args.opt_float("x_max")?).into())),
    ("cos", |c| Ok(F::cos(c.get("x")?).into())),
    ("cosh", |c| Ok(F::cosh(c.get("x")?).into())),
    ("det", |c| Ok(F::det(c.get("a")?).into())),
    ("exp", |c| Ok(F::exp(c.get("x")?).into())),
    ("expm1", |c| Ok(F::expm1(c.get("x")?).into())),
    ("floor", |c| Ok(F::floor(c.get("x")?).into())),
    ("fmod", |c| Ok(F::fmod(c.get("x")?, c.get("divisor")?).into())),
    ("identity", identity),
    ("inv", |c| Ok(F::inv(c.get("a")?).into())),
    ("linear_interpolate", |c| Ok(F::linear_interpolate(c.get("p")?, c.get("x")?, c.get("y")?).into())),
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
    ("scale", |c| Ok(F::Scale::new().axis(c.args.int_or("axis", 1)?).call(c.get("x")?, c.get("y")?).into())),
    ("sin", |c| Ok(F::sin(c.get("x")?).into())),
    ("sinh", |c| Ok(F::sinh(c.get("x")?).into())),
    ("sqrt", |c| Ok(F::sqrt(c.get("x")?).into())),
    ("square", |c| Ok(F::square(c.get("x")?).into())),
    ("squared_difference", |c| Ok(F::squared_difference(c.get("x1")?, c.get("x2")?).into())),
    ("squared_error", |c| Ok(F::squared_error(c.get("x0")?, c.get("x1")?).into())),
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

/// One input gives one output, several a list.
fn identity(call: &Call<'_, Variable>) -> Made {
    let inputs: Vec<Variable> = call.list("inputs")?.into_iter().cloned().collect();
    let mut outputs = F::identity(inputs);
    Ok(if outputs.len() == 1 { outputs.remove(0).into() } else { outputs.into() })
}

/// `mean` is the reference's other name of it.
fn average(call: &Call<'_, Variable>) -> Made {
    Ok(F::average(call.get("x")?, axes(call)?, call.opt("weights")?, keepdims(call)?).into())
}

/// Chainer 1.24 reads a vector as a column; here one says so.
fn column(x: &Variable) -> Variable {
    if x.ndim() == 1 { x.reshape([x.size(), 1]) } else { x.clone() }
}
