//! Normalization over batches.

use chainer::functions as F;

use super::Adapter;

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("batch_normalization", |c| {
        let function = F::BatchNormalization::new().eps(c.args.float_or("eps", 2e-5)?);
        Ok(function.call(c.get("x")?, c.get("gamma")?, c.get("beta")?).into())
    }),
    ("fixed_batch_normalization", |c| {
        let function = F::FixedBatchNormalization::new().eps(c.args.float_or("eps", 2e-5)?);
        let (gamma, beta) = (c.get("gamma")?, c.get("beta")?);
        Ok(function.call(c.get("x")?, gamma, beta, c.get("mean")?, c.get("var")?).into())
    }),
];
