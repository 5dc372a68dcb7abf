//! The operators and methods of elementwise functions, over expressions.

use chainer_kernels::{Op, Scalar};

use super::expr::{Body, Expr, Kind, Target};
use crate::Dtype;

/// The operators and methods that can stand in an `#[elementwise]` function, under Rust's names.
#[allow(missing_docs, clippy::should_implement_trait)]
impl Expr {
    pub fn add(self, other: Expr) -> Expr {
        self.binary(Op::Add, other)
    }
    pub fn sub(self, other: Expr) -> Expr {
        self.binary(Op::Sub, other)
    }
    pub fn mul(self, other: Expr) -> Expr {
        self.binary(Op::Mul, other)
    }
    /// Integers are divided as Rust does, towards zero; division by zero gives 0.
    pub fn div(self, other: Expr) -> Expr {
        match self.kind() {
            Kind::Int => self.clone().sub(self.rem(other.clone())).binary(Op::FloorDiv, other),
            _ => self.binary(Op::Div, other),
        }
    }
    pub fn rem(self, other: Expr) -> Expr {
        self.binary(Op::Fmod, other)
    }
    pub fn and(self, other: Expr) -> Expr {
        let op = if self.kind() == Kind::Bool { Op::LogicalAnd } else { Op::BitwiseAnd };
        self.binary(op, other)
    }
    pub fn or(self, other: Expr) -> Expr {
        let op = if self.kind() == Kind::Bool { Op::LogicalOr } else { Op::BitwiseOr };
        self.binary(op, other)
    }
    pub fn xor(self, other: Expr) -> Expr {
        let op = if self.kind() == Kind::Bool { Op::LogicalXor } else { Op::BitwiseXor };
        self.binary(op, other)
    }
    pub fn shl(self, other: Expr) -> Expr {
        self.binary(Op::LeftShift, other)
    }
    pub fn shr(self, other: Expr) -> Expr {
        self.binary(Op::RightShift, other)
    }
    pub fn neg(self) -> Expr {
        self.unary(Op::Neg)
    }
    pub fn not(self) -> Expr {
        let op = if self.kind() == Kind::Bool { Op::LogicalNot } else { Op::Invert };
        self.unary(op)
    }
    pub fn eq(self, other: Expr) -> Expr {
        self.compare(Op::Equal, other)
    }
    pub fn ne(self, other: Expr) -> Expr {
        self.compare(Op::NotEqual, other)
    }
    pub fn lt(self, other: Expr) -> Expr {
        self.compare(Op::Less, other)
    }
    pub fn le(self, other: Expr) -> Expr {
        self.compare(Op::LessEqual, other)
    }
    pub fn gt(self, other: Expr) -> Expr {
        self.compare(Op::Greater, other)
    }
    pub fn ge(self, other: Expr) -> Expr {
        self.compare(Op::GreaterEqual, other)
    }

    /// `if condition { then } else { otherwise }`
    pub fn select(condition: Expr, then: Expr, otherwise: Expr) -> Expr {
        let kind = then.kind();
        match condition.number() {
            Some(known) => {
                if known.as_bool() {
                    then
                } else {
                    otherwise
                }
            }
            None => Expr::apply(Op::Select, [condition, then, otherwise], kind),
        }
    }

    /// `value as dtype`. The float types of the function's own signature stand for the arrays' dtype.
    pub fn cast(self, dtype: Dtype) -> Expr {
        Expr::new(Kind::of(dtype), Body::Cast(Target::Dtype(dtype), self))
    }

    /// As a float of the dtype in which the function computes.
    pub(crate) fn into_float(self) -> Expr {
        match self.kind() {
            Kind::Float => self,
            _ => Expr::new(Kind::Float, Body::Cast(Target::Float, self)),
        }
    }

