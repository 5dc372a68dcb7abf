//! float32 and float64 as the elementwise operations see them.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use crate::cpu::simd::{Level, double, single};

/// A floating-point type in which operations are computed.
pub(super) trait Real:
    Copy
    + Default
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Rem<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// The nearest value.
    fn of(x: f64) -> Self;
    fn absolute(self) -> Self;
    fn square_root(self) -> Self;
    fn round_down(self) -> Self;
    fn round_up(self) -> Self;
    fn round_to_zero(self) -> Self;
    fn round_to_even(self) -> Self;
    fn with_sign_of(self, other: Self) -> Self;
    fn sign_bit(self) -> bool;
    fn next_after(self, towards: Self) -> Self;
    fn frexp(self) -> (Self, i32);
    fn ldexp(self, n: i32) -> Self;
    fn to_i32(self) -> i32;
    fn to_f64(self) -> f64;

    fn exp<L: Level>(self) -> Self;
    fn exp2<L: Level>(self) -> Self;
    fn expm1<L: Level>(self) -> Self;
    fn log<L: Level>(self) -> Self;
    fn log2<L: Level>(self) -> Self;
    fn log10<L: Level>(self) -> Self;
    fn log1p<L: Level>(self) -> Self;
    fn sin<L: Level>(self) -> Self;
    fn cos<L: Level>(self) -> Self;
    fn tan<L: Level>(self) -> Self;
    fn tanh<L: Level>(self) -> Self;
    fn sigmoid<L: Level>(self) -> Self;
    fn softplus<L: Level>(self) -> Self;
    fn erf<L: Level>(self) -> Self;
    fn erfc<L: Level>(self) -> Self;
    fn pow<L: Level>(self, y: Self) -> Self;
    /// Whether `exp_plain` and `sigmoid_plain` hold; otherwise `exp` and `sigmoid` do.
    fn exp_is_plain(self) -> bool;
    fn exp_plain<L: Level>(self) -> Self;
    fn sigmoid_plain<L: Level>(self) -> Self;
    /// Whether `sin`, `cos` and `tan` hold; otherwise the C library's are called.
    fn is_plain_angle<L: Level>(self) -> bool;
    /// Whether `pow` holds; otherwise the C library's is called.
    fn is_plain_power<L: Level>(self, y: Self) -> bool;
    fn careful_sin(self) -> Self;
    fn careful_cos(self) -> Self;
    fn careful_tan(self) -> Self;
    fn careful_pow(self, y: Self) -> Self;
    fn cbrt(self) -> Self;
    fn arcsin(self) -> Self;
    fn arccos(self) -> Self;
    fn arctan(self) -> Self;
    fn sinh(self) -> Self;
    fn cosh(self) -> Self;
    fn arcsinh(self) -> Self;
    fn arccosh(self) -> Self;
    fn arctanh(self) -> Self;
    fn arctan2(self, x: Self) -> Self;
    fn hypot(self, y: Self) -> Self;
}

/// What both types have from the standard library.
macro_rules! common {
    ($ty:ident, $frexp:path, $ldexp:path, $next:path) => {
        #[inline(always)]
        fn of(x: f64) -> Self {
            x as $ty
        }
        #[inline(always)]
        fn absolute(self) -> Self {
            self.abs()
        }
        #[inline(always)]
        fn square_root(self) -> Self {
            self.sqrt()
        }
        #[inline(always)]
        fn round_down(self) -> Self {
            self.floor()
        }
        #[inline(always)]
        fn round_up(self) -> Self {
            self.ceil()
        }
        #[inline(always)]
        fn round_to_zero(self) -> Self {
            self.trunc()
        }
        #[inline(always)]
        fn round_to_even(self) -> Self {
            self.round_ties_even()
        }
        #[inline(always)]
        fn with_sign_of(self, other: Self) -> Self {
            self.copysign(other)
        }
        #[inline(always)]
        fn sign_bit(self) -> bool {
            self.is_sign_negative()
        }
        #[inline(always)]
        fn next_after(self, towards: Self) -> Self {
            $next(self, towards)
        }
        #[inline(always)]
        fn frexp(self) -> (Self, i32) {
            // The C library leaves the exponent of these open; NumPy gives 0.
            if self == 0.0 || !self.is_finite() { (self, 0) } else { $frexp(self) }
        }
        #[inline(always)]
        fn ldexp(self, n: i32) -> Self {
            $ldexp(self, n)
        }
        #[inline(always)]
        fn to_i32(self) -> i32 {
            self as i32
        }
        #[inline(always)]
        fn to_f64(self) -> f64 {
            self as f64
        }
        #[inline(always)]
        fn cbrt(self) -> Self {
            $ty::cbrt(self)
        }
        #[inline(always)]
        fn arcsin(self) -> Self {
            self.asin()
        }
        #[inline(always)]
        fn arccos(self) -> Self {
            self.acos()
        }
        #[inline(always)]
        fn arctan(self) -> Self {
            self.atan()
        }
        #[inline(always)]
        fn sinh(self) -> Self {
            $ty::sinh(self)
        }
        #[inline(always)]
        fn cosh(self) -> Self {
            $ty::cosh(self)
        }
        #[inline(always)]
        fn careful_sin(self) -> Self {
            $ty::sin(self)
        }
        #[inline(always)]
        fn careful_cos(self) -> Self {
            $ty::cos(self)
        }
        #[inline(always)]
        fn careful_tan(self) -> Self {
            $ty::tan(self)
        }
        #[inline(always)]
        fn careful_pow(self, y: Self) -> Self {
            self.powf(y)
        }
        #[inline(always)]
        fn arctan2(self, x: Self) -> Self {
            self.atan2(x)
        }
        #[inline(always)]
        fn hypot(self, y: Self) -> Self {
            $ty::hypot(self, y)
        }
    };
}

