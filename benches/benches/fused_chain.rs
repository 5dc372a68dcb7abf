//! `y = tanh(x*a + b) * sigmoid(x - c) + exp(-x*x)` over 4096×1024 float32, `a`, `b` and `c` rows of 1024: one fused kernel against
//! the same arithmetic written by hand as one loop, which the compiler widens, over the same memory.

use std::hint::black_box;

use chainer_kernels::cpu::{set_num_threads, threads};
use chainer_kernels::{Array, ArrayOps};
use criterion::{Criterion, criterion_group, criterion_main};

const ROWS: usize = 4096;
const COLUMNS: usize = 1024;

fn numbers(n: usize, scale: f32) -> Vec<f32> {
    (0..n).map(|k| ((k * 2_654_435_761) % 1000) as f32 / 500.0 * scale - scale).collect()
}

fn fused(x: &Array, [a, b, c]: &[Array; 3]) -> Array {
    (x * a + b).tanh() * (x - c).sigmoid() + (-(x * x)).exp()
}

/// The reduction and polynomial of the exponential function: 2^n and `exp(r) - 1`.
#[inline(always)]
fn exp_parts(x: f32) -> (f32, f32) {
    const ROUND: f32 = 12_582_912.0;
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-0.001_740_930_6, n.mul_add(-0.691_406_25, x));
    let mut q = 0.001_392_625f32;
    for coefficient in [0.008_363_233, 0.041_666_552, 0.166_665_76, 0.5] {
        q = q.mul_add(r, coefficient);
    }
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1f32.to_bits()));
    (power, (r * r).mul_add(q, r))
}

#[inline(always)]
fn by_hand_row(y: &mut [f32], x: &[f32], [a, b, c]: [&[f32]; 3]) {
    for k in 0..y.len().min(x.len()).min(a.len()).min(b.len()).min(c.len()) {
        let x = x[k];
        let (power, p) = exp_parts(2.0 * (x * a[k] + b[k]).clamp(-9.0, 9.0));
        let e = power.mul_add(p, power - 1.0);
        let (power, p) = exp_parts((c[k] - x).clamp(-87.0, 87.0));
        let sigmoid = 1.0 / (1.0 + power.mul_add(p, power));
        let (power, p) = exp_parts((-x * x).max(-87.0));
        y[k] = e / (e + 2.0) * sigmoid + power.mul_add(p, power);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
fn by_hand_avx512(y: &mut [f32], x: &[f32], rows: [&[f32]; 3]) {
    by_hand_row(y, x, rows);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn by_hand_avx2(y: &mut [f32], x: &[f32], rows: [&[f32]; 3]) {
    by_hand_row(y, x, rows);
}

fn by_hand(y: &mut [f32], x: &[f32], rows: [&[f32]; 3], threads: usize) {
    let part = ROWS.div_ceil(threads) * COLUMNS;
    std::thread::scope(|scope| {
        for (y, x) in y.chunks_mut(part).zip(x.chunks(part)) {
            let mut run = move || {
                for (y, x) in y.chunks_exact_mut(COLUMNS).zip(x.chunks_exact(COLUMNS)) {
                    #[cfg(target_arch = "x86_64")]
                    if is_x86_feature_detected!("avx512f")
                        && is_x86_feature_detected!("avx512vl")
                        && is_x86_feature_detected!("avx512bw")
                        && is_x86_feature_detected!("avx512dq")
                    {
                        // SAFETY: the processor has the instructions.
                        unsafe { by_hand_avx512(y, x, rows) };
                        continue;
                    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                        // SAFETY: the processor has the instructions.
                        unsafe { by_hand_avx2(y, x, rows) };
                        continue;
                    }
                    by_hand_row(y, x, rows);
                }
            };
            if threads == 1 {
                run();
            } else {
                scope.spawn(run);
            }
        }
    });
}

fn fused_chain(criterion: &mut Criterion) {
    let host = numbers(ROWS * COLUMNS, 2.0);
    let host_rows = [0.5, 1.0, 1.5].map(|scale| numbers(COLUMNS, scale));
    let x = Array::from_vec(host.clone(), [ROWS, COLUMNS]);
    let rows = host_rows.each_ref().map(|row| Array::from_vec(row.clone(), [1, COLUMNS]));
    let mut y = vec![0f32; ROWS * COLUMNS];
    let slices = [&host_rows[0][..], &host_rows[1], &host_rows[2]];

    by_hand(&mut y, &host, slices, 1);
    let got = fused(&x, &rows).to_vec::<f32>().expect("a value");
    let off = got.iter().zip(&y).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-5, "the two disagree by {off}");

    let machine = threads();
    let mut group = criterion.benchmark_group("fused_chain");
    group.sample_size(30);
    for threads in [1, machine] {
        set_num_threads(threads);
        group.bench_function(format!("fused, {threads} threads"), |bencher| {
            bencher.iter(|| black_box(fused(&x, &rows)).force().is_ok());
        });
        group.bench_function(format!("by hand, {threads} threads"), |bencher| {
            bencher.iter(|| by_hand(black_box(&mut y), &host, slices, threads));
        });
    }
    group.finish();
}

criterion_group!(benches, fused_chain);
criterion_main!(benches);