    pub fn abs(self) -> Expr {
        self.unary(Op::Abs)
    }
    pub fn acos(self) -> Expr {
        self.unary(Op::Arccos)
    }
    pub fn acosh(self) -> Expr {
        self.unary(Op::Arccosh)
    }
    pub fn asin(self) -> Expr {
        self.unary(Op::Arcsin)
    }
    pub fn asinh(self) -> Expr {
        self.unary(Op::Arcsinh)
    }
    pub fn atan(self) -> Expr {
        self.unary(Op::Arctan)
    }
    pub fn atan2(self, other: Expr) -> Expr {
        self.binary(Op::Arctan2, other)
    }
    pub fn atanh(self) -> Expr {
        self.unary(Op::Arctanh)
    }
    pub fn cbrt(self) -> Expr {
        self.unary(Op::Cbrt)
    }
    pub fn ceil(self) -> Expr {
        self.unary(Op::Ceil)
    }
    /// NaN stays NaN; at a bound the gradient passes.
    pub fn clamp(self, low: Expr, high: Expr) -> Expr {
        let below = self.clone().lt(low.clone());
        let above = self.clone().gt(high.clone());
        Expr::select(below, low, Expr::select(above, high, self))
    }
    pub fn copysign(self, sign: Expr) -> Expr {
        self.binary(Op::Copysign, sign)
    }
    pub fn cos(self) -> Expr {
        self.unary(Op::Cos)
    }
    pub fn cosh(self) -> Expr {
        self.unary(Op::Cosh)
    }
    pub fn erf(self) -> Expr {
        self.unary(Op::Erf)
    }
    pub fn erfc(self) -> Expr {
        self.unary(Op::Erfc)
    }
    pub fn exp(self) -> Expr {
        self.unary(Op::Exp)
    }
    pub fn exp2(self) -> Expr {
        self.unary(Op::Exp2)
    }
    pub fn exp_m1(self) -> Expr {
        self.unary(Op::Expm1)
    }
    pub fn floor(self) -> Expr {
        self.unary(Op::Floor)
    }
    pub fn fract(self) -> Expr {
        self.clone().sub(self.trunc())
    }
    pub fn hypot(self, other: Expr) -> Expr {
        self.binary(Op::Hypot, other)
    }
    pub fn is_finite(self) -> Expr {
        self.test(Op::IsFinite)
    }
    pub fn is_infinite(self) -> Expr {
        self.test(Op::IsInf)
    }
    pub fn is_nan(self) -> Expr {
        self.test(Op::IsNan)
    }
    pub fn is_sign_negative(self) -> Expr {
        self.test(Op::Signbit)
    }
    pub fn is_sign_positive(self) -> Expr {
        self.test(Op::Signbit).not()
    }
    pub fn ln(self) -> Expr {
        self.unary(Op::Log)
    }
    pub fn ln_1p(self) -> Expr {
        self.unary(Op::Log1p)
    }
    pub fn log(self, base: Expr) -> Expr {
        self.ln().div(base.ln())
    }
    pub fn log10(self) -> Expr {
        self.unary(Op::Log10)
    }
    pub fn log2(self) -> Expr {
        self.unary(Op::Log2)
    }
    pub fn logaddexp(self, other: Expr) -> Expr {
        self.binary(Op::Logaddexp, other)
    }
    /// As Rust's: of a number and a NaN, the number.
    pub fn max(self, other: Expr) -> Expr {
        self.binary(Op::Fmax, other)
    }
    /// As Rust's: of a number and a NaN, the number.
    pub fn min(self, other: Expr) -> Expr {
        self.binary(Op::Fmin, other)
    }
    /// Rounded after the product and after the sum.
    pub fn mul_add(self, factor: Expr, summand: Expr) -> Expr {
        self.mul(factor).add(summand)
    }
    pub fn powf(self, exponent: Expr) -> Expr {
        match exponent.number().map(Scalar::as_f64) {
            Some(1.0) => self,
            Some(2.0) => self.unary(Op::Square),
            Some(0.5) => self.sqrt(),
            Some(-1.0) => self.recip(),
            _ => self.binary(Op::Pow, exponent),
        }
    }
    pub fn powi(self, exponent: Expr) -> Expr {
        match exponent.number() {
            Some(number) => self.powf(Expr::float(number.as_f64())),
            None => self.binary(Op::Pow, exponent.into_float()),
        }
    }
    pub fn recip(self) -> Expr {
        self.unary(Op::Reciprocal)
    }
    /// Halves away from zero, as Rust's.
    pub fn round(self) -> Expr {
        let towards_zero = self.clone().trunc();
        let rest = self.clone().sub(towards_zero.clone()).abs();
        let away = towards_zero.clone().add(Expr::float(1.0).copysign(self));
        Expr::select(rest.ge(Expr::float(0.5)), away, towards_zero)
    }
    pub fn round_ties_even(self) -> Expr {
        self.unary(Op::Rint)
    }
    pub fn rsqrt(self) -> Expr {
        self.unary(Op::Rsqrt)
    }
    pub fn sigmoid(self) -> Expr {
        self.unary(Op::Sigmoid)
    }
    /// As Rust's: 1 or -1 by the sign bit; NaN stays NaN. Of an integer: -1, 0 or 1.
    pub fn signum(self) -> Expr {
        match self.kind() {
            Kind::Int => self.unary(Op::Sign),
            _ => Expr::select(self.clone().is_nan(), self.clone(), Expr::float(1.0).copysign(self)),
        }
    }
    pub fn sin(self) -> Expr {
        self.unary(Op::Sin)
    }
    pub fn sinh(self) -> Expr {
        self.unary(Op::Sinh)
    }
    pub fn softplus(self) -> Expr {
        self.unary(Op::Softplus)
    }
    pub fn sqrt(self) -> Expr {
        self.unary(Op::Sqrt)
    }
    pub fn tan(self) -> Expr {
        self.unary(Op::Tan)
    }
    pub fn tanh(self) -> Expr {
        self.unary(Op::Tanh)
    }
    pub fn to_degrees(self) -> Expr {
        self.unary(Op::Rad2deg)
    }
    pub fn to_radians(self) -> Expr {
        self.unary(Op::Deg2rad)
    }
    pub fn trunc(self) -> Expr {
        self.unary(Op::Trunc)
    }
}
