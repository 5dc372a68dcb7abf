//! The elementwise functions of one or two operands. Their derivatives stand in the table of [`crate::Variable`]'s operations.

use std::panic::Location;

use chainer_kernels::Op;

use crate::functions::float_unary;
use crate::{AsVariable, Operand, Variable, elementwise};

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
    /// The inverse sine.
    arcsin => Arcsin, 0.5 gives 0.5f64.asin();
    /// The inverse tangent.
    arctan => Arctan, 0.5 gives 0.5f64.atan();
    /// The smallest integer not below x. It has no gradient.
    ceil => Ceil, 1.5 gives 2.0;
    /// The cosine of radians.
    cos => Cos, 0.5 gives 0.5f64.cos();
    /// The hyperbolic cosine.
    cosh => Cosh, 0.5 gives 0.5f64.cosh();
    /// The error function.
    erf => Erf, 0.0 gives 0.0;
    /// `1 - erf(x)`, accurate for large x.
    erfc => Erfc, 0.0 gives 1.0;
    /// e to the power x.
    exp => Exp, 0.5 gives 0.5f64.exp();
    /// `exp(x) - 1`, accurate near 0.
    expm1 => Expm1, 0.5 gives 0.5f64.exp_m1();
    /// The largest integer not above x. It has no gradient.
    floor => Floor, 1.5 gives 1.0;
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
