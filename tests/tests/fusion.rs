//! What the library's functions cost in kernels and writes.

use chainer::prelude::*;
use chainer::{Dtype, functions as F, links as L};
use chainer_kernels::hooks::KernelCounter;

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
