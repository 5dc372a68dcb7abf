//! Normalization.

use chainer::{Axes, Variable, functions as F};
use chainer_tests::golden::Call;

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("batch_normalization", batch_normalization),
    ("fixed_batch_normalization", |c| {
        let function = F::FixedBatchNormalization::new().eps(c.args.float_or("eps", 2e-5)?);
        let (gamma, beta) = (c.get("gamma")?, c.get("beta")?);
        Ok(function.call(c.get("x")?, gamma, beta, c.get("mean")?, c.get("var")?).into())
    }),
    ("local_response_normalization", |c| {
        let function = F::LocalResponseNormalization::new()
            .n(c.args.size_or("n", 5)?)
            .k(c.args.float_or("k", 2.0)?)
            .alpha(c.args.float_or("alpha", 1e-4)?)
            .beta(c.args.float_or("beta", 0.75)?);
        Ok(function.call(c.get("x")?).into())
    }),
    ("normalize", |c| {
        let axis = c.args.axes("axis")?.map_or(Axes::from(1), |axes| Axes::from(&axes));
        Ok(F::Normalize::new().eps(c.args.float_or("eps", 1e-5)?).axis(axis).call(c.get("x")?).into())
    }),
];

fn batch_normalization(call: &Call<'_, Variable>) -> Made {
    let running = |name: &str| call.opt(name).map(|array| array.map(|array| array.data().clone()));
    let function = F::BatchNormalization::new()
        .eps(call.args.float_or("eps", 2e-5)?)
        .running_mean(running("running_mean")?)
        .running_var(running("running_var")?)
        .decay(call.args.float_or("decay", 0.9)?);
    Ok(function.call(call.get("x")?, call.get("gamma")?, call.get("beta")?).into())
}
