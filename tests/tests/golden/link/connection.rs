//! Convolutions, other connections, and layers with a few parameters.

use chainer::links::{self as L, BatchNormalizationMode as Mode};
use chainer::{Forward, Variable, functions as F, using_config};
use chainer_tests::golden::{Call, Outcome};

use super::super::function;
use super::{Adapter, Constructor, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("Bias", bias),
    ("Bilinear", bilinear),
    ("Convolution2D", convolution_2d),
    ("ConvolutionND", convolution_nd),
    ("Deconvolution2D", deconvolution_2d),
    ("DeconvolutionND", deconvolution_nd),
    ("DepthwiseConvolution2D", depthwise_convolution_2d),
    ("DilatedConvolution2D", convolution_2d),
    ("Highway", highway),
    ("Inception", inception),
    ("InceptionBN", inception_bn),
    ("LayerNormalization", layer_normalization),
    ("MLPConvolution2D", mlp_convolution_2d),
    ("Maxout", maxout),
    ("PReLU", |c| {
        let mut link = L::PReLU::new(c.args.opt_sizes("shape")?.unwrap_or_default());
        if let Some(initializer) = c.initializer("init")? {
            link = link.init(initializer);
        }
        Ok(Made::layer(link))
    }),
    ("Parameter", |c| {
        let link = L::Parameter::new(c.array("array").ok_or("argument \"array\" is missing")?);
        Ok(called(link, |link, _| Ok(link.forward().into())))
    }),
    ("Scale", scale),
    ("SimplifiedDropconnect", simplified_dropconnect),
];

