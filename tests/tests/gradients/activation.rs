//! Activation functions.

use chainer::{Array, ArrayOps, Dtype, Variable, functions as F};

use crate::{Empty, Huge, Row, row, rows, unary, x};

fn slstm(xs: &[Variable]) -> [Variable; 2] {
    F::slstm(&xs[0], &xs[1], &xs[2], &xs[3]).into()
}

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
        unary("clipped_relu", |x| F::ClippedRelu::new().z(1.3).call(x)),
        unary("gelu", |x| F::gelu(x)).domain(-4.0, 4.0),
        unary("gelu, approximate", |x| F::Gelu::new().approximate(true).call(x)).domain(-4.0, 4.0),
        unary("hard_sigmoid", |x| F::hard_sigmoid(x)).domain(-3.6, 3.6),
        unary("hard_tanh", |x| F::HardTanh::new().low(-0.8).high(1.3).call(x)),
        unary("log_sigmoid", |x| F::log_sigmoid(x)),
        unary("mish", |x| F::mish(x)),
        unary("selu", |x| F::selu(x)),
        unary("selu, constants", |x| F::Selu::new().alpha(0.7).scale(1.3).call(x)),
        unary("silu", |x| F::silu(x)),
        unary("silu, beta", |x| F::Silu::new().beta(-1.7).call(x)),
        row("crelu", &[&[2, 3]], |xs| F::crelu(&xs[0])),
        row("crelu, first axis", &[&[2, 3, 2]], |xs| F::Crelu::new().axis(0).call(&xs[0])),
        row("crelu, last axis", &[&[2, 3, 2]], |xs| F::Crelu::new().axis(-1).call(&xs[0])),
        row("maxout", &[&[2, 6]], |xs| F::maxout(&xs[0], 3)),
        row("maxout, groups of one", &[&[2, 3]], |xs| F::maxout(&xs[0], 1)),
        row("maxout, axis", &[&[4, 3, 2]], |xs| F::Maxout::new(2).axis(-3).call(&xs[0])).distinct(),
        row("prelu", &[&[3, 4], &[4]], |xs| F::prelu(&xs[0], &xs[1])),
        row("prelu, one slope", &[&[3, 4], &[]], |xs| F::prelu(&xs[0], &xs[1])),
        row("prelu, images", &[&[2, 3, 2], &[3]], |xs| F::prelu(&xs[0], &xs[1])),
        row("prelu, two axes", &[&[2, 3, 2, 1], &[3, 2]], |xs| F::prelu(&xs[0], &xs[1])),
        row("swish", &[&[3, 4], &[4]], |xs| F::swish(&xs[0], &xs[1])),
        row("swish, one beta, images", &[&[2, 3, 2], &[]], |xs| F::swish(&xs[0], &xs[1])),
        rows("slstm", &[&[3, 2], &[3, 2], &[3, 8], &[3, 8]], |xs| slstm(xs).into()),
        rows("slstm, more axes", &[&[1, 2, 2], &[1, 2, 2], &[1, 8, 2], &[1, 8, 2]], |xs| slstm(xs).into()),
        row("slstm, h alone", &[&[2, 1], &[2, 1], &[2, 4], &[2, 4]], |xs| slstm(xs)[1].clone()),
        row("slstm, c alone", &[&[2, 1], &[2, 1], &[2, 4], &[2, 4]], |xs| slstm(xs)[0].clone()),
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
        ("crelu", F::crelu(x(&[0, 3])), &[0, 6]),
        ("crelu, no channels", F::crelu(x(&[2, 0, 3])), &[2, 0, 3]),
        ("maxout", F::maxout(x(&[0, 6]), 3), &[0, 2]),
        ("maxout, no channels", F::maxout(x(&[2, 0]), 3), &[2, 0]),
        ("prelu", F::prelu(x(&[0, 3, 2]), x(&[3])), &[0, 3, 2]),
        ("slstm", F::slstm(x(&[0, 2]), x(&[0, 2]), x(&[0, 8]), x(&[0, 8])).1, &[0, 2]),
        ("swish", F::swish(x(&[0, 3]), x(&[3])), &[0, 3]),
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
        ("clipped_relu", |x| F::clipped_relu(x)),
        ("crelu", |x| F::crelu(x)),
        ("elu", |x| F::elu(x)),
        ("gelu", |x| F::gelu(x)),
        ("gelu, approximate", |x| F::Gelu::new().approximate(true).call(x)),
        ("hard_sigmoid", |x| F::hard_sigmoid(x)),
        ("hard_tanh", |x| F::hard_tanh(x)),
        ("log_sigmoid", |x| F::log_sigmoid(x)),
        ("maxout", |x| F::maxout(x, 3)),
        ("mish", |x| F::mish(x)),
        ("prelu", |x| F::prelu(x, Variable::new(Array::full(3, 0.5, x.dtype())))),
        ("selu", |x| F::selu(x)),
        ("silu", |x| F::silu(x)),
        ("silu, beta", |x| F::Silu::new().beta(-3.0).call(x)),
        ("swish", |x| F::swish(x, Variable::new(Array::full((), 3, x.dtype())))),
        ("softmax", |x| F::softmax(x)),
        ("log_softmax", |x| F::log_softmax(x)),
    ]
}

