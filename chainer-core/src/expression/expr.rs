//! [`Expr`]: a scalar computation as a value, recorded from Rust text by `#[elementwise]`.

use std::fmt;
use std::sync::Arc;

use chainer_kernels::{Op, Scalar};
use smallvec::{SmallVec, smallvec};

use super::fold;
use crate::Dtype;

/// What a recorded value is. The dtype's width is decided by the arrays that the expression meets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Float,
    Int,
    Bool,
}

impl Kind {
    pub(crate) const fn of(dtype: Dtype) -> Kind {
        match dtype {
            Dtype::Bool => Kind::Bool,
            Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64 => Kind::Float,
            _ => Kind::Int,
        }
    }
}

/// A scalar computation over the arguments of an `#[elementwise]` function, as `name::trace` records it. Cheap to clone; what is used
/// twice is shared.
///
/// ```
/// use chainer::{Expr, prelude::*};
///
/// #[elementwise]
/// fn swish(x: f32, beta: f32) -> f32 {
///     x / (1.0 + (-beta * x).exp())
/// }
/// let expression = swish::trace(&[Expr::input(0), Expr::input(1)]);
/// assert_eq!(expression.to_string(), "a0 / (1 + exp(-a1 * a0))");
/// ```
#[derive(Clone)]
pub struct Expr(Arc<Node>);

struct Node {
    kind: Kind,
    body: Body,
}

/// How a value comes about.
#[derive(Clone)]
pub(crate) enum Body {
    Input(usize),
    Number(Scalar),
    Apply(Op, SmallVec<[Expr; 3]>),
    Cast(Target, Expr),
}

/// What a value is converted to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// The dtype in which the function computes its floats.
    Float,
    Dtype(Dtype),
}

impl Expr {
    fn new(kind: Kind, body: Body) -> Expr {
        Expr(Arc::new(Node { kind, body }))
    }

    /// Argument number `i`, a float.
    pub fn input(i: usize) -> Expr {
        Expr::argument(i, Kind::Float)
    }

    pub(crate) fn argument(i: usize, kind: Kind) -> Expr {
        Expr::new(kind, Body::Input(i))
    }

    /// A number.
    pub fn float(value: f64) -> Expr {
        Expr::new(Kind::Float, Body::Number(Scalar::Float(value)))
    }

    /// An integer.
    pub fn integer(value: i64) -> Expr {
        Expr::new(Kind::Int, Body::Number(Scalar::Int(value)))
    }

    /// `true` or `false`.
    pub fn boolean(value: bool) -> Expr {
        Expr::new(Kind::Bool, Body::Number(Scalar::Bool(value)))
    }

    /// A constant of Rust.
    pub fn constant<T: super::ElementType>(value: T) -> Expr {
        Expr::new(Kind::of(T::DTYPE), Body::Number(value.scalar()))
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    pub(crate) fn body(&self) -> &Body {
        &self.0.body
    }

    /// The same for clones of one expression only.
    pub(crate) fn identity(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    pub(crate) fn number(&self) -> Option<Scalar> {
        match self.body() {
            Body::Number(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn is_number(&self, value: f64) -> bool {
        self.number().is_some_and(|number| number.as_f64() == value)
    }

    /// An operation whose result is of kind `kind`. What numbers alone decide is computed at once.
    pub(crate) fn apply<const N: usize>(op: Op, arguments: [Expr; N], kind: Kind) -> Expr {
        if let Some(value) = fold::fold(op, &arguments) {
            return Expr::new(kind, Body::Number(value));
        }
        Expr::new(kind, Body::Apply(op, SmallVec::from_iter(arguments)))
    }

    fn unary(self, op: Op) -> Expr {
        let kind = self.kind();
        Expr::apply(op, [self], kind)
    }

    fn binary(self, op: Op, other: Expr) -> Expr {
        let kind = self.kind();
        Expr::apply(op, [self, other], kind)
    }

    fn test(self, op: Op) -> Expr {
        Expr::apply(op, [self], Kind::Bool)
    }

    fn compare(self, op: Op, other: Expr) -> Expr {
        Expr::apply(op, [self, other], Kind::Bool)
    }

    /// The same operation over other arguments.
    pub(crate) fn with_arguments(&self, arguments: &[Expr]) -> Expr {
        let body = match self.body() {
            Body::Apply(op, _) => Body::Apply(*op, arguments.iter().cloned().collect()),
            Body::Cast(target, _) => Body::Cast(*target, arguments[0].clone()),
            other => other.clone(),
        };
        Expr::new(self.kind(), body)
    }

    /// The expressions that this one reads directly.
    pub(crate) fn arguments(&self) -> SmallVec<[Expr; 3]> {
        match self.body() {
            Body::Apply(_, arguments) => arguments.clone(),
            Body::Cast(_, argument) => smallvec![argument.clone()],
            Body::Input(_) | Body::Number(_) => SmallVec::new(),
        }
    }
}

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

impl fmt::Display for Expr {
    /// As a formula, with the arguments called `a0`, `a1`, ….
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_expr(self, 0, f)
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The sign of a binary operation and how strongly it binds.
fn sign(op: Op) -> Option<(&'static str, u8)> {
    Some(match op {
        Op::LogicalOr | Op::BitwiseOr => ("|", 1),
        Op::LogicalXor | Op::BitwiseXor => ("^", 1),
        Op::LogicalAnd | Op::BitwiseAnd => ("&", 2),
        Op::Equal => ("==", 3),
        Op::NotEqual => ("!=", 3),
        Op::Less => ("<", 3),
        Op::LessEqual => ("<=", 3),
        Op::Greater => (">", 3),
        Op::GreaterEqual => (">=", 3),
        Op::Add => ("+", 4),
        Op::Sub => ("-", 4),
        Op::Mul => ("*", 5),
        Op::Div => ("/", 5),
        Op::Fmod => ("%", 5),
        _ => return None,
    })
}

fn write_expr(expr: &Expr, outer: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match expr.body() {
        Body::Input(i) => write!(f, "a{i}"),
        Body::Number(Scalar::Float(value)) => write!(f, "{value}"),
        Body::Number(Scalar::Int(value)) => write!(f, "{value}"),
        Body::Number(Scalar::UInt(value)) => write!(f, "{value}"),
        Body::Number(Scalar::Bool(value)) => write!(f, "{value}"),
        Body::Cast(target, value) => {
            f.write_str("(")?;
            write_expr(value, 6, f)?;
            match target {
                Target::Float => f.write_str(" as float)"),
                Target::Dtype(dtype) => write!(f, " as {dtype})"),
            }
        }
        Body::Apply(Op::Neg, arguments) => {
            f.write_str("-")?;
            write_expr(&arguments[0], 7, f)
        }
        Body::Apply(op, arguments) => match sign(*op) {
            Some((sign, strength)) => {
                let brackets = strength < outer;
                f.write_str(if brackets { "(" } else { "" })?;
                write_expr(&arguments[0], strength, f)?;
                write!(f, " {sign} ")?;
                write_expr(&arguments[1], strength + 1, f)?;
                f.write_str(if brackets { ")" } else { "" })
            }
            None => {
                write!(f, "{}(", op.name())?;
                for (i, argument) in arguments.iter().enumerate() {
                    f.write_str(if i > 0 { ", " } else { "" })?;
                    write_expr(argument, 0, f)?;
                }
                f.write_str(")")
            }
        },
    }
}