/// A link that is only called.
fn called<T: chainer::Link>(link: T, call: impl Fn(&T, &Call<'_, Variable>) -> function::Made + 'static) -> Made {
    let call = move |link: &T, _: &str, c: &Call<'_, Variable>| call(link, c);
    Made::with_attributes(link, call, |_, name| Err(format!("there is no attribute {name:?}").into()))
}

/// Weight and bias of a convolution.
macro_rules! weight_and_bias {
    ($link:ident, $c:ident) => {
        if let Some(initializer) = $c.initializer("initialW")? {
            $link = $link.initial_w(initializer);
        }
        if let Some(initializer) = $c.initializer("initial_bias")? {
            $link = $link.initial_bias(initializer);
        }
    };
}

fn bias(c: &Constructor<'_>) -> Outcome<Made> {
    let link = L::Bias::new().axis(c.args.int_or("axis", 1)?);
    let link = match c.args.opt_sizes("shape")? {
        Some(shape) => link.shape(shape),
        None => link,
    };
    Ok(called(link, |link, c| match c.opt("y")? {
        Some(y) => Ok(link.forward_with(c.get("x")?, y).into()),
        None => Ok(link.forward(c.get("x")?).into()),
    }))
}

fn scale(c: &Constructor<'_>) -> Outcome<Made> {
    let mut link = L::Scale::new().axis(c.args.int_or("axis", 1)?).bias_term(c.args.flag("bias_term", false)?);
    if let Some(shape) = c.args.opt_sizes("W_shape")? {
        link = link.w_shape(shape);
    }
    if let Some(shape) = c.args.opt_sizes("bias_shape")? {
        link = link.bias_shape(shape);
    }
    Ok(called(link, |link, c| match c.opt("y")? {
        Some(y) => Ok(link.forward_with(c.get("x")?, y).into()),
        None => Ok(link.forward(c.get("x")?).into()),
    }))
}

fn simplified_dropconnect(c: &Constructor<'_>) -> Outcome<Made> {
    let mut link = L::SimplifiedDropconnect::new(c.args.opt_size("in_size")?, c.args.size("out_size")?)
        .ratio(c.args.float_or("ratio", 0.5)?)
        .nobias(c.args.flag("nobias", false)?);
    weight_and_bias!(link, c);
    Ok(called(link, |link, c| {
        let train = c.args.flag("train", true)?;
        let _train = using_config(|config| config.train = train);
        let mask = c.opt("mask")?.map(|mask| mask.data().clone());
        Ok(link.forward_with(c.get("x")?, mask).into())
    }))
}

fn layer_normalization(c: &Constructor<'_>) -> Outcome<Made> {
    let mut link = L::LayerNormalization::new(c.args.opt_size("size")?).eps(c.args.float_or("eps", 1e-6)?);
    if let Some(initializer) = c.initializer("initial_gamma")? {
        link = link.initial_gamma(initializer);
    }
    if let Some(initializer) = c.initializer("initial_beta")? {
        link = link.initial_beta(initializer);
    }
    Ok(Made::layer(link))
}

fn maxout(c: &Constructor<'_>) -> Outcome<Made> {
    let sizes = (c.args.opt_size("in_size")?, c.args.size("out_size")?, c.args.size("pool_size")?);
    let none = c.args.raw("initial_bias").is_some_and(serde_json::Value::is_null);
    let mut link = L::Maxout::new(sizes.0, sizes.1, sizes.2).wscale(c.args.float_or("wscale", 1.0)?);
    weight_and_bias!(link, c);
    Ok(Made::layer(if none { link.nobias(true) } else { link }))
}

fn bilinear(c: &Constructor<'_>) -> Outcome<Made> {
    let sizes = (c.args.size("left_size")?, c.args.size("right_size")?, c.args.size("out_size")?);
    let mut link = L::Bilinear::new(sizes.0, sizes.1, sizes.2).nobias(c.args.flag("nobias", false)?);
    if let Some(initializer) = c.initializer("initialW")? {
        link = link.initial_w(initializer);
    }
    if let Some(arrays) = c.arrays("initial_bias") {
        let [v1, v2, b] = <[_; 3]>::try_from(arrays).map_err(|_| "initial_bias is no tuple of three")?;
        link = link.initial_bias(v1, v2, b);
    }
    Ok(called(link, |link, c| Ok(link.forward((c.get("e1")?, c.get("e2")?)).into())))
}

fn convolution_2d(c: &Constructor<'_>) -> Outcome<Made> {
    c.args.ignore("deterministic");
    let channels = (c.args.opt_size("in_channels")?, c.args.size("out_channels")?);
    let mut link = L::Convolution2D::new(channels.0, channels.1, c.args.pair("ksize")?)
        .stride(c.args.pair_or("stride", 1)?)
        .pad(c.args.pair_or("pad", 0)?)
        .dilate(c.args.pair_or("dilate", 1)?)
        .wscale(c.args.float_or("wscale", 1.0)?)
        .bias(c.args.float_or("bias", 0.0)?)
        .nobias(c.args.flag("nobias", false)?);
    weight_and_bias!(link, c);
    Ok(Made::layer(link))
}

fn deconvolution_2d(c: &Constructor<'_>) -> Outcome<Made> {
    c.args.ignore("deterministic");
    let channels = (c.args.opt_size("in_channels")?, c.args.size("out_channels")?);
    let mut link = L::Deconvolution2D::new(channels.0, channels.1, c.args.pair("ksize")?)
        .stride(c.args.pair_or("stride", 1)?)
        .pad(c.args.pair_or("pad", 0)?)
        .outsize(c.args.opt_pair("outsize")?)
        .wscale(c.args.float_or("wscale", 1.0)?)
        .bias(c.args.float_or("bias", 0.0)?)
        .nobias(c.args.flag("nobias", false)?);
    weight_and_bias!(link, c);
    Ok(Made::layer(link))
}

fn depthwise_convolution_2d(c: &Constructor<'_>) -> Outcome<Made> {
    let channels = (c.args.opt_size("in_channels")?, c.args.size("channel_multiplier")?);
    let mut link = L::DepthwiseConvolution2D::new(channels.0, channels.1, c.args.pair("ksize")?)
        .stride(c.args.pair_or("stride", 1)?)
        .pad(c.args.pair_or("pad", 0)?)
        .nobias(c.args.flag("nobias", false)?);
    weight_and_bias!(link, c);
    Ok(Made::layer(link))
}

fn convolution_nd(c: &Constructor<'_>) -> Outcome<Made> {
    let (ndim, channels) = (c.args.size("ndim")?, (c.args.opt_size("in_channels")?, c.args.size("out_channels")?));
    let mut link = L::ConvolutionND::new(ndim, channels.0, channels.1, c.args.tuple_or("ksize", ndim, 1)?)
        .stride(c.args.tuple_or("stride", ndim, 1)?)
        .pad(c.args.tuple_or("pad", ndim, 0)?)
        .cover_all(c.args.flag("cover_all", false)?);
    weight_and_bias!(link, c);
    Ok(Made::layer(link))
}

fn deconvolution_nd(c: &Constructor<'_>) -> Outcome<Made> {
    let (ndim, channels) = (c.args.size("ndim")?, (c.args.opt_size("in_channels")?, c.args.size("out_channels")?));
    let mut link = L::DeconvolutionND::new(ndim, channels.0, channels.1, c.args.tuple_or("ksize", ndim, 1)?)
        .stride(c.args.tuple_or("stride", ndim, 1)?)
        .pad(c.args.tuple_or("pad", ndim, 0)?)
        .outsize(c.args.opt_tuple("outsize", ndim)?);
    // No default: with `None` there is no bias.
    let none = c.args.raw("initial_bias").is_some_and(serde_json::Value::is_null);
    weight_and_bias!(link, c);
    Ok(Made::layer(if none { link.nobias(true) } else { link }))
}

fn highway(c: &Constructor<'_>) -> Outcome<Made> {
    let mut link = L::Highway::new(c.args.size("in_out_size")?)
        .activate(c.activation("activate", F::relu)?)
        .nobias(c.args.flag("nobias", false)?);
    if let Some(initializer) = c.initializer("init_Wh")? {
        link = link.init_wh(initializer);
    }
    if let Some(initializer) = c.initializer("init_Wt")? {
        link = link.init_wt(initializer);
    }
    if let Some(initializer) = c.initializer("init_bh")? {
        link = link.init_bh(initializer);
    }
    if let Some(initializer) = c.initializer("init_bt")? {
        link = link.init_bt(initializer);
    }
    Ok(Made::layer(link))
}

fn inception(c: &Constructor<'_>) -> Outcome<Made> {
    let size = |name| c.args.size(name);
    let mut link = L::Inception::new(
        c.args.opt_size("in_channels")?,
        size("out1")?,
        size("proj3")?,
        size("out3")?,
        size("proj5")?,
        size("out5")?,
        size("proj_pool")?,
    );
    if let Some(initializer) = c.initializer("conv_init")? {
        link = link.conv_init(initializer);
    }
    if let Some(initializer) = c.initializer("bias_init")? {
        link = link.bias_init(initializer);
    }
    Ok(Made::layer(link))
}

fn inception_bn(c: &Constructor<'_>) -> Outcome<Made> {
    let size = |name| c.args.size(name);
    let pooling = match c.args.text("pooltype")? {
        "max" => L::InceptionPooling::Max,
        "avg" => L::InceptionPooling::Average,
        other => return Err(format!("pooltype {other:?}").into()),
    };
    let mut link = L::InceptionBN::new(
        c.args.opt_size("in_channels")?,
        size("out1")?,
        size("proj3")?,
        size("out3")?,
        size("proj33")?,
        size("out33")?,
        pooling,
        c.args.opt_size("proj_pool")?,
    );
    link = link.stride(c.args.size_or("stride", 1)?);
    if let Some(initializer) = c.initializer("conv_init")? {
        link = link.conv_init(initializer);
    }
    if let Some(dtype) = c.args.opt_dtype("dtype")? {
        link = link.dtype(dtype);
    }
    Ok(called(link, |link, c| {
        let mode = if c.args.flag("test", false)? { Mode::Test } else { Mode::Train };
        Ok(link.forward_in(c.get("x")?, mode).into())
    }))
}

fn mlp_convolution_2d(c: &Constructor<'_>) -> Outcome<Made> {
    let channels = (c.args.opt_size("in_channels")?, c.args.sizes("out_channels")?);
    let mut link = L::MLPConvolution2D::new(channels.0, channels.1, c.args.pair("ksize")?)
        .stride(c.args.pair_or("stride", 1)?)
        .pad(c.args.pair_or("pad", 0)?)
        .wscale(c.args.float_or("wscale", 1.0)?)
        .activation(c.activation("activation", F::relu)?);
    if let Some(initializer) = c.initializer("conv_init")? {
        link = link.conv_init(initializer);
    }
    if let Some(initializer) = c.initializer("bias_init")? {
        link = link.bias_init(initializer);
    }
    Ok(Made::layer(link))
}
