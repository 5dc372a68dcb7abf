//! The CUDA C of one instruction: for each operation and dtype an expression with exactly the meaning that [`crate::op`] gives it.
//!
//! In registers, bool and integers are what they are in memory; float16 and bfloat16 are floats that hold a half-precision number.

use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::op::Op;
use crate::program::Instr;

/// The type of an element in memory (`kernels/types.cuh` defines NumPy's names for what C calls otherwise).
pub fn memory_type(dtype: Dtype) -> &'static str {
    match dtype {
        Dtype::F32 => "float",
        Dtype::F64 => "double",
        other => other.name(),
    }
}

/// The type of a value in a register.
pub fn register_type(dtype: Dtype) -> &'static str {
    if is_half(dtype) { "float" } else { memory_type(dtype) }
}

/// Whether values are computed in float and rounded.
pub(super) fn is_half(dtype: Dtype) -> bool {
    matches!(dtype, Dtype::F16 | Dtype::BF16)
}

/// A register's value as it is kept in memory.
pub(super) fn stored(dtype: Dtype, value: &str) -> String {
    if is_half(dtype) { format!("to_{dtype}({value})") } else { value.to_owned() }
}

/// A value from memory as it is kept in a register.
pub(super) fn loaded(dtype: Dtype, value: &str) -> String {
    if is_half(dtype) { format!("to_float({value})") } else { value.to_owned() }
}

/// The expression of an instruction over its operands' names. `position` is the element's row-major index, an unsigned integer.
///
/// # Errors
///
/// `Unsupported` where the operation is not defined for the dtype (such as `sqrt` of integers: the recorder casts before).
///
/// ```
/// use chainer_kernels::cuda::expression::expression;
/// use chainer_kernels::program::{Instr, Value};
/// use chainer_kernels::{Dtype, Op};
///
/// let args = [Value::Input(0), Value::Input(1), Value::Scalar(0)];
/// let add = Instr { op: Op::Add, dtype: Dtype::F16, out: Dtype::F16, args };
/// assert_eq!(expression(&add, &["x0", "x1"], "index")?, "round_to_float16(x0 + x1)");
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
pub fn expression(instr: &Instr, operands: &[&str], position: &str) -> Result<String> {
    let operand = |i: usize| operands.get(i).copied().unwrap_or_default();
    let (a, b, c) = (operand(0), operand(1), operand(2));
    match instr.op {
        Op::Index => return Ok(cast(Dtype::I64, instr.out, &format!("(int64){position}"))),
        Op::Uniform if instr.out.is_float() => return Ok(format!("uniform_{}({a}, {b} + {position})", instr.out)),
        // Half-precision normal numbers are float32's, rounded.
        Op::Normal if is_half(instr.out) => {
            return Ok(format!("round_to_{}(normal_float32({a}, {b} + {position}))", instr.out));
        }
        Op::Normal if instr.out.is_float() => return Ok(format!("normal_{}({a}, {b} + {position})", instr.out)),
        Op::Cast => return Ok(cast(instr.dtype, instr.out, a)),
        Op::Identity => return Ok(a.to_owned()),
        Op::Select => return Ok(format!("{a} ? {b} : {c}")),
        _ => {}
    }
    if is_constant(instr.op, instr.dtype) {
        return Ok((instr.op == Op::IsFinite).to_string());
    }
    if let Some(sign) = comparison(instr.op) {
        return Ok(format!("{a} {sign} {b}"));
    }
    let text = match instr.dtype {
        Dtype::Bool => boolean(instr.op, a, b),
        dtype if dtype.is_float() => float(instr.op, dtype, a, b),
        dtype => integer(instr.op, dtype, a, b),
    };
    match text {
        Some(text) if is_half(instr.out) && !is_exact(instr.op) => Ok(format!("round_to_{}({text})", instr.out)),
        Some(text) => Ok(text),
        None => Err(Error::new(
            ErrorKind::Unsupported,
            instr.op.name(),
            format!("Expect: a dtype that {} is defined for\nActual: {}", instr.op.name(), instr.dtype),
        )),
    }
}

