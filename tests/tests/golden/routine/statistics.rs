//! Reductions, statistics, logic over whole arrays.

use chainer_kernels::{Array, ArrayOps, Axes, ops};
use chainer_tests::golden::{Call, Outcome};

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("amax", |c| reduce(c, |a, axes, keep| a.max(axes, keep))),
    ("amin", |c| reduce(c, |a, axes, keep| a.min(axes, keep))),
    ("argmax", |c| place(c, c.get("a")?.argmax(c.args.opt_int("axis")?, keepdims(c)?))),
    ("argmin", |c| place(c, c.get("a")?.argmin(c.args.opt_int("axis")?, keepdims(c)?))),
    ("bincount", |c| Ok(ops::bincount(c.get("x")?, c.opt("weights")?, c.args.size_or("minlength", 0)?).into())),
    ("count_nonzero", |c| Ok(ops::count_nonzero(c.get("a")?, axes(c)?).into())),
    ("mean", |c| reduce(c, |a, axes, keep| a.mean(axes, keep))),
    ("nanmax", |c| reduce(c, |a, axes, keep| ops::nanmax(a, axes, keep))),
    ("nanmin", |c| reduce(c, |a, axes, keep| ops::nanmin(a, axes, keep))),
    ("prod", |c| reduce(c, |a, axes, keep| a.prod(axes, keep))),
    ("std", |c| Ok(ops::std(&operand(c)?, axes(c)?, c.args.size_or("ddof", 0)?, keepdims(c)?).into())),
    ("sum", |c| reduce(c, |a, axes, keep| a.sum(axes, keep))),
    ("var", |c| Ok(ops::var(&operand(c)?, axes(c)?, c.args.size_or("ddof", 0)?, keepdims(c)?).into())),
];

fn axes(call: &Call<'_, Array>) -> Outcome<Axes> {
    Ok(call.args.axes("axis")?.map_or(Axes::All, |axes| Axes::from(&axes)))
}

fn keepdims(call: &Call<'_, Array>) -> Outcome<bool> {
    call.args.flag("keepdims", false)
}

/// `dtype` is the type of the result, and of the computation.
fn operand(call: &Call<'_, Array>) -> Outcome<Array> {
    let array = call.get("a")?;
    Ok(call.args.opt_dtype("dtype")?.map_or_else(|| array.clone(), |dtype| array.astype(dtype)))
}

/// `dtype` is the type of the index.
fn place(call: &Call<'_, Array>, index: Array) -> Made {
    Ok(call.args.opt_dtype("dtype")?.map_or(index.clone(), |dtype| index.astype(dtype)).into())
}

fn reduce(call: &Call<'_, Array>, reduction: fn(&Array, Axes, bool) -> Array) -> Made {
    Ok(reduction(&operand(call)?, axes(call)?, keepdims(call)?).into())
}
