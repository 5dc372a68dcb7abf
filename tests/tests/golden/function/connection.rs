//! Functions with weights.

use chainer::{Variable, functions as F};
use chainer_tests::golden::Call;

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("bilinear", |c| {
        Ok(F::bilinear(c.get("e1")?, c.get("e2")?, c.get("W")?, c.opt("V1")?, c.opt("V2")?, c.opt("b")?).into())
    }),
    ("convolution_2d", convolution_2d),
    ("convolution_nd", convolution_nd),
    ("deconvolution_2d", deconvolution_2d),
    ("deconvolution_nd", deconvolution_nd),
    ("depthwise_convolution_2d", |c| {
        let function =
            F::DepthwiseConvolution2D::new().stride(c.args.pair_or("stride", 1)?).pad(c.args.pair_or("pad", 0)?);
        Ok(function.call(c.get("x")?, c.get("W")?, c.opt("b")?).into())
    }),
    ("dilated_convolution_2d", |c| {
        let function = F::DilatedConvolution2D::new()
            .stride(c.args.pair_or("stride", 1)?)
            .pad(c.args.pair_or("pad", 0)?)
            .dilate(c.args.pair_or("dilate", 1)?)
            .cover_all(c.args.flag("cover_all", false)?);
        Ok(function.call(c.get("x")?, c.get("W")?, c.opt("b")?).into())
    }),
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
        .cover_all(call.args.flag("cover_all", false)?);
    Ok(function.call(call.get("x")?, call.get("W")?, call.opt("b")?).into())
}

fn convolution_nd(call: &Call<'_, Variable>) -> Made {
    let x = call.get("x")?;
    let axes = x.ndim().saturating_sub(2);
    let function = F::ConvolutionND::new()
        .stride(call.args.tuple_or("stride", axes, 1)?)
        .pad(call.args.tuple_or("pad", axes, 0)?)
        .cover_all(call.args.flag("cover_all", false)?);
    Ok(function.call(x, call.get("W")?, call.opt("b")?).into())
}

fn deconvolution_2d(call: &Call<'_, Variable>) -> Made {
    call.args.ignore("deterministic");
    let function = F::Deconvolution2D::new()
        .stride(call.args.pair_or("stride", 1)?)
        .pad(call.args.pair_or("pad", 0)?)
        .outsize(call.args.opt_pair("outsize")?);
    Ok(function.call(call.get("x")?, call.get("W")?, call.opt("b")?).into())
}

fn deconvolution_nd(call: &Call<'_, Variable>) -> Made {
    let x = call.get("x")?;
    let axes = x.ndim().saturating_sub(2);
    let function = F::DeconvolutionND::new()
        .stride(call.args.tuple_or("stride", axes, 1)?)
        .pad(call.args.tuple_or("pad", axes, 0)?)
        .outsize(call.args.opt_tuple("outsize", axes)?);
    Ok(function.call(x, call.get("W")?, call.opt("b")?).into())
}
