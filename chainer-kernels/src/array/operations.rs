//! The operations that fuse (elementwise ones and reductions) as methods that consume what they are given, and the operators.
//!
//! A handle that is still held when a kernel runs makes the kernel write that value. So methods take `Array` by value or by reference:
//! `h.tanh()` consumes `h`, `(&h).tanh()` keeps it.

use std::ops;
use std::panic::Location;

use super::Array;
use super::reduce::{Axes, reduced};
use crate::dtype::Dtype;
use crate::expr::{self, Operand};
use crate::kernel::ReduceOp;
use crate::op::Op;
use crate::scalar::Scalar;

/// The other operand of an elementwise operation: an array (owned or borrowed) or a number.
pub trait IntoOperand {
    /// The operand as a handle or a number.
    fn into_operand(self) -> OperandValue;
}

/// See [`IntoOperand`].
pub enum OperandValue {
    /// An array.
    Array(Array),
    /// A number, which takes the other operand's dtype where it can.
    Scalar(Scalar),
}

impl OperandValue {
    fn as_operand(&self) -> Operand<'_> {
        match self {
            OperandValue::Array(array) => Operand::Node(array.node()),
            OperandValue::Scalar(scalar) => Operand::Scalar(*scalar),
        }
    }
}

/// An operand that is only looked at.
#[derive(Clone, Copy)]
pub enum OperandRef<'a> {
    /// An array.
    Array(&'a Array),
    /// A number, which takes the other operand's dtype where it can.
    Scalar(Scalar),
}

impl IntoOperand for Array {
    fn into_operand(self) -> OperandValue {
        OperandValue::Array(self)
    }
}
impl IntoOperand for &Array {
    fn into_operand(self) -> OperandValue {
        OperandValue::Array(self.clone())
    }
}
impl IntoOperand for Scalar {
    fn into_operand(self) -> OperandValue {
        OperandValue::Scalar(self)
    }
}
/// A plain number that may stand beside an array.
///
/// One generic operator serves them all, so that literals such as `x * 2.0` need no type.
pub trait Number: Copy + Into<Scalar> {}

macro_rules! numbers {
    ($($ty:ty)*) => {$(
        impl Number for $ty {}
        impl IntoOperand for $ty {
            fn into_operand(self) -> OperandValue {
                OperandValue::Scalar(self.into())
            }
        }
    )*};
}
numbers! { bool i8 i16 i32 i64 isize u8 u16 u32 u64 usize f32 f64 half::f16 half::bf16 }

impl Array {
    /// Records any elementwise operation over operands that broadcast; they are as many as `op` takes. (`Op::Cast` is
    /// [`ArrayOps::astype`]; sources have functions of their own.)
    ///
    /// ```
    /// # use chainer_kernels::{Array, Op};
    /// let x = Array::from([1.0f32, -2.0]);
    /// assert_eq!(Array::map(Op::Abs, [(&x).into_operand()]).to_vec::<f32>()?, [1.0, 2.0]);
    /// # use chainer_kernels::IntoOperand;
    /// # Ok::<(), chainer_kernels::Error>(())
    /// ```
    #[track_caller]
    pub fn map<const N: usize>(op: Op, operands: [OperandValue; N]) -> Array {
        let at = Location::caller();
        debug_assert_eq!(op.arity(), N);
        Array::from_node(expr::map(op, operands.each_ref().map(OperandValue::as_operand), None, at))
    }

