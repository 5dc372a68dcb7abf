//! The loops that run one operation over a block, generic over the operation and the way elements are stored.

use std::marker::PhantomData;
use std::slice::{from_raw_parts, from_raw_parts_mut};

use half::{bf16, f16};

use crate::cpu::simd::{Block, Call, Level};

/// How elements lie in memory and what they are computed in. Half precision is computed in float32 and rounded after each
/// operation; everything else is computed as it is stored.
pub(in crate::cpu) trait Store: Copy + Default + 'static {
    /// What it is computed in.
    type Compute: Copy + Default + 'static;
    /// Whether stored and computed types are the same.
    const DIRECT: bool;
    /// Converts a run of elements for computing.
    fn load<L: Level>(from: &[Self], to: &mut [Self::Compute]);
    /// Rounds computed elements back.
    fn store<L: Level>(from: &[Self::Compute], to: &mut [Self]);
}

macro_rules! direct {
    ($($ty:ty)*) => {$(
        impl Store for $ty {
            type Compute = $ty;
            const DIRECT: bool = true;
            #[inline(always)]
            fn load<L: Level>(from: &[Self], to: &mut [Self]) {
                to.copy_from_slice(from);
            }
            #[inline(always)]
            fn store<L: Level>(from: &[Self], to: &mut [Self]) {
                to.copy_from_slice(from);
            }
        }
    )*};
}
direct! { i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 }

impl Store for f16 {
    type Compute = f32;
    const DIRECT: bool = false;
    #[inline(always)]
    fn load<L: Level>(from: &[Self], to: &mut [f32]) {
        super::half::f16_to_f32::<L>(from, to);
    }
    #[inline(always)]
    fn store<L: Level>(from: &[f32], to: &mut [Self]) {
        super::half::f32_to_f16::<L>(from, to);
    }
}

impl Store for bf16 {
    type Compute = f32;
    const DIRECT: bool = false;
    #[inline(always)]
    fn load<L: Level>(from: &[Self], to: &mut [f32]) {
        super::half::bf16_to_f32(from, to);
    }
    #[inline(always)]
    fn store<L: Level>(from: &[f32], to: &mut [Self]) {
        super::half::f32_to_bf16(from, to);
    }
}

/// An operation on one operand.
pub(super) trait Unary<T> {
    /// Its result's type.
    type Out: Copy + Default + 'static;
    /// Computes it. Must be `#[inline(always)]`.
    fn apply<L: Level>(x: T) -> Self::Out;
    /// Whether `apply` holds for this operand; true for most operations.
    #[inline(always)]
    fn is_plain<L: Level>(_: T) -> bool {
        true
    }
    /// The result for operands that are not plain.
    #[inline(always)]
    fn careful<L: Level>(_: T) -> Self::Out {
        Self::Out::default()
    }
}

/// An operation on two operands.
pub(super) trait Binary<T> {
    /// Its result's type.
    type Out: Copy + Default + 'static;
    /// Computes it. Must be `#[inline(always)]`.
    fn apply<L: Level>(x: T, y: T) -> Self::Out;
    /// Whether `apply` holds for these operands; true for most operations.
    #[inline(always)]
    fn is_plain<L: Level>(_: T, _: T) -> bool {
        true
    }
    /// The result for operands that are not plain.
    fn careful(_: T, _: T) -> Self::Out {
        Self::Out::default()
    }
}

// The slices below are parameters of functions of their own because that tells the compiler that they do not overlap. Operands
// that need care are rare: the loop only notes whether it met any, and a second one mends them.

#[inline(always)]
fn map1<L: Level, T: Copy, F: Unary<T>>(out: &mut [F::Out], x: &[T]) {
    let mut plain = true;
    for (out, &x) in out.iter_mut().zip(x) {
        *out = F::apply::<L>(x);
        plain &= F::is_plain::<L>(x);
    }
    if !plain {
        for (out, &x) in out.iter_mut().zip(x) {
            if !F::is_plain::<L>(x) {
                *out = F::careful::<L>(x);
            }
        }
    }
}

