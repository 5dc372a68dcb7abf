//! How values are folded: for each reduction and dtype an accumulator and loops over it.

use std::marker::PhantomData;
use std::slice::{from_raw_parts, from_raw_parts_mut};

use super::extremes::{Arg, Extreme};
use super::sums::{Prod, Sum};
use crate::cpu::simd::{Block, BlockFn, Call, Level, SimdLevel, select, select_narrow, select_scalar};
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::kernel::ReduceOp;
use crate::{bf16, f16};

/// A reduction's functions over accumulators of a type that only they know.
#[derive(Clone, Copy)]
pub(super) struct Functions {
    /// Bytes of an accumulator.
    pub size: usize,
    /// Makes `n` accumulators of nothing.
    pub start: unsafe fn(*mut u8, usize),
    /// Folds `n` values (the first argument) into the one accumulator that `out` points to; `index` is the first value's place.
    pub fold: BlockFn,
    /// Folds `n` values into as many accumulators; `index` is the place of all of them.
    pub each: BlockFn,
    /// Folds `n` accumulators into as many others, which come first.
    pub combine: unsafe fn(*mut u8, *const u8, usize),
    /// Writes the result.
    pub finish: unsafe fn(*const u8, *mut u8),
}

/// A way to combine values.
pub(super) trait Reducer: 'static {
    /// The values' type in memory.
    type Value: Copy + 'static;
    /// What is kept of the values seen.
    type Acc: Copy + 'static;
    /// The result's type in memory.
    type Out: Copy;
    /// Of nothing.
    fn start() -> Self::Acc;
    /// Adds values in order; the first one's place is `index`. `#[inline(always)]`.
    fn fold<L: Level>(acc: &mut Self::Acc, values: &[Self::Value], index: i64);
    /// Adds one value to each accumulator, all of place `index`. `#[inline(always)]`.
    fn each<L: Level>(accs: &mut [Self::Acc], values: &[Self::Value], index: i64);
    /// Adds what came later.
    fn combine(acc: &mut Self::Acc, later: Self::Acc);
    /// The result.
    fn finish(acc: Self::Acc) -> Self::Out;
}

struct Fold<R>(PhantomData<R>);
impl<R: Reducer> Block for Fold<R> {
    #[inline(always)]
    unsafe fn run<L: Level>(call: &Call) {
        // SAFETY: the caller promises one accumulator and `n` values of these types.
        let (acc, values) =
            unsafe { (&mut *call.out.cast::<R::Acc>(), from_raw_parts(call.args[0].cast::<R::Value>(), call.n)) };
        R::fold::<L>(acc, values, call.index as i64);
    }
}

struct Each<R>(PhantomData<R>);
impl<R: Reducer> Block for Each<R> {
    #[inline(always)]
    unsafe fn run<L: Level>(call: &Call) {
        // SAFETY: the caller promises `n` accumulators and `n` values of these types.
        let (accs, values) = unsafe {
            (
                from_raw_parts_mut(call.out.cast::<R::Acc>(), call.n),
                from_raw_parts(call.args[0].cast::<R::Value>(), call.n),
            )
        };
        R::each::<L>(accs, values, call.index as i64);
    }
}

unsafe fn start<R: Reducer>(accs: *mut u8, n: usize) {
    for k in 0..n {
        // SAFETY: the caller promises room for `n` accumulators.
        unsafe { accs.cast::<R::Acc>().add(k).write(R::start()) };
    }
}

unsafe fn combine<R: Reducer>(accs: *mut u8, later: *const u8, n: usize) {
    // SAFETY: the caller promises `n` accumulators in both places.
    let (accs, later) =
        unsafe { (from_raw_parts_mut(accs.cast::<R::Acc>(), n), from_raw_parts(later.cast::<R::Acc>(), n)) };
    for (acc, &later) in accs.iter_mut().zip(later) {
        R::combine(acc, later);
    }
}

unsafe fn finish<R: Reducer>(acc: *const u8, out: *mut u8) {
    // SAFETY: the caller promises an accumulator and room for a result.
    unsafe { out.cast::<R::Out>().write(R::finish(acc.cast::<R::Acc>().read())) }
}

fn wide<R: Reducer>(level: SimdLevel) -> Functions {
    let (fold, each) = (select::<Fold<R>>(level), select::<Each<R>>(level));
    Functions { fold, each, ..narrow::<R>(level) }
}

fn narrow<R: Reducer>(level: SimdLevel) -> Functions {
    Functions {
        size: size_of::<R::Acc>(),
        start: start::<R>,
        fold: select_narrow::<Fold<R>>(level),
        each: select_narrow::<Each<R>>(level),
        combine: combine::<R>,
        finish: finish::<R>,
    }
}

fn scalar<R: Reducer>(_: SimdLevel) -> Functions {
    Functions {
        size: size_of::<R::Acc>(),
        start: start::<R>,
        fold: select_scalar::<Fold<R>>(),
        each: select_scalar::<Each<R>>(),
        combine: combine::<R>,
        finish: finish::<R>,
    }
}

/// The functions of a reduction over values of a dtype. What is rare is compiled once instead of for each level.
pub(super) fn functions(op: ReduceOp, dtype: Dtype, level: SimdLevel) -> Result<Functions> {
    macro_rules! by_dtype {
        ($short:ident, $integer:ident, $half:ident, $float:ident: $name:ident $(, $flag:literal)?) => {
            match dtype {
                Dtype::I8 => $short::<$name<i8 $(, $flag)?>>(level),
                Dtype::I16 => $short::<$name<i16 $(, $flag)?>>(level),
                Dtype::I32 => $integer::<$name<i32 $(, $flag)?>>(level),
                Dtype::I64 => $integer::<$name<i64 $(, $flag)?>>(level),
                Dtype::Bool | Dtype::U8 => $short::<$name<u8 $(, $flag)?>>(level),
                Dtype::U16 => $short::<$name<u16 $(, $flag)?>>(level),
                Dtype::U32 => $short::<$name<u32 $(, $flag)?>>(level),
                Dtype::U64 => $short::<$name<u64 $(, $flag)?>>(level),
                Dtype::F16 => $half::<$name<f16 $(, $flag)?>>(level),
                Dtype::BF16 => $half::<$name<bf16 $(, $flag)?>>(level),
                Dtype::F32 => $float::<$name<f32 $(, $flag)?>>(level),
                Dtype::F64 => $float::<$name<f64 $(, $flag)?>>(level),
            }
        };
    }
    let of_bools = dtype == Dtype::Bool;
    Ok(match op {
        ReduceOp::Sum | ReduceOp::Max | ReduceOp::Any if of_bools => narrow::<Extreme<u8, true>>(level),
        ReduceOp::Prod | ReduceOp::Min | ReduceOp::All if of_bools => narrow::<Extreme<u8, false>>(level),
        ReduceOp::Any | ReduceOp::All => {
            return Err(Error::new(ErrorKind::Unsupported, op.name(), format!("the values must be bool, not {dtype}")));
        }
        ReduceOp::Sum => by_dtype!(scalar, narrow, narrow, wide: Sum),
        ReduceOp::Prod => by_dtype!(scalar, scalar, scalar, scalar: Prod),
        ReduceOp::Max => by_dtype!(scalar, narrow, narrow, wide: Extreme, true),
        ReduceOp::Min => by_dtype!(scalar, narrow, narrow, wide: Extreme, false),
        ReduceOp::ArgMax => by_dtype!(scalar, scalar, scalar, narrow: Arg, true),
        ReduceOp::ArgMin => by_dtype!(scalar, scalar, scalar, narrow: Arg, false),
    })
}
