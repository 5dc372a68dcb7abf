//! Pooling.

use chainer::functions as F;

use super::Adapter;

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("average_pooling_2d", |c| {
        let mut function = F::AveragePooling2D::new(c.args.pair("ksize")?).pad(c.args.pair_or("pad", 0)?);
        if let Some(stride) = c.args.opt_pair("stride")? {
            function = function.stride(stride);
        }
        Ok(function.call(c.get("x")?).into())
    }),
    ("max_pooling_2d", |c| {
        let mut function = F::MaxPooling2D::new(c.args.pair("ksize")?)
            .pad(c.args.pair_or("pad", 0)?)
            .cover_all(c.args.flag("cover_all", true)?);
        if let Some(stride) = c.args.opt_pair("stride")? {
            function = function.stride(stride);
        }
        Ok(function.call(c.get("x")?).into())
    }),
];
