//! Elementwise operations on variables: the fast path past [`Function`](crate::Function).
//!
//! They all record the same kind of note in the graph node, the operation and what its derivative reads; the derivatives stand in one
//! table (`derivatives`). With nothing to record, an operation costs what it costs on arrays.

use std::panic::Location;
use std::sync::Arc;

use chainer_kernels::{ArrayOps, Loc, Op, OperandRef, Position, Scalar};

use crate::config::Mode;
use crate::derivatives;
use crate::flag::Flag;
use crate::function::{check_nan, join_flags, named, report, report_if};
use crate::graph::{Creator, GraphNode, MapRecord, SavedOperand};
use crate::{Array, Dtype, Parameter, Variable, bf16, f16, function_hooks};

/// The other operand of an operator: a variable, an array, a parameter or a number.
///
/// A number takes the dtype of the variable beside it where it can (`float32 * 2.0` stays float32).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an operand beside a Variable",
    label = "expected a Variable, an Array, a Parameter or a number"
)]
pub trait Operand {
    /// The operand as it is recorded.
    #[doc(hidden)]
    fn term(&self) -> Term<'_>;
}

/// See [`Operand`].
#[doc(hidden)]
pub enum Term<'a> {
    /// A variable.
    Variable(&'a Variable),
    /// A variable made on the way.
    Owned(Variable),
    /// An array: a constant.
    Array(&'a Array),
    /// A number.
    Scalar(Scalar),
}

impl Term<'_> {
    #[inline]
    pub(crate) fn data(&self) -> OperandRef<'_> {
        match self {
            Term::Variable(x) => OperandRef::Array(&x.data),
            Term::Owned(x) => OperandRef::Array(&x.data),
            Term::Array(x) => OperandRef::Array(x),
            Term::Scalar(x) => OperandRef::Scalar(*x),
        }
    }

    #[inline]
    fn node(&self) -> Option<&Arc<GraphNode>> {
        match self {
            Term::Variable(x) => x.node.as_ref(),
            Term::Owned(x) => x.node.as_ref(),
            _ => None,
        }
    }

    #[inline]
    fn save(&self) -> SavedOperand {
        match self.data() {
            OperandRef::Array(x) => SavedOperand::Array(x.save()),
            OperandRef::Scalar(x) => SavedOperand::Scalar(x),
        }
    }

    /// The operand as hooks see it.
    #[cold]
    fn array(&self) -> Array {
        match self.data() {
            OperandRef::Array(x) => x.clone(),
            OperandRef::Scalar(x) => Array::full((), x, x.dtype()),
        }
    }
}

impl Operand for Variable {
    #[inline]
    fn term(&self) -> Term<'_> {
        Term::Variable(self)
    }
}
impl Operand for &Variable {
    #[inline]
    fn term(&self) -> Term<'_> {
        Term::Variable(self)
    }
}
impl Operand for &&Variable {
    #[inline]
    fn term(&self) -> Term<'_> {
        Term::Variable(self)
    }
}
impl Operand for Array {
    fn term(&self) -> Term<'_> {
        Term::Array(self)
    }
}
impl Operand for &Array {
    fn term(&self) -> Term<'_> {
        Term::Array(self)
    }
}
impl Operand for &Parameter {
    #[track_caller]
    fn term(&self) -> Term<'_> {
        Term::Owned(self.var())
    }
}
impl Operand for Scalar {
    #[inline]
    fn term(&self) -> Term<'_> {
        Term::Scalar(*self)
    }
}
macro_rules! numbers {
    ($($ty:ty)*) => {$(
        impl Operand for $ty {
            #[inline]
            fn term(&self) -> Term<'_> {
                Term::Scalar((*self).into())
            }
        }
    )*};
}
numbers! { bool i8 i16 i32 i64 isize u8 u16 u32 u64 usize f32 f64 f16 bf16 }

/// An operation of one operand.
#[inline]
pub(crate) fn unary(op: Op, x: &Variable, at: Loc) -> Variable {
    let data = Array::map_at(op, [OperandRef::Array(&x.data)], at);
    match &x.node {
        None if Mode::current().plain() => Variable { data, node: None },
        _ => finish(op, data, None, [Term::Variable(x), Term::Scalar(Scalar::Bool(false))], at),
    }
}

