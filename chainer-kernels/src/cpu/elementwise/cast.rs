//! Conversion between dtypes, as `astype`: floats to integers truncate and wrap, everything but zero is true.

use std::marker::PhantomData;
use std::slice::{from_raw_parts, from_raw_parts_mut};

use half::{bf16, f16};

use crate::cpu::simd::{Block, BlockFn, Call, Level, SimdLevel, select_narrow, select_scalar};
use crate::dtype::Dtype;

/// A bool as it lies in memory.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Bool(pub u8);

/// Converts one element.
pub(crate) trait CastTo<D> {
    /// The element as `D`.
    fn cast(self) -> D;
}

// Every pair of numbers; floats to integers go through int64 (uint64 for positive ones beyond it).
macro_rules! from_integer {
    ($($from:ty)*) => {$(
        casts! { $from: |x| x; i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 }
        impl CastTo<Bool> for $from {
            #[inline(always)]
            fn cast(self) -> Bool {
                Bool((self != 0) as u8)
            }
        }
        through_f64! { $from: f16 bf16 }
        impl CastTo<$from> for Bool {
            #[inline(always)]
            fn cast(self) -> $from {
                self.0 as $from
            }
        }
    )*};
}
macro_rules! casts {
    ($from:ty: |$x:ident| $value:expr; $($to:ty)*) => {$(
        impl CastTo<$to> for $from {
            #[inline(always)]
            fn cast(self) -> $to {
                let $x = self;
                $value as $to
            }
        }
    )*};
}
macro_rules! through_f64 {
    ($from:ty: $($to:ty)*) => {$(
        impl CastTo<$to> for $from {
            #[inline(always)]
            fn cast(self) -> $to {
                <$to>::from_f64(self as f64)
            }
        }
    )*};
}
from_integer! { i8 i16 i32 i64 u8 u16 u32 u64 }

macro_rules! from_float {
    ($($from:ty: |$x:ident| $value:expr;)*) => {$(
        casts! { $from: |$x| $value as i64; i8 i16 i32 i64 u8 u16 u32 }
        casts! { $from: |$x| $value; f32 f64 }
        impl CastTo<u64> for $from {
            #[inline(always)]
            fn cast(self) -> u64 {
                let $x = self;
                let value = $value;
                if value >= 0.0 { value as u64 } else { value as i64 as u64 }
            }
        }
        impl CastTo<Bool> for $from {
            #[inline(always)]
            fn cast(self) -> Bool {
                let $x = self;
                Bool(($value != 0.0) as u8)
            }
        }
        impl CastTo<f16> for $from {
            #[inline(always)]
            fn cast(self) -> f16 {
                let $x = self;
                f16::from_f64($value as f64)
            }
        }
        impl CastTo<bf16> for $from {
            #[inline(always)]
            fn cast(self) -> bf16 {
                let $x = self;
                bf16::from_f64($value as f64)
            }
        }
        impl CastTo<$from> for Bool {
            #[inline(always)]
            fn cast(self) -> $from {
                let value: $from = CastTo::cast(self.0);
                value
            }
        }
    )*};
}
from_float! { f16: |x| x.to_f32(); bf16: |x| x.to_f32(); f32: |x| x; f64: |x| x; }

impl CastTo<Bool> for Bool {
    #[inline(always)]
    fn cast(self) -> Bool {
        self
    }
}

struct Cast<A, B>(PhantomData<(A, B)>);

#[inline(always)]
fn run<A: CastTo<B> + Copy, B>(out: &mut [B], x: &[A]) {
    for (out, &x) in out.iter_mut().zip(x) {
        *out = x.cast();
    }
}

impl<A: CastTo<B> + Copy, B> Block for Cast<A, B> {
    #[inline(always)]
    unsafe fn run<L: Level>(call: &Call) {
        // SAFETY: the caller promises `n` valid elements of these types, the output apart from the operand.
        unsafe {
            run(from_raw_parts_mut(call.out.cast::<B>(), call.n), from_raw_parts(call.args[0].cast::<A>(), call.n));
        }
    }
}

/// Half precision to and from float32 in runs, where the hardware may help.
struct WidenF16;
impl Block for WidenF16 {
    #[inline(always)]
    unsafe fn run<L: Level>(call: &Call) {
        // SAFETY: as for `Cast`.
        unsafe {
            super::half::f16_to_f32::<L>(
                from_raw_parts(call.args[0].cast(), call.n),
                from_raw_parts_mut(call.out.cast(), call.n),
            );
        }
    }
}
struct NarrowF16;
impl Block for NarrowF16 {
    #[inline(always)]
    unsafe fn run<L: Level>(call: &Call) {
        // SAFETY: as for `Cast`.
        unsafe {
            super::half::f32_to_f16::<L>(
                from_raw_parts(call.args[0].cast(), call.n),
                from_raw_parts_mut(call.out.cast(), call.n),
            );
        }
    }
}
struct NarrowBf16;
impl Block for NarrowBf16 {
    #[inline(always)]
    unsafe fn run<L: Level>(call: &Call) {
        // SAFETY: as for `Cast`.
        unsafe {
            super::half::f32_to_bf16(
                from_raw_parts(call.args[0].cast(), call.n),
                from_raw_parts_mut(call.out.cast(), call.n),
            );
        }
    }
}

/// The loop that converts a block from one dtype to another. Only conversions among the common dtypes are compiled for each level.
pub(super) fn block_fn(from: Dtype, to: Dtype, level: SimdLevel) -> BlockFn {
    macro_rules! to {
        ($A:ty, $common:ident) => {
            match to {
                Dtype::Bool => $common!($A, Bool),
                Dtype::U8 => $common!($A, u8),
                Dtype::I32 => $common!($A, i32),
                Dtype::I64 => $common!($A, i64),
                Dtype::F32 => $common!($A, f32),
                Dtype::F64 => $common!($A, f64),
                Dtype::I8 => rare!($A, i8),
                Dtype::I16 => rare!($A, i16),
                Dtype::U16 => rare!($A, u16),
                Dtype::U32 => rare!($A, u32),
                Dtype::U64 => rare!($A, u64),
                Dtype::F16 => rare!($A, f16),
                Dtype::BF16 => rare!($A, bf16),
            }
        };
    }
    macro_rules! common {
        ($A:ty, $B:ty) => {
            select_narrow::<Cast<$A, $B>>(level)
        };
    }
    macro_rules! rare {
        ($A:ty, $B:ty) => {
            select_scalar::<Cast<$A, $B>>()
        };
    }
    match (from, to) {
        (Dtype::F16, Dtype::F32) => return select_narrow::<WidenF16>(level),
        (Dtype::F32, Dtype::F16) => return select_narrow::<NarrowF16>(level),
        (Dtype::F32, Dtype::BF16) => return select_narrow::<NarrowBf16>(level),
        (Dtype::BF16, Dtype::F32) => return select_narrow::<Cast<bf16, f32>>(level),
        _ => {}
    }
    match from {
        Dtype::Bool => to!(Bool, common),
        Dtype::U8 => to!(u8, common),
        Dtype::I32 => to!(i32, common),
        Dtype::I64 => to!(i64, common),
        Dtype::F32 => to!(f32, common),
        Dtype::F64 => to!(f64, common),
        Dtype::I8 => to!(i8, rare),
        Dtype::I16 => to!(i16, rare),
        Dtype::U16 => to!(u16, rare),
        Dtype::U32 => to!(u32, rare),
        Dtype::U64 => to!(u64, rare),
        Dtype::F16 => to!(f16, rare),
        Dtype::BF16 => to!(bf16, rare),
    }
}