#[test]
fn gradients_where_they_jump() {
    type Case = (&'static str, fn(&Variable) -> Variable, f64, f64);
    let cases: [Case; 16] = [
        ("relu", |x| F::relu(x), 0.0, 0.0),
        ("clipped_relu", |x| F::clipped_relu(x), 0.0, 0.0),
        ("clipped_relu, z", |x| F::clipped_relu(x), 20.0, 0.0),
        ("crelu", |x| F::crelu(x), 0.0, 0.0),
        ("elu", |x| F::elu(x), 0.0, 1.0),
        ("hard_sigmoid, low", |x| F::hard_sigmoid(x), -2.5, 0.0),
        ("hard_sigmoid, high", |x| F::hard_sigmoid(x), 2.5, 0.0),
        ("hard_sigmoid, inside", |x| F::hard_sigmoid(x), 2.498, 0.2),
        ("hard_tanh, low", |x| F::hard_tanh(x), -1.0, 0.0),
        ("hard_tanh, high", |x| F::hard_tanh(x), 1.0, 0.0),
        ("leaky_relu", |x| F::leaky_relu(x), 0.0, 0.2),
        ("maxout, every tied element", |x| F::maxout(F::Concat::new().call([x, x]), 2), 3.0, 2.0),
        ("prelu", |x| F::prelu(x, Array::full((), 0.25, x.dtype())), 0.0, 1.0),
        ("selu", |x| F::Selu::new().scale(1.5).call(x), 0.0, 1.5),
        ("normalize, zeros", |x| F::Normalize::new().eps(0.5).call(x), 0.0, 2.0),
        ("silu", |x| F::silu(x), 0.0, 0.5),
    ];
    for (name, f, at, want) in cases {
        for (dtype, tolerance) in [(Dtype::F16, 1e-3), (Dtype::BF16, 1e-2), (Dtype::F32, 1e-6), (Dtype::F64, 1e-12)] {
            // bfloat16 knows no number between 2.498 and the end.
            if name == "hard_sigmoid, inside" && dtype == Dtype::BF16 {
                continue;
            }
            let x = Variable::new(Array::full([1, 1], at, dtype).copy());
            f(&x).sum().backward().unwrap();
            let got = x.grad().unwrap().item::<f64>().unwrap();
            assert!((got - want).abs() <= tolerance, "{name} in {dtype}: {got} for {want}");
        }
    }
    let (x, w) = (Variable::new(Array::from([[0.0f32, -2.0]])), Variable::new(Array::from([0.25f32, 0.5])));
    F::prelu(&x, &w).sum().backward().unwrap();
    assert_eq!(w.grad().unwrap().to_vec::<f32>().unwrap(), [0.0, -2.0]);
}

#[test]
fn infinite_inputs_give_the_limits() {
    type Case = (&'static str, fn(&Variable) -> Variable, [f64; 2]);
    let functions: [Case; 9] = [
        ("gelu", |x| F::gelu(x), [0.0, f64::INFINITY]),
        ("gelu, approximate", |x| F::Gelu::new().approximate(true).call(x), [0.0, f64::INFINITY]),
        ("silu", |x| F::silu(x), [0.0, f64::INFINITY]),
        ("mish", |x| F::mish(x), [0.0, f64::INFINITY]),
        ("selu", |x| F::Selu::new().alpha(2.0).scale(1.0).call(x), [-2.0, f64::INFINITY]),
        ("log_sigmoid", |x| F::log_sigmoid(x), [f64::NEG_INFINITY, 0.0]),
        ("hard_sigmoid", |x| F::hard_sigmoid(x), [0.0, 1.0]),
        ("hard_tanh", |x| F::hard_tanh(x), [-1.0, 1.0]),
        ("clipped_relu", |x| F::clipped_relu(x), [0.0, 20.0]),
    ];
    for (name, f, limits) in functions {
        for dtype in [Dtype::F16, Dtype::BF16, Dtype::F32, Dtype::F64] {
            let x = Variable::new(Array::from([f64::NEG_INFINITY, f64::INFINITY]).astype(dtype));
            let y = f(&x);
            assert_eq!(y.data().to_f64_vec().unwrap(), limits, "{name} in {dtype}");
            y.sum().backward().unwrap();
            let gx = x.grad().unwrap().data().to_f64_vec().unwrap();
            assert!(gx.iter().all(|g| g.is_finite()), "the gradient of {name} in {dtype}: {gx:?}");
        }
    }
}
