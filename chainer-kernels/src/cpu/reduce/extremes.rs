//! The largest and smallest, and where they stand.

use std::marker::PhantomData;
use std::ops::BitOr;

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
    /// Bits as wide as the type: what a comparison of vectors gives, so that the compiler keeps it in vectors.
    type Mask: Copy + PartialEq + BitOr<Output = Self::Mask>;
    const UNSET: Self::Mask;
    const SET: Self::Mask;
    fn is_nan(self) -> bool;
}
macro_rules! ordered {
    ($($ty:ident, $mask:ident: $low:expr, $high:expr, $nan:expr;)*) => {$(
        impl Ordered for $ty {
            const LOWEST: Self = $low;
            const HIGHEST: Self = $high;
            const NAN: Self = $nan;
            type Mask = $mask;
            const UNSET: $mask = 0;
            const SET: $mask = !0;
            #[inline(always)]
            #[allow(clippy::eq_op)]
            fn is_nan(self) -> bool {
                self != self
            }
        }
    )*};
    (integers: $($ty:ident)*) => { ordered! { $($ty, $ty: $ty::MIN, $ty::MAX, 0;)* } };
}
ordered! { integers: i8 i16 i32 i64 u8 u16 u32 u64 }
ordered! {
    f32, u32: f32::NEG_INFINITY, f32::INFINITY, f32::NAN;
    f64, u64: f64::NEG_INFINITY, f64::INFINITY, f64::NAN;
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

/// Values compared side by side; two such runs at a time, as the one test for NaN then answers for both.
const LANES: usize = 16;
/// Half-precision values converted at a time.
const CHUNK: usize = 128;

/// The extreme of a run.
#[inline(always)]
fn extreme<T: Ordered, const MAX: bool>(values: &[T]) -> T {
    if values.len() < LANES {
        return values.iter().fold(worst::<T, MAX>(), |best, &x| pick::<T, MAX>(best, x));
    }
    // A NaN is not better than anything: it is noted beside.
    let best_of = |a: T, b: T| if better::<T, MAX>(b, a) { b } else { a };
    let mask = |nan: bool| if nan { T::SET } else { T::UNSET };
    let mut lanes = [worst::<T, MAX>(); LANES];
    let mut nan = [T::UNSET; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    let (pairs, single) = chunks.as_chunks::<2>();
    for [a, b] in pairs {
        for k in 0..LANES {
            lanes[k] = best_of(lanes[k], best_of(a[k], b[k]));
            nan[k] = nan[k] | mask(a[k].is_nan() | b[k].is_nan());
        }
    }
    for chunk in single {
        for k in 0..LANES {
            lanes[k] = best_of(lanes[k], chunk[k]);
            nan[k] = nan[k] | mask(chunk[k].is_nan());
        }
    }
    let best = lanes.into_iter().fold(worst::<T, MAX>(), best_of);
    let best = rest.iter().fold(best, |best, &x| pick::<T, MAX>(best, x));
    let any_nan = nan.into_iter().fold(T::UNSET, |any, mask| any | mask) != T::UNSET;
    if any_nan { T::NAN } else { best }
}

/// Where `wanted` first stands in a run that holds it; one NaN is as good as another.
#[inline(always)]
fn place<T: Ordered>(values: &[T], wanted: T) -> usize {
    if wanted.is_nan() {
        return values.iter().position(|x| x.is_nan()).unwrap_or(0);
    }
    let (chunks, _) = values.as_chunks::<LANES>();
    let holds = |chunk: &[T; LANES]| chunk.iter().fold(false, |any, &x| any | (x == wanted));
    let from = LANES * chunks.iter().position(holds).unwrap_or(chunks.len());
    from + values[from..].iter().position(|&x| x == wanted).unwrap_or(0)
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
                        let place = from + place::<$compute>(values, best);
                        *acc = Place { value: best, index: index + place as i64 };
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