/// Whether the result is known whatever the operands are: integers are neither infinite nor NaN, unsigned ones never negative.
pub(super) fn is_constant(op: Op, dtype: Dtype) -> bool {
    match op {
        Op::IsNan | Op::IsInf | Op::IsFinite => !dtype.is_float(),
        Op::Signbit => matches!(dtype.kind(), 'u' | 'b'),
        _ => false,
    }
}

/// The operations whose result is a half-precision number if the operands are, so that nothing has to be rounded.
fn is_exact(op: Op) -> bool {
    use Op::*;
    matches!(op, Neg | Abs | Sign | Floor | Ceil | Trunc | Rint | FrexpFraction | Fmod | Copysign)
        || matches!(op, Nextafter | Maximum | Minimum | Fmax | Fmin)
}

fn comparison(op: Op) -> Option<&'static str> {
    Some(match op {
        Op::Equal => "==",
        Op::NotEqual => "!=",
        Op::Less => "<",
        Op::LessEqual => "<=",
        Op::Greater => ">",
        Op::GreaterEqual => ">=",
        _ => return None,
    })
}

/// Conversion as NumPy's `astype`.
fn cast(from: Dtype, to: Dtype, x: &str) -> String {
    if from == to {
        return x.to_owned();
    }
    let integer_bits = if from.is_float() { 0 } else { from.size() * 8 };
    match to {
        Dtype::Bool => format!("{x} != 0"),
        // float holds integers up to 16 bits exactly; wider ones take the way over double, as on the CPU.
        Dtype::F16 | Dtype::BF16 if integer_bits > 16 => format!("round_to_{to}((double){x})"),
        Dtype::F16 | Dtype::BF16 if integer_bits > 0 => format!("round_to_{to}((float){x})"),
        Dtype::F16 | Dtype::BF16 => format!("round_to_{to}({x})"),
        // Half-precision registers are floats already.
        Dtype::F32 if is_half(from) => x.to_owned(),
        to if to.is_integer() && from.is_float() => format!("truncate_to<{to}>({x})"),
        to => format!("({}){x}", register_type(to)),
    }
}

fn boolean(op: Op, a: &str, b: &str) -> Option<String> {
    Some(match op {
        Op::Add | Op::BitwiseOr | Op::LogicalOr | Op::Maximum | Op::Fmax => format!("{a} || {b}"),
        Op::Mul | Op::BitwiseAnd | Op::LogicalAnd | Op::Minimum | Op::Fmin => format!("{a} && {b}"),
        Op::BitwiseXor | Op::LogicalXor => format!("{a} != {b}"),
        Op::Invert | Op::LogicalNot => format!("!{a}"),
        Op::Abs => a.to_owned(),
        _ => return None,
    })
}

fn integer(op: Op, dtype: Dtype, a: &str, b: &str) -> Option<String> {
    let register = register_type(dtype);
    Some(match op {
        Op::Neg => format!("wrapping_negate({a})"),
        Op::Abs => format!("wrapping_absolute({a})"),
        Op::Sign => format!("integer_sign({a})"),
        Op::Square => format!("wrapping_multiply({a}, {a})"),
        Op::Reciprocal => format!("integer_quotient(({register})1, {a})"),
        Op::Invert => format!("({register})~{a}"),
        Op::Signbit => format!("{a} < 0"),
        Op::Add => format!("wrapping_add({a}, {b})"),
        Op::Sub => format!("wrapping_subtract({a}, {b})"),
        Op::Mul => format!("wrapping_multiply({a}, {b})"),
        Op::FloorDiv => format!("integer_floor_divide({a}, {b})"),
        Op::Remainder => format!("integer_remainder({a}, {b})"),
        Op::Fmod => format!("integer_fmod({a}, {b})"),
        Op::Pow => format!("integer_power({a}, {b})"),
        Op::Maximum | Op::Fmax => format!("maximum({a}, {b})"),
        Op::Minimum | Op::Fmin => format!("minimum({a}, {b})"),
        Op::BitwiseAnd => format!("({register})({a} & {b})"),
        Op::BitwiseOr => format!("({register})({a} | {b})"),
        Op::BitwiseXor => format!("({register})({a} ^ {b})"),
        Op::LeftShift => format!("shift_left({a}, {b})"),
        Op::RightShift => format!("shift_right({a}, {b})"),
        _ => return None,
    })
}

