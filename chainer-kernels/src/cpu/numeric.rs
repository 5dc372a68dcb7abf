//! What kernels need of an element type beside its dtype: arithmetic as NumPy does it, and the type in which floats accumulate.

use half::{bf16, f16};

use crate::dtype::Element;

/// Addition and multiplication in the type itself: integers wrap, bool is or / and.
pub(super) trait Number: Element {
    /// What sums of nothing are.
    const ZERO: Self;
    /// What products of nothing are.
    const ONE: Self;
    /// The type in which long sums are accumulated.
    type Wide: Copy + Send + Sync;
    fn plus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// Sort order: ascending, NaN last, everything else as `<` says.
    fn order(&self, other: &Self) -> std::cmp::Ordering;
    fn is_nan(&self) -> bool;
    fn widen(self) -> Self::Wide;
    fn narrow(wide: Self::Wide) -> Self;
    fn wide_plus(a: Self::Wide, b: Self) -> Self::Wide;
    fn wide_times(a: Self::Wide, b: Self) -> Self::Wide;
}

macro_rules! integers {
    ($($ty:ty)*) => {$(
        impl Number for $ty {
            const ZERO: Self = 0;
            const ONE: Self = 1;
            type Wide = Self;
            #[inline(always)]
            fn plus(self, other: Self) -> Self { self.wrapping_add(other) }
            #[inline(always)]
            fn times(self, other: Self) -> Self { self.wrapping_mul(other) }
            fn order(&self, other: &Self) -> std::cmp::Ordering { self.cmp(other) }
            fn is_nan(&self) -> bool { false }
            #[inline(always)]
            fn widen(self) -> Self { self }
            #[inline(always)]
            fn narrow(wide: Self) -> Self { wide }
            #[inline(always)]
            fn wide_plus(a: Self, b: Self) -> Self { a.wrapping_add(b) }
            #[inline(always)]
            fn wide_times(a: Self, b: Self) -> Self { a.wrapping_mul(b) }
        }
    )*};
}
integers! { i8 i16 i32 i64 u8 u16 u32 u64 }

impl Number for bool {
    const ZERO: Self = false;
    const ONE: Self = true;
    type Wide = Self;
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self | other
    }
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self & other
    }
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.cmp(other)
    }
    fn is_nan(&self) -> bool {
        false
    }
    #[inline(always)]
    fn widen(self) -> Self {
        self
    }
    #[inline(always)]
    fn narrow(wide: Self) -> Self {
        wide
    }
    #[inline(always)]
    fn wide_plus(a: Self, b: Self) -> Self {
        a | b
    }
    #[inline(always)]
    fn wide_times(a: Self, b: Self) -> Self {
        a & b
    }
}

/// A floating-point element.
pub(super) trait Real: Number + PartialOrd {
    /// The type in which products are computed.
    type Acc: Real<Acc = Self::Acc> + std::ops::AddAssign + std::ops::Mul<Output = Self::Acc>;
    /// Whether that is this type.
    const EXACT: bool;
    const NEG_INFINITY: Self;
    fn up(self) -> Self::Acc;
    fn down(acc: Self::Acc) -> Self;
    fn from_count(count: usize) -> Self::Acc;
    fn divide(a: Self::Acc, b: Self::Acc) -> Self::Acc;
}

macro_rules! reals {
    ($($ty:ty, $acc:ty, $wide:ty, $exact:expr, $one:expr, $up:expr, $down:expr, $to_wide:expr, $from_wide:expr;)*) => {$(
        impl Number for $ty {
            const ZERO: Self = <$ty>::from_bits(0);
            const ONE: Self = $one;
            type Wide = $wide;
            #[inline(always)]
            fn plus(self, other: Self) -> Self { self + other }
            #[inline(always)]
            fn times(self, other: Self) -> Self { self * other }
            fn order(&self, other: &Self) -> std::cmp::Ordering {
                self.partial_cmp(other).unwrap_or_else(|| <$ty>::is_nan(*self).cmp(&<$ty>::is_nan(*other)))
            }
            fn is_nan(&self) -> bool { <$ty>::is_nan(*self) }
            #[inline(always)]
            fn widen(self) -> $wide { let f: fn($ty) -> $wide = $to_wide; f(self) }
            #[inline(always)]
            fn narrow(wide: $wide) -> Self { let f: fn($wide) -> $ty = $from_wide; f(wide) }
            #[inline(always)]
            fn wide_plus(a: $wide, b: Self) -> $wide { a + b.widen() }
            #[inline(always)]
            fn wide_times(a: $wide, b: Self) -> $wide { a * b.widen() }
        }
        impl Real for $ty {
            type Acc = $acc;
            const EXACT: bool = $exact;
            const NEG_INFINITY: Self = <$ty>::NEG_INFINITY;
            #[inline(always)]
            fn up(self) -> $acc { let f: fn($ty) -> $acc = $up; f(self) }
            #[inline(always)]
            fn down(acc: $acc) -> Self { let f: fn($acc) -> $ty = $down; f(acc) }
            fn from_count(count: usize) -> $acc { count as $acc }
            #[inline(always)]
            fn divide(a: $acc, b: $acc) -> $acc { a / b }
        }
    )*};
}
const fn same32(x: f32) -> f32 {
    x
}
const fn same64(x: f64) -> f64 {
    x
}
reals! {
    f32, f32, f64, true, 1.0, same32, same32, |x| x as f64, |x| x as f32;
    f64, f64, f64, true, 1.0, same64, same64, same64, same64;
    f16, f32, f32, false, f16::ONE, f16::to_f32, f16::from_f32, f16::to_f32, f16::from_f32;
    bf16, f32, f32, false, bf16::ONE, bf16::to_f32, bf16::from_f32, bf16::to_f32, bf16::from_f32;
}

/// Runs the body with `$T` bound to the Rust type of a floating-point dtype; `$other` for any other dtype.
macro_rules! with_real {
    ($dtype:expr, $T:ident => $body:expr, $other:expr) => {
        match $dtype {
            $crate::Dtype::F16 => {
                type $T = half::f16;
                $body
            }
            $crate::Dtype::BF16 => {
                type $T = half::bf16;
                $body
            }
            $crate::Dtype::F32 => {
                type $T = f32;
                $body
            }
            $crate::Dtype::F64 => {
                type $T = f64;
                $body
            }
            _ => $other,
        }
    };
}
pub(super) use with_real;

/// Runs the body with `$T` bound to an unsigned type as wide as the dtype: for kernels that only move elements.
macro_rules! with_bits {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype.size() {
            1 => {
                type $T = u8;
                $body
            }
            2 => {
                type $T = u16;
                $body
            }
            4 => {
                type $T = u32;
                $body
            }
            _ => {
                type $T = u64;
                $body
            }
        }
    };
}
pub(super) use with_bits;
