//! Operations whose hidden operand is the element's place: indices and counter-based random numbers.

use std::marker::PhantomData;
use std::slice::from_raw_parts_mut;

use half::{bf16, f16};

use super::cast::CastTo;
use super::loops::Store;
use super::real::Real;
use crate::cpu::simd::{Block, BlockFn, Call, Level, SimdLevel, select, select_narrow, select_scalar};
use crate::dtype::Dtype;
use crate::random::philox;

struct Index<D>(PhantomData<D>);

impl<D> Block for Index<D>
where
    i64: CastTo<D>,
{
    #[inline(always)]
    unsafe fn run<L: Level>(call: &Call) {
        // SAFETY: the caller promises room for `n` elements.
        let out = unsafe { from_raw_parts_mut(call.out.cast::<D>(), call.n) };
        for (index, out) in (call.index as i64..).zip(out) {
            *out = index.cast();
        }
    }
}

/// Counters computed at a time: their words fill vectors of any width.
const COUNTERS: usize = 16;
/// Their words.
const WORDS: usize = 4 * COUNTERS;

/// The words of `COUNTERS` counters from `first`, in the order of the stream.
#[inline(always)]
fn fill(seed: u64, first: u64, words: &mut [u32; WORDS]) {
    // Whole columns first: so the compiler computes several counters at once.
    let mut columns = [[0u32; 4]; COUNTERS];
    for (counter, column) in columns.iter_mut().enumerate() {
        *column = philox::words(seed, first.wrapping_add(counter as u64));
    }
    words.copy_from_slice(columns.as_flattened());
}

/// How words become the numbers of a dtype.
trait Draw: Store {
    /// Words an element takes.
    const WORDS: usize;
    fn uniform(words: &[u32; WORDS], out: &mut [Self::Compute]);
    fn normal<L: Level>(words: &[u32; WORDS], out: &mut [Self::Compute]);
}

/// Both numbers of a Box–Muller pair.
#[inline(always)]
fn box_muller<L: Level, T: Real>(u: T, v: T) -> (T, T) {
    let radius = (u.log::<L>() * T::of(-2.0)).square_root();
    let angle = v * T::of(std::f64::consts::TAU);
    (radius * angle.cos::<L>(), radius * angle.sin::<L>())
}

#[inline(always)]
fn normal_f32<L: Level>(words: &[u32; WORDS], out: &mut [f32]) {
    for i in 0..WORDS / 2 {
        let u = philox::uniform_f32(words[2 * i]) + 1.0 / (1 << 24) as f32;
        (out[2 * i], out[2 * i + 1]) = box_muller::<L, f32>(u, philox::uniform_f32(words[2 * i + 1]));
    }
}

macro_rules! draw_by_word {
    ($($ty:ty: $uniform:path;)*) => {$(
        impl Draw for $ty {
            const WORDS: usize = 1;
            #[inline(always)]
            fn uniform(words: &[u32; WORDS], out: &mut [f32]) {
                for (out, &word) in out.iter_mut().zip(words) {
                    *out = $uniform(word);
                }
            }
            #[inline(always)]
            fn normal<L: Level>(words: &[u32; WORDS], out: &mut [f32]) {
                normal_f32::<L>(words, out);
            }
        }
    )*};
}
draw_by_word! { f32: philox::uniform_f32; f16: philox::uniform_f16; bf16: philox::uniform_bf16; }

impl Draw for f64 {
    const WORDS: usize = 2;
    #[inline(always)]
    fn uniform(words: &[u32; WORDS], out: &mut [f64]) {
        for i in 0..WORDS / 2 {
            out[i] = philox::uniform_f64(words[2 * i], words[2 * i + 1]);
        }
    }
    #[inline(always)]
    fn normal<L: Level>(words: &[u32; WORDS], out: &mut [f64]) {
        for i in 0..WORDS / 4 {
            let w = &words[4 * i..4 * i + 4];
            let u = philox::uniform_f64(w[0], w[1]) + 1.0 / (1u64 << 53) as f64;
            (out[2 * i], out[2 * i + 1]) = box_muller::<L, f64>(u, philox::uniform_f64(w[2], w[3]));
        }
    }
}

struct Random<D, const NORMAL: bool>(PhantomData<D>);

impl<D: Draw, const NORMAL: bool> Block for Random<D, NORMAL> {
    #[inline(always)]
    unsafe fn run<L: Level>(call: &Call) {
        // SAFETY: the caller promises room for `n` elements and two uint64 operands, the same for all elements.
        let (out, seed, offset) = unsafe {
            (
                from_raw_parts_mut(call.out.cast::<D>(), call.n),
                call.args[0].cast::<u64>().read(),
                call.args[1].cast::<u64>().read(),
            )
        };
        let per_counter = 4 / D::WORDS as u64;
        let first = offset.wrapping_add(call.index);
        let (mut counter, mut skip) = (first / per_counter, (first % per_counter) as usize);
        let (mut words, mut numbers) = ([0; WORDS], [D::Compute::default(); WORDS]);
        let batch = WORDS / D::WORDS;
        let mut done = 0;
        while done < out.len() {
            fill(seed, counter, &mut words);
            if NORMAL {
                D::normal::<L>(&words, &mut numbers);
            } else {
                D::uniform(&words, &mut numbers);
            }
            let n = (batch - skip).min(out.len() - done);
            D::store::<L>(&numbers[skip..skip + n], &mut out[done..done + n]);
            done += n;
            skip = 0;
            // Positions wrap at 2^64, which is a whole number of counters.
            counter = counter.wrapping_add(COUNTERS as u64) & (u64::MAX / per_counter);
        }
    }
}

/// The loop that gives the elements' indices.
pub(super) fn index_fn(out: Dtype) -> BlockFn {
    match out {
        Dtype::Bool => select_scalar::<Index<super::cast::Bool>>(),
        Dtype::I8 => select_scalar::<Index<i8>>(),
        Dtype::I16 => select_scalar::<Index<i16>>(),
        Dtype::I32 => select_scalar::<Index<i32>>(),
        Dtype::I64 => select_scalar::<Index<i64>>(),
        Dtype::U8 => select_scalar::<Index<u8>>(),
        Dtype::U16 => select_scalar::<Index<u16>>(),
        Dtype::U32 => select_scalar::<Index<u32>>(),
        Dtype::U64 => select_scalar::<Index<u64>>(),
        Dtype::F16 => select_scalar::<Index<f16>>(),
        Dtype::BF16 => select_scalar::<Index<bf16>>(),
        Dtype::F32 => select_scalar::<Index<f32>>(),
        Dtype::F64 => select_scalar::<Index<f64>>(),
    }
}

/// The loop that draws uniform or normal numbers; `None` for dtypes that are not floats.
pub(super) fn random_fn<const NORMAL: bool>(out: Dtype, level: SimdLevel) -> Option<BlockFn> {
    Some(match out {
        Dtype::F16 => select_narrow::<Random<f16, NORMAL>>(level),
        Dtype::BF16 => select_narrow::<Random<bf16, NORMAL>>(level),
        Dtype::F32 => select::<Random<f32, NORMAL>>(level),
        Dtype::F64 => select::<Random<f64, NORMAL>>(level),
        _ => return None,
    })
}
