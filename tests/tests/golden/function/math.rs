//! Sums, products, powers and other mathematics.

use chainer::{Axes, Variable, functions as F};
use chainer_tests::golden::{Call, Outcome};

use super::Adapter;

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] =
    &[("sum", |c| Ok(F::sum(c.get("x")?, axes(c)?, c.args.flag("keepdims", false)?).into()))];

/// `axis`: all of them, one or several.
fn axes(call: &Call<'_, Variable>) -> Outcome<Axes> {
    Ok(call.args.axes("axis")?.map_or(Axes::All, |axes| Axes::from(&axes)))
}
