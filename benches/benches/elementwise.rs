//! Fused chains over large arrays: five operations against a hand-written loop over the same memory, and W7 with its gradient.

use std::hint::black_box;

use chainer::Variable;
use chainer_benches::{chain, hand_written_chain, uniform, w7};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn five_ops(criterion: &mut Criterion) {
    let n = 16 << 20;
    let [x, y, z] = [1, 2, 3].map(|seed| uniform(seed, &[n]));
    let mut group = criterion.benchmark_group("chain of 5 ops, 16 M floats");
    group.sample_size(20).throughput(Throughput::Bytes(4 * 4 * n as u64));
    group.bench_function("arrays", |b| b.iter(|| chain(&x, &y, &z).force().map(|_| ()).unwrap()));
    let views = [&x, &y, &z].map(|a| a.view::<f32>().unwrap());
    let mut out = vec![0.0f32; n];
    group.bench_function("hand-written loop, two threads", |b| {
        b.iter(|| {
            let [x, y, z] = views.each_ref().map(|v| v.as_slice().unwrap());
            let half = n / 2;
            let (low, high) = out.split_at_mut(half);
            std::thread::scope(|scope| {
                scope.spawn(|| hand_written_chain(&x[half..], &y[half..], &z[half..], high));
                hand_written_chain(&x[..half], &y[..half], &z[..half], low);
            });
            black_box(&mut out);
        })
    });
    group.finish();
}

fn w7_both(criterion: &mut Criterion) {
    let x = uniform(1, &[4096, 1024]);
    let [a, b, c] = [2, 3, 4].map(|seed| uniform(seed, &[1024]));
    let mut group = criterion.benchmark_group("W7, 4096x1024");
    group.sample_size(30);
    group.bench_function("forward", |bench| bench.iter(|| w7(&x, &a, &b, &c).force().map(|_| ()).unwrap()));
    let variable = Variable::new(x.clone());
    let [a, b, c] = [a, b, c].map(Variable::constant);
    group.bench_function("forward and backward", |bench| {
        bench.iter(|| {
            variable.cleargrad();
            let x = &variable;
            let y = (x * &a + &b).tanh() * (x - &c).sigmoid() + (-(x * x)).exp();
            y.sum().backward().unwrap();
        })
    });
    group.finish();
}

criterion_group!(benches, five_ops, w7_both);
criterion_main!(benches);