/// An operation of two operands.
#[inline]
pub(crate) fn binary(op: Op, a: Term<'_>, b: Term<'_>, at: Loc) -> Variable {
    let data = Array::map_at(op, [a.data(), b.data()], at);
    if a.node().is_none() && b.node().is_none() && Mode::current().plain() {
        return Variable { data, node: None };
    }
    finish(op, data, None, [a, b], at)
}

/// The elements converted to `dtype`.
pub(crate) fn cast(x: &Variable, dtype: Dtype, at: Loc) -> Variable {
    if x.data.is_failed() || x.data.dtype() == dtype {
        return x.clone();
    }
    let data = (&x.data).astype(dtype);
    finish(Op::Cast, data, None, [Term::Variable(x), Term::Scalar(Scalar::Bool(false))], at)
}

/// Where `condition` is true the element of `x`, elsewhere that of `y`.
pub(crate) fn select(condition: &Variable, x: Term<'_>, y: Term<'_>, at: Loc) -> Variable {
    let data = Array::map_at(Op::Select, [OperandRef::Array(&condition.data), x.data(), y.data()], at);
    if x.node().is_none() && y.node().is_none() && Mode::current().plain() {
        return Variable { data, node: None };
    }
    finish(Op::Select, data, Some(condition), [x, y], at)
}

