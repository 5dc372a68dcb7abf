//! Shapes, axes, picking and joining.

use chainer::functions as F;

use super::Adapter;

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("broadcast_to", |c| Ok(F::broadcast_to(c.get("x")?, c.args.sizes("shape")?).into())),
    ("cast", |c| Ok(F::cast(c.get("x")?, c.args.dtype("typ")?).into())),
    ("reshape", |c| Ok(c.get("x")?.reshape_infer(&c.args.ints("shape")?).into())),
    ("swapaxes", |c| Ok(F::swap_axes(c.get("x")?, c.args.int("axis1")?, c.args.int("axis2")?).into())),
    ("transpose", |c| Ok(F::transpose(c.get("x")?, &c.args.axes("axes")?.unwrap_or_default()).into())),
];
