//! Functions with weights.

use chainer::{Variable, functions as F};
use chainer_tests::golden::Call;

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("convolution_2d", convolution_2d),
    ("dilated_convolution_2d", convolution_2d),
    ("embed_id", |c| {
        let ignored = c.args.opt_int("ignore_label")?.map(|label| label as i64);
        Ok(F::EmbedId::new().ignore_label(ignored).call(c.get("x")?, c.get("W")?).into())
    }),
    ("linear", |c| Ok(F::linear(c.get("x")?, c.get("W")?, c.opt("b")?).into())),
];

fn convolution_2d(call: &Call<'_, Variable>) -> Made {
    // It concerns the algorithm, not the result.
    call.args.ignore("deterministic");
    let function = F::Convolution2D::new()
        .stride(call.args.pair_or("stride", 1)?)
        .pad(call.args.pair_or("pad", 0)?)
        .dilate(call.args.pair_or("dilate", 1)?)
        .cover_all(call.args.flag("cover_all", false)?);
    Ok(function.call(call.get("x")?, call.get("W")?, call.opt("b")?).into())
}
