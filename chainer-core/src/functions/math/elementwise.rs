//! The elementwise functions of one or two operands. Their derivatives stand in the table of [`crate::Variable`]'s operations.

use std::panic::Location;

use chainer_kernels::{ArrayOps, Loc, Op, OperandRef};

use crate::elementwise::{self, Term};
use crate::functions::float_unary;
use crate::{AsVariable, Error, Operand, Variable};

macro_rules! unary {
    ($($(#[doc = $doc:literal])* $name:ident => $op:ident, $at:literal gives $value:expr;)*) => {$(
        $(#[doc = $doc])*
        ///
        /// # Errors
        /// The result fails unless x has a float dtype.
        ///
        /// ```
        /// use chainer::{functions as F, Array, Variable};
        #[doc = concat!("let x = Variable::new(Array::from([", stringify!($at), "f64]));")]
        #[doc = concat!("let want: f64 = ", stringify!($value), ";")]
        #[doc = concat!("assert!((F::", stringify!($name), "(x).item::<f64>()? - want).abs() < 1e-12);")]
        /// # Ok::<(), chainer::Error>(())
        /// ```
        #[track_caller]
        pub fn $name(x: impl AsVariable) -> Variable {
            float_unary(Op::$op, x.as_variable(), Location::caller())
        }
    )*};
}

unary! {
    /// `|x|`; the gradient at 0 is 0.
    absolute => Abs, -2.5 gives 2.5;
    /// The inverse cosine.
    arccos => Arccos, 0.5 gives 0.5f64.acos();
    /// The inverse hyperbolic cosine.
    arccosh => Arccosh, 1.5 gives 1.5f64.acosh();
    /// The inverse sine.
    arcsin => Arcsin, 0.5 gives 0.5f64.asin();
    /// The inverse hyperbolic sine.
    arcsinh => Arcsinh, 0.5 gives 0.5f64.asinh();
    /// The inverse tangent.
    arctan => Arctan, 0.5 gives 0.5f64.atan();
    /// The inverse hyperbolic tangent.
    arctanh => Arctanh, 0.5 gives 0.5f64.atanh();
    /// The cube root, also of negative numbers.
    cbrt => Cbrt, -8.0 gives -2.0;
    /// The smallest integer not below x. It has no gradient.
    ceil => Ceil, 1.5 gives 2.0;
    /// The cosine of radians.
    cos => Cos, 0.5 gives 0.5f64.cos();
    /// The hyperbolic cosine.
    cosh => Cosh, 0.5 gives 0.5f64.cosh();
    /// The derivative of [`lgamma`]. NaN at -1, -2, …
    digamma => Digamma, 1.0 gives -0.5772156649015329;
    /// The error function.
    erf => Erf, 0.0 gives 0.0;
    /// `1 - erf(x)`, accurate for large x.
    erfc => Erfc, 0.0 gives 1.0;
    /// The inverse of [`erfc`], accurate also near 0. NaN outside of the interval from 0 to 2.
    erfcinv => Erfcinv, 1.5 gives -0.4769362762044699;
    /// The inverse of [`erf`]. NaN outside of the interval from -1 to 1.
    erfinv => Erfinv, 0.5 gives 0.4769362762044699;
    /// e to the power x.
    exp => Exp, 0.5 gives 0.5f64.exp();
    /// `exp(x) - 1`, accurate near 0.
    expm1 => Expm1, 0.5 gives 0.5f64.exp_m1();
    /// The largest integer not above x. It has no gradient.
    floor => Floor, 1.5 gives 1.0;
    /// The logarithm of the absolute value of the gamma function, which continues the factorial: `gamma(n + 1) = n!`.
    lgamma => Lgamma, 5.0 gives 24f64.ln();
    /// The natural logarithm.
    log => Log, 0.5 gives 0.5f64.ln();
    /// The logarithm of base 10.
    log10 => Log10, 0.5 gives 0.5f64.log10();
    /// `log(1 + x)`, accurate near 0.
    log1p => Log1p, 0.5 gives 0.5f64.ln_1p();
    /// The logarithm of base 2.
    log2 => Log2, 0.5 gives -1.0;
    /// `1 / sqrt(x)`.
    rsqrt => Rsqrt, 4.0 gives 0.5;
    /// The sine of radians.
    sin => Sin, 0.5 gives 0.5f64.sin();
    /// The hyperbolic sine.
    sinh => Sinh, 0.5 gives 0.5f64.sinh();
    /// The square root.
    sqrt => Sqrt, 4.0 gives 2.0;
    /// `x * x`.
    square => Square, -3.0 gives 9.0;
    /// The tangent of radians.
    tan => Tan, 0.5 gives 0.5f64.tan();
}

/// An operation of two operands that is defined for float dtypes. Operands are called `names` in messages.
fn float_binary(op: Op, names: [&str; 2], operands: [Term<'_>; 2], at: Loc) -> Variable {
    let is_failed = |operand: &Term<'_>| matches!(operand.data(), OperandRef::Array(x) if x.is_failed());
    // A failure comes first: it may be why the other operand has not become what it should be.
    let unfit = if operands.iter().any(is_failed) { &[] } else { &operands[..] };
    for (name, operand) in names.iter().zip(unfit) {
        if let OperandRef::Array(x) = operand.data()
            && !x.dtype().is_float()
        {
            let actual = format!("{} != f", x.dtype().kind());
            return Variable::failed(Error::mismatch(op.name(), format!("{name}.dtype.kind == f"), actual).at(at));
        }
    }
    let [x, y] = operands;
    elementwise::binary(op, x, y, at)
}

/// The angle between the first axis and the direction to the point (x2, x1), from -π to π: the inverse tangent of `x1 / x2` in the
/// quadrant of the point. Shapes broadcast.
///
/// # Errors
/// The result fails unless both have float dtypes and shapes that broadcast.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let y = F::arctan2(Variable::new(Array::from([1.0f64, 0.0])), Array::from([0.0f64, -1.0]));
/// assert_eq!(y.to_vec::<f64>()?, [std::f64::consts::FRAC_PI_2, std::f64::consts::PI]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn arctan2(x1: impl Operand, x2: impl Operand) -> Variable {
    float_binary(Op::Arctan2, ["x1", "x2"], [x1.term(), x2.term()], Location::caller())
}

/// The remainder of the division of x by the divisor, with the sign of x: `x - trunc(x / divisor) * divisor`. The gradient of the
/// divisor is `-trunc(x / divisor)`. Shapes broadcast.
///
/// # Errors
/// The result fails unless both have float dtypes and shapes that broadcast.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([5.5f32, -5.5]));
/// assert_eq!(F::fmod(&x, 2.0).to_vec::<f32>()?, [1.5, -1.5]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn fmod(x: impl Operand, divisor: impl Operand) -> Variable {
    float_binary(Op::Fmod, ["x", "divisor"], [x.term(), divisor.term()], Location::caller())
}

/// The n-th derivative of [`digamma`] at x, for whole numbers n from 0 on; NaN for others. Only x has a gradient. Integers n take the
/// dtype of x.
///
/// # Errors
/// The result fails unless x has a float dtype and the shapes broadcast.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let y = F::polygamma(1, Variable::new(Array::from([1.0f64])));
/// assert!((y.item::<f64>()? - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-14);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn polygamma(n: impl Operand, x: impl Operand) -> Variable {
    let (x, mut n) = (x.term(), n.term());
    if let (OperandRef::Array(x), OperandRef::Array(order)) = (x.data(), n.data())
        && !x.is_failed()
        && !order.is_failed()
        && !order.dtype().is_float()
    {
        n = Term::Owned(Variable::constant(order.astype(x.dtype())));
    }
    float_binary(Op::Polygamma, ["x", "n"], [x, n], Location::caller())
}

/// The larger of two elements. Shapes broadcast; where both are equal the gradient goes to the first; NaN if either is NaN.
///
/// # Errors
/// The result fails if the shapes do not broadcast.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, -2.0]));
/// assert_eq!(F::maximum(&x, 0).to_vec::<f32>()?, [1.0, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn maximum(x1: impl Operand, x2: impl Operand) -> Variable {
    elementwise::binary(Op::Maximum, x1.term(), x2.term(), Location::caller())
}

/// The smaller of two elements. Shapes broadcast; where both are equal the gradient goes to the first; NaN if either is NaN.
///
/// # Errors
/// The result fails if the shapes do not broadcast.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, -2.0]));
/// assert_eq!(F::minimum(&x, 0).to_vec::<f32>()?, [0.0, -2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn minimum(x1: impl Operand, x2: impl Operand) -> Variable {
    elementwise::binary(Op::Minimum, x1.term(), x2.term(), Location::caller())
}
