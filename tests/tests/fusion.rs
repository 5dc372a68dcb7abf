//! What the library's functions cost in kernels and writes.

use chainer::prelude::*;
use chainer::{Dtype, functions as F, links as L};
use chainer_kernels::hooks::KernelCounter;
use proptest::prelude::*;

fn ready(shape: &[usize]) -> Variable {
    let size = shape.iter().product::<usize>();
    Variable::new(Array::from_vec((0..size).map(|i| (i as f32 * 0.37).sin()).collect(), shape))
}

#[test]
fn an_lstm_step_is_one_kernel_that_writes_c_and_h() {
    let (c, x) = (ready(&[4, 8]), ready(&[4, 32]));
    let counter = KernelCounter::start();
    let (c, h) = F::lstm(&c, &x);
    h.data().force().unwrap();
    assert!(!c.data().is_pending());
    let count = counter.count();
    assert_eq!((count.kernels, count.written), (1, 2), "{:?}", count.descriptions);
}

#[test]
fn a_step_of_the_lstm_layer_is_two_products_and_one_kernel() {
    let layer = L::LSTM::new(6, 8);
    let x = ready(&[4, 6]);
    for parameter in layer.params() {
        parameter.array().unwrap().force().unwrap();
    }
    let first = layer.forward(&x);
    first.data().force().unwrap();
    let counter = KernelCounter::start();
    let h = layer.forward(&x);
    h.data().force().unwrap();
    let count = counter.take();
    assert_eq!((count.kernels, count.written), (3, 4), "{:?}", count.descriptions);
    // Backward through one step: the gradients of the gates and of c are one kernel, and are joined by one copy.
    let c = Variable::new(ready(&[4, 8]).into_data());
    let sources = Variable::new(ready(&[4, 32]).into_data());
    let (c_next, h) = F::lstm(&c, &sources);
    let gh = ready(&[4, 8]).into_data();
    h.set_grad(&gh).unwrap();
    gh.force().unwrap();
    c_next.data().force().unwrap();
    counter.take();
    h.backward().unwrap();
    let count = counter.take();
    assert_eq!(count.kernels, 2, "{:?}", count.descriptions);
}

#[test]
fn layers_over_sequences_are_two_kernels_a_step_and_one_product_for_each_weight_gradient() {
    const STEPS: usize = 5;
    let ws: Vec<Variable> = (0..8).map(|i| ready(&[8, if i < 4 { 6 } else { 8 }])).collect();
    let bs: Vec<Variable> = (0..8).map(|_| ready(&[8])).collect();
    let xs: Vec<Variable> = (0..STEPS).map(|_| ready(&[4, 6])).collect();
    let (hx, cx) = (ready(&[1, 4, 8]), ready(&[1, 4, 8]));
    let gy = Array::zeros([4, 8], Dtype::F32);
    gy.force().unwrap();
    let counter = KernelCounter::start();
    let (_, _, ys) = F::n_step_lstm(1, 0.0, &hx, &cx, [&ws], [&bs], &xs);
    ys[STEPS - 1].data().force().unwrap();
    let count = counter.take();
    let named = |descriptions: &[String], name: &str| descriptions.iter().filter(|d| d.starts_with(name)).count();
    // The biases are added beforehand.
    assert_eq!(named(&count.descriptions, "map"), 1 + STEPS, "{:#?}", count.descriptions);
    assert_eq!(named(&count.descriptions, "matmul"), 1 + STEPS, "{:#?}", count.descriptions);
    ys[STEPS - 1].set_grad(&gy).unwrap();
    ys[STEPS - 1].backward().unwrap();
    let count = counter.take();
    // To the previous output of each step; then to both weights and to the input.
    assert_eq!(named(&count.descriptions, "matmul"), STEPS + 3, "{:#?}", count.descriptions);
    assert_eq!(named(&count.descriptions, "map"), STEPS, "{:#?}", count.descriptions);
}

#[test]
fn functions_that_only_look_at_elements_differently_run_no_kernel() {
    let x = ready(&[1, 4, 6]);
    x.data().force().unwrap();
    let views: [(&str, Vec<Variable>); 16] = [
        ("broadcast", F::broadcast([&x, &x])),
        ("broadcast_to", vec![F::broadcast_to(&x, [2, 4, 6])]),
        ("expand_dims", vec![F::expand_dims(&x, 1)]),
        ("flatten", vec![F::flatten(&x)]),
        ("flip", vec![F::flip(&x, None)]),
        ("fliplr", vec![F::fliplr(&x)]),
        ("flipud", vec![F::flipud(&x)]),
        ("get_item", vec![F::get_item(&x, (0, 1.., 2..4))]),
        ("moveaxis", vec![F::moveaxis(&x, 0, 2)]),
        ("reshape", vec![F::reshape(&x, [2, 12])]),
        ("rollaxis", vec![F::rollaxis(&x, 2, 0)]),
        ("separate", F::Separate::new().axis(1).call(&x)),
        ("split_axis", F::split_axis(&x, 2, 1)),
        ("squeeze", vec![F::squeeze(&x, 0)]),
        ("swap_axes", vec![F::swap_axes(&x, 1, 2)]),
        ("transpose", vec![F::transpose(&x, &[])]),
    ];
    for (name, ys) in views {
        let counter = KernelCounter::start();
        ys.iter().for_each(|y| _ = y.data().force().unwrap());
        assert_eq!(counter.count().kernels, 0, "{name}");
    }
}

