//! Sums and products.

use std::marker::PhantomData;

use super::reducers::Reducer;
use crate::cpu::elementwise::Store;
use crate::cpu::simd::Level;
use crate::{bf16, f16};

/// The sum.
pub(super) struct Sum<T>(PhantomData<T>);
/// The product.
pub(super) struct Prod<T>(PhantomData<T>);

/// Independent partial sums, so that additions need not wait for each other and fill vectors.
const LANES: usize = 16;
/// Half-precision values converted at a time.
const CHUNK: usize = 128;

macro_rules! integers {
    ($($ty:ty)*) => {$(
        impl Reducer for Sum<$ty> {
            type Value = $ty;
            type Acc = $ty;
            type Out = $ty;
            fn start() -> $ty {
                0
            }
            #[inline(always)]
            fn fold<L: Level>(acc: &mut $ty, values: &[$ty], _: i64) {
                *acc = values.iter().fold(*acc, |acc, &x| acc.wrapping_add(x));
            }
            #[inline(always)]
            fn each<L: Level>(accs: &mut [$ty], values: &[$ty], _: i64) {
                for (acc, &x) in accs.iter_mut().zip(values) {
                    *acc = acc.wrapping_add(x);
                }
            }
            fn combine(acc: &mut $ty, later: $ty) {
                *acc = acc.wrapping_add(later);
            }
            fn finish(acc: $ty) -> $ty {
                acc
            }
        }
        impl Reducer for Prod<$ty> {
            type Value = $ty;
            type Acc = $ty;
            type Out = $ty;
            fn start() -> $ty {
                1
            }
            #[inline(always)]
            fn fold<L: Level>(acc: &mut $ty, values: &[$ty], _: i64) {
                *acc = values.iter().fold(*acc, |acc, &x| acc.wrapping_mul(x));
            }
            #[inline(always)]
            fn each<L: Level>(accs: &mut [$ty], values: &[$ty], _: i64) {
                for (acc, &x) in accs.iter_mut().zip(values) {
                    *acc = acc.wrapping_mul(x);
                }
            }
            fn combine(acc: &mut $ty, later: $ty) {
                *acc = acc.wrapping_mul(later);
            }
            fn finish(acc: $ty) -> $ty {
                acc
            }
        }
    )*};
}
integers! { i8 i16 i32 i64 u8 u16 u32 u64 }

#[inline(always)]
fn sum_in_f64(values: &[f32]) -> f64 {
    if values.len() < LANES {
        return values.iter().map(|&x| x as f64).sum();
    }
    let mut lanes = [0f64; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += x as f64;
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane += x as f64;
    }
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for k in 0..width {
            lanes[k] += lanes[k + width];
        }
    }
    lanes[0]
}

/// Calls `f` for runs of the values converted to float32.
#[inline(always)]
fn in_f32<L: Level, S: Store<Compute = f32>>(values: &[S], mut f: impl FnMut(usize, &[f32])) {
    if S::DIRECT {
        // SAFETY: `DIRECT` says that stored and computed types are the same.
        return f(0, unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) });
    }
    let mut wide = [0f32; CHUNK];
    for (k, values) in values.chunks(CHUNK).enumerate() {
        S::load::<L>(values, &mut wide[..values.len()]);
        f(k * CHUNK, &wide[..values.len()]);
    }
}