fn float(op: Op, dtype: Dtype, a: &str, b: &str) -> Option<String> {
    // CUDA's built-in functions exist for double, and with an `f` for float; constants likewise.
    let f = if dtype == Dtype::F64 { "" } else { "f" };
    let builtin = |name: &str| {
        if op.arity() == 1 { format!("{name}{f}({a})") } else { format!("{name}{f}({a}, {b})") }
    };
    Some(match op {
        Op::Neg => format!("-{a}"),
        Op::Abs => builtin("fabs"),
        Op::Sign => format!("float_sign({a})"),
        Op::Square => format!("{a} * {a}"),
        Op::Reciprocal => format!("1.0{f} / {a}"),
        Op::Sqrt => builtin("sqrt"),
        Op::Cbrt => builtin("cbrt"),
        Op::Rsqrt => format!("1.0{f} / sqrt{f}({a})"),
        Op::Exp => builtin("exp"),
        Op::Exp2 => builtin("exp2"),
        Op::Expm1 => builtin("expm1"),
        Op::Log => builtin("log"),
        Op::Log2 => builtin("log2"),
        Op::Log10 => builtin("log10"),
        Op::Log1p => builtin("log1p"),
        Op::Sin => builtin("sin"),
        Op::Cos => builtin("cos"),
        Op::Tan => builtin("tan"),
        Op::Arcsin => builtin("asin"),
        Op::Arccos => builtin("acos"),
        Op::Arctan => builtin("atan"),
        Op::Sinh => builtin("sinh"),
        Op::Cosh => builtin("cosh"),
        Op::Tanh => builtin("tanh"),
        Op::Arcsinh => builtin("asinh"),
        Op::Arccosh => builtin("acosh"),
        Op::Arctanh => builtin("atanh"),
        Op::Sigmoid => format!("sigmoid({a})"),
        Op::Softplus => format!("softplus({a})"),
        Op::Erf => builtin("erf"),
        Op::Erfc => builtin("erfc"),
        Op::Erfinv => builtin("erfinv"),
        Op::Erfcinv => builtin("erfcinv"),
        Op::Lgamma => builtin("lgamma"),
        Op::Digamma => format!("digamma({a})"),
        Op::Deg2rad => format!("{a} * 0.017453292519943295{f}"),
        Op::Rad2deg => format!("{a} * 57.29577951308232{f}"),
        Op::Floor => builtin("floor"),
        Op::Ceil => builtin("ceil"),
        Op::Trunc => builtin("trunc"),
        Op::Rint => builtin("rint"),
        Op::FrexpFraction => format!("frexp_fraction({a})"),
        Op::FrexpExponent => format!("frexp_exponent({a})"),
        Op::IsNan => format!("is_nan({a})"),
        Op::IsInf => format!("is_infinite({a})"),
        Op::IsFinite => format!("is_finite({a})"),
        Op::Signbit => format!("sign_bit({a})"),
        Op::Add => format!("{a} + {b}"),
        Op::Sub => format!("{a} - {b}"),
        Op::Mul => format!("{a} * {b}"),
        Op::Div => format!("{a} / {b}"),
        Op::FloorDiv => format!("float_floor_divide({a}, {b})"),
        Op::Remainder => format!("float_remainder({a}, {b})"),
        Op::Fmod => builtin("fmod"),
        Op::Pow => builtin("pow"),
        Op::Arctan2 => builtin("atan2"),
        Op::Polygamma => format!("polygamma({a}, {b})"),
        Op::Hypot => builtin("hypot"),
        Op::Copysign => builtin("copysign"),
        // The neighbours of a half-precision number are its own, not those of the float that holds it.
        Op::Nextafter if is_half(dtype) => format!("nextafter_{dtype}({a}, {b})"),
        Op::Nextafter => builtin("nextafter"),
        Op::Logaddexp => format!("logaddexp({a}, {b})"),
        Op::Logaddexp2 => format!("logaddexp2({a}, {b})"),
        Op::Ldexp => format!("ldexp_by({a}, {b})"),
        Op::Maximum => format!("maximum({a}, {b})"),
        Op::Minimum => format!("minimum({a}, {b})"),
        Op::Fmax => format!("maximum_number({a}, {b})"),
        Op::Fmin => format!("minimum_number({a}, {b})"),
        _ => return None,
    })
}
