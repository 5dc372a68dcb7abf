//! Shapes, axes, joining, cutting, repeating.

use chainer_kernels::ops::{self, PadMode, Sections};
use chainer_kernels::{Array, Axes, Scalar};
use chainer_tests::golden::{Arguments, Call, Nested, Outcome};
use serde_json::Value;

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("array_split", |c| Ok(ops::array_split(c.get("ary")?, sections(c)?, c.args.int_or("axis", 0)?).into())),
    ("atleast_1d", |c| each(c, ops::atleast_1d)),
    ("atleast_2d", |c| each(c, ops::atleast_2d)),
    ("atleast_3d", |c| each(c, ops::atleast_3d)),
    ("broadcast_arrays", |c| Ok(ops::broadcast_arrays(&c.list("args")?).into())),
    ("broadcast_to", |c| Ok(c.get("array")?.broadcast_to(c.args.sizes("shape")?).into())),
    ("c_", |c| Ok(ops::c_(&c.list("xs")?).into())),
    ("column_stack", |c| Ok(ops::column_stack(&c.list("tup")?).into())),
    ("concatenate", |c| Ok(ops::concatenate(&c.list("tup")?, c.args.int_or("axis", 0)?).into())),
    ("dsplit", |c| Ok(ops::dsplit(c.get("ary")?, sections(c)?).into())),
    ("dstack", |c| Ok(ops::dstack(&c.list("tup")?).into())),
    ("expand_dims", |c| Ok(c.get("a")?.expand_dims(c.args.int("axis")?).into())),
    ("flip", |c| Ok(ops::flip(c.get("a")?, c.args.int("axis")?).into())),
    ("fliplr", |c| Ok(ops::fliplr(c.get("a")?).into())),
    ("flipud", |c| Ok(ops::flipud(c.get("a")?).into())),
    ("hsplit", |c| Ok(ops::hsplit(c.get("ary")?, sections(c)?).into())),
    ("hstack", |c| Ok(ops::hstack(&c.list("tup")?).into())),
    ("ndarray.flatten", |c| Ok(c.get("a")?.ravel().into())),
    ("ndarray.repeat", |c| repeat(c)),
    ("pad", |c| pad(c)),
    ("r_", |c| Ok(ops::r_(&c.list("xs")?).into())),
    ("ravel", |c| Ok(c.get("a")?.ravel().into())),
    ("repeat", |c| repeat(c)),
    ("reshape", |c| Ok(c.get("a")?.reshape_infer(&c.args.ints("newshape")?).into())),
    ("roll", |c| {
        let axes = c.args.axes("axis")?.map_or(Axes::All, |axes| Axes::from(&axes));
        Ok(ops::roll(c.get("a")?, c.args.int("shift")?, axes).into())
    }),
    ("rollaxis", |c| Ok(ops::rollaxis(c.get("a")?, c.args.int("axis")?, c.args.int_or("start", 0)?).into())),
    ("rot90", |c| {
        let axes = c.args.axes("axes")?.unwrap_or_else(|| vec![0, 1]);
        let axes = axes.try_into().map_err(|axes| format!("argument \"axes\": expected a pair, found {axes:?}"))?;
        Ok(ops::rot90(c.get("a")?, c.args.int_or("k", 1)?, axes).into())
    }),
    ("split", |c| Ok(ops::split(c.get("ary")?, sections(c)?, c.args.int_or("axis", 0)?).into())),
    ("squeeze", |c| Ok(c.get("a")?.squeeze(c.args.axes("axis")?.as_deref()).into())),
    ("stack", |c| Ok(ops::stack(&c.list("tup")?, c.args.int_or("axis", 0)?).into())),
    ("swapaxes", |c| Ok(c.get("a")?.swap_axes(c.args.int("axis1")?, c.args.int("axis2")?).into())),
    ("tile", |c| Ok(ops::tile(c.get("A")?, &c.args.sizes("reps")?).into())),
    ("transpose", |c| {
        Ok(match c.args.axes("axes")? {
            Some(axes) => c.get("a")?.permute(&axes),
            None => c.get("a")?.transpose(),
        }
        .into())
    }),
    ("vsplit", |c| Ok(ops::vsplit(c.get("ary")?, sections(c)?).into())),
    ("vstack", |c| Ok(ops::vstack(&c.list("tup")?).into())),
];

/// A number of parts, or the places of the cuts.
fn sections(call: &Call<'_, Array>) -> Outcome<Sections> {
    match call.args.raw("indices_or_sections") {
        Some(Value::Array(_)) => Ok(Sections::Before(call.args.ints("indices_or_sections")?)),
        _ => Ok(Sections::Parts(call.args.size("indices_or_sections")?)),
    }
}

fn each(call: &Call<'_, Array>, routine: fn(&Array) -> Array) -> Made {
    Ok(Nested::tuple(call.list("arys")?.into_iter().map(routine)))
}

fn repeat(call: &Call<'_, Array>) -> Made {
    let (a, axis) = (call.get("a")?, call.args.opt_int("axis")?);
    Ok(match &call.args.sizes("repeats")?[..] {
        [all] => ops::repeat(a, *all, axis),
        each => ops::repeat_each(a, each, axis),
    }
    .into())
}

fn pad(call: &Call<'_, Array>) -> Made {
    let array = call.get("array")?;
    let mode = pad_mode(&call.args, array.ndim())?;
    Ok(ops::pad(array, &call.args.pad_width("pad_width", array.ndim())?, mode).into())
}

/// The arguments `mode` and `constant_values` of `pad`.
pub fn pad_mode(args: &Arguments<'_>, ndim: usize) -> Outcome<PadMode> {
    Ok(match args.text("mode")? {
        "constant" => match args.raw("constant_values") {
            None => PadMode::Constant(Scalar::Int(0)),
            Some(Value::Array(pairs)) => PadMode::Constants(constants(pairs, ndim)?),
            Some(_) => PadMode::Constant(Scalar::Float(args.float("constant_values")?)),
        },
        other => PadMode::named(other)?,
    })
}

/// One pair for all axes, or a pair an axis.
fn constants(values: &[Value], ndim: usize) -> Outcome<Vec<(Scalar, Scalar)>> {
    let number = |value: &Value| value.as_f64().map(Scalar::Float).ok_or_else(|| format!("{value} is no number"));
    let pair = |pair: &Value| -> Outcome<(Scalar, Scalar)> {
        match pair.as_array().map(Vec::as_slice) {
            Some([before, after]) => Ok((number(before)?, number(after)?)),
            Some([both]) => Ok((number(both)?, number(both)?)),
            _ => Err(format!("argument \"constant_values\": {pair} is no pair").into()),
        }
    };
    match values {
        [before, after] if before.is_number() => Ok(vec![(number(before)?, number(after)?); ndim]),
        [all] => Ok(vec![pair(all)?; ndim]),
        each => each.iter().map(pair).collect(),
    }
}