macro_rules! singles {
    ($($ty:ty: $finish:expr;)*) => {$(
        /// Accumulated in float64: the rounding of the additions does not reach the result.
        impl Reducer for Sum<$ty> {
            type Value = $ty;
            type Acc = f64;
            type Out = $ty;
            fn start() -> f64 {
                0.0
            }
            #[inline(always)]
            fn fold<L: Level>(acc: &mut f64, values: &[$ty], _: i64) {
                in_f32::<L, $ty>(values, |_, values| *acc += sum_in_f64(values));
            }
            #[inline(always)]
            fn each<L: Level>(accs: &mut [f64], values: &[$ty], _: i64) {
                in_f32::<L, $ty>(values, |from, values| {
                    for (acc, &x) in accs[from..].iter_mut().zip(values) {
                        *acc += x as f64;
                    }
                });
            }
            fn combine(acc: &mut f64, later: f64) {
                *acc += later;
            }
            fn finish(acc: f64) -> $ty {
                $finish(acc)
            }
        }
        impl Reducer for Prod<$ty> {
            type Value = $ty;
            type Acc = f64;
            type Out = $ty;
            fn start() -> f64 {
                1.0
            }
            #[inline(always)]
            fn fold<L: Level>(acc: &mut f64, values: &[$ty], _: i64) {
                in_f32::<L, $ty>(values, |_, values| *acc = values.iter().fold(*acc, |acc, &x| acc * x as f64));
            }
            #[inline(always)]
            fn each<L: Level>(accs: &mut [f64], values: &[$ty], _: i64) {
                in_f32::<L, $ty>(values, |from, values| {
                    for (acc, &x) in accs[from..].iter_mut().zip(values) {
                        *acc *= x as f64;
                    }
                });
            }
            fn combine(acc: &mut f64, later: f64) {
                *acc *= later;
            }
            fn finish(acc: f64) -> $ty {
                $finish(acc)
            }
        }
    )*};
}
singles! { f32: |x| x as f32; f16: f16::from_f64; bf16: bf16::from_f64; }

/// A float64 and what rounding took from it.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    sum: f64,
    error: f64,
}

impl Pair {
    /// Adds exactly but for the rounding of `error` (Knuth's two-sum).
    #[inline(always)]
    fn add(&mut self, x: f64) {
        let sum = self.sum + x;
        let part = sum - self.sum;
        self.error += (self.sum - (sum - part)) + (x - part);
        self.sum = sum;
    }
}

/// Accumulated in pairs: as if summed in twice the precision.
impl Reducer for Sum<f64> {
    type Value = f64;
    type Acc = Pair;
    type Out = f64;
    fn start() -> Pair {
        Pair { sum: 0.0, error: 0.0 }
    }
    #[inline(always)]
    fn fold<L: Level>(acc: &mut Pair, values: &[f64], _: i64) {
        let (mut sums, mut errors) = ([0f64; LANES], [0f64; LANES]);
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            for k in 0..LANES {
                let sum = sums[k] + chunk[k];
                let part = sum - sums[k];
                errors[k] += (sums[k] - (sum - part)) + (chunk[k] - part);
                sums[k] = sum;
            }
        }
        for &x in rest {
            acc.add(x);
        }
        for k in 0..LANES {
            acc.add(sums[k]);
            acc.error += errors[k];
        }
    }
    #[inline(always)]
    fn each<L: Level>(accs: &mut [Pair], values: &[f64], _: i64) {
        for (acc, &x) in accs.iter_mut().zip(values) {
            acc.add(x);
        }
    }
    fn combine(acc: &mut Pair, later: Pair) {
        acc.add(later.sum);
        acc.error += later.error;
    }
    fn finish(acc: Pair) -> f64 {
        // Of infinities the error is NaN.
        let total = acc.sum + acc.error;
        if total.is_nan() { acc.sum } else { total }
    }
}

impl Reducer for Prod<f64> {
    type Value = f64;
    type Acc = f64;
    type Out = f64;
    fn start() -> f64 {
        1.0
    }
    #[inline(always)]
    fn fold<L: Level>(acc: &mut f64, values: &[f64], _: i64) {
        *acc = values.iter().fold(*acc, |acc, &x| acc * x);
    }
    #[inline(always)]
    fn each<L: Level>(accs: &mut [f64], values: &[f64], _: i64) {
        for (acc, &x) in accs.iter_mut().zip(values) {
            *acc *= x;
        }
    }
    fn combine(acc: &mut f64, later: f64) {
        *acc *= later;
    }
    fn finish(acc: f64) -> f64 {
        acc
    }
}
