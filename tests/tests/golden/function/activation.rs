//! Activation functions.

use chainer::functions as F;

use super::Adapter;

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("clipped_relu", |c| Ok(F::ClippedRelu::new().z(c.args.float_or("z", 20.0)?).call(c.get("x")?).into())),
    ("crelu", |c| Ok(F::Crelu::new().axis(c.args.int_or("axis", 1)?).call(c.get("x")?).into())),
    ("elu", |c| Ok(F::Elu::new().alpha(c.args.float_or("alpha", 1.0)?).call(c.get("x")?).into())),
    ("hard_sigmoid", |c| Ok(F::hard_sigmoid(c.get("x")?).into())),
    ("leaky_relu", |c| Ok(F::LeakyRelu::new().slope(c.args.float_or("slope", 0.2)?).call(c.get("x")?).into())),
    ("log_softmax", |c| Ok(F::log_softmax(c.get("x")?).into())),
    ("lstm", |c| Ok(F::lstm(c.get("c_prev")?, c.get("x")?).into())),
    ("maxout", |c| {
        let function = F::Maxout::new(c.args.size("pool_size")?).axis(c.args.int_or("axis", 1)?);
        Ok(function.call(c.get("x")?).into())
    }),
    ("prelu", |c| Ok(F::prelu(c.get("x")?, c.get("W")?).into())),
    ("relu", |c| Ok(F::relu(c.get("x")?).into())),
    ("sigmoid", |c| Ok(F::sigmoid(c.get("x")?).into())),
    ("slstm", |c| Ok(F::slstm(c.get("c_prev1")?, c.get("c_prev2")?, c.get("x1")?, c.get("x2")?).into())),
    ("softmax", |c| Ok(F::Softmax::new().axis(c.args.opt_int("axis")?).call(c.get("x")?).into())),
    ("softplus", |c| Ok(F::Softplus::new().beta(c.args.float_or("beta", 1.0)?).call(c.get("x")?).into())),
    ("tanh", |c| Ok(F::tanh(c.get("x")?).into())),
];
