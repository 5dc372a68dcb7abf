//! The operations on floats: one definition for float32 and float64, and through float32 for half precision.

use super::loops::{Binary, Map1, Map2, Unary};
use super::real::Real;
use crate::cpu::simd::{BlockFn, Level, SimdLevel, select, select_scalar};
use crate::cpu::special;
use crate::op::Op;

macro_rules! unary {
    ($($name:ident -> $out:ty: |$x:ident| $body:expr $(, if $plain:expr, else $careful:expr)?;)*) => {$(
        struct $name;
        impl<T: Real> Unary<T> for $name {
            type Out = $out;
            #[inline(always)]
            fn apply<L: Level>($x: T) -> $out {
                $body
            }
            $(
                #[inline(always)]
                fn is_plain<L: Level>($x: T) -> bool {
                    $plain
                }
                #[inline(always)]
                fn careful<L: Level>($x: T) -> $out {
                    $careful
                }
            )?
        }
    )*};
}
macro_rules! binary {
    ($($name:ident -> $out:ty: |$x:ident, $y:ident| $body:expr $(, if $plain:expr, else $careful:expr)?;)*) => {$(
        struct $name;
        impl<T: Real> Binary<T> for $name {
            type Out = $out;
            #[inline(always)]
            fn apply<L: Level>($x: T, $y: T) -> $out {
                $body
            }
            $(
                #[inline(always)]
                fn is_plain<L: Level>($x: T, $y: T) -> bool {
                    $plain
                }
                fn careful($x: T, $y: T) -> $out {
                    $careful
                }
            )?
        }
    )*};
}

#[inline(always)]
fn zero<T: Real>() -> T {
    T::default()
}

#[inline(always)]
fn one<T: Real>() -> T {
    T::of(1.0)
}

/// NaN compares unequal to itself; the comparison is spelled so because it works for every `Real`.
#[inline(always)]
#[allow(clippy::eq_op)]
fn is_nan<T: Real>(x: T) -> bool {
    x != x
}

/// Quotient and remainder with the sign of the divisor, as Python's `divmod` (and so NumPy's).
#[inline(always)]
fn divmod<T: Real>(x: T, y: T) -> (T, T) {
    let modulus = x % y;
    if y == zero() {
        return (x / y, modulus);
    }
    let quotient = (x - modulus) / y;
    let (quotient, modulus) = if modulus == zero() {
        (quotient, zero::<T>().with_sign_of(y))
    } else if (y < zero()) != (modulus < zero()) {
        (quotient - one(), modulus + y)
    } else {
        (quotient, modulus)
    };
    // (x - modulus) / y is an integer but for rounding.
    let floor = quotient.round_down();
    let quotient = if quotient == zero() {
        zero::<T>().with_sign_of(x / y)
    } else if quotient - floor > T::of(0.5) {
        floor + one()
    } else {
        floor
    };
    (quotient, modulus)
}

/// The common shape of `logaddexp` and `logaddexp2`: the larger, and the logarithm of what the smaller adds.
#[inline(always)]
fn log_add<T: Real>(x: T, y: T, tail: impl Fn(T) -> T, log_of_2: T) -> T {
    if x == y {
        // Also infinities of the same sign, whose difference is NaN.
        return x + log_of_2;
    }
    let difference = x - y;
    if difference > zero() {
        x + tail(-difference)
    } else if difference <= zero() {
        y + tail(difference)
    } else {
        difference
    }
}

unary! {
    Neg -> T: |x| -x;
    Abs -> T: |x| x.absolute();
    Sign -> T: |x| {
        let sign = if x > zero() { one() } else if x < zero() { -one::<T>() } else { zero() };
        if is_nan(x) { x } else { sign }
    };
    Square -> T: |x| x * x;
    Reciprocal -> T: |x| one::<T>() / x;
    Sqrt -> T: |x| x.square_root();
    Cbrt -> T: |x| x.cbrt();
    Rsqrt -> T: |x| one::<T>() / x.square_root();
    Exp -> T: |x| x.exp_plain::<L>(), if x.exp_is_plain(), else x.exp::<L>();
    Exp2 -> T: |x| x.exp2::<L>();
    Expm1 -> T: |x| x.expm1::<L>();
    Log -> T: |x| x.log::<L>();
    Log2 -> T: |x| x.log2::<L>();
    Log10 -> T: |x| x.log10::<L>();
    Log1p -> T: |x| x.log1p::<L>();
    Sin -> T: |x| x.sin::<L>(), if x.is_plain_angle::<L>(), else x.careful_sin();
    Cos -> T: |x| x.cos::<L>(), if x.is_plain_angle::<L>(), else x.careful_cos();
    Tan -> T: |x| x.tan::<L>(), if x.is_plain_angle::<L>(), else x.careful_tan();
    Arcsin -> T: |x| x.arcsin();
    Arccos -> T: |x| x.arccos();
    Arctan -> T: |x| x.arctan();
    Sinh -> T: |x| x.sinh();
    Cosh -> T: |x| x.cosh();
    Tanh -> T: |x| x.tanh::<L>();
    Arcsinh -> T: |x| x.arcsinh();
    Arccosh -> T: |x| x.arccosh();
    Arctanh -> T: |x| x.arctanh();
    Sigmoid -> T: |x| x.sigmoid_plain::<L>(), if x.exp_is_plain(), else x.sigmoid::<L>();
    Softplus -> T: |x| x.softplus::<L>();
    Erf -> T: |x| x.erf::<L>();
    Erfc -> T: |x| x.erfc::<L>();
    Erfinv -> T: |x| T::of(special::erfinv(x.to_f64()));
    Erfcinv -> T: |x| T::of(special::erfcinv(x.to_f64()));
    Lgamma -> T: |x| T::of(libm::lgamma(x.to_f64()));
    Digamma -> T: |x| T::of(special::digamma(x.to_f64()));
    Deg2rad -> T: |x| x * T::of(std::f64::consts::PI / 180.0);
    Rad2deg -> T: |x| x * T::of(180.0 / std::f64::consts::PI);
    Floor -> T: |x| x.round_down();
    Ceil -> T: |x| x.round_up();
    Trunc -> T: |x| x.round_to_zero();
    Rint -> T: |x| x.round_to_even();
    FrexpFraction -> T: |x| x.frexp().0;
    FrexpExponent -> i32: |x| x.frexp().1;
    IsNan -> u8: |x| is_nan(x) as u8;
    IsInf -> u8: |x| (x.absolute() == T::of(f64::INFINITY)) as u8;
    IsFinite -> u8: |x| (x.absolute() < T::of(f64::INFINITY)) as u8;
    Signbit -> u8: |x| x.sign_bit() as u8;
}

