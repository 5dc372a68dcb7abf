//! Two cheap operations as one loop: what the second reads of the first never leaves the processor's registers. Both are rounded, so
//! that the results are those of the two loops, bit for bit.

use std::marker::PhantomData;
use std::slice::{from_raw_parts, from_raw_parts_mut};

use super::real::Real;
use crate::cpu::simd::{Block, BlockFn, Call, Level, SimdLevel, select};
use crate::dtype::Dtype;
use crate::op::Op;
use crate::program::Instr;

/// The first operation of a pair: `F(x, y)`.
trait First {
    fn apply<T: Real>(x: T, y: T) -> T;
}

/// The second one, on the first one's result and another operand.
trait Second {
    /// Whether there is another operand.
    const BINARY: bool;
    fn apply<T: Real>(value: T, z: T) -> T;
}

macro_rules! operations {
    ($trait:ident: $($name:ident |$x:ident, $y:ident| $value:expr $(, $binary:literal)?;)*) => {$(
        struct $name;
        impl $trait for $name {
            $(const BINARY: bool = $binary;)?
            #[inline(always)]
            fn apply<T: Real>($x: T, $y: T) -> T {
                $value
            }
        }
    )*};
}
operations! { First:
    Sum |x, y| x + y;
    Difference |x, y| x - y;
    Product |x, y| x * y;
}
operations! { Second:
    Add |value, z| value + z, true;
    Sub |value, z| value - z, true;
    SubFrom |value, z| z - value, true;
    Mul |value, z| value * z, true;
    Neg |value, _z| -value, false;
}

/// `out[i] = G(F(x[i], y[i]), z[i])`.
struct Pair<F, G, T>(PhantomData<(F, G, T)>);

impl<F: First, G: Second, T: Real> Block for Pair<F, G, T> {
    #[inline(always)]
    unsafe fn run<L: Level>(call: &Call) {
        // SAFETY: the caller promises `n` valid elements of these types, the output apart from the operands.
        unsafe {
            let out = from_raw_parts_mut(call.out.cast::<T>(), call.n);
            let [x, y] = [0, 1].map(|k| from_raw_parts(call.args[k].cast::<T>(), call.n));
            let z = if G::BINARY { from_raw_parts(call.args[2].cast::<T>(), call.n) } else { x };
            run::<F, G, T>(out, x, y, z);
        }
    }
}

// Slices that are parameters do not overlap, as far as the compiler is concerned.
#[inline(always)]
fn run<F: First, G: Second, T: Real>(out: &mut [T], x: &[T], y: &[T], z: &[T]) {
    for (((out, &x), &y), &z) in out.iter_mut().zip(x).zip(y).zip(z) {
        *out = G::apply(F::apply(x, y), z);
    }
}

/// The loop that runs `first` and then `second`, which reads its result as operand number `at`; `None` where there is none. Its
/// operands are those of `first`, then the other one of `second`.
pub(in crate::cpu) fn pair_fn(first: &Instr, second: &Instr, at: usize, level: SimdLevel) -> Option<BlockFn> {
    if first.dtype != second.dtype {
        return None;
    }
    match first.dtype {
        Dtype::F32 => pair_of::<f32>(first.op, second.op, at, level),
        Dtype::F64 => pair_of::<f64>(first.op, second.op, at, level),
        _ => None,
    }
}

fn pair_of<T: Real>(first: Op, second: Op, at: usize, level: SimdLevel) -> Option<BlockFn> {
    match first {
        Op::Add => pair_with::<Sum, T>(second, at, level),
        Op::Sub => pair_with::<Difference, T>(second, at, level),
        Op::Mul => pair_with::<Product, T>(second, at, level),
        _ => None,
    }
}

fn pair_with<F: First, T: Real>(second: Op, at: usize, level: SimdLevel) -> Option<BlockFn> {
    Some(match (second, at) {
        (Op::Add, _) => select::<Pair<F, Add, T>>(level),
        (Op::Sub, 0) => select::<Pair<F, Sub, T>>(level),
        (Op::Sub, _) => select::<Pair<F, SubFrom, T>>(level),
        (Op::Mul, _) => select::<Pair<F, Mul, T>>(level),
        (Op::Neg, _) => select::<Pair<F, Neg, T>>(level),
        _ => return None,
    })
}
