//! Pooling.

use chainer::Variable;
use chainer::functions::{self as F, Pair, PyramidPooling, Sizes, Stride, Strides};
use chainer_tests::golden::{Call, Failure, Outcome};

use super::Adapter;

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("average_pooling_2d", |c| {
        let function = F::AveragePooling2D::new(c.args.pair("ksize")?).stride(stride(c)?);
        Ok(function.pad(c.args.pair_or("pad", 0)?).call(c.get("x")?).into())
    }),
    ("average_pooling_nd", |c| {
        let function = F::AveragePoolingND::new(sizes(c, "ksize")?).stride(strides(c)?);
        Ok(function.pad(sizes_or(c, "pad", 0)?).call(c.get("x")?).into())
    }),
    ("max_pooling_2d", |c| {
        let function = F::MaxPooling2D::new(c.args.pair("ksize")?).stride(stride(c)?).pad(c.args.pair_or("pad", 0)?);
        Ok(function.cover_all(c.args.flag("cover_all", true)?).call(c.get("x")?).into())
    }),
    ("max_pooling_nd", |c| {
        let function = F::MaxPoolingND::new(sizes(c, "ksize")?).stride(strides(c)?).pad(sizes_or(c, "pad", 0)?);
        Ok(function.cover_all(c.args.flag("cover_all", true)?).call(c.get("x")?).into())
    }),
    ("roi_pooling_2d", |c| {
        let (rows, columns, scale) = (c.args.size("outh")?, c.args.size("outw")?, c.args.float("spatial_scale")?);
        Ok(F::roi_pooling_2d(c.get("x")?, c.get("rois")?, rows, columns, scale).into())
    }),
    ("spatial_pyramid_pooling_2d", |c| {
        let pooling = match c.args.text("pooling_class")? {
            "MaxPooling2D" => PyramidPooling::Max,
            other => return Err(Failure::NotImplemented(format!("pooling_class={other}"))),
        };
        let function = F::SpatialPyramidPooling2D::new().pooling_class(pooling);
        Ok(function.call(c.get("x")?, c.args.size("pyramid_height")?).into())
    }),
    ("unpooling_2d", |c| {
        let function = F::Unpooling2D::new(c.args.pair("ksize")?).stride(stride(c)?).pad(c.args.pair_or("pad", 0)?);
        let function = function.outsize(c.args.opt_pair("outsize")?).cover_all(c.args.flag("cover_all", true)?);
        Ok(function.call(c.get("x")?).into())
    }),
    ("unpooling_nd", |c| {
        let function = F::UnpoolingND::new(sizes(c, "ksize")?).stride(strides(c)?).pad(sizes_or(c, "pad", 0)?);
        let axes = c.get("x")?.ndim() - 2;
        let function = function.outsize(c.args.opt_tuple("outsize", axes)?);
        Ok(function.cover_all(c.args.flag("cover_all", true)?).call(c.get("x")?).into())
    }),
    ("upsampling_2d", |c| {
        let function = F::Upsampling2D::new(c.args.pair("ksize")?).stride(stride(c)?).pad(c.args.pair_or("pad", 0)?);
        let function = function.outsize(c.args.opt_pair("outsize")?).cover_all(c.args.flag("cover_all", true)?);
        Ok(function.call(c.get("x")?, c.get("indexes")?).into())
    }),
];

fn stride(call: &Call<'_, Variable>) -> Outcome<Stride> {
    Ok(Stride(call.args.opt_pair("stride")?.map(Pair::from)))
}

fn strides(call: &Call<'_, Variable>) -> Outcome<Strides> {
    Ok(match call.args.opt_sizes("stride")? {
        None => Strides(None),
        Some(_) => sizes(call, "stride")?.into(),
    })
}

/// "int or tuple of ints".
fn sizes(call: &Call<'_, Variable>, name: &str) -> Outcome<Sizes> {
    let one = call.args.raw(name).is_some_and(|value| !value.is_array());
    let sizes = call.args.sizes(name)?;
    Ok(match sizes[..] {
        [all] if one => Sizes::All(all),
        _ => Sizes::Each(sizes),
    })
}

fn sizes_or(call: &Call<'_, Variable>, name: &str, default: usize) -> Outcome<Sizes> {
    if call.args.has(name) { sizes(call, name) } else { Ok(Sizes::All(default)) }
}
