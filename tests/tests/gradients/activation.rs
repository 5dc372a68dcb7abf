//! Activation functions.

use chainer::functions as F;

use crate::{Empty, Huge, Row, row, rows, unary, x};

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![
        unary("relu", |x| F::relu(x)),
        unary("leaky_relu", |x| F::leaky_relu(x)),
        unary("leaky_relu, negative slope", |x| F::LeakyRelu::new().slope(-0.5).call(x)),
        unary("elu", |x| F::elu(x)),
        unary("elu, alpha", |x| F::Elu::new().alpha(1.7).call(x)),
        unary("sigmoid", |x| F::sigmoid(x)),
        unary("tanh", |x| F::tanh(x)),
        unary("softplus", |x| F::softplus(x)),
        unary("softplus, beta", |x| F::Softplus::new().beta(2.5).call(x)),
        row("softmax", &[&[3, 4]], |xs| F::softmax(&xs[0])),
        row("softmax of a vector", &[&[4]], |xs| F::softmax(&xs[0])),
        row("softmax, axis", &[&[2, 3, 2]], |xs| F::Softmax::new().axis(-1).call(&xs[0])),
        row("log_softmax", &[&[2, 3, 2]], |xs| F::log_softmax(&xs[0])),
        rows("lstm", &[&[2, 3], &[2, 12]], |xs| {
            let (c, h) = F::lstm(&xs[0], &xs[1]);
            vec![c, h]
        }),
        row("lstm, h alone", &[&[2, 3], &[2, 12]], |xs| F::lstm(&xs[0], &xs[1]).1),
        row("lstm, c alone", &[&[2, 3], &[2, 12]], |xs| F::lstm(&xs[0], &xs[1]).0),
        rows("lstm, shorter x, more axes", &[&[3, 2, 2], &[2, 8, 2]], |xs| {
            let (c, h) = F::lstm(&xs[0], &xs[1]);
            vec![c, h]
        }),
    ]
}

/// Empty batches.
pub fn empty() -> Vec<Empty> {
    vec![
        ("softmax", F::softmax(x(&[0, 3])), &[0, 3]),
        ("log_softmax", F::log_softmax(x(&[0, 3])), &[0, 3]),
        ("lstm", F::lstm(x(&[0, 2]), x(&[0, 8])).1, &[0, 2]),
    ]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![
        ("sigmoid", |x| F::sigmoid(x)),
        ("tanh", |x| F::tanh(x)),
        ("softplus", |x| F::softplus(x)),
        ("elu", |x| F::elu(x)),
        ("softmax", |x| F::softmax(x)),
        ("log_softmax", |x| F::log_softmax(x)),
    ]
}
