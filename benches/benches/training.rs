//! Training steps: a multi-layer perceptron, a small convolutional network, and Adam alone over ten million parameters.

use std::sync::Arc;

use chainer::prelude::*;
use chainer::{functions as F, links as L, optimizers};
use chainer_benches::uniform;
use criterion::{Criterion, criterion_group, criterion_main};

#[chain]
struct Mlp {
    layers: [L::Linear; 3],
}

impl Forward for Mlp {
    fn forward(&self, x: &Variable) -> Variable {
        let [first, second, third] = &self.layers;
        let h = F::relu(first.forward(x));
        let h = F::relu(second.forward(&h));
        third.forward(&h)
    }
}

#[chain]
struct ConvNet {
    conv1: L::Convolution2D,
    conv2: L::Convolution2D,
    fc1: L::Linear,
    fc2: L::Linear,
}

impl Forward for ConvNet {
    fn forward(&self, x: &Variable) -> Variable {
        let h = F::max_pooling_2d(F::relu(self.conv1.forward(x)), 2);
        let h = F::max_pooling_2d(F::relu(self.conv2.forward(&h)), 2);
        let h = F::relu(self.fc1.forward(&h));
        self.fc2.forward(&h)
    }
}

fn labels(n: usize) -> Variable {
    Variable::constant(Array::from((0..n).map(|i| (i % 10) as i32).collect::<Vec<_>>()))
}

fn step<M: Forward>(model: &Arc<M>, optimizer: &mut impl FnMut(), x: &Variable, t: &Variable) {
    let loss = F::softmax_cross_entropy(model.forward(x), t);
    model.cleargrads();
    loss.backward().unwrap();
    optimizer();
}

fn training(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("training step");
    group.sample_size(20);

    // W1 of the comparison with other frameworks: 784-1000-1000-10, batch 100, Adam.
    let model =
        Arc::new(Mlp { layers: [L::Linear::new(None, 1000), L::Linear::new(None, 1000), L::Linear::new(None, 10)] });
    let mut optimizer = optimizers::Adam::default().setup(&model);
    let (x, t) = (Variable::constant(uniform(1, &[100, 784])), labels(100));
    group.bench_function("MLP 784-1000-1000-10, batch 100, Adam", |b| {
        b.iter(|| step(&model, &mut || optimizer.update().unwrap(), &x, &t))
    });

    let model = Arc::new(ConvNet {
        conv1: L::Convolution2D::new(1, 20, 5),
        conv2: L::Convolution2D::new(20, 50, 5),
        fc1: L::Linear::new(None, 500),
        fc2: L::Linear::new(None, 10),
    });
    let mut optimizer = optimizers::Adam::default().setup(&model);
    let (x, t) = (Variable::constant(uniform(1, &[64, 1, 28, 28])), labels(64));
    group.bench_function("LeNet, batch 64, Adam", |b| {
        b.iter(|| step(&model, &mut || optimizer.update().unwrap(), &x, &t))
    });

    let model = Arc::new(L::Linear::new(10_000, 1_000));
    let mut optimizer = optimizers::Adam::default().setup(&model);
    for parameter in model.params() {
        let shape = parameter.shape().unwrap();
        parameter.set_grad(Variable::constant(uniform(2, &shape))).unwrap();
    }
    group.bench_function("Adam over 10 M parameters", |b| b.iter(|| optimizer.update().unwrap()));
    group.finish();
}

criterion_group!(benches, training);
criterion_main!(benches);
