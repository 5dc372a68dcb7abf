//! Losses and evaluation.

use chainer::Variable;
use chainer::functions as F;
use chainer::functions::Reduction;
use chainer_tests::golden::{Call, Outcome};

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("accuracy", |c| {
        let ignored = c.args.opt_int("ignore_label")?.map(|label| label as i64);
        Ok(F::Accuracy::new().ignore_label(ignored).call(c.get("y")?, c.get("t")?).into())
    }),
    ("mean_absolute_error", |c| Ok(F::mean_absolute_error(c.get("x0")?, c.get("x1")?).into())),
    ("mean_squared_error", |c| Ok(F::mean_squared_error(c.get("x0")?, c.get("x1")?).into())),
    ("sigmoid_cross_entropy", |c| {
        let function = F::SigmoidCrossEntropy::new().normalize(c.args.flag("normalize", true)?).reduce(reduction(c)?);
        Ok(function.call(c.get("x")?, c.get("t")?).into())
    }),
    ("softmax_cross_entropy", softmax_cross_entropy),
];

fn reduction(call: &Call<'_, Variable>) -> Outcome<Reduction> {
    Ok(call.args.text_or("reduce", "mean")?.parse()?)
}

fn softmax_cross_entropy(call: &Call<'_, Variable>) -> Made {
    let function = F::SoftmaxCrossEntropy::new()
        .normalize(call.args.flag("normalize", true)?)
        .cache_score(call.args.flag("cache_score", true)?)
        .class_weight(call.opt("class_weight")?.map(|weight| weight.data().clone()))
        .ignore_label(call.args.int_or("ignore_label", -1)? as i64)
        .reduce(reduction(call)?);
    Ok(function.call(call.get("x")?, call.get("t")?).into())
}
