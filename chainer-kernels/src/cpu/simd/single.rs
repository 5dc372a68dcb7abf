//! float32's transcendental functions as straight-line code that the compiler widens over lanes: no branches, no table, no call.
//!
//! Errors stay within 2.5 units in the last place (tan: 3.5); the table in the tests prints them.
//! Polynomials interpolate at Chebyshev nodes, so they are within a small factor of the best ones of their degree.

use std::f32::consts::{FRAC_2_PI, LOG2_E, LOG10_E};

use super::{Level, double};

/// `a * b + c`, rounded once where the level has the instruction.
#[inline(always)]
pub(crate) fn fma<L: Level>(a: f32, b: f32, c: f32) -> f32 {
    if L::FMA { a.mul_add(b, c) } else { a * b + c }
}

/// The polynomial with these coefficients, lowest first.
#[inline(always)]
fn polynomial<L: Level, const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    let mut sum = coefficients[N - 1];
    let mut k = N - 1;
    while k > 0 {
        k -= 1;
        sum = fma::<L>(sum, x, coefficients[k]);
    }
    sum
}

/// Added to a number below 2^22 it leaves the nearest integer in the low bits.
const ROUND: f32 = 12_582_912.0;
/// log 2 in two parts, the first so short that its products with exponents are exact.
const LN_2_HIGH: f32 = 0.691_406_25;
const LN_2_LOW: f32 = 0.001_740_930_6;

/// `x = n log 2 + r` with |r| <= log 2 / 2; n in the low bits of the first result, and `exp(r) - 1`.
#[inline(always)]
fn exp_parts<L: Level>(x: f32) -> (u32, f32) {
    let shifted = fma::<L>(x, LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = fma::<L>(n, -LN_2_LOW, fma::<L>(n, -LN_2_HIGH, x));
    let q = polynomial::<L, 5>(r, EXP);
    (shifted.to_bits(), fma::<L>(r * r, q, r))
}

/// `(exp(r) - 1 - r) / r^2`.
const EXP: [f32; 5] = [0.5, 0.166_665_76, 0.041_666_552, 0.008_363_233, 0.001_392_625];

/// The whole number in the low bits of a number to which [`ROUND`] was added.
#[inline(always)]
fn whole(shifted: u32) -> i32 {
    shifted.wrapping_sub(ROUND.to_bits()) as i32
}

/// `2^n` for -127 < n < 128.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) << 23) as u32)
}

/// [`power_of_two`] of the whole number in the low bits: the shift drops the others.
#[inline(always)]
fn power_of_shifted(shifted: u32) -> f32 {
    f32::from_bits((shifted << 23).wrapping_add(1f32.to_bits()))
}

/// `x` held between two bounds; NaN stays NaN.
#[inline(always)]
fn clamp(x: f32, low: f32, high: f32) -> f32 {
    let x = if x > high { high } else { x };
    if x < low { low } else { x }
}

/// Whether [`exp_plain`] and [`sigmoid_plain`] hold.
#[inline(always)]
pub(crate) fn exp_is_plain(x: f32) -> bool {
    x.abs() < 87.0
}

/// [`exp`] where neither operand nor result is large or small: no bounds to keep, and one addition to the exponent scales.
#[inline(always)]
pub(crate) fn exp_plain<L: Level>(x: f32) -> f32 {
    let (n, p) = exp_parts::<L>(x);
    f32::from_bits((p + 1.0).to_bits().wrapping_add(n << 23))
}

#[inline(always)]
pub(crate) fn exp<L: Level>(x: f32) -> f32 {
    let (n, p) = exp_parts::<L>(clamp(x, -104.0, 89.0));
    scale(p + 1.0, whole(n))
}

