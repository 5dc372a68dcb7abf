//! Losses.

use chainer::functions as F;
use chainer::functions::Reduction;
use chainer::{Shape, Variable};
use chainer_tests::golden::{Call, Nested, Outcome};

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("argmax_crf1d", |c| {
        let (score, labels) = F::argmax_crf1d(c.get("cost")?, list(c, "xs")?);
        let labels = Nested::tuple(labels.into_iter().map(Variable::constant));
        Ok(Nested::Many(vec![score.into(), labels]))
    }),
    ("bernoulli_nll", |c| {
        let function = F::BernoulliNll::new().reduce(reduction(c, "sum")?);
        Ok(function.call(c.get("x")?, c.get("y")?).into())
    }),
    ("black_out", |c| {
        let function = F::BlackOut::new().reduce(reduction(c, "mean")?);
        Ok(function.call(c.get("x")?, c.get("t")?, c.get("W")?, c.get("samples")?).into())
    }),
    ("connectionist_temporal_classification", |c| {
        let lengths = |name| -> Outcome<_> { Ok(c.opt(name)?.map(|lengths| lengths.data().clone())) };
        let function = F::ConnectionistTemporalClassification::new(c.args.size("blank_symbol")?)
            .input_length(lengths("input_length")?)
            .label_length(lengths("label_length")?)
            .reduce(reduction(c, "mean")?);
        Ok(function.call(list(c, "x")?, c.get("t")?).into())
    }),
    ("contrastive", |c| {
        let function = F::Contrastive::new().margin(c.args.float_or("margin", 1.0)?).reduce(reduction(c, "mean")?);
        Ok(function.call(c.get("x0")?, c.get("x1")?, c.get("y")?).into())
    }),
    ("crf1d", |c| {
        let function = F::Crf1d::new().reduce(reduction(c, "mean")?);
        Ok(function.call(c.get("cost")?, list(c, "xs")?, list(c, "ys")?).into())
    }),
    ("cross_covariance", |c| {
        let function = F::CrossCovariance::new().reduce(c.args.text_or("reduce", "half_squared_sum")?.parse()?);
        Ok(function.call(c.get("y")?, c.get("z")?).into())
    }),
    ("decov", |c| {
        let function = F::Decov::new().reduce(c.args.text_or("reduce", "half_squared_sum")?.parse()?);
        Ok(function.call(c.get("h")?).into())
    }),
    ("gaussian_kl_divergence", |c| {
        let function = F::GaussianKlDivergence::new().reduce(reduction(c, "sum")?);
        Ok(function.call(c.get("mean")?, c.get("ln_var")?).into())
    }),
    ("gaussian_nll", |c| {
        let function = F::GaussianNll::new().reduce(reduction(c, "sum")?);
        Ok(function.call(c.get("x")?, c.get("mean")?, c.get("ln_var")?).into())
    }),
    ("hinge", |c| {
        let function = F::Hinge::new().norm(c.args.text_or("norm", "L1")?.parse()?).reduce(reduction(c, "mean")?);
        Ok(function.call(c.get("x")?, c.get("t")?).into())
    }),
    ("huber_loss", |c| {
        let reduce: F::HuberReduction = c.args.text_or("reduce", "sum_along_second_axis")?.parse()?;
        Ok(F::HuberLoss::new(c.args.float("delta")?).reduce(reduce).call(c.get("x")?, c.get("t")?).into())
    }),
    ("mean_absolute_error", |c| Ok(F::mean_absolute_error(c.get("x0")?, c.get("x1")?).into())),
    ("mean_squared_error", |c| Ok(F::mean_squared_error(c.get("x0")?, c.get("x1")?).into())),
    ("negative_sampling", |c| {
        let drawn = c.get("sampler_output")?.data();
        let function = F::NegativeSampling::new(c.args.size("sample_size")?).reduce(reduction(c, "sum")?);
        Ok(function.call(c.get("x")?, c.get("t")?, c.get("W")?, &|_: &Shape| drawn.clone()).into())
    }),
    ("sigmoid_cross_entropy", |c| {
        let function =
            F::SigmoidCrossEntropy::new().normalize(c.args.flag("normalize", true)?).reduce(reduction(c, "mean")?);
        Ok(function.call(c.get("x")?, c.get("t")?).into())
    }),
    ("softmax_cross_entropy", softmax_cross_entropy),
    ("triplet", |c| {
        let function = F::Triplet::new().margin(c.args.float_or("margin", 0.2)?).reduce(reduction(c, "mean")?);
        Ok(function.call(c.get("anchor")?, c.get("positive")?, c.get("negative")?).into())
    }),
];

/// The argument `reduce`.
pub fn reduction(call: &Call<'_, Variable>, default: &'static str) -> Outcome<Reduction> {
    Ok(call.args.text_or("reduce", default)?.parse()?)
}

/// A list of variables.
pub fn list(call: &Call<'_, Variable>, name: &str) -> Outcome<Vec<Variable>> {
    Ok(call.list(name)?.into_iter().cloned().collect())
}

fn softmax_cross_entropy(call: &Call<'_, Variable>) -> Made {
    let function = F::SoftmaxCrossEntropy::new()
        .normalize(call.args.flag("normalize", true)?)
        .cache_score(call.args.flag("cache_score", true)?)
        .class_weight(call.opt("class_weight")?.map(|weight| weight.data().clone()))
        .ignore_label(call.args.int_or("ignore_label", -1)? as i64)
        .reduce(reduction(call, "mean")?);
    Ok(function.call(call.get("x")?, call.get("t")?).into())
}