    /// As [`Array::map`] over borrowed operands, with errors at `at`.
    ///
    /// ```
    /// # use chainer_kernels::{Array, Op, OperandRef};
    /// # use std::panic::Location;
    /// let x = Array::from([1.0f32, -2.0]);
    /// let y = Array::map_at(Op::Add, [OperandRef::Array(&x), OperandRef::Scalar(1.into())], Location::caller());
    /// assert_eq!(y.to_vec::<f32>()?, [2.0, -1.0]);
    /// # Ok::<(), chainer_kernels::Error>(())
    /// ```
    #[inline]
    pub fn map_at<const N: usize>(op: Op, operands: [OperandRef<'_>; N], at: crate::Loc) -> Array {
        debug_assert_eq!(op.arity(), N);
        let operands = operands.map(|operand| match operand {
            OperandRef::Array(array) => Operand::Node(array.node()),
            OperandRef::Scalar(scalar) => Operand::Scalar(scalar),
        });
        Array::from_node(expr::map(op, operands, None, at))
    }

    /// Records an elementwise operation over borrowed arrays.
    #[track_caller]
    pub(crate) fn map_ref<const N: usize>(op: Op, operands: [&Array; N]) -> Array {
        Array::from_node(expr::map(op, operands.map(|a| Operand::Node(a.node())), None, Location::caller()))
    }
}

/// Floats as they are, everything else as float64.
fn as_float(array: impl ArrayOps) -> Array {
    if array.array_ref().dtype().is_float() { array.array_ref().clone() } else { array.astype(Dtype::F64) }
}

/// What `compute` makes of floats in float32 at least: a sum of halves may be larger than the mean that it is for.
fn in_single(array: Array, compute: impl FnOnce(Array) -> Array) -> Array {
    let dtype = array.dtype();
    if dtype.size() >= 4 { compute(array) } else { compute(array.astype(Dtype::F32)).astype(dtype) }
}

macro_rules! methods {
    (unary { $($(#[doc = $udoc:literal])* $unary:ident => $uop:ident;)* } binary { $($(#[doc = $bdoc:literal])* $binary:ident => $bop:ident;)* }) => {
        /// The elementwise operations and what is made of them, for [`Array`] and `&Array`.
        ///
        /// They follow NumPy's ufuncs: operands broadcast, dtypes promote, integers become floats where the result asks for it. Shapes
        /// that do not broadcast and dtypes that an operation refuses give a failed array.
        ///
        /// ```
        /// use chainer_kernels::{Array, ArrayOps};
        /// let x = Array::from([0.0f32, 1.0, 2.0]);
        /// let y = (&x).exp().add(1.0).log(); // one kernel
        /// let z = x.greater(0.5);            // consumes x
        /// assert_eq!(z.to_vec::<bool>()?, [false, true, true]);
        /// assert!((y.item_at::<f32>(&[0])? - 2f32.ln()).abs() < 1e-6);
        /// # Ok::<(), chainer_kernels::Error>(())
        /// ```
        pub trait ArrayOps: Sized + IntoOperand {
            /// The array that the operation is about.
            #[doc(hidden)]
            fn array_ref(&self) -> &Array;

            $(
                $(#[doc = $udoc])*
                #[track_caller]
                fn $unary(self) -> Array {
                    Array::map_ref(Op::$uop, [self.array_ref()])
                }
            )*
            $(
                $(#[doc = $bdoc])*
                #[track_caller]
                fn $binary(self, other: impl IntoOperand) -> Array {
                    let other = other.into_operand();
                    let operands = [Operand::Node(self.array_ref().node()), other.as_operand()];
                    Array::from_node(expr::map(Op::$bop, operands, None, Location::caller()))
                }
            )*

            /// The elements converted to `dtype` as NumPy's `astype` does: floats to integers truncate, integers wrap, everything but
            /// zero is true. The array itself if it has this dtype already.
            fn astype(self, dtype: Dtype) -> Array {
                let array = self.array_ref();
                if array.is_failed() || array.dtype() == dtype {
                    return array.clone();
                }
                if let Some(value) = array.fill_value() {
                    return Array::full(array.shape(), value, dtype);
                }
                Array::from_node(expr::map(Op::Cast, [Operand::Node(array.node())], Some(dtype), Location::caller()))
            }

            /// Where this array is true the element of `x`, elsewhere that of `y` (NumPy's `where`).
            ///
            /// ```
            /// # use chainer_kernels::{Array, ArrayOps};
            /// let x = Array::from([1.0f32, -2.0]);
            /// let positive = (&x).greater(0.0);
            /// assert_eq!(positive.select(&x, 0.0).to_vec::<f32>()?, [1.0, 0.0]);
            /// # Ok::<(), chainer_kernels::Error>(())
            /// ```
            #[track_caller]
            fn select(self, x: impl IntoOperand, y: impl IntoOperand) -> Array {
                let (x, y) = (x.into_operand(), y.into_operand());
                let operands = [Operand::Node(self.array_ref().node()), x.as_operand(), y.as_operand()];
                Array::from_node(expr::map(Op::Select, operands, None, Location::caller()))
            }

            /// The elements limited to `[low, high]`; NaN stays NaN.
            #[track_caller]
            fn clip(self, low: impl IntoOperand, high: impl IntoOperand) -> Array {
                self.maximum(low).minimum(high)
            }

            /// A new array with the same elements.
            fn copy(self) -> Array {
                Array::map_ref(Op::Identity, [self.array_ref()])
            }

            /// The sum over `axes` (one, several, or `None` for all); `keepdims` leaves them with size 1. Bools and integers are summed
            /// in 64 bits. What pends below a reduction runs as its prologue, in one pass over memory.
            ///
            /// An axis that does not exist gives a failed array, here and in the other reductions.
            ///
            /// ```
            /// # use chainer_kernels::{Array, ArrayOps};
            /// let x = Array::from([[1.0f32, 2.0], [3.0, 4.0]]);
            /// assert_eq!((&x).square().sum(None, false).item::<f32>()?, 30.0);
            /// assert_eq!((&x).sum(-1, true).shape(), &[2, 1].into());
            /// assert_eq!(x.sum([0, 1], false).ndim(), 0);
            /// # Ok::<(), chainer_kernels::Error>(())
            /// ```
            #[track_caller]
            fn sum(self, axes: impl Into<Axes>, keepdims: bool) -> Array {
                reduced(self.array_ref(), ReduceOp::Sum, &axes.into(), keepdims, Location::caller())
            }

            /// The product; as [`ArrayOps::sum`] otherwise.
            #[track_caller]
            fn prod(self, axes: impl Into<Axes>, keepdims: bool) -> Array {
                reduced(self.array_ref(), ReduceOp::Prod, &axes.into(), keepdims, Location::caller())
            }

            /// The largest element; NaN if there is one. Of no elements: a failed array.
            #[track_caller]
            fn max(self, axes: impl Into<Axes>, keepdims: bool) -> Array {
                reduced(self.array_ref(), ReduceOp::Max, &axes.into(), keepdims, Location::caller())
            }

            /// The smallest element; NaN if there is one. Of no elements: a failed array.
            #[track_caller]
            fn min(self, axes: impl Into<Axes>, keepdims: bool) -> Array {
                reduced(self.array_ref(), ReduceOp::Min, &axes.into(), keepdims, Location::caller())
            }

            /// Whether any element is true (not zero).
            #[track_caller]
            fn any(self, axes: impl Into<Axes>, keepdims: bool) -> Array {
                reduced(self.array_ref(), ReduceOp::Any, &axes.into(), keepdims, Location::caller())
            }

            /// Whether all elements are true (not zero).
            #[track_caller]
            fn all(self, axes: impl Into<Axes>, keepdims: bool) -> Array {
                reduced(self.array_ref(), ReduceOp::All, &axes.into(), keepdims, Location::caller())
            }

            /// The int64 index of the first largest element (or first NaN) along an axis, or in the flattened array for `None`.
            #[track_caller]
            fn argmax(self, axis: impl Into<Option<isize>>, keepdims: bool) -> Array {
                reduced(self.array_ref(), ReduceOp::ArgMax, &axis.into().into(), keepdims, Location::caller())
            }

            /// The int64 index of the first smallest element (or first NaN) along an axis, or in the flattened array for `None`.
            #[track_caller]
            fn argmin(self, axis: impl Into<Option<isize>>, keepdims: bool) -> Array {
                reduced(self.array_ref(), ReduceOp::ArgMin, &axis.into().into(), keepdims, Location::caller())
            }

            /// The arithmetic mean; integers become float64. NaN of no elements.
            #[track_caller]
            fn mean(self, axes: impl Into<Axes>, keepdims: bool) -> Array {
                let (axes, array) = (axes.into(), as_float(self));
                let count = match axes.count(&array, "mean", Location::caller()) {
                    Ok(count) => count,
                    Err(error) => return Array::failed(error),
                };
                in_single(array, |array| array.sum(axes, keepdims).div(count))
            }

            /// The population variance: the mean of squared distances from the mean.
            #[track_caller]
            fn var(self, axes: impl Into<Axes>, keepdims: bool) -> Array {
                let axes = axes.into();
                in_single(as_float(self), |array| {
                    let mean = (&array).mean(axes.clone(), true);
                    array.sub(mean).square().mean(axes, keepdims)
                })
            }

            /// `log(sum(exp(x)))` without overflow.
            #[track_caller]
            fn logsumexp(self, axes: impl Into<Axes>, keepdims: bool) -> Array {
                let (axes, array) = (axes.into(), as_float(self));
                let largest = (&array).max(axes.clone(), true);
                // An infinite maximum stands for itself; subtracting it would give NaN.
                let shift = (&largest).isfinite().select(largest, 0.0);
                let sum = array.sub(&shift).exp().sum(axes, keepdims).log();
                let shift = if keepdims || shift.is_failed() { shift } else { shift.reshape(sum.node().shape.clone()) };
                sum.add(shift)
            }
        }
    };
}

methods! {
    unary {
        /// `-x`.
        neg => Neg;
        /// `|x|`.
        abs => Abs;
        /// -1, 0 or 1; NaN stays NaN.
        sign => Sign;
        /// `x * x`.
        square => Square;
        /// `1 / x`.
        reciprocal => Reciprocal;
        /// Square root.
        sqrt => Sqrt;
        /// Cube root.
        cbrt => Cbrt;
        /// `1 / sqrt(x)`.
        rsqrt => Rsqrt;
        /// e to the power x.
        exp => Exp;
        /// 2 to the power x.
        exp2 => Exp2;
        /// `exp(x) - 1`, accurate near 0.
        expm1 => Expm1;
        /// Natural logarithm.
        log => Log;
        /// Base-2 logarithm.
        log2 => Log2;
        /// Base-10 logarithm.
        log10 => Log10;
        /// `log(1 + x)`, accurate near 0.
        log1p => Log1p;
        /// Sine of radians.
        sin => Sin;
        /// Cosine of radians.
        cos => Cos;
        /// Tangent of radians.
        tan => Tan;
        /// Inverse sine.
        arcsin => Arcsin;
        /// Inverse cosine.
        arccos => Arccos;
        /// Inverse tangent.
        arctan => Arctan;
        /// Hyperbolic sine.
        sinh => Sinh;
        /// Hyperbolic cosine.
        cosh => Cosh;
        /// Hyperbolic tangent.
        tanh => Tanh;
        /// Inverse hyperbolic sine.
        arcsinh => Arcsinh;
        /// Inverse hyperbolic cosine.
        arccosh => Arccosh;
        /// Inverse hyperbolic tangent.
        arctanh => Arctanh;
        /// `1 / (1 + exp(-x))`.
        sigmoid => Sigmoid;
        /// `log(1 + exp(x))` without overflow.
        softplus => Softplus;
        /// The error function.
        erf => Erf;
        /// `1 - erf(x)`.
        erfc => Erfc;
        /// The inverse of `erf`.
        erfinv => Erfinv;
        /// The inverse of `erfc`.
        erfcinv => Erfcinv;
        /// `log(|gamma(x)|)`.
        lgamma => Lgamma;
        /// The derivative of `lgamma`.
        digamma => Digamma;
        /// Radians of degrees.
        deg2rad => Deg2rad;
        /// Degrees of radians.
        rad2deg => Rad2deg;
        /// Largest integer not above x, as a float.
        floor => Floor;
        /// Smallest integer not below x, as a float.
        ceil => Ceil;
        /// The integer next to x towards 0, as a float.
        trunc => Trunc;
        /// The nearest integer as a float, ties to even.
        rint => Rint;
        /// Bitwise complement; logical for bool.
        invert => Invert;
        /// Logical not.
        logical_not => LogicalNot;
        /// Whether x is NaN.
        isnan => IsNan;
        /// Whether x is infinite.
        isinf => IsInf;
        /// Whether x is neither infinite nor NaN.
        isfinite => IsFinite;
        /// Whether the sign bit is set.
        signbit => Signbit;
    }
    binary {
        /// `x + y`.
        add => Add;
        /// `x - y`.
        sub => Sub;
        /// `x * y`.
        mul => Mul;
        /// True division.
        div => Div;
        /// Division rounded towards minus infinity.
        floor_divide => FloorDiv;
        /// The remainder with the sign of the divisor.
        remainder => Remainder;
        /// The remainder with the sign of the dividend.
        fmod => Fmod;
        /// x to the power y.
        pow => Pow;
        /// The angle of the point (other, self): `arctan2(self, other)`.
        arctan2 => Arctan2;
        /// `sqrt(x*x + y*y)`.
        hypot => Hypot;
        /// The n-th derivative of `digamma` at x (`self`); n is `other`.
        polygamma => Polygamma;
        /// |x| with the sign of y.
        copysign => Copysign;
        /// The next representable number after x towards y.
        nextafter => Nextafter;
        /// `log(exp(x) + exp(y))`.
        logaddexp => Logaddexp;
        /// `log2(2^x + 2^y)`.
        logaddexp2 => Logaddexp2;
        /// `x * 2^y`.
        ldexp => Ldexp;
        /// The larger; NaN if either is.
        maximum => Maximum;
        /// The smaller; NaN if either is.
        minimum => Minimum;
        /// The larger; the number where one is NaN.
        fmax => Fmax;
        /// The smaller; the number where one is NaN.
        fmin => Fmin;
        /// Bitwise and; logical for bool.
        bitwise_and => BitwiseAnd;
        /// Bitwise or; logical for bool.
        bitwise_or => BitwiseOr;
        /// Bitwise exclusive or; logical for bool.
        bitwise_xor => BitwiseXor;
        /// Bits shifted left.
        left_shift => LeftShift;
        /// Bits shifted right.
        right_shift => RightShift;
        /// Logical and.
        logical_and => LogicalAnd;
        /// Logical or.
        logical_or => LogicalOr;
        /// Logical exclusive or.
        logical_xor => LogicalXor;
        /// `x == y`.
        equal => Equal;
        /// `x != y`.
        not_equal => NotEqual;
        /// `x < y`.
        less => Less;
        /// `x <= y`.
        less_equal => LessEqual;
        /// `x > y`.
        greater => Greater;
        /// `x >= y`.
        greater_equal => GreaterEqual;
    }
}

impl ArrayOps for Array {
    fn array_ref(&self) -> &Array {
        self
    }
}
impl ArrayOps for &Array {
    fn array_ref(&self) -> &Array {
        self
    }
}

/// An operator for all pairs of owned and borrowed arrays, for numbers on the right, and for one float and one integer type on the
/// left (more would leave literals without a type).
macro_rules! operators {
    ($($trait:ident $method:ident $op:ident;)*) => {$(
        operators!(@pair $trait $method $op, Array, Array);
        operators!(@pair $trait $method $op, Array, &Array);
        operators!(@pair $trait $method $op, &Array, Array);
        operators!(@pair $trait $method $op, &Array, &Array);
        operators!(@right $trait $method $op, Array);
        operators!(@right $trait $method $op, &Array);
        operators!(@left $trait $method $op, f64 i32);
    )*};
    (@pair $trait:ident $method:ident $op:ident, $left:ty, $right:ty) => {
        impl ops::$trait<$right> for $left {
            type Output = Array;
            #[track_caller]
            fn $method(self, other: $right) -> Array {
                let operands = [Operand::Node(self.node()), Operand::Node(other.node())];
                Array::from_node(expr::map(Op::$op, operands, None, Location::caller()))
            }
        }
    };
    (@right $trait:ident $method:ident $op:ident, $left:ty) => {
        impl<N: Number> ops::$trait<N> for $left {
            type Output = Array;
            #[track_caller]
            fn $method(self, other: N) -> Array {
                let operands = [Operand::Node(self.node()), Operand::Scalar(other.into())];
                Array::from_node(expr::map(Op::$op, operands, None, Location::caller()))
            }
        }
    };
    (@left $trait:ident $method:ident $op:ident, $($ty:ty)*) => {$(
        operators!(@number $trait $method $op, $ty, Array);
        operators!(@number $trait $method $op, $ty, &Array);
    )*};
    (@number $trait:ident $method:ident $op:ident, $ty:ty, $right:ty) => {
        impl ops::$trait<$right> for $ty {
            type Output = Array;
            #[track_caller]
            fn $method(self, other: $right) -> Array {
                let operands = [Operand::Scalar(self.into()), Operand::Node(other.node())];
                Array::from_node(expr::map(Op::$op, operands, None, Location::caller()))
            }
        }
    };
}
operators! {
    Add add Add;
    Sub sub Sub;
    Mul mul Mul;
    Div div Div;
    Rem rem Remainder;
    BitAnd bitand BitwiseAnd;
    BitOr bitor BitwiseOr;
    BitXor bitxor BitwiseXor;
    Shl shl LeftShift;
    Shr shr RightShift;
}

macro_rules! unary_operators {
    ($($trait:ident $method:ident $op:ident;)*) => {$(
        impl ops::$trait for Array {
            type Output = Array;
            #[track_caller]
            fn $method(self) -> Array {
                Array::map_ref(Op::$op, [&self])
            }
        }
        impl ops::$trait for &Array {
            type Output = Array;
            #[track_caller]
            fn $method(self) -> Array {
                Array::map_ref(Op::$op, [self])
            }
        }
    )*};
}
unary_operators! {
    Neg neg Neg;
    Not not Invert;
}

/// `x += y` and the like: the handle moves on to the result; whoever else holds the old array keeps it.
macro_rules! assign_operators {
    ($($trait:ident $method:ident $operator:ident $apply:ident;)*) => {$(
        impl<R> ops::$trait<R> for Array
        where
            for<'a> &'a Array: ops::$operator<R, Output = Array>,
        {
            #[track_caller]
            fn $method(&mut self, other: R) {
                *self = ops::$operator::$apply(&*self, other);
            }
        }
    )*};
}
assign_operators! {
    AddAssign add_assign Add add;
    SubAssign sub_assign Sub sub;
    MulAssign mul_assign Mul mul;
    DivAssign div_assign Div div;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NumPy's: a loop that takes every operand is found by the operands, not by the integer that would hold them all.
    #[test]
    fn integers_become_the_float_that_holds_each_of_them() {
        let of = |dtype| Array::ones([2], dtype);
        for (a, b, want) in [
            (Dtype::I8, Dtype::U8, Dtype::F16),
            (Dtype::I16, Dtype::U16, Dtype::F32),
            (Dtype::U16, Dtype::I8, Dtype::F32),
            (Dtype::Bool, Dtype::I32, Dtype::F64),
            (Dtype::I8, Dtype::F16, Dtype::F16),
        ] {
            assert_eq!(of(a).hypot(of(b)).dtype(), want, "hypot of {a} and {b}");
        }
        assert_eq!(of(Dtype::I8).sqrt().dtype(), Dtype::F16);
        assert_eq!((of(Dtype::I8) / of(Dtype::I8)).dtype(), Dtype::F64);
        assert_eq!((of(Dtype::I16) / 2).dtype(), Dtype::F64);
        assert_eq!((of(Dtype::I8) / of(Dtype::F16)).dtype(), Dtype::F16);
        assert_eq!(of(Dtype::F32).ldexp(of(Dtype::I32)).dtype(), Dtype::F32);
    }
}
