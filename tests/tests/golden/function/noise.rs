//! Functions with a random draw, which the case gives.

use chainer::functions as F;

use super::Adapter;

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[("dropout", |c| {
    let function = F::Dropout::new(c.args.float_or("ratio", 0.5)?)
        .train(c.args.flag("train", true)?)
        .mask(c.opt("mask")?.map(|mask| mask.data().clone()));
    Ok(function.call(c.get("x")?).into())
})];
