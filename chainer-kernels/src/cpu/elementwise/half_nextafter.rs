//! `nextafter` of half precision, which steps in its own grid and not in that of float32.

use std::slice::{from_raw_parts, from_raw_parts_mut};

use crate::cpu::simd::{Block, Call, Level};

macro_rules! half_nextafter {
    ($($name:ident $ty:ty;)*) => {$(
        pub(super) struct $name;

        impl Block for $name {
            #[inline(always)]
            unsafe fn run<L: Level>(call: &Call) {
                // SAFETY: the caller promises `n` valid elements of this type, the output apart from the operands.
                let (out, x, y) = unsafe {
                    (
                        from_raw_parts_mut(call.out.cast::<$ty>(), call.n),
                        from_raw_parts(call.args[0].cast::<$ty>(), call.n),
                        from_raw_parts(call.args[1].cast::<$ty>(), call.n),
                    )
                };
                for ((out, &x), &y) in out.iter_mut().zip(x).zip(y) {
                    let (bits, sign) = (x.to_bits(), 0x8000);
                    *out = if x.is_nan() || y.is_nan() {
                        <$ty>::NAN
                    } else if x == y {
                        y
                    } else if bits & !sign == 0 {
                        <$ty>::from_bits((y.to_bits() & sign) | 1)
                    } else if (x < y) == (bits & sign == 0) {
                        <$ty>::from_bits(bits + 1)
                    } else {
                        <$ty>::from_bits(bits - 1)
                    };
                }
            }
        }
    )*};
}
half_nextafter! { F16 half::f16; Bf16 half::bf16; }
