//! Evaluation.

use chainer::{Variable, functions as F};
use chainer_tests::golden::{Call, Nested, Outcome};

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("accuracy", |c| {
        let ignored = c.args.opt_int("ignore_label")?.map(|label| label as i64);
        Ok(F::Accuracy::new().ignore_label(ignored).call(c.get("y")?, c.get("t")?).into())
    }),
    ("binary_accuracy", |c| Ok(F::binary_accuracy(c.get("y")?, c.get("t")?).into())),
    ("classification_summary", |c| {
        let function = F::ClassificationSummary::new()
            .label_num(c.args.opt_size("label_num")?)
            .beta(c.args.float_or("beta", 1.0)?)
            .ignore_label(ignore_label(c)?);
        let (precision, recall, f_score, support) = function.call(c.get("y")?, c.get("t")?);
        Ok(Nested::tuple([precision, recall, f_score, support]))
    }),
    ("f1_score", |c| {
        let function = F::F1Score::new().label_num(c.args.opt_size("label_num")?).ignore_label(ignore_label(c)?);
        Ok(function.call(c.get("y")?, c.get("t")?).into())
    }),
    ("precision", |c| {
        let function = F::Precision::new().label_num(c.args.opt_size("label_num")?).ignore_label(ignore_label(c)?);
        Ok(function.call(c.get("y")?, c.get("t")?).into())
    }),
    ("r2_score", r2_score),
    ("recall", |c| {
        let function = F::Recall::new().label_num(c.args.opt_size("label_num")?).ignore_label(ignore_label(c)?);
        Ok(function.call(c.get("y")?, c.get("t")?).into())
    }),
];

fn ignore_label(call: &Call<'_, Variable>) -> Outcome<i64> {
    Ok(call.args.int_or("ignore_label", -1)? as i64)
}

fn r2_score(call: &Call<'_, Variable>) -> Made {
    let function = F::R2Score::new()
        .sample_weight(call.opt("sample_weight")?.map(|weight| weight.data().clone()))
        .multioutput(call.args.text_or("multioutput", "uniform_average")?.parse()?);
    Ok(function.call(call.get("pred")?, call.get("true")?).into())
}
