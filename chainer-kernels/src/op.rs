//! The elementwise operations: one list for recording, the CPU's executor, the CUDA emitter and (in the core) derivatives.

use crate::dtype::Dtype;

/// How an operation's dtypes follow from its operands'.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// Computed and returned in the promoted dtype.
    Same,
    /// As `Same`, but integers and bools are computed in the float that holds them (`exp`); the quotient of two in float64.
    Float,
    /// As `Same`, for integers and bools only (bit operations); floats are refused.
    Integer,
    /// Compared in the promoted dtype, returns bool.
    Compare,
    /// Operands become bool first, returns bool.
    Logical,
    /// Chosen by the recorder: sources, casts and `Select`.
    Special,
}

macro_rules! ops {
    ($($(#[doc = $doc:literal])* $name:ident, $text:literal, $arity:literal, $rule:ident;)*) => {
        /// An elementwise operation.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Op { $($(#[doc = $doc])* $name,)* }

        impl Op {
            /// Every operation.
            pub const ALL: &'static [Op] = &[$(Op::$name),*];

            /// NumPy's name where it has one.
            pub const fn name(self) -> &'static str {
                match self { $(Op::$name => $text,)* }
            }

            /// The number of operands.
            #[inline]
            pub const fn arity(self) -> usize {
                match self { $(Op::$name => $arity,)* }
            }

            /// How dtypes follow.
            #[inline]
            pub const fn rule(self) -> Rule {
                match self { $(Op::$name => Rule::$rule,)* }
            }
        }
    };
}

ops! {
    // Sources: the element's place in row-major order is their hidden operand.
    /// The element's row-major index. (Computed as int64, returned in the instruction's output dtype.)
    Index, "index", 0, Special;
    /// Uniform in `[0, 1)` from Philox4x32-10: operands are the uint64 seed and the uint64 offset of the first element.
    Uniform, "uniform", 2, Special;
    /// Standard normal (Box-Muller over Philox4x32-10): operands as for `Uniform`.
    Normal, "normal", 2, Special;

    /// The operand itself (a copy; also what a constant is recorded as).
    Identity, "identity", 1, Same;
    /// The operand converted to the instruction's output dtype, as `astype`.
    Cast, "astype", 1, Special;

    /// `-x`.
    Neg, "negative", 1, Same;
    /// `|x|`.
    Abs, "absolute", 1, Same;
    /// -1, 0 or 1; NaN stays NaN.
    Sign, "sign", 1, Same;
    /// `x * x`.
    Square, "square", 1, Same;
    /// `1 / x` (integers truncate, as NumPy's).
    Reciprocal, "reciprocal", 1, Same;
    /// Square root.
    Sqrt, "sqrt", 1, Float;
    /// Cube root.
    Cbrt, "cbrt", 1, Float;
    /// `1 / sqrt(x)`.
    Rsqrt, "rsqrt", 1, Float;
    /// e to the power x.
    Exp, "exp", 1, Float;
    /// 2 to the power x.
    Exp2, "exp2", 1, Float;
    /// `exp(x) - 1`, accurate near 0.
    Expm1, "expm1", 1, Float;
    /// Natural logarithm.
    Log, "log", 1, Float;
    /// Base-2 logarithm.
    Log2, "log2", 1, Float;
    /// Base-10 logarithm.
    Log10, "log10", 1, Float;
    /// `log(1 + x)`, accurate near 0.
    Log1p, "log1p", 1, Float;
    /// Sine of radians.
    Sin, "sin", 1, Float;
    /// Cosine of radians.
    Cos, "cos", 1, Float;
    /// Tangent of radians.
    Tan, "tan", 1, Float;
    /// Inverse sine.
    Arcsin, "arcsin", 1, Float;
    /// Inverse cosine.
    Arccos, "arccos", 1, Float;
    /// Inverse tangent.
    Arctan, "arctan", 1, Float;
    /// Hyperbolic sine.
    Sinh, "sinh", 1, Float;
    /// Hyperbolic cosine.
    Cosh, "cosh", 1, Float;
    /// Hyperbolic tangent.
    Tanh, "tanh", 1, Float;
    /// Inverse hyperbolic sine.
    Arcsinh, "arcsinh", 1, Float;
    /// Inverse hyperbolic cosine.
    Arccosh, "arccosh", 1, Float;
    /// Inverse hyperbolic tangent.
    Arctanh, "arctanh", 1, Float;
    /// `1 / (1 + exp(-x))`.
    Sigmoid, "sigmoid", 1, Float;
    /// `log(1 + exp(x))` without overflow.
    Softplus, "softplus", 1, Float;
    /// The error function.
    Erf, "erf", 1, Float;
    /// `1 - erf(x)`.
    Erfc, "erfc", 1, Float;
    /// The inverse of `erf`.
    Erfinv, "erfinv", 1, Float;
    /// The inverse of `erfc`.
    Erfcinv, "erfcinv", 1, Float;
    /// `log(|gamma(x)|)`.
    Lgamma, "lgamma", 1, Float;
    /// The derivative of `lgamma`.
    Digamma, "digamma", 1, Float;
    /// Radians of degrees.
    Deg2rad, "deg2rad", 1, Float;
    /// Degrees of radians.
    Rad2deg, "rad2deg", 1, Float;
    /// Largest integer not above x.
    Floor, "floor", 1, Float;
    /// Smallest integer not below x.
    Ceil, "ceil", 1, Float;
    /// The integer next to x towards 0.
    Trunc, "trunc", 1, Float;
    /// The nearest integer, ties to even.
    Rint, "rint", 1, Float;
    /// The fraction of `frexp`: x = fraction * 2^exponent with 0.5 <= |fraction| < 1.
    FrexpFraction, "frexp_fraction", 1, Float;
    /// The int32 exponent of `frexp`.
    FrexpExponent, "frexp_exponent", 1, Special;
    /// Bitwise complement (logical for bool).
    Invert, "invert", 1, Integer;
    /// Logical not.
    LogicalNot, "logical_not", 1, Logical;
    /// Whether x is NaN.
    IsNan, "isnan", 1, Compare;
    /// Whether x is infinite.
    IsInf, "isinf", 1, Compare;
    /// Whether x is neither infinite nor NaN.
    IsFinite, "isfinite", 1, Compare;
    /// Whether the sign bit is set (also of -0.0 and NaN).
    Signbit, "signbit", 1, Compare;

    /// `x + y`; `or` for bool.
    Add, "add", 2, Same;
    /// `x - y`.
    Sub, "subtract", 2, Same;
    /// `x * y`; `and` for bool.
    Mul, "multiply", 2, Same;
    /// True division.
    Div, "true_divide", 2, Float;
    /// Division rounded towards minus infinity; integer division by zero gives 0.
    FloorDiv, "floor_divide", 2, Same;
    /// The remainder with the sign of the divisor; integer division by zero gives 0.
    Remainder, "remainder", 2, Same;
    /// The remainder with the sign of the dividend (C's `fmod`).
    Fmod, "fmod", 2, Same;
    /// x to the power y. A negative integer power of an integer gives 0 (1 and -1 aside).
    Pow, "power", 2, Same;
    /// The angle of the point (y, x); operands in the order y, x.
    Arctan2, "arctan2", 2, Float;
    /// The n-th derivative of `digamma` at x; operands in the order x, n. NaN unless n is a whole number.
    Polygamma, "polygamma", 2, Float;
    /// `sqrt(x*x + y*y)` without overflow.
    Hypot, "hypot", 2, Float;
    /// |x| with the sign of y.
    Copysign, "copysign", 2, Float;
    /// The next representable number after x towards y.
    Nextafter, "nextafter", 2, Float;
    /// `log(exp(x) + exp(y))` without overflow.
    Logaddexp, "logaddexp", 2, Float;
    /// `log2(2^x + 2^y)` without overflow.
    Logaddexp2, "logaddexp2", 2, Float;
    /// `x * 2^n`; n has been converted to x's dtype.
    Ldexp, "ldexp", 2, Float;
    /// The larger; NaN if either is NaN; the first where equal.
    Maximum, "maximum", 2, Same;
    /// The smaller; NaN if either is NaN; the first where equal.
    Minimum, "minimum", 2, Same;
    /// The larger; the number where one is NaN.
    Fmax, "fmax", 2, Same;
    /// The smaller; the number where one is NaN.
    Fmin, "fmin", 2, Same;
    /// Bitwise and (logical for bool).
    BitwiseAnd, "bitwise_and", 2, Integer;
    /// Bitwise or.
    BitwiseOr, "bitwise_or", 2, Integer;
    /// Bitwise exclusive or.
    BitwiseXor, "bitwise_xor", 2, Integer;
    /// Bits shifted left; shifting by the width or more gives 0.
    LeftShift, "left_shift", 2, Integer;
    /// Bits shifted right (arithmetically where signed).
    RightShift, "right_shift", 2, Integer;
    /// Logical and.
    LogicalAnd, "logical_and", 2, Logical;
    /// Logical or.
    LogicalOr, "logical_or", 2, Logical;
    /// Logical exclusive or.
    LogicalXor, "logical_xor", 2, Logical;
    /// `x == y`.
    Equal, "equal", 2, Compare;
    /// `x != y`.
    NotEqual, "not_equal", 2, Compare;
    /// `x < y`.
    Less, "less", 2, Compare;
    /// `x <= y`.
    LessEqual, "less_equal", 2, Compare;
    /// `x > y`.
    Greater, "greater", 2, Compare;
    /// `x >= y`.
    GreaterEqual, "greater_equal", 2, Compare;

    /// `if condition { x } else { y }`; the first operand is bool.
    Select, "where", 3, Special;
}

impl Op {
    /// The dtypes in which an operation over operands of promoted dtype `dtype` computes and returns, or `None` where NumPy
    /// refuses (bit operations on floats). Not for [`Rule::Special`].
    #[inline]
    pub const fn dtypes(self, dtype: Dtype) -> Option<(Dtype, Dtype)> {
        Some(match self.rule() {
            // NumPy refuses to negate and to subtract bools.
            Rule::Same if matches!((self, dtype), (Op::Neg | Op::Sub, Dtype::Bool)) => return None,
            Rule::Same => match (self, dtype) {
                (
                    Op::FloorDiv | Op::Remainder | Op::Fmod | Op::Pow | Op::Square | Op::Reciprocal | Op::Sign,
                    Dtype::Bool,
                ) => (Dtype::I8, Dtype::I8),
                _ => (dtype, dtype),
            },
            Rule::Float => (dtype.to_float(), dtype.to_float()),
            Rule::Integer if dtype.is_float() => return None,
            Rule::Integer => match (self, dtype) {
                (Op::LeftShift | Op::RightShift, Dtype::Bool) => (Dtype::I8, Dtype::I8),
                _ => (dtype, dtype),
            },
            Rule::Compare => (dtype, Dtype::Bool),
            Rule::Logical => (Dtype::Bool, Dtype::Bool),
            Rule::Special => return None,
        })
    }

    /// Rough cost of one element in floating-point operations, for profiles.
    pub const fn flops(self) -> u64 {
        use Op::*;
        match self {
            Index | Identity | Cast | Select => 0,
            Uniform | Normal => 20,
            Sqrt | Cbrt | Rsqrt | Div | Reciprocal => 4,
            Exp | Exp2 | Expm1 | Log | Log2 | Log10 | Log1p | Sin | Cos | Tan | Arcsin | Arccos | Arctan | Sinh
            | Cosh | Tanh | Arcsinh | Arccosh | Arctanh | Sigmoid | Softplus | Erf | Erfc | Pow | Arctan2 | Hypot
            | Logaddexp | Logaddexp2 => 15,
            Erfinv | Erfcinv | Lgamma | Digamma | Polygamma => 50,
            _ => 1,
        }
    }
}