#[test]
fn sequences_are_padded_and_transposed_by_one_copy() {
    let xs = [ready(&[4, 3]), ready(&[2, 3]), ready(&[1, 3])];
    let counter = KernelCounter::start();
    // One kernel makes an element of padding, the other one copies.
    let padded = F::pad_sequence(&xs);
    padded.data().force().unwrap();
    let count = counter.take();
    assert_eq!(count.kernels, 2, "{:?}", count.descriptions);
    let ys = F::transpose_sequence(&xs);
    ys.iter().for_each(|y| _ = y.data().force().unwrap());
    let count = counter.take();
    assert_eq!(count.kernels, 2, "{:?}", count.descriptions);
}

#[test]
fn activation_and_bias_run_with_one_pass_after_the_product() {
    let (x, layer) = (ready(&[4, 8]), L::Linear::new(8, 16));
    layer.w().array().unwrap().force().unwrap();
    let counter = KernelCounter::start();
    let h = F::relu(layer.forward(&x));
    h.data().force().unwrap();
    let count = counter.count();
    assert_eq!(count.kernels, 2, "{:?}", count.descriptions);
}

#[test]
fn dropout_is_drawn_on_the_way() {
    let x = ready(&[64, 64]);
    let counter = KernelCounter::start();
    let y = F::dropout(F::relu(&x), 0.5);
    y.data().force().unwrap();
    let count = counter.count();
    assert_eq!((count.kernels, count.written), (1, 1), "{:?}", count.descriptions);
}

#[test]
fn a_loss_does_not_write_what_has_the_size_of_its_input() {
    let x = ready(&[64, 1000]);
    let t = Variable::constant(Array::zeros(64, Dtype::I32));
    t.data().force().unwrap();
    let counter = KernelCounter::start();
    F::softmax_cross_entropy(&x, &t).data().force().unwrap();
    let count = counter.take();
    assert!(count.bytes_written < 64 * 1000, "{:?}", count.descriptions);
    // Backward writes the gradient once.
    let loss = F::softmax_cross_entropy(&x, &t);
    loss.data().force().unwrap();
    counter.take();
    loss.backward().unwrap();
    let count = counter.take();
    let gradient = 64 * 1000 * 4;
    assert!((gradient..gradient + 64 * 1000).contains(&count.bytes_written), "{:?}", count.descriptions);
}

#[test]
fn a_chain_and_its_gradient_are_one_kernel_each() {
    let x = ready(&[16, 8]);
    let [a, b, c] = [0.5f32, 0.25, -0.5].map(|v| {
        let array = Array::from_vec(vec![v; 128], [16, 8]);
        Variable::constant(array)
    });
    let counter = KernelCounter::start();
    let y = (&x * &a + &b).tanh() * (&x - &c).sigmoid() + (-(&x * &x)).exp();
    y.data().force().unwrap();
    let count = counter.take();
    assert_eq!((count.kernels, count.written), (1, 1), "{:?}", count.descriptions);
    drop(y);

    let y = (&x * &a + &b).tanh() * (&x - &c).sigmoid() + (-(&x * &x)).exp();
    y.sum().backward().unwrap();
    let count = counter.take();
    assert!(count.kernels <= 2, "{:?}", count.descriptions);
    // Of all that backward needs, only the gradient of x is written: the rest is recomputed in the same pass.
    assert_eq!(count.written, count.kernels, "{:?}", count.descriptions);
    assert_eq!(x.grad().unwrap().shape(), x.shape());
}

/// One step of a random chain: which operation, and which of the values so far it reads.
#[derive(Clone, Debug)]
struct Step {
    op: u8,
    left: prop::sample::Index,
    right: prop::sample::Index,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0u8..10, any::<prop::sample::Index>(), any::<prop::sample::Index>());
    prop::collection::vec(step.prop_map(|(op, left, right)| Step { op, left, right }), 1..60)
}

/// Runs the chain; `eager` computes each value at once.
fn run(steps: &[Step], inputs: &[Array], eager: bool) -> Array {
    let mut values = inputs.to_vec();
    for step in steps {
        let (a, b) = (step.left.get(&values), step.right.get(&values));
        let value = match step.op {
            0 => a + b,
            1 => a - b,
            2 => a * b,
            3 => a.tanh(),
            4 => a.sigmoid() * 0.5,
            5 => (-(a * a)).exp(),
            6 => a.maximum(b),
            7 => a.greater(b).select(a, b),
            8 => a.sum(-1, true) * 0.01 + b,
            _ => a.abs().add(1.0).log(),
        };
        if eager {
            value.force().unwrap();
        }
        values.push(value);
    }
    values.pop().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fused_equals_unfused_bit_for_bit(steps in steps(), half in any::<bool>()) {
        let dtype = if half { Dtype::F16 } else { Dtype::F32 };
        let generator = chainer::random::Generator::new(3);
        let inputs: Vec<Array> =
            [&[5, 33][..], &[33], &[5, 1]].iter().map(|shape| generator.uniform(*shape, -1.0, 1.0, dtype).copy()).collect();
        inputs.iter().for_each(|x| { x.force().unwrap(); });
        let bits = |y: Array| -> Vec<u64> { y.to_f64_vec().unwrap().iter().map(|v| v.to_bits()).collect() };
        let lazy = run(&steps, &inputs, false);
        let eager = run(&steps, &inputs, true);
        prop_assert_eq!(bits(lazy), bits(eager));
    }
}