/// Records the operation that made `data`, if it is to be recorded.
fn finish(op: Op, data: Array, condition: Option<&Variable>, operands: [Term<'_>; 2], at: Loc) -> Variable {
    let mode = Mode::current();
    if data.is_failed() {
        return Variable { data, node: None };
    }
    if !mode.plain()
        && let Err(error) = attend(op, &data, condition, &operands, at, mode)
    {
        return Variable::failed(error);
    }
    let [a, b] = [operands[0].node(), operands[1].node()];
    let flag = match join_flags([a, b].into_iter()) {
        Ok(flag) => flag,
        Err(error) => return Variable::failed(report_if(mode, named(error, op.name()).at(at))),
    };
    if flag == Flag::On {
        return Variable::constant(data).with_volatile(Flag::On);
    }
    let records = mode.records() || [a, b].into_iter().flatten().any(|n| n.is_off_by_hand());
    if !records || !data.dtype().is_float() {
        return Variable { data, node: None };
    }
    let inputs = [a, b].map(|node| node.filter(|n| n.wants_gradient()));
    if inputs == [None, None] {
        return Variable { data, node: None };
    }
    let reads = derivatives::reads(op, inputs.map(|node| node.is_some()));
    let rank = 1 + inputs.iter().flatten().map(|n| n.rank).max().unwrap_or(0);
    let saved = match condition {
        Some(condition) => [SavedOperand::Array(condition.data.save()), SavedOperand::None],
        None => [
            if reads & derivatives::A != 0 { operands[0].save() } else { SavedOperand::None },
            if reads & derivatives::B != 0 { operands[1].save() } else { SavedOperand::None },
        ],
    };
    let result = (reads & derivatives::Y != 0).then(|| data.save());
    let inputs = inputs.map(|node| node.cloned());
    let creator = Creator::Map(MapRecord { op, inputs, saved, result, at });
    let node = Some(GraphNode::new(&data, rank, flag, creator));
    Variable { data, node }
}

/// Hooks and debug mode.
#[cold]
fn attend(
    op: Op,
    data: &Array,
    condition: Option<&Variable>,
    operands: &[Term<'_>; 2],
    at: Loc,
    mode: Mode,
) -> crate::Result<()> {
    let at = Position::or(at);
    if mode.hooks() {
        let inputs: Vec<Array> = condition
            .map(|c| c.data.clone())
            .into_iter()
            .chain(operands.iter().take(op.arity().min(2)).map(Term::array))
            .collect();
        function_hooks::after_elementwise(op.name(), &inputs, data, at);
    }
    if mode.debug() {
        check_nan(data, op.name(), "forward", at).map_err(report)?;
    }
    Ok(())
}

impl PartialEq for GraphNode {
    /// Nodes are equal to themselves only.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

macro_rules! methods {
    (unary { $($(#[doc = $udoc:literal])* $unary:ident => $uop:ident;)* } binary { $($(#[doc = $bdoc:literal])* $binary:ident => $bop:ident;)* }) => {
        /// Elementwise operations. Each has its derivative wherever it has one; shapes broadcast and dtypes promote as NumPy's do.
        /// The methods leave the variable to its owner; operators and functions can be given it (`-h`, `F::exp(h)`), which spares
        /// memory where it is not used again.
        ///
        /// ```
        /// use chainer::{Array, Variable};
        /// let x = Variable::new(Array::from([0.0f32, 1.0]));
        /// let y = x.tanh().maximum(0.5).pow(2);
        /// assert!((y.to_vec::<f32>()?[1] - 1f32.tanh().powi(2)).abs() < 1e-6);
        /// # Ok::<(), chainer::Error>(())
        /// ```
        impl Variable {
            $(
                $(#[doc = $udoc])*
                #[track_caller]
                pub fn $unary(&self) -> Variable {
                    unary(Op::$uop, self, Location::caller())
                }
            )*
            $(
                $(#[doc = $bdoc])*
                #[track_caller]
                pub fn $binary(&self, other: impl Operand) -> Variable {
                    binary(Op::$bop, Term::Variable(self), other.term(), Location::caller())
                }
            )*

            /// Where this variable (of dtype bool) is true the element of `x`, elsewhere that of `y`.
            ///
            /// ```
            /// # use chainer::{Array, Variable};
            /// let x = Variable::new(Array::from([1.0f32, -2.0]));
            /// let y = x.greater(0).select(&x, 0);
            /// y.sum().backward()?;
            /// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [1.0, 0.0]);
            /// # Ok::<(), chainer::Error>(())
            /// ```
            #[track_caller]
            pub fn select(&self, x: impl Operand, y: impl Operand) -> Variable {
                select(self, x.term(), y.term(), Location::caller())
            }
        }
    };
}

methods! {
    unary {
        /// `|x|`; the gradient at 0 is 0.
        abs => Abs;
        /// -1, 0 or 1. No gradient.
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
        /// Largest integer not above x. No gradient.
        floor => Floor;
        /// Smallest integer not below x. No gradient.
        ceil => Ceil;
        /// The integer next to x towards 0. No gradient.
        trunc => Trunc;
        /// The nearest integer, ties to even. No gradient.
        rint => Rint;
        /// Logical not; a constant.
        logical_not => LogicalNot;
        /// Whether x is NaN; a constant.
        isnan => IsNan;
        /// Whether x is infinite; a constant.
        isinf => IsInf;
        /// Whether x is neither infinite nor NaN; a constant.
        isfinite => IsFinite;
    }
    binary {
        /// x to the power y.
        pow => Pow;
        /// `x / y` rounded towards minus infinity. No gradient.
        floor_divide => FloorDiv;
        /// The remainder with the sign of the dividend.
        fmod => Fmod;
        /// The angle of the point (other, self): `arctan2(self, other)`.
        arctan2 => Arctan2;
        /// `sqrt(x*x + y*y)`.
        hypot => Hypot;
        /// The n-th derivative of `digamma` at x (`self`); n is `other`, a whole number, and has no gradient.
        polygamma => Polygamma;
        /// |x| with the sign of y.
        copysign => Copysign;
        /// `log(exp(x) + exp(y))`.
        logaddexp => Logaddexp;
        /// `log2(2^x + 2^y)`.
        logaddexp2 => Logaddexp2;
        /// `x * 2^y`.
        ldexp => Ldexp;
        /// The larger; where equal the gradient goes to `self`.
        maximum => Maximum;
        /// The smaller; where equal the gradient goes to `self`.
        minimum => Minimum;
        /// The larger; the number where one is NaN.
        fmax => Fmax;
        /// The smaller; the number where one is NaN.
        fmin => Fmin;
        /// Logical and; a constant.
        logical_and => LogicalAnd;
        /// Logical or; a constant.
        logical_or => LogicalOr;
        /// Logical exclusive or; a constant.
        logical_xor => LogicalXor;
        /// `x == y`; a constant.
        equal => Equal;
        /// `x != y`; a constant.
        not_equal => NotEqual;
        /// `x < y`; a constant.
        less => Less;
        /// `x <= y`; a constant.
        less_equal => LessEqual;
        /// `x > y`; a constant.
        greater => Greater;
        /// `x >= y`; a constant.
        greater_equal => GreaterEqual;
    }
}
