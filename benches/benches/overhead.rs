//! What an operation costs beside its arithmetic: arrays of one element.

use std::hint::black_box;

use chainer::{Array, Variable};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const OPS: u64 = 1000;

fn overhead(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("1,000 x (h + 1) on one element");
    group.throughput(Throughput::Elements(OPS));
    let x = Array::from([1.0f32]);
    group.bench_function("arrays, recorded and computed", |b| {
        b.iter(|| {
            let mut h = x.clone();
            for _ in 0..OPS {
                h += 1.0;
            }
            h.force().map(|_| ()).unwrap();
        })
    });
    let x = Variable::new(Array::from([1.0f32]));
    let forward = || {
        let mut h = x.clone();
        for _ in 0..OPS {
            h += 1.0;
        }
        h
    };
    group.bench_function("variables, recorded", |b| b.iter(|| black_box(forward())));
    group.bench_function("variables, backward", |b| {
        b.iter_batched(
            || {
                x.cleargrad();
                forward()
            },
            |h| h.backward().unwrap(),
            BatchSize::SmallInput,
        )
    });
    group.finish();

    let x = Array::from([1.0f32]);
    criterion.bench_function("flush of a cached program of one operation", |b| {
        b.iter_batched(|| &x + 1.0, |y| y.force().map(|_| ()).unwrap(), BatchSize::SmallInput)
    });
}

criterion_group!(benches, overhead);
criterion_main!(benches);