/// `x * 2^n` in two steps, so that results may be denormal or overflow.
#[inline(always)]
fn scale(x: f32, n: i32) -> f32 {
    let half = n >> 1;
    x * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

#[inline(always)]
pub(crate) fn exp2<L: Level>(x: f32) -> f32 {
    let x = clamp(x, -151.0, 129.0);
    let shifted = x + ROUND;
    let r = (x - (shifted - ROUND)) * std::f32::consts::LN_2;
    let q = polynomial::<L, 5>(r, EXP);
    scale(fma::<L>(r * r, q, r) + 1.0, whole(shifted.to_bits()))
}

#[inline(always)]
pub(crate) fn expm1<L: Level>(x: f32) -> f32 {
    let (n, p) = exp_parts::<L>(clamp(x, -17.5, 89.0));
    // Half of it first: 2^n may overflow where the result does not.
    let half = power_of_two(whole(n).wrapping_sub(1));
    (2.0 * fma::<L>(half, p, half - 0.5)).copysign(x)
}

/// `e / (e + 1)` for `e = (exp(2x) - 1) / 2`. As [`exp_parts`] of 2x, with the factors of 2 in the constants, where they round nothing.
#[inline(always)]
pub(crate) fn tanh<L: Level>(x: f32) -> f32 {
    let bounded = clamp(x, -9.02, 9.02);
    let shifted = fma::<L>(bounded, 2.0 * LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = fma::<L>(n, -LN_2_LOW / 2.0, fma::<L>(n, -LN_2_HIGH / 2.0, bounded));
    let q = polynomial::<L, 5>(r, [2.0 * EXP[0], 4.0 * EXP[1], 8.0 * EXP[2], 16.0 * EXP[3], 32.0 * EXP[4]]);
    let power = power_of_shifted(shifted.to_bits());
    let e = fma::<L>(power, fma::<L>(r * r, q, r), fma::<L>(power, 0.5, -0.5));
    (e / (e + 1.0)).copysign(x)
}

/// [`sigmoid`] where [`exp_is_plain`].
#[inline(always)]
pub(crate) fn sigmoid_plain<L: Level>(x: f32) -> f32 {
    1.0 / (1.0 + exp_plain::<L>(-x))
}

#[inline(always)]
pub(crate) fn sigmoid<L: Level>(x: f32) -> f32 {
    let e = exp::<L>(-x.abs());
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

/// log 2 in two parts, the first so short that its products with exponents are exact.
const LN_2_LONG_HIGH: f32 = 0.693_115_23;
const LN_2_LONG_LOW: f32 = 3.194_618_3e-5;
const SQRT_HALF_BITS: u32 = 0x3f35_04f3;

/// `x = 2^k m` with sqrt(1/2) <= m < sqrt(2), of normal positive numbers.
#[inline(always)]
fn log_parts(x: f32) -> (i32, f32) {
    let bits = x.to_bits();
    let k = (bits.wrapping_sub(SQRT_HALF_BITS) as i32) >> 23;
    (k, f32::from_bits(bits.wrapping_sub((k << 23) as u32)))
}

/// `log(1 + f) - f` for sqrt(1/2) <= 1 + f < sqrt(2).
#[inline(always)]
fn log_tail<L: Level>(f: f32) -> f32 {
    let square = f * f;
    let p = polynomial::<L, 9>(
        f,
        [
            0.333_333_3,
            -0.249_999_97,
            0.200_007_16,
            -0.166_678_03,
            0.142_490_58,
            -0.124_256_87,
            0.116_854_2,
            -0.114_797_34,
            0.069_716_11,
        ],
    );
    fma::<L>(f * square, p, -0.5 * square)
}

/// The logarithm's parts of any positive number.
#[inline(always)]
fn log_parts_of_any(x: f32) -> (f32, f32) {
    let denormal = x < f32::MIN_POSITIVE;
    let (k, m) = log_parts(if denormal { x * (1 << 25) as f32 } else { x });
    ((if denormal { k.wrapping_sub(25) } else { k }) as f32, m - 1.0)
}

/// The logarithm of what has none that is a number, or `value`.
#[inline(always)]
fn log_of_special(x: f32, value: f32) -> f32 {
    let special = if x < 0.0 { f32::NAN } else { x };
    let special = if x == 0.0 { f32::NEG_INFINITY } else { special };
    if x > 0.0 && x < f32::INFINITY { value } else { special }
}

#[inline(always)]
pub(crate) fn log<L: Level>(x: f32) -> f32 {
    let (k, f) = log_parts_of_any(x);
    let tail = fma::<L>(k, LN_2_LONG_LOW, log_tail::<L>(f));
    log_of_special(x, fma::<L>(k, LN_2_LONG_HIGH, f + tail))
}

#[inline(always)]
pub(crate) fn log2<L: Level>(x: f32) -> f32 {
    let (k, f) = log_parts_of_any(x);
    log_of_special(x, fma::<L>(f + log_tail::<L>(f), LOG2_E, k))
}

#[inline(always)]
pub(crate) fn log10<L: Level>(x: f32) -> f32 {
    let (k, f) = log_parts_of_any(x);
    let fraction = fma::<L>(k, 4.605_039e-6, (f + log_tail::<L>(f)) * LOG10_E);
    log_of_special(x, fma::<L>(k, 0.301_025_4, fraction))
}

#[inline(always)]
pub(crate) fn log1p<L: Level>(x: f32) -> f32 {
    let sum = 1.0 + x;
    // What the addition lost.
    let lost = if x > 1.0 { 1.0 - (sum - x) } else { x - (sum - 1.0) };
    let (k, m) = log_parts(sum);
    let f = fma::<L>(lost, power_of_two(-(if k > 60 { 60 } else { k })), m - 1.0);
    let k = k as f32;
    let tail = fma::<L>(k, LN_2_LONG_LOW, log_tail::<L>(f));
    log_of_special(sum, fma::<L>(k, LN_2_LONG_HIGH, f + tail)).copysign(x)
}

/// `max(x, 0) + log(1 + exp(-|x|))`.
#[inline(always)]
pub(crate) fn softplus<L: Level>(x: f32) -> f32 {
    let tail = log1p::<L>(exp::<L>(-x.abs()));
    if x > 0.0 { x + tail } else { tail }
}

/// Operands above this need more digits of pi than [`quadrant`] has.
pub(crate) const LARGEST_ANGLE: f32 = 100_000.0;

/// `x = n pi/2 + r`: n modulo 4, sin r and cos r. Needs fused multiply-add: the products must not be rounded.
#[inline(always)]
fn quadrant<L: Level>(x: f32) -> (u32, f32, f32) {
    let shifted = fma::<L>(x, FRAC_2_PI, ROUND);
    let n = shifted - ROUND;
    let r = fma::<L>(n, -std::f32::consts::FRAC_PI_2, x);
    let r = fma::<L>(n, 4.371_139e-8, r);
    let r = fma::<L>(n, 1.715_124_5e-15, r);
    let z = r * r;
    let sin = polynomial::<L, 3>(z, [-0.166_666_64, 0.008_332_743, -0.000_195_868_82]);
    let cos = polynomial::<L, 3>(z, [0.041_666_664, -0.001_388_829_8, 2.454_693_1e-5]);
    (shifted.to_bits(), fma::<L>(r * z, sin, r), fma::<L>(z * z, cos, fma::<L>(z, -0.5, 1.0)))
}

#[inline(always)]
pub(crate) fn sin<L: Level>(x: f32) -> f32 {
    let (n, sin, cos) = quadrant::<L>(x);
    let value = if n & 1 != 0 { cos } else { sin };
    f32::from_bits(value.to_bits() ^ ((n & 2) << 30))
}

#[inline(always)]
pub(crate) fn cos<L: Level>(x: f32) -> f32 {
    let (n, sin, cos) = quadrant::<L>(x);
    let value = if n & 1 != 0 { sin } else { cos };
    f32::from_bits(value.to_bits() ^ ((n.wrapping_add(1) & 2) << 30))
}

#[inline(always)]
pub(crate) fn tan<L: Level>(x: f32) -> f32 {
    let (n, sin, cos) = quadrant::<L>(x);
    let odd = n & 1 != 0;
    (if odd { -cos } else { sin }) / (if odd { sin } else { cos })
}

#[inline(always)]
pub(crate) fn erf<L: Level>(x: f32) -> f32 {
    let magnitude = x.abs();
    let z = x * x;
    let p = polynomial::<L, 7>(
        z,
        [0.128_379_17, -0.376_126_35, 0.112_836_91, -0.026_859_151, 0.005_200_369, -0.000_813_470_9, 8.334_719e-5],
    );
    let small = fma::<L>(x, p, x);
    // -log(erfc x) is nearly a parabola.
    let t = if magnitude > 4.0 { 4.0 } else { magnitude };
    let log = polynomial::<L, 9>(
        t,
        [
            -0.000_318_539_65,
            1.130_231,
            0.631_823_9,
            0.110_087_164,
            -0.026_427_638,
            0.004_762_626,
            -0.000_597_585_75,
            4.616_386e-5,
            -1.643_063_7e-6,
        ],
    );
    let large = (1.0 - exp::<L>(-log)).copysign(x);
    let value = if magnitude > 0.93 { large } else { small };
    if x.is_nan() { x } else { value }
}

/// Whether [`pow`] holds: finite operands, no zero.
#[inline(always)]
pub(crate) fn pow_is_plain(x: f32, y: f32) -> bool {
    x != 0.0 && x.abs() < f32::INFINITY && y.abs() < f32::INFINITY
}

/// Through float64, in which the logarithm has digits to spare. Only where [`pow_is_plain`].
#[inline(always)]
pub(crate) fn pow<L: Level>(x: f32, y: f32) -> f32 {
    let magnitude = double::exp2_short::<L>(y as f64 * double::log2_short::<L>(x.abs() as f64)) as f32;
    // Whole numbers are those that rounding keeps; odd ones those whose half is not whole.
    let whole = y.trunc() == y;
    let odd = whole && (y * 0.5).trunc() != y * 0.5;
    let of_negative = if odd { -magnitude } else { magnitude };
    let of_negative = if whole { of_negative } else { f32::NAN };
    if x < 0.0 { of_negative } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::simd::Baseline;

    /// The largest error in units in the last place over operands of all sizes, and where it is.
    fn worst(f: impl Fn(f32) -> f32, exact: impl Fn(f64) -> f64, low: f32, high: f32) -> (f64, f32) {
        let mut worst = (0.0, 0.0);
        let step = if cfg!(debug_assertions) { 400_009 } else { 997 };
        for x in (0..=u32::MAX).step_by(step).map(f32::from_bits).filter(|x| (low..=high).contains(x)) {
            let (got, exact) = (f(x), exact(x as f64));
            let nearest = exact as f32;
            if got == nearest || got.is_nan() && nearest.is_nan() {
                continue;
            }
            let size = nearest.abs().max(f32::MIN_POSITIVE);
            let unit = f32::from_bits(size.to_bits() + 1) as f64 - size as f64;
            let off = if got.is_finite() && nearest.is_finite() {
                ((got as f64 - exact) / unit).abs()
            } else {
                f64::INFINITY
            };
            if off > worst.0 {
                worst = (off, x);
            }
        }
        worst
    }

    fn exact_sigmoid(x: f64) -> f64 {
        if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
    }

    fn table<L: Level>(scale: f64) {
        let all = (f32::NEG_INFINITY, f32::INFINITY);
        let angles = (-LARGEST_ANGLE, LARGEST_ANGLE);
        let positive = (f32::from_bits(1), f32::INFINITY);
        type Row = (&'static str, fn(f32) -> f32, fn(f64) -> f64, (f32, f32), f64);
        let rows: [Row; 17] = [
            ("exp", exp::<L>, f64::exp, all, 1.1),
            ("exp, plain", |x| if exp_is_plain(x) { exp_plain::<L>(x) } else { exp::<L>(x) }, f64::exp, all, 1.1),
            ("exp2", exp2::<L>, f64::exp2, all, 1.1),
            ("expm1", expm1::<L>, f64::exp_m1, all, 1.6),
            ("log", log::<L>, f64::ln, all, 0.9),
            ("log2", log2::<L>, f64::log2, all, 1.7),
            ("log10", log10::<L>, f64::log10, all, 2.0),
            ("log1p", log1p::<L>, f64::ln_1p, all, 1.5),
            ("tanh", tanh::<L>, f64::tanh, all, 2.5),
            ("sigmoid", sigmoid::<L>, exact_sigmoid, all, 2.3),
            (
                "sigmoid, plain",
                |x| if exp_is_plain(x) { sigmoid_plain::<L>(x) } else { sigmoid::<L>(x) },
                exact_sigmoid,
                all,
                2.3,
            ),
            ("softplus", softplus::<L>, |x| x.max(0.0) + (-x.abs()).exp().ln_1p(), all, 1.7),
            ("erf", erf::<L>, libm::erf, all, 1.3),
            ("pow(x, 2.7)", |x| pow::<L>(x, 2.7), |x| x.powf(2.7f32 as f64), positive, 0.6),
            // Without fused multiply-add these are the C library's.
            ("sin", if L::FMA { sin::<L> } else { f32::sin }, f64::sin, angles, 1.6),
            ("cos", if L::FMA { cos::<L> } else { f32::cos }, f64::cos, angles, 1.6),
            ("tan", if L::FMA { tan::<L> } else { f32::tan }, f64::tan, angles, 3.4),
        ];
        println!("{:14} worst error in ulp", "function");
        for (name, f, exact, (low, high), bound) in rows {
            let (off, at) = worst(f, exact, low, high);
            println!("{name:14} {off:.3} at {at:e}");
            assert!(off <= bound * scale, "{name}: {off} ulp at {at:e}");
        }
    }

    #[test]
    fn errors_stay_within_the_table() {
        // Products and sums that are rounded apart cost up to another unit.
        table::<Baseline>(if Baseline::FMA { 1.0 } else { 2.0 });
        #[cfg(target_arch = "x86_64")]
        table::<crate::cpu::simd::Avx2>(1.0);
    }

    #[test]
    fn signs_of_zero_and_ends_are_right() {
        type Level = Baseline;
        for f in [expm1::<Level>, tanh::<Level>, log1p::<Level>, erf::<Level>] {
            assert_eq!(f(-0.0).to_bits(), (-0.0f32).to_bits());
            assert_eq!(f(0.0).to_bits(), 0);
            assert!(f(f32::NAN).is_nan());
        }
        assert_eq!([exp::<Level>(f32::NEG_INFINITY), exp::<Level>(f32::INFINITY)], [0.0, f32::INFINITY]);
        assert_eq!([tanh::<Level>(f32::NEG_INFINITY), tanh::<Level>(f32::INFINITY)], [-1.0, 1.0]);
        assert_eq!([sigmoid::<Level>(f32::NEG_INFINITY), sigmoid::<Level>(f32::INFINITY)], [0.0, 1.0]);
        assert_eq!([softplus::<Level>(f32::NEG_INFINITY), softplus::<Level>(f32::INFINITY)], [0.0, f32::INFINITY]);
        assert_eq!([log::<Level>(0.0), log::<Level>(f32::INFINITY)], [f32::NEG_INFINITY, f32::INFINITY]);
        assert!(log::<Level>(-1.0).is_nan());
        // Denormal operands and results.
        assert_eq!(log2::<Level>(f32::from_bits(1)), -149.0);
        assert_eq!(exp2::<Level>(-149.0), f32::from_bits(1));
        // Negative bases have powers that are whole numbers.
        assert_eq!([pow::<Level>(-2.0, 3.0), pow::<Level>(-2.0, 2.0)], [-8.0, 4.0]);
        assert!(pow::<Level>(-2.0, 0.5).is_nan());
    }
}
