//! The elementwise operations: a loop over a block of elements for every operation and dtype.

mod cast;
mod float;
mod half;
mod half_nextafter;
mod integer;
mod loops;
mod pair;
mod real;
mod source;

pub(super) use loops::Store;
pub(super) use pair::pair_fn;

use crate::cpu::simd::{BlockFn, SimdLevel, select, select_narrow, select_scalar};
use crate::dtype::Dtype;
use crate::op::{Op, Rule};
use crate::program::Instr;

/// The loop of an instruction; `None` where the operation does not exist for the dtype.
pub(super) fn block_fn(instr: &Instr, level: SimdLevel) -> Option<BlockFn> {
    let dtype = instr.dtype;
    match instr.op {
        Op::Index => return Some(source::index_fn(instr.out)),
        Op::Uniform => return source::random_fn::<false>(instr.out, level),
        Op::Normal => return source::random_fn::<true>(instr.out, level),
        Op::Cast => return Some(cast::block_fn(dtype, instr.out, level)),
        Op::Identity => return Some(copy_fn(dtype, level)),
        Op::Select => {
            return Some(match dtype.size() {
                1 => select_narrow::<loops::Select<u8>>(level),
                2 => select_narrow::<loops::Select<u16>>(level),
                4 => select::<loops::Select<u32>>(level),
                _ => select::<loops::Select<u64>>(level),
            });
        }
        Op::Nextafter if dtype == Dtype::F16 => return Some(select_scalar::<half_nextafter::F16>()),
        Op::Nextafter if dtype == Dtype::BF16 => return Some(select_scalar::<half_nextafter::Bf16>()),
        _ => {}
    }
    match dtype {
        Dtype::Bool => integer::bool_block_fn(instr.op, level),
        Dtype::I8 => integer::block_fn::<i8, u8>(instr.op, level),
        Dtype::I16 => integer::block_fn::<i16, u16>(instr.op, level),
        Dtype::I32 => integer::block_fn::<i32, u32>(instr.op, level),
        Dtype::I64 => integer::block_fn::<i64, u64>(instr.op, level),
        Dtype::U8 => integer::block_fn::<u8, u8>(instr.op, level),
        Dtype::U16 => integer::block_fn::<u16, u16>(instr.op, level),
        Dtype::U32 => integer::block_fn::<u32, u32>(instr.op, level),
        Dtype::U64 => integer::block_fn::<u64, u64>(instr.op, level),
        // The loop over float32; the caller converts operands and result (`through_single`).
        Dtype::F16 | Dtype::BF16 => float::block_fn::<f32>(instr.op, level),
        Dtype::F32 => float::block_fn::<f32>(instr.op, level),
        Dtype::F64 => float::block_fn::<f64>(instr.op, level),
    }
}

/// For an instruction of half precision that is computed in float32: the loop that widens its operands, and the one that rounds
/// its result if that is of half precision too. `None` for all other instructions.
pub(super) fn through_single(instr: &Instr, level: SimdLevel) -> Option<(BlockFn, Option<BlockFn>)> {
    if !matches!(instr.dtype, Dtype::F16 | Dtype::BF16)
        || matches!(instr.op.rule(), Rule::Special) && instr.op != Op::FrexpExponent
        || matches!(instr.op, Op::Identity | Op::Nextafter)
    {
        return None;
    }
    let narrow = (instr.out == instr.dtype).then(|| cast::block_fn(Dtype::F32, instr.dtype, level));
    Some((cast::block_fn(instr.dtype, Dtype::F32, level), narrow))
}

/// The loop that copies elements of a dtype.
pub(super) fn copy_fn(dtype: Dtype, level: SimdLevel) -> BlockFn {
    match dtype.size() {
        1 => select_narrow::<loops::Copy1<u8>>(level),
        2 => select_narrow::<loops::Copy1<u16>>(level),
        4 => select_narrow::<loops::Copy1<u32>>(level),
        _ => select_narrow::<loops::Copy1<u64>>(level),
    }
}

/// Estimated nanoseconds an element takes in an instruction, on one thread, from the cache. Only its order of magnitude matters:
/// it decides whether other threads are woken.
pub(super) fn cost(instr: &Instr) -> f32 {
    let width = instr.dtype.size().max(2) as f32 / 4.0;
    let half = matches!(instr.dtype, Dtype::F16 | Dtype::BF16);
    let work = match instr.op.flops() {
        0 | 1 => 0.05,
        2..=4 => 0.3,
        20.. => 2.0,
        _ => 1.0,
    };
    let slow = match instr.op {
        Op::FloorDiv | Op::Remainder | Op::Fmod | Op::Nextafter | Op::Ldexp => 5.0,
        _ => 0.0,
    };
    if half { work + slow + 0.3 } else { work * width + slow }
}
