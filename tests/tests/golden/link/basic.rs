//! Layers and the classifier.

use std::sync::Arc;

use chainer::links::{self as L, BatchNormalizationMode};
use chainer::{Forward, Variable, functions as F};
use chainer_tests::golden::{Call, Failure, Nested, Outcome};
use serde_json::{Map, Value};

use super::super::function;
use super::{Adapter, Constructor, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("BatchNormalization", batch_normalization),
    ("Classifier", classifier),
    ("EmbedID", |c| {
        let mut link = L::EmbedID::new(c.args.size("in_size")?, c.args.size("out_size")?)
            .ignore_label(c.args.opt_int("ignore_label")?.map(|label| label as i64));
        if let Some(initializer) = c.initializer("initialW")? {
            link = link.initial_w(initializer);
        }
        Ok(Made::layer(link))
    }),
    ("Linear", linear),
];

fn linear(c: &Constructor<'_>) -> Outcome<Made> {
    let mut link = L::Linear::new(c.args.opt_size("in_size")?, c.args.size("out_size")?)
        .wscale(c.args.float_or("wscale", 1.0)?)
        .bias(c.args.float_or("bias", 0.0)?)
        .nobias(c.args.flag("nobias", false)?);
    if let Some(initializer) = c.initializer("initialW")? {
        link = link.initial_w(initializer);
    }
    if let Some(initializer) = c.initializer("initial_bias")? {
        link = link.initial_bias(initializer);
    }
    Ok(Made::layer(link))
}

fn batch_normalization(c: &Constructor<'_>) -> Outcome<Made> {
    let mut link = L::BatchNormalization::new(c.args.sizes("size")?)
        .decay(c.args.float_or("decay", 0.9)?)
        .eps(c.args.float_or("eps", 2e-5)?)
        .use_gamma(c.args.flag("use_gamma", true)?)
        .use_beta(c.args.flag("use_beta", true)?);
    if let Some(dtype) = c.args.opt_dtype("dtype")? {
        link = link.dtype(dtype);
    }
    if let Some(initializer) = c.initializer("initial_gamma")? {
        link = link.initial_gamma(initializer);
    }
    if let Some(initializer) = c.initializer("initial_beta")? {
        link = link.initial_beta(initializer);
    }
    let call = |link: &L::BatchNormalization, method: &str, c: &Call<'_, Variable>| {
        if method == "start_finetuning" {
            link.start_finetuning();
            return Ok(Nested::Many(Vec::new()));
        }
        let mode = match (c.args.flag("test", false)?, c.args.flag("finetune", false)?) {
            (true, _) => BatchNormalizationMode::Test,
            (false, true) => BatchNormalizationMode::FineTune,
            (false, false) => BatchNormalizationMode::Train,
        };
        Ok(link.forward_in(c.get("x")?, mode).into())
    };
    Ok(Made::with_attributes(link, call, |_, name| Err(format!("there is no attribute {name:?}").into())))
}

fn classifier(c: &Constructor<'_>) -> Outcome<Made> {
    let none = Map::new();
    let predictor = c.args.raw("predictor").unwrap_or(&Value::Null);
    let name = predictor["link"].as_str().ok_or("argument \"predictor\" names no link")?;
    let predictor = Constructor::new(predictor["args"].as_object().unwrap_or(&none)).make(name)?;
    let predictor = predictor.forward.ok_or_else(|| Failure::NotImplemented(format!("Classifier of {name}")))?;
    let mut link = L::Classifier::new(predictor);
    match c.args.raw("lossfun").map(|function| function["fn"].as_str().unwrap_or_default()) {
        None | Some("softmax_cross_entropy") => {}
        Some("mean_squared_error") => link = link.lossfun(F::mean_squared_error),
        Some("sigmoid_cross_entropy") => link = link.lossfun(F::sigmoid_cross_entropy),
        Some(other) => return Err(Failure::NotImplemented(format!("Classifier with {other}"))),
    }
    match c.args.raw("accfun").map(|function| function["fn"].as_str().unwrap_or_default()) {
        None | Some("accuracy") => {}
        Some(other) => return Err(Failure::NotImplemented(format!("Classifier with {other}"))),
    }
    let call = |link: &L::Classifier<Arc<dyn Forward>>, _: &str, c: &Call<'_, Variable>| -> function::Made {
        Ok(link.forward((c.get("x")?, c.get("t")?)).into())
    };
    Ok(Made::with_attributes(link, call, |link, name| {
        let value = match name {
            "y" => link.y(),
            "loss" => link.loss(),
            "accuracy" => link.accuracy(),
            _ => None,
        };
        value.map(Variable::into_data).ok_or_else(|| format!("there is no attribute {name:?}").into())
    }))
}
