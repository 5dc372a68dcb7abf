//! Picking elements and putting them back; changing an array in place.

use chainer_kernels::{Array, ArrayOps, Op, ops};
use chainer_tests::golden::{Call, Index, Outcome};

use super::create::scalar;
use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("copyto", |c| {
        let mut target = c.get("dst")?.clone();
        c.args.ignore("casting");
        match c.has("src") {
            true => ops::copyto(&mut target, c.get("src")?, c.opt("where")?)?,
            false => ops::copyto(&mut target, scalar(c, "src")?, c.opt("where")?)?,
        }
        Ok(target.into())
    }),
    ("diag", |c| Ok(ops::diag(c.get("v")?, c.args.int_or("k", 0)?).into())),
    ("diagflat", |c| Ok(ops::diagflat(c.get("v")?, c.args.int_or("k", 0)?).into())),
    ("diagonal", |c| {
        let (first, second) = (c.args.int_or("axis1", 0)?, c.args.int_or("axis2", 1)?);
        Ok(ops::diagonal(c.get("a")?, c.args.int_or("offset", 0)?, first, second).into())
    }),
    ("fill_diagonal", |c| {
        let mut target = c.get("a")?.clone();
        let wrap = c.args.flag("wrap", false)?;
        match c.has("val") {
            true => ops::fill_diagonal(&mut target, c.get("val")?, wrap)?,
            false => ops::fill_diagonal(&mut target, scalar(c, "val")?, wrap)?,
        }
        Ok(target.into())
    }),
    ("flatnonzero", |c| Ok(ops::flatnonzero(c.get("a")?)?.into())),
    ("ndarray.__getitem__", |c| Ok(c.get("a")?.get_item(entries(c, "index")?).into())),
    ("ndarray.__iadd__", |c| in_place(c, Op::Add)),
    ("ndarray.__imul__", |c| in_place(c, Op::Mul)),
    ("ndarray.__isub__", |c| in_place(c, Op::Sub)),
    ("ndarray.__itruediv__", |c| in_place(c, Op::Div)),
    ("ndarray.__setitem__", |c| {
        let mut target = c.get("a")?.clone();
        let entries = entries(c, "index")?;
        match c.has("value") {
            true => target.set_item(entries, c.get("value")?)?,
            false => target.set_item(entries, scalar(c, "value")?)?,
        }
        Ok(target.into())
    }),
    ("ndarray.fill", |c| {
        let mut target = c.get("a")?.clone();
        target.fill(scalar(c, "value")?)?;
        Ok(target.into())
    }),
    ("nonzero", |c| Ok(ops::nonzero(c.get("a")?)?.into())),
    ("scatter_add", |c| Ok(ops::scatter_add(c.get("a")?, entries(c, "slices")?, c.get("value")?).into())),
    ("take", |c| {
        let (a, axis) = (c.get("a")?, c.args.opt_int("axis")?);
        Ok(match c.has("indices") {
            true => ops::take(a, c.get("indices")?, axis),
            // A plain number picks one element, and its axis vanishes.
            false => ops::take(a, &Array::scalar(c.args.int("indices")? as i64), axis),
        }
        .into())
    }),
];

/// What stands between the brackets.
fn entries(call: &Call<'_, Array>, name: &str) -> Outcome<Vec<ops::Index>> {
    let entry = |index: Index| -> Outcome<ops::Index> {
        Ok(match index {
            Index::Int(index) => ops::Index::Int(index),
            Index::Slice(start, stop, step) => ops::Index::Slice(start, stop, step),
            Index::Ellipsis => ops::Index::Ellipsis,
            Index::NewAxis => ops::Index::NewAxis,
            Index::Input(name) => ops::Index::from(call.get(&name)?),
        })
    };
    call.args.index(name)?.into_iter().map(entry).collect()
}

/// `a op= b`: the target keeps its shape and dtype, and who held it before sees no change.
fn in_place(call: &Call<'_, Array>, op: Op) -> Made {
    use chainer_kernels::IntoOperand;
    let target = call.get("a")?;
    let before = target.to_f64_vec()?;
    let other = match call.has("b") {
        true => call.get("b")?.into_operand(),
        false => scalar(call, "b")?.into_operand(),
    };
    let changed = Array::map(op, [target.into_operand(), other]).astype(target.dtype());
    changed.force()?;
    let same = before.iter().zip(target.to_f64_vec()?).all(|(a, b)| a.to_bits() == b.to_bits());
    if same { Ok(changed.into()) } else { Err("the array changed under another handle".into()) }
}