/// Methods that call a function of the level.
macro_rules! vector {
    ($($name:ident: $path:path;)*) => {$(
        #[inline(always)]
        fn $name<L: Level>(self) -> Self {
            $path(self)
        }
    )*};
}

impl Real for f32 {
    common!(f32, libm::frexpf, libm::ldexpf, libm::nextafterf);

    // The standard library's own formulas lose digits near 0 and for large operands.
    #[inline(always)]
    fn arcsinh(self) -> Self {
        libm::asinhf(self)
    }
    #[inline(always)]
    fn arccosh(self) -> Self {
        // Outside its domain acoshf gives numbers.
        if self < 1.0 { f32::NAN } else { libm::acoshf(self) }
    }
    #[inline(always)]
    fn arctanh(self) -> Self {
        libm::atanhf(self)
    }
    vector! {
        exp: single::exp::<L>; exp_plain: single::exp_plain::<L>; exp2: single::exp2::<L>; expm1: single::expm1::<L>; log: single::log::<L>;
        log2: single::log2::<L>; log10: single::log10::<L>; log1p: single::log1p::<L>; tanh: single::tanh::<L>;
        sigmoid: single::sigmoid::<L>; sigmoid_plain: single::sigmoid_plain::<L>; softplus: single::softplus::<L>; erf: single::erf::<L>; erfc: libm::erfcf;
        sin: single::sin::<L>; cos: single::cos::<L>; tan: single::tan::<L>;
    }
    #[inline(always)]
    fn exp_is_plain(self) -> bool {
        single::exp_is_plain(self)
    }
    #[inline(always)]
    fn pow<L: Level>(self, y: Self) -> Self {
        single::pow::<L>(self, y)
    }
    #[inline(always)]
    fn is_plain_angle<L: Level>(self) -> bool {
        L::FMA && self.abs() <= single::LARGEST_ANGLE
    }
    #[inline(always)]
    fn is_plain_power<L: Level>(self, y: Self) -> bool {
        single::pow_is_plain(self, y)
    }
}

impl Real for f64 {
    common!(f64, libm::frexp, libm::ldexp, libm::nextafter);

    #[inline(always)]
    fn arcsinh(self) -> Self {
        libm::asinh(self)
    }
    #[inline(always)]
    fn arccosh(self) -> Self {
        if self < 1.0 { f64::NAN } else { libm::acosh(self) }
    }
    #[inline(always)]
    fn arctanh(self) -> Self {
        libm::atanh(self)
    }
    vector! {
        exp: double::exp::<L>; exp_plain: double::exp::<L>; exp2: f64::exp2; expm1: f64::exp_m1; log: double::log::<L>; log2: f64::log2;
        log10: f64::log10; log1p: f64::ln_1p; tanh: double::tanh::<L>; sigmoid: double::sigmoid::<L>; sigmoid_plain: double::sigmoid::<L>; erf: libm::erf;
        erfc: libm::erfc; sin: f64::sin; cos: f64::cos; tan: f64::tan;
    }
    #[inline(always)]
    fn softplus<L: Level>(self) -> Self {
        let tail = double::exp::<L>(-self.abs()).ln_1p();
        if self > 0.0 { self + tail } else { tail }
    }
    #[inline(always)]
    fn exp_is_plain(self) -> bool {
        true
    }
    #[inline(always)]
    fn pow<L: Level>(self, y: Self) -> Self {
        self.powf(y)
    }
    #[inline(always)]
    fn is_plain_angle<L: Level>(self) -> bool {
        true
    }
    #[inline(always)]
    fn is_plain_power<L: Level>(self, _: Self) -> bool {
        true
    }
}
