//! Shapes, axes, picking and joining.

use chainer::{Variable, functions as F};
use chainer_kernels::Index as Entry;
use chainer_tests::golden::{Call, Index, Outcome};
use serde_json::Value;

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("broadcast_to", |c| Ok(F::broadcast_to(c.get("x")?, c.args.sizes("shape")?).into())),
    ("cast", |c| Ok(F::cast(c.get("x")?, c.args.dtype("typ")?).into())),
    ("concat", |c| {
        let xs: Vec<Variable> = c.list("xs")?.into_iter().cloned().collect();
        Ok(F::Concat::new().axis(c.args.int_or("axis", 1)?).call(&xs).into())
    }),
    ("get_item", |c| Ok(F::get_item(c.get("x")?, entries(c)?).into())),
    ("reshape", |c| Ok(c.get("x")?.reshape_infer(&c.args.ints("shape")?).into())),
    ("split_axis", split_axis),
    ("swapaxes", |c| Ok(F::swap_axes(c.get("x")?, c.args.int("axis1")?, c.args.int("axis2")?).into())),
    ("transpose", |c| Ok(F::transpose(c.get("x")?, &c.args.axes("axes")?.unwrap_or_default()).into())),
    ("where", |c| Ok(F::where_(c.get("condition")?, c.get("x")?, c.get("y")?).into())),
];

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