#[inline(always)]
fn map2<L: Level, T: Copy, F: Binary<T>>(out: &mut [F::Out], x: &[T], y: &[T]) {
    for ((out, &x), &y) in out.iter_mut().zip(x).zip(y) {
        *out = F::apply::<L>(x, y);
    }
    if !x.iter().zip(y).fold(true, |plain, (&x, &y)| plain & F::is_plain::<L>(x, y)) {
        for ((out, &x), &y) in out.iter_mut().zip(x).zip(y) {
            if !F::is_plain::<L>(x, y) {
                *out = F::careful(x, y);
            }
        }
    }
}

/// `out[i] = F(x[i])`.
pub(super) struct Map1<F, T>(PhantomData<(F, T)>);

impl<T: Copy, F: Unary<T>> Block for Map1<F, T> {
    #[inline(always)]
    unsafe fn run<L: Level>(call: &Call) {
        // SAFETY: the caller promises `n` valid elements of these types, the output apart from the operand.
        let (out, x) =
            unsafe { (from_raw_parts_mut(call.out.cast(), call.n), from_raw_parts(call.args[0].cast(), call.n)) };
        map1::<L, T, F>(out, x);
    }
}

/// `out[i] = F(x[i], y[i])`.
pub(super) struct Map2<F, T>(PhantomData<(F, T)>);

impl<T: Copy, F: Binary<T>> Block for Map2<F, T> {
    #[inline(always)]
    unsafe fn run<L: Level>(call: &Call) {
        // SAFETY: the caller promises `n` valid elements of these types, the output apart from the operands.
        let (out, x, y) = unsafe {
            (
                from_raw_parts_mut(call.out.cast(), call.n),
                from_raw_parts(call.args[0].cast(), call.n),
                from_raw_parts(call.args[1].cast(), call.n),
            )
        };
        map2::<L, T, F>(out, x, y);
    }
}

/// `out[i] = if condition[i] { x[i] } else { y[i] }` over elements of `T`'s size.
pub(super) struct Select<T>(PhantomData<T>);

/// The bits of an element.
pub(super) trait Bits: Copy {
    /// One or the other, by bit operations: of a conditional the compiler makes jumps.
    fn choose(condition: u8, x: Self, y: Self) -> Self;
}

macro_rules! bits {
    ($($ty:ty)*) => {$(
        impl Bits for $ty {
            #[inline(always)]
            fn choose(condition: u8, x: Self, y: Self) -> Self {
                let mask = (0 as $ty).wrapping_sub((condition != 0) as $ty);
                (x & mask) | (y & !mask)
            }
        }
    )*};
}
bits! { u8 u16 u32 u64 }

#[inline(always)]
fn select<T: Bits>(out: &mut [T], condition: &[u8], x: &[T], y: &[T]) {
    for (((out, &condition), &x), &y) in out.iter_mut().zip(condition).zip(x).zip(y) {
        *out = T::choose(condition, x, y);
    }
}

impl<T: Bits> Block for Select<T> {
    #[inline(always)]
    unsafe fn run<L: Level>(call: &Call) {
        // SAFETY: the caller promises `n` valid elements of these types, the output apart from the operands.
        unsafe {
            select(
                from_raw_parts_mut(call.out.cast::<T>(), call.n),
                from_raw_parts(call.args[0], call.n),
                from_raw_parts(call.args[1].cast::<T>(), call.n),
                from_raw_parts(call.args[2].cast::<T>(), call.n),
            );
        }
    }
}

/// `out[i] = x[i]` over elements of `T`'s size.
pub(super) struct Copy1<T>(PhantomData<T>);

impl<T: Copy> Block for Copy1<T> {
    #[inline(always)]
    unsafe fn run<L: Level>(call: &Call) {
        // SAFETY: the caller promises `n` valid elements, the output apart from the operand.
        unsafe { std::ptr::copy_nonoverlapping(call.args[0].cast::<T>(), call.out.cast::<T>(), call.n) }
    }
}
