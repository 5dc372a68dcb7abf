//! What the library's functions cost in kernels and writes.

use chainer::prelude::*;
use chainer::{Dtype, UpdateRule, functions as F, links as L, optimizers};
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
fn an_embedding_learns_without_anything_of_the_size_of_its_table() {
    let table = L::EmbedID::new(1000, 8);
    table.w().array().unwrap().force().unwrap();
    let mut optimizer = optimizers::AdaGrad::default().setup(&table);
    let ids = Variable::constant(Array::from([[7i32, 3], [7, 999]]));
    optimizer.update_with(|| table.forward(&ids).square().sum()).unwrap();
    let counter = KernelCounter::start();
    optimizer.update_with(|| table.forward(&ids).square().sum()).unwrap();
    let count = counter.take();
    // The rows are written into the table and into the state, where they lie.
    let large: Vec<&String> = count.descriptions.iter().filter(|d| d.contains("-> (float32(1000, 8)")).collect();
    assert!(large.len() == 2 && large.iter().all(|d| d.starts_with("scatter")), "{:#?}", count.descriptions);
    let shared = table.w().array().unwrap();
    optimizer.update_with(|| table.forward(&ids).square().sum()).unwrap();
    // Whoever holds the table sees it as it was.
    let (before, after) = (shared.to_vec::<f32>().unwrap(), table.w().array().unwrap().to_vec::<f32>().unwrap());
    let changed: Vec<usize> =
        (0..1000).filter(|row| before[8 * row..8 * row + 8] != after[8 * row..8 * row + 8]).collect();
    assert_eq!(changed, [3, 7, 999]);
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
fn an_activation_is_one_kernel_forward_and_one_backward() {
    type Activation = (&'static str, fn(&Variable) -> Variable);
    let activations: [Activation; 16] = [
        ("clipped_relu", |x| F::clipped_relu(x)),
        ("crelu", |x| F::crelu(x)),
        ("elu", |x| F::elu(x)),
        ("gelu", |x| F::gelu(x)),
        ("gelu, approximate", |x| F::Gelu::new().approximate(true).call(x)),
        ("hard_sigmoid", |x| F::hard_sigmoid(x)),
        ("hard_tanh", |x| F::hard_tanh(x)),
        ("leaky_relu", |x| F::leaky_relu(x)),
        ("log_sigmoid", |x| F::log_sigmoid(x)),
        ("mish", |x| F::mish(x)),
        ("relu", |x| F::relu(x)),
        ("selu", |x| F::selu(x)),
        ("sigmoid", |x| F::sigmoid(x)),
        ("silu", |x| F::silu(x)),
        ("softplus", |x| F::Softplus::new().beta(2.0).call(x)),
        ("tanh", |x| F::tanh(x)),
    ];
    for (name, activation) in activations {
        let x = ready(&[8, 16]);
        let counter = KernelCounter::start();
        let y = activation(&x);
        y.data().force().unwrap();
        let count = counter.take();
        assert_eq!((count.kernels, count.written), (1, 1), "{name}: {:?}", count.descriptions);
        let gy = ready(y.shape()).into_data();
        y.set_grad(&gy).unwrap();
        gy.force().unwrap();
        counter.take();
        y.backward().unwrap();
        let count = counter.take();
        assert_eq!((count.kernels, count.written), (1, 1), "{name}, backward: {:?}", count.descriptions);
    }
}

#[test]
fn a_step_of_a_tree_lstm_is_one_kernel_that_writes_c_and_h() {
    let [c1, c2, x1, x2] = [8, 8, 32, 32].map(|units| ready(&[4, units]));
    let counter = KernelCounter::start();
    let (c, h) = F::slstm(&c1, &c2, &x1, &x2);
    h.data().force().unwrap();
    assert!(!c.data().is_pending());
    let count = counter.count();
    assert_eq!((count.kernels, count.written), (1, 2), "{:?}", count.descriptions);
}

#[test]
fn the_weights_of_single_samples_are_never_written() {
    let (x, w) = (ready(&[64, 50]), ready(&[40, 50]));
    let counter = KernelCounter::start();
    let y = F::simplified_dropconnect(&x, &w, None);
    y.data().force().unwrap();
    let gy = ready(&[64, 40]).into_data();
    y.set_grad(&gy).unwrap();
    y.backward().unwrap();
    let count = counter.take();
    assert!(count.bytes_written < 64 * 40 * 50, "{:?}", count.descriptions);
}

#[test]
fn noise_is_drawn_on_the_way() {
    let (x, h) = (ready(&[64, 64]), ready(&[64, 64]));
    let counter = KernelCounter::start();
    let y = F::zoneout(&h, F::gaussian(&x, &h), 0.5);
    y.data().force().unwrap();
    let count = counter.count();
    assert_eq!((count.kernels, count.written), (1, 1), "{:?}", count.descriptions);
}

#[test]
fn a_normalization_writes_statistics_and_its_result() {
    let x = ready(&[64, 100]);
    let [gamma, beta] = [0.5, 1.5].map(|value| Array::from_vec(vec![value as f32; 100], 100));
    let functions: [&dyn Fn() -> Variable; 5] = [
        &|| F::layer_normalization(&x, &gamma, &beta),
        &|| F::rms_norm(&x, &gamma),
        &|| F::batch_normalization(&x, &gamma, &beta),
        &|| F::group_normalization(&x, 10, &gamma, &beta),
        &|| F::normalize(&x),
    ];
    for (i, function) in functions.iter().enumerate() {
        let counter = KernelCounter::start();
        function().data().force().unwrap();
        let count = counter.take();
        assert!(count.bytes_written < 2 * 4 * 64 * 100, "{i}: {:?}", count.descriptions);
    }
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
