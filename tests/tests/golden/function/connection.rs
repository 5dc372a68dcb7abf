//! Functions with weights.

use chainer::{Variable, functions as F, using_config};
use chainer_tests::golden::{Call, Nested, Outcome};

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
    ("n_step_bigru", |c| {
        sequences(c, |a| outputs(F::n_step_bigru(a.n_layers, a.dropout_ratio, c.get("hx")?, a.ws, a.bs, a.xs)))
    }),
    ("n_step_bilstm", |c| {
        sequences(c, |a| {
            let (hx, cx) = (c.get("hx")?, c.get("cx")?);
            outputs_with_cell(F::n_step_bilstm(a.n_layers, a.dropout_ratio, hx, cx, a.ws, a.bs, a.xs))
        })
    }),
    ("n_step_birnn", |c| {
        sequences(c, |a| {
            let function = F::NStepBiRnn::new(a.n_layers, a.dropout_ratio).activation(activation(c)?);
            outputs(function.call(c.get("hx")?, a.ws, a.bs, a.xs))
        })
    }),
    ("n_step_gru", |c| {
        sequences(c, |a| outputs(F::n_step_gru(a.n_layers, a.dropout_ratio, c.get("hx")?, a.ws, a.bs, a.xs)))
    }),
    ("n_step_lstm", |c| {
        sequences(c, |a| {
            let (hx, cx) = (c.get("hx")?, c.get("cx")?);
            outputs_with_cell(F::n_step_lstm(a.n_layers, a.dropout_ratio, hx, cx, a.ws, a.bs, a.xs))
        })
    }),
    ("n_step_rnn", |c| {
        sequences(c, |a| {
            let function = F::NStepRnn::new(a.n_layers, a.dropout_ratio).activation(activation(c)?);
            outputs(function.call(c.get("hx")?, a.ws, a.bs, a.xs))
        })
    }),
];

/// What all functions of sequences take.
struct Sequences<'a> {
    n_layers: usize,
    dropout_ratio: f64,
    ws: Vec<Vec<&'a Variable>>,
    bs: Vec<Vec<&'a Variable>>,
    xs: Vec<&'a Variable>,
}

fn sequences<'a>(call: &Call<'a, Variable>, run: impl FnOnce(Sequences<'a>) -> Made) -> Made {
    let train = call.args.flag("train", true)?;
    let _train = using_config(|config| config.train = train);
    run(Sequences {
        n_layers: call.args.size("n_layers")?,
        dropout_ratio: call.args.float("dropout_ratio")?,
        ws: call.lists("ws")?,
        bs: call.lists("bs")?,
        xs: call.list("xs")?,
    })
}

fn activation(call: &Call<'_, Variable>) -> Outcome<F::RnnActivation> {
    match call.args.text_or("activation", "tanh")? {
        "tanh" => Ok(F::RnnActivation::Tanh),
        "relu" => Ok(F::RnnActivation::Relu),
        other => Err(format!("activation {other:?}").into()),
    }
}

fn outputs((hy, ys): (Variable, Vec<Variable>)) -> Made {
    Ok(Nested::Many(vec![hy.into(), ys.into()]))
}

fn outputs_with_cell((hy, cy, ys): (Variable, Variable, Vec<Variable>)) -> Made {
    Ok(Nested::Many(vec![hy.into(), cy.into(), ys.into()]))
}

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
