//! Shapes, axes, picking and joining.

use chainer::{Axes, Device, Variable, functions as F};
use chainer_kernels::Index as Entry;
use chainer_tests::golden::{Call, Failure, Index, Outcome};
use serde_json::Value;

use super::{Adapter, Made};
use crate::golden::routine::pad_mode;

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("broadcast", |c| Ok(F::broadcast(c.list("args")?).into())),
    ("broadcast_to", |c| Ok(F::broadcast_to(c.get("x")?, c.args.sizes("shape")?).into())),
    ("cast", |c| Ok(F::cast(c.get("x")?, c.args.dtype("typ")?).into())),
    ("concat", |c| Ok(F::Concat::new().axis(c.args.int_or("axis", 1)?).call(c.list("xs")?).into())),
    ("copy", copy),
    ("depth2space", |c| Ok(F::depth2space(c.get("X")?, c.args.size("r")?).into())),
    ("dstack", |c| Ok(F::dstack(c.list("xs")?).into())),
    ("expand_dims", |c| Ok(F::expand_dims(c.get("x")?, c.args.int("axis")?).into())),
    ("flatten", |c| Ok(F::flatten(c.get("x")?).into())),
    ("flip", |c| Ok(F::flip(c.get("x")?, axes(c, "axis")?).into())),
    ("fliplr", |c| Ok(F::fliplr(c.get("a")?).into())),
    ("flipud", |c| Ok(F::flipud(c.get("a")?).into())),
    ("get_item", |c| Ok(F::get_item(c.get("x")?, entries(c)?).into())),
    ("hstack", |c| Ok(F::hstack(c.list("xs")?).into())),
    ("im2col", im2col),
    ("moveaxis", |c| Ok(F::moveaxis(c.get("x")?, axes(c, "source")?, axes(c, "destination")?).into())),
    ("pad", pad),
    ("pad_sequence", |c| {
        let function = F::PadSequence::new().length(c.args.opt_size("length")?);
        Ok(function.padding(c.args.float_or("padding", 0.0)?).call(c.list("xs")?).into())
    }),
    ("permutate", |c| {
        let function = F::Permutate::new().axis(c.args.int_or("axis", 0)?).inv(c.args.flag("inv", false)?);
        Ok(function.call(c.get("x")?, c.get("indices")?).into())
    }),
    ("repeat", |c| Ok(F::repeat(c.get("x")?, c.args.sizes("repeats")?, c.args.opt_int("axis")?).into())),
    ("reshape", |c| Ok(c.get("x")?.reshape_infer(&c.args.ints("shape")?).into())),
    ("resize_images", |c| Ok(F::resize_images(c.get("x")?, c.args.pair("output_shape")?).into())),
    ("rollaxis", |c| Ok(F::rollaxis(c.get("x")?, c.args.int("axis")?, c.args.int_or("start", 0)?).into())),
    ("scatter_add", |c| Ok(F::scatter_add(c.get("a")?, entries(c)?, c.get("b")?).into())),
    ("select_item", |c| Ok(F::select_item(c.get("x")?, c.get("t")?).into())),
    ("separate", |c| Ok(F::Separate::new().axis(c.args.int_or("axis", 0)?).call(c.get("x")?).into())),
    ("space2depth", |c| Ok(F::space2depth(c.get("X")?, c.args.size("r")?).into())),
    ("spatial_transformer_grid", |c| {
        Ok(F::spatial_transformer_grid(c.get("theta")?, c.args.pair("output_shape")?).into())
    }),
    ("spatial_transformer_sampler", |c| Ok(F::spatial_transformer_sampler(c.get("x")?, c.get("grid")?).into())),
    ("split_axis", split_axis),
    ("squeeze", |c| Ok(F::squeeze(c.get("x")?, axes(c, "axis")?).into())),
    ("stack", |c| Ok(F::Stack::new().axis(c.args.int_or("axis", 0)?).call(c.list("xs")?).into())),
    ("swapaxes", |c| Ok(F::swap_axes(c.get("x")?, c.args.int("axis1")?, c.args.int("axis2")?).into())),
    ("tile", |c| Ok(F::tile(c.get("x")?, c.args.sizes("reps")?).into())),
    ("transpose", |c| Ok(F::transpose(c.get("x")?, &c.args.axes("axes")?.unwrap_or_default()).into())),
    ("transpose_sequence", |c| Ok(F::transpose_sequence(c.list("xs")?).into())),
    ("vstack", |c| Ok(F::vstack(c.list("xs")?).into())),
    ("where", |c| Ok(F::where_(c.get("condition")?, c.get("x")?, c.get("y")?).into())),
];

/// One axis, several, or (absent or null) all.
fn axes(call: &Call<'_, Variable>, name: &str) -> Outcome<Axes> {
    Ok(call.args.axes(name)?.map_or(Axes::All, |axes| Axes::from(&axes)))
}

fn copy(call: &Call<'_, Variable>) -> Made {
    match call.args.int("dst")? {
        -1 => Ok(F::copy(call.get("x")?, Device::Cpu).into()),
        other => Err(Failure::NotImplemented(format!("dst={other}"))),
    }
}

fn im2col(call: &Call<'_, Variable>) -> Made {
    let function = F::Im2Col::new(call.args.pair("ksize")?)
        .stride(call.args.pair_or("stride", 1)?)
        .pad(call.args.pair_or("pad", 0)?)
        .cover_all(call.args.flag("cover_all", false)?)
        .dilate(call.args.pair_or("dilate", 1)?);
    Ok(function.call(call.get("x")?).into())
}

fn pad(call: &Call<'_, Variable>) -> Made {
    let x = call.get("x")?;
    let mode = pad_mode(&call.args, x.ndim())?;
    Ok(F::pad(x, call.args.pad_width("pad_width", x.ndim())?, mode).into())
}

/// What stands between the brackets.
fn entries(call: &Call<'_, Variable>) -> Outcome<Vec<Entry>> {
    let entry = |index: Index| -> Outcome<Entry> {
        Ok(match index {
            Index::Int(index) => Entry::Int(index),
            Index::Slice(start, stop, step) => Entry::Slice(start, stop, step),
            Index::Ellipsis => Entry::Ellipsis,
            Index::NewAxis => Entry::NewAxis,
            Index::Input(name) => Entry::from(call.get(&name)?.data()),
        })
    };
    call.args.index("slices")?.into_iter().map(entry).collect()
}

fn split_axis(call: &Call<'_, Variable>) -> Made {
    let (x, axis) = (call.get("x")?, call.args.int("axis")?);
    // One part is a list of one here in any case.
    call.args.ignore("force_tuple");
    Ok(match call.args.raw("indices_or_sections") {
        Some(Value::Array(_)) => F::split_axis(x, call.args.ints("indices_or_sections")?, axis),
        _ => F::split_axis(x, call.args.size("indices_or_sections")?, axis),
    }
    .into())
}
