//! Functions with a random draw, which the case gives.

use chainer::{Array, Variable, functions as F};
use chainer_tests::golden::{Call, Outcome};

use super::Adapter;

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("dropout", |c| {
        let function = F::Dropout::new(c.args.float_or("ratio", 0.5)?).train(c.args.flag("train", true)?);
        Ok(function.mask(draw(c, "mask")?).call(c.get("x")?).into())
    }),
    ("gaussian", |c| Ok(F::Gaussian::new().eps(draw(c, "eps")?).call(c.get("mean")?, c.get("ln_var")?).into())),
    ("simplified_dropconnect", |c| {
        let function = F::SimplifiedDropconnect::new()
            .ratio(c.args.float_or("ratio", 0.5)?)
            .train(c.args.flag("train", true)?)
            .mask(draw(c, "mask")?);
        Ok(function.call(c.get("x")?, c.get("W")?, c.opt("b")?).into())
    }),
    ("zoneout", |c| {
        let function = F::Zoneout::new(c.args.float_or("ratio", 0.5)?).train(c.args.flag("train", true)?);
        Ok(function.flag_x(draw(c, "flag_x")?).call(c.get("h")?, c.get("x")?).into())
    }),
];

fn draw(call: &Call<'_, Variable>, name: &str) -> Outcome<Option<Array>> {
    Ok(call.opt(name)?.map(|draw| draw.data().clone()))
}