binary! {
    Add -> T: |x, y| x + y;
    Sub -> T: |x, y| x - y;
    Mul -> T: |x, y| x * y;
    Div -> T: |x, y| x / y;
    FloorDiv -> T: |x, y| divmod(x, y).0;
    Remainder -> T: |x, y| divmod(x, y).1;
    Fmod -> T: |x, y| x % y;
    Pow -> T: |x, y| x.pow::<L>(y), if x.is_plain_power::<L>(y), else x.careful_pow(y);
    Arctan2 -> T: |y, x| y.arctan2(x);
    Polygamma -> T: |x, n| T::of(special::polygamma(n.to_f64(), x.to_f64()));
    Hypot -> T: |x, y| x.hypot(y);
    Copysign -> T: |x, y| x.with_sign_of(y);
    Nextafter -> T: |x, y| x.next_after(y);
    Logaddexp -> T: |x, y| log_add(x, y, |d| d.exp::<L>().log1p::<L>(), T::of(std::f64::consts::LN_2));
    Logaddexp2 -> T: |x, y| {
        log_add(x, y, |d| d.exp2::<L>().log1p::<L>() * T::of(std::f64::consts::LOG2_E), one())
    };
    Ldexp -> T: |x, n| x.ldexp(n.to_i32());
    Maximum -> T: |x, y| if x >= y || is_nan(x) { x } else { y };
    Minimum -> T: |x, y| if x <= y || is_nan(x) { x } else { y };
    Fmax -> T: |x, y| if x >= y || is_nan(y) { x } else { y };
    Fmin -> T: |x, y| if x <= y || is_nan(y) { x } else { y };
    Equal -> u8: |x, y| (x == y) as u8;
    NotEqual -> u8: |x, y| (x != y) as u8;
    Less -> u8: |x, y| (x < y) as u8;
    LessEqual -> u8: |x, y| (x <= y) as u8;
    Greater -> u8: |x, y| (x > y) as u8;
    GreaterEqual -> u8: |x, y| (x >= y) as u8;
}

/// The loop of an operation over floats; `None` for operations that floats do not have.
pub(super) fn block_fn<T: Real>(op: Op, level: SimdLevel) -> Option<BlockFn> {
    macro_rules! table {
        (vector: $($v1:ident)*; scalar: $($s1:ident)*; vector2: $($v2:ident)*; scalar2: $($s2:ident)*;) => {
            match op {
                $(Op::$v1 => select::<Map1<$v1, T>>(level),)*
                $(Op::$s1 => select_scalar::<Map1<$s1, T>>(),)*
                $(Op::$v2 => select::<Map2<$v2, T>>(level),)*
                $(Op::$s2 => select_scalar::<Map2<$s2, T>>(),)*
                _ => return None,
            }
        };
    }
    Some(table! {
        vector: Neg Abs Sign Square Reciprocal Sqrt Rsqrt Exp Exp2 Expm1 Log Log2 Log10 Log1p Sin Cos Tan Tanh Sigmoid Softplus
            Erf Floor Ceil Trunc Rint;
        scalar: Cbrt Arcsin Arccos Arctan Sinh Cosh Arcsinh Arccosh Arctanh Erfc Erfinv Erfcinv Lgamma Digamma Deg2rad Rad2deg FrexpFraction FrexpExponent
            IsNan IsInf IsFinite Signbit;
        vector2: Add Sub Mul Div Pow Maximum Minimum Equal NotEqual Less LessEqual Greater GreaterEqual;
        scalar2: FloorDiv Remainder Fmod Arctan2 Polygamma Hypot Copysign Nextafter Logaddexp Logaddexp2 Ldexp Fmax Fmin;
    })
}
