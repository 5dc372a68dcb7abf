//! float64's hottest functions as straight-line code that the compiler widens over lanes; the others are the C library's.

use std::f64::consts::LOG2_E;

use super::Level;

/// `a * b + c`, rounded once where the level has the instruction.
#[inline(always)]
pub(crate) fn fma<L: Level>(a: f64, b: f64, c: f64) -> f64 {
    if L::FMA { a.mul_add(b, c) } else { a * b + c }
}

#[inline(always)]
fn polynomial<L: Level, const N: usize>(x: f64, coefficients: [f64; N]) -> f64 {
    let mut sum = coefficients[N - 1];
    let mut k = N - 1;
    while k > 0 {
        k -= 1;
        sum = fma::<L>(sum, x, coefficients[k]);
    }
    sum
}

/// Added to a number below 2^51 it leaves the nearest integer in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// log 2 in two parts, the first so short that its products with exponents are exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// `x = n log 2 + r` with |r| <= log 2 / 2: n, and `exp(r) - 1`.
#[inline(always)]
fn exp_parts<L: Level>(x: f64) -> (i64, f64) {
    let shifted = fma::<L>(x, LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = fma::<L>(n, -LN_2_LOW, fma::<L>(n, -LN_2_HIGH, x));
    let q = polynomial::<L, 10>(
        r,
        [
            0.5,
            0.166_666_666_666_666_69,
            0.041_666_666_666_623_824,
            0.008_333_333_333_330_039,
            0.001_388_888_891_736_708_1,
            0.000_198_412_698_631_715_57,
            2.480_152_105_786_820_4e-5,
            2.755_726_827_690_569_6e-6,
            2.762_020_159_103_154_7e-7,
            2.510_047_250_569_499_6e-8,
        ],
    );
    (shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i64, fma::<L>(r * r, q, r))
}

/// `2^n` for -1023 < n < 1024.
#[inline(always)]
fn power_of_two(n: i64) -> f64 {
    f64::from_bits((n.wrapping_add(1023) << 52) as u64)
}

/// `x` held between two bounds; NaN stays NaN.
#[inline(always)]
fn clamp(x: f64, low: f64, high: f64) -> f64 {
    let x = if x > high { high } else { x };
    if x < low { low } else { x }
}

#[inline(always)]
pub(crate) fn exp<L: Level>(x: f64) -> f64 {
    let (n, p) = exp_parts::<L>(clamp(x, -746.0, 710.0));
    // Scaled in two steps, so that results may be denormal or overflow. Shifting an unsigned number is what processors have.
    let half = ((n.wrapping_add(2048) as u64) >> 1) as i64 - 1024;
    (p + 1.0) * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

/// `(e - 1) / (e + 1)` for e = exp(2x).
#[inline(always)]
pub(crate) fn tanh<L: Level>(x: f64) -> f64 {
    let (n, p) = exp_parts::<L>(2.0 * clamp(x, -19.1, 19.1));
    let power = power_of_two(n);
    let e = fma::<L>(power, p, power - 1.0);
    (e / (e + 2.0)).copysign(x)
}

#[inline(always)]
pub(crate) fn sigmoid<L: Level>(x: f64) -> f64 {
    let e = exp::<L>(-x.abs());
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;
const ONE_BITS: u64 = 0x3ff0_0000_0000_0000;

/// `x = 2^k m` with sqrt(1/2) <= m < sqrt(2), of normal positive numbers.
#[inline(always)]
fn log_parts(x: f64) -> (f64, f64) {
    let bits = x.to_bits();
    // The exponent with its bias, which is an unsigned number and becomes a float by standing in the low bits of 2^52.
    let biased = bits.wrapping_add(ONE_BITS - SQRT_HALF_BITS) >> 52;
    let k = f64::from_bits(biased | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    (k, f64::from_bits(bits.wrapping_sub(biased << 52).wrapping_add(ONE_BITS)))
}

#[inline(always)]
pub(crate) fn log<L: Level>(x: f64) -> f64 {
    let denormal = x < f64::MIN_POSITIVE;
    let (k, m) = log_parts(if denormal { x * (1u64 << 54) as f64 } else { x });
    let k = if denormal { k - 54.0 } else { k };
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let r = z * polynomial::<L, 8>(
        z,
        [
            0.666_666_666_666_666_6,
            0.400_000_000_000_008_8,
            0.285_714_285_708_036_14,
            0.222_222_223_917_139_17,
            0.181_817_956_401_329_06,
            0.153_862_397_028_146_58,
            0.132_687_731_386_568_86,
            0.130_866_261_478_401_02,
        ],
    );
    let half_square = 0.5 * f * f;
    let tail = fma::<L>(s, half_square + r, k * LN_2_LOW);
    let value = fma::<L>(k, LN_2_HIGH, f - (half_square - tail));
    let special = if x < 0.0 { f64::NAN } else { x };
    let special = if x == 0.0 { f64::NEG_INFINITY } else { special };
    if x > 0.0 && x < f64::INFINITY { value } else { special }
}

/// The base-2 logarithm of a normal positive number to some 44 bits.
#[inline(always)]
pub(super) fn log2_short<L: Level>(x: f64) -> f64 {
    let (k, m) = log_parts(x);
    let s = (m - 1.0) / (m + 1.0);
    let r = polynomial::<L, 6>(
        s * s,
        [
            2.885_390_081_777_851,
            0.961_796_694_112_264_9,
            0.577_077_942_660_304_4,
            0.412_209_224_061_104_33,
            0.319_906_803_807_013_36,
            0.282_885_023_407_482_34,
        ],
    );
    fma::<L>(s, r, k)
}

/// 2 to the power x to some 33 bits, for what float32 can hold and a little more.
#[inline(always)]
pub(super) fn exp2_short<L: Level>(x: f64) -> f64 {
    let x = clamp(x, -200.0, 200.0);
    let shifted = x + ROUND;
    let r = x - (shifted - ROUND);
    let p = polynomial::<L, 7>(
        r,
        [
            std::f64::consts::LN_2,
            0.240_226_509_222_887_57,
            0.055_504_108_839_096_185,
            0.009_618_056_678_524_637,
            0.001_333_350_238_616_277,
            0.000_154_614_446_975_691_3,
            1.529_732_376_070_107_5e-5,
        ],
    );
    let n = shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i64;
    fma::<L>(r, p, 1.0) * power_of_two(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::simd::Baseline;

    /// The largest error against the C library, itself good to a unit, in units in the last place.
    fn worst(f: impl Fn(f64) -> f64, exact: impl Fn(f64) -> f64) -> (f64, f64) {
        let mut worst = (0.0, 0.0);
        let everywhere = (0..=u64::MAX).step_by(0x30_0f3d_0000_1234).map(f64::from_bits);
        let near = (0..4_000).map(|k| (k - 2_000) as f64 / 99.7);
        for x in everywhere.chain(near) {
            let (got, exact) = (f(x), exact(x));
            if got == exact || got.is_nan() && exact.is_nan() {
                continue;
            }
            let size = exact.abs().max(f64::MIN_POSITIVE);
            let unit = f64::from_bits(size.to_bits() + 1) - size;
            let off = if got.is_finite() && exact.is_finite() { ((got - exact) / unit).abs() } else { f64::INFINITY };
            if off > worst.0 {
                worst = (off, x);
            }
        }
        worst
    }

    fn table<L: Level>(scale: f64) {
        let sigmoid_of = |x: f64| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) };
        type Row = (&'static str, fn(f64) -> f64, fn(f64) -> f64, f64);
        let rows: [Row; 4] = [
            ("exp", exp::<L>, f64::exp, 1.0),
            ("log", log::<L>, f64::ln, 1.0),
            ("tanh", tanh::<L>, f64::tanh, 3.0),
            ("sigmoid", sigmoid::<L>, sigmoid_of, 3.0),
        ];
        println!("{:12} worst difference from the C library in ulp", "function");
        for (name, f, exact, bound) in rows {
            let (off, at) = worst(f, exact);
            println!("{name:12} {off:.3} at {at:e}");
            assert!(off <= bound * scale, "{name}: {off} ulp at {at:e}");
        }
    }

    #[test]
    fn errors_stay_within_the_table() {
        table::<Baseline>(if Baseline::FMA { 1.0 } else { 2.0 });
        #[cfg(target_arch = "x86_64")]
        table::<crate::cpu::simd::Avx2>(1.0);
    }
}
