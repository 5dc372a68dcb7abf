//! Conversion between half precision and float32, written so that the compiler widens it.

use half::{bf16, f16};

use crate::cpu::simd::Level;

/// Exact.
#[inline(always)]
pub(crate) fn bf16_to_f32(from: &[bf16], to: &mut [f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = f32::from_bits((from.to_bits() as u32) << 16);
    }
}

/// Rounds to nearest, ties to even; NaN stays NaN.
#[inline(always)]
pub(crate) fn f32_to_bf16(from: &[f32], to: &mut [bf16]) {
    for (to, from) in to.iter_mut().zip(from) {
        let bits = from.to_bits();
        let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16;
        // The quiet bit is set so that a NaN whose payload lies in the low half does not become an infinity.
        let nan = (bits >> 16) | 0x40;
        *to = bf16::from_bits(if from.is_nan() { nan } else { rounded } as u16);
    }
}

/// Exact.
#[inline(always)]
pub(crate) fn f16_to_f32<L: Level>(from: &[f16], to: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if L::F16C {
        // SAFETY: `L::F16C` says that the processor has the instructions.
        return unsafe { f16c::widen(from, to) };
    }
    for (to, from) in to.iter_mut().zip(from) {
        *to = widen(from.to_bits());
    }
}

/// Rounds to nearest, ties to even; NaN stays NaN.
#[inline(always)]
pub(crate) fn f32_to_f16<L: Level>(from: &[f32], to: &mut [f16]) {
    #[cfg(target_arch = "x86_64")]
    if L::F16C {
        // SAFETY: `L::F16C` says that the processor has the instructions.
        return unsafe { f16c::narrow(from, to) };
    }
    for (to, from) in to.iter_mut().zip(from) {
        *to = f16::from_bits(narrow(*from));
    }
}

/// Shifts exponent and mantissa into place and mends the exponent's bias by a multiplication, which also normalises denormals.
#[inline(always)]
fn widen(half: u16) -> f32 {
    let (sign, rest) = ((half as u32 & 0x8000) << 16, (half as u32 & 0x7fff) << 13);
    let scaled = f32::from_bits(rest) * f32::from_bits((254 - 15) << 23);
    // Infinities and NaNs: the largest exponent stays the largest. NaNs become quiet, as the hardware makes them.
    let special = rest | 0x7f80_0000 | (((rest & 0x007f_ffff != 0) as u32) << 22);
    let bits = if half & 0x7c00 == 0x7c00 { special } else { scaled.to_bits() };
    f32::from_bits(sign | bits)
}

#[inline(always)]
fn narrow(x: f32) -> u16 {
    let bits = x.to_bits();
    let (sign, magnitude) = ((bits >> 16) & 0x8000, bits & 0x7fff_ffff);
    // Normal results: round the 13 bits that fall away, then mend the bias. A carry into the exponent is right, up to infinity.
    let normal = (magnitude.wrapping_add(0xfff + ((magnitude >> 13) & 1)).wrapping_sub(112 << 23)) >> 13;
    // Denormal results: adding 0.5 lets the addition round at the right bit.
    let denormal = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0.5f32.to_bits());
    let nan = 0x7e00 | ((magnitude >> 13) & 0x3ff);
    let rest = if magnitude < 113 << 23 { denormal } else { normal };
    let rest = if magnitude >= 143 << 23 { 0x7c00 } else { rest };
    let rest = if magnitude > 0x7f80_0000 { nan } else { rest };
    (sign | rest) as u16
}

#[cfg(target_arch = "x86_64")]
mod f16c {
    use std::arch::x86_64::*;

    use half::f16;

    /// # Safety
    /// The processor has AVX and F16C.
    #[inline(always)]
    pub(super) unsafe fn widen(from: &[f16], to: &mut [f32]) {
        let (head, tail) = from.split_at(from.len() & !7);
        let (to_head, to_tail) = to.split_at_mut(head.len());
        for (from, to) in head.chunks_exact(8).zip(to_head.chunks_exact_mut(8)) {
            // SAFETY: chunks of 8 elements: 16 bytes are read, 32 written.
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), _mm256_cvtph_ps(_mm_loadu_si128(from.as_ptr().cast()))) };
        }
        for (from, to) in tail.iter().zip(to_tail) {
            *to = super::widen(from.to_bits());
        }
    }

    /// # Safety
    /// The processor has AVX and F16C.
    #[inline(always)]
    pub(super) unsafe fn narrow(from: &[f32], to: &mut [f16]) {
        let (head, tail) = from.split_at(from.len() & !7);
        let (to_head, to_tail) = to.split_at_mut(head.len());
        for (from, to) in head.chunks_exact(8).zip(to_head.chunks_exact_mut(8)) {
            // SAFETY: chunks of 8 elements: 32 bytes are read, 16 written.
            unsafe {
                let half = _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(_mm256_loadu_ps(from.as_ptr()));
                _mm_storeu_si128(to.as_mut_ptr().cast(), half);
            }
        }
        for (from, to) in tail.iter().zip(to_tail) {
            *to = f16::from_bits(super::narrow(*from));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_widens_and_narrows_as_the_half_crate_does() {
        for bits in 0..=u16::MAX {
            let want = f16::from_bits(bits).to_f32();
            let got = widen(bits);
            assert!(got.to_bits() == want.to_bits() || got.is_nan() && want.is_nan(), "{bits:#x}");
            assert_eq!(narrow(want), if want.is_nan() { bits | 0x200 } else { bits }, "{bits:#x}");
        }
    }

    #[test]
    fn narrowing_rounds_to_nearest_even() {
        // Every float32 whose low bits decide a rounding, across all exponents.
        for high in 0..=u16::MAX as u32 {
            for low in
                [0, 1, 0xfff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x3001, 0x7fff, 0x8000, 0x8001, 0xefff, 0xf000, 0xffff]
            {
                let x = f32::from_bits(high << 16 | low);
                if !x.is_nan() {
                    assert_eq!(narrow(x), f16::from_f32(x).to_bits(), "{x:e}");
                    let mut out = [bf16::ZERO];
                    f32_to_bf16(&[x], &mut out);
                    assert_eq!(out[0], bf16::from_f32(x), "{x:e}");
                }
            }
        }
    }
}
