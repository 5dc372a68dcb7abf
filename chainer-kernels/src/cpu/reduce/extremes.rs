//! The largest and smallest, and where they stand.

use std::marker::PhantomData;

use super::reducers::Reducer;
use crate::cpu::elementwise::Store;
use crate::cpu::simd::Level;
use crate::{bf16, f16};

/// The largest (`MAX`) or smallest value; NaN if there is one.
pub(super) struct Extreme<T, const MAX: bool>(PhantomData<T>);
/// The place of the first largest (`MAX`) or smallest value, or of the first NaN.
pub(super) struct Arg<T, const MAX: bool>(PhantomData<T>);

/// A type with an order.
pub(super) trait Ordered: Copy + PartialOrd + Default + 'static {
    const LOWEST: Self;
    const HIGHEST: Self;
    const NAN: Self;
    fn is_nan(self) -> bool;
}
macro_rules! ordered {
    ($($ty:ident: $low:expr, $high:expr, $nan:expr;)*) => {$(
        impl Ordered for $ty {
            const LOWEST: Self = $low;
            const HIGHEST: Self = $high;
            const NAN: Self = $nan;
            #[inline(always)]
            #[allow(clippy::eq_op)]
            fn is_nan(self) -> bool {
                self != self
            }
        }
    )*};
    (integers: $($ty:ident)*) => { ordered! { $($ty: $ty::MIN, $ty::MAX, 0;)* } };
}
ordered! { integers: i8 i16 i32 i64 u8 u16 u32 u64 }
ordered! {
    f32: f32::NEG_INFINITY, f32::INFINITY, f32::NAN;
    f64: f64::NEG_INFINITY, f64::INFINITY, f64::NAN;
}

#[inline(always)]
fn better<T: Ordered, const MAX: bool>(x: T, than: T) -> bool {
    if MAX { x > than } else { x < than }
}

#[inline(always)]
fn worst<T: Ordered, const MAX: bool>() -> T {
    if MAX { T::LOWEST } else { T::HIGHEST }
}

/// The better of two, the first where equal, NaN where one is.
#[inline(always)]
fn pick<T: Ordered, const MAX: bool>(first: T, second: T) -> T {
    if better::<T, MAX>(second, first) || (second.is_nan() && !first.is_nan()) { second } else { first }
}

const LANES: usize = 32;
/// Half-precision values converted at a time.
const CHUNK: usize = 128;

/// The extreme of a run.
#[inline(always)]
fn extreme<T: Ordered, const MAX: bool>(values: &[T]) -> T {
    if values.len() < LANES {
        return values.iter().fold(worst::<T, MAX>(), |best, &x| pick::<T, MAX>(best, x));
    }
    let mut lanes = [worst::<T, MAX>(); LANES];
    let mut nan = [false; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for k in 0..LANES {
            lanes[k] = if better::<T, MAX>(chunk[k], lanes[k]) { chunk[k] } else { lanes[k] };
            nan[k] |= chunk[k].is_nan();
        }
    }
    let mut best = worst::<T, MAX>();
    let mut any_nan = false;
    for (&lane, &nan) in lanes.iter().zip(&nan) {
        best = pick::<T, MAX>(best, lane);
        any_nan |= nan;
    }
    let best = rest.iter().fold(best, |best, &x| pick::<T, MAX>(best, x));
    if any_nan { T::NAN } else { best }
}

/// Calls `f` for runs of the values as they are computed.
#[inline(always)]
fn computed<L: Level, S: Store>(values: &[S], mut f: impl FnMut(usize, &[S::Compute])) {
    if S::DIRECT {
        // SAFETY: `DIRECT` says that stored and computed types are the same.
        return f(0, unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) });
    }
    let mut wide = [S::Compute::default(); CHUNK];
    for (k, values) in values.chunks(CHUNK).enumerate() {
        S::load::<L>(values, &mut wide[..values.len()]);
        f(k * CHUNK, &wide[..values.len()]);
    }
}

/// The best value so far and its place; -1 before the first.
#[derive(Clone, Copy)]
pub(super) struct Place<T> {
    value: T,
    index: i64,
}

impl<T: Ordered> Place<T> {
    #[inline(always)]
    fn offer<const MAX: bool>(&mut self, value: T, index: i64) {
        let take = self.index < 0 || better::<T, MAX>(value, self.value) || (value.is_nan() && !self.value.is_nan());
        self.value = if take { value } else { self.value };
        self.index = if take { index } else { self.index };
    }
}

macro_rules! extremes {
    ($($ty:ty, $compute:ty: $finish:expr;)*) => {$(
        impl<const MAX: bool> Reducer for Extreme<$ty, MAX> {
            type Value = $ty;
            type Acc = $compute;
            type Out = $ty;
            fn start() -> $compute {
                worst::<$compute, MAX>()
            }
            #[inline(always)]
            fn fold<L: Level>(acc: &mut $compute, values: &[$ty], _: i64) {
                computed::<L, $ty>(values, |_, values| *acc = pick::<$compute, MAX>(*acc, extreme::<$compute, MAX>(values)));
            }
            #[inline(always)]
            fn each<L: Level>(accs: &mut [$compute], values: &[$ty], _: i64) {
                computed::<L, $ty>(values, |from, values| {
                    for (acc, &x) in accs[from..].iter_mut().zip(values) {
                        *acc = pick::<$compute, MAX>(*acc, x);
                    }
                });
            }
            fn combine(acc: &mut $compute, later: $compute) {
                *acc = pick::<$compute, MAX>(*acc, later);
            }
            fn finish(acc: $compute) -> $ty {
                $finish(acc)
            }
        }
        impl<const MAX: bool> Reducer for Arg<$ty, MAX> {
            type Value = $ty;
            type Acc = Place<$compute>;
            type Out = i64;
            fn start() -> Place<$compute> {
                Place { value: worst::<$compute, MAX>(), index: -1 }
            }
            #[inline(always)]
            fn fold<L: Level>(acc: &mut Place<$compute>, values: &[$ty], index: i64) {
                computed::<L, $ty>(values, |from, values| {
                    // Most runs do not hold a better value: look for the value first and for its place only if needed.
                    let best = extreme::<$compute, MAX>(values);
                    if acc.index < 0 || better::<$compute, MAX>(best, acc.value) || (best.is_nan() && !acc.value.is_nan()) {
                        let place = values.iter().position(|&x| x == best || x.is_nan()).unwrap_or(0);
                        *acc = Place { value: best, index: index + (from + place) as i64 };
                    }
                });
            }
            #[inline(always)]
            fn each<L: Level>(accs: &mut [Place<$compute>], values: &[$ty], index: i64) {
                computed::<L, $ty>(values, |from, values| {
                    for (acc, &x) in accs[from..].iter_mut().zip(values) {
                        acc.offer::<MAX>(x, index);
                    }
                });
            }
            fn combine(acc: &mut Place<$compute>, later: Place<$compute>) {
                if later.index >= 0 {
                    acc.offer::<MAX>(later.value, later.index);
                }
            }
            fn finish(acc: Place<$compute>) -> i64 {
                acc.index.max(0)
            }
        }
    )*};
}
extremes! {
    i8, i8: |x| x; i16, i16: |x| x; i32, i32: |x| x; i64, i64: |x| x;
    u8, u8: |x| x; u16, u16: |x| x; u32, u32: |x| x; u64, u64: |x| x;
    f32, f32: |x| x; f64, f64: |x| x; f16, f32: f16::from_f32; bf16, f32: bf16::from_f32;
}
