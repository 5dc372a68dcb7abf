//! A naive interpreter of programs, one element at a time: what the executor is compared with. It shares no code with it.

use crate::cpu::special;
use crate::dtype::Dtype;
use crate::op::Op;
use crate::program::{Instr, Program, Value};
use crate::{bf16, f16};

/// A value in a type wide enough for its dtype.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wide {
    Int(i128),
    /// Also half precision, which is rounded after each operation.
    Single(f32),
    Double(f64),
}
use Wide::*;

pub(super) fn decode(bits: u64, dtype: Dtype) -> Wide {
    match dtype {
        Dtype::Bool | Dtype::U8 => Int(bits as u8 as i128),
        Dtype::I8 => Int(bits as i8 as i128),
        Dtype::I16 => Int(bits as i16 as i128),
        Dtype::U16 => Int(bits as u16 as i128),
        Dtype::I32 => Int(bits as i32 as i128),
        Dtype::U32 => Int(bits as u32 as i128),
        Dtype::I64 => Int(bits as i64 as i128),
        Dtype::U64 => Int(bits as i128),
        Dtype::F16 => Single(f16::from_bits(bits as u16).to_f32()),
        Dtype::BF16 => Single(bf16::from_bits(bits as u16).to_f32()),
        Dtype::F32 => Single(f32::from_bits(bits as u32)),
        Dtype::F64 => Double(f64::from_bits(bits)),
    }
}

pub(super) fn encode(value: Wide, dtype: Dtype) -> u64 {
    match (value, dtype) {
        (Int(x), Dtype::Bool) => (x != 0) as u64,
        (Int(x), d) => x as u64 & (u64::MAX >> (64 - 8 * d.size())),
        (Single(x), Dtype::F16) => f16::from_f32(x).to_bits() as u64,
        (Single(x), Dtype::BF16) => bf16::from_f32(x).to_bits() as u64,
        (Single(x), _) => x.to_bits() as u64,
        (Double(x), _) => x.to_bits(),
    }
}

fn cast(value: Wide, to: Dtype) -> Wide {
    let float = |x: f64| match to {
        Dtype::Bool => Int((x != 0.0) as i128),
        Dtype::U64 if x >= 0.0 => Int(x as u64 as i128),
        Dtype::F64 => Double(x),
        Dtype::F32 => Single(x as f32),
        Dtype::F16 => Single(f16::from_f64(x).to_f32()),
        Dtype::BF16 => Single(bf16::from_f64(x).to_f32()),
        _ => Int(x as i64 as i128),
    };
    match value {
        Int(x) if to == Dtype::F32 => Single(x as f32),
        Int(x) if to.is_float() => float(x as f64),
        Int(x) => Int(x),
        Single(x) => float(x as f64),
        Double(x) => float(x),
    }
}

/// One instruction on one element, whose row-major place is `index`.
pub(super) fn evaluate(instr: &Instr, args: &[Wide], index: u64) -> Wide {
    match instr.op {
        Op::Index => cast(Int(index as i64 as i128), instr.out),
        Op::Cast => cast(args[0], instr.out),
        Op::Identity => args[0],
        Op::Select => {
            if args[0] != Int(0) {
                args[1]
            } else {
                args[2]
            }
        }
        Op::Nextafter if instr.dtype.size() == 2 => half_nextafter(args, instr.dtype),
        op => match *args {
            [Int(x)] if instr.dtype == Dtype::Bool => logical(op, x, x),
            [Int(x), Int(y)] if instr.dtype == Dtype::Bool => logical(op, x, y),
            [Int(x)] => integer(op, x, 0, instr.dtype),
            [Int(x), Int(y)] => integer(op, x, y, instr.dtype),
            [Single(x)] => single(op, x, 0.0),
            [Single(x), Single(y)] => single(op, x, y),
            [Double(x)] => double(op, x, 0.0),
            [Double(x), Double(y)] => double(op, x, y),
            _ => panic!("{instr:?}"),
        },
    }
}

fn half_nextafter(args: &[Wide], dtype: Dtype) -> Wide {
    let [Single(x), Single(y)] = *args else { panic!() };
    if x.is_nan() || y.is_nan() {
        return Single(f32::NAN);
    }
    if x == y {
        return Single(y);
    }
    // The neighbour is the closest of all values on that side.
    let candidates = (0..=u16::MAX).map(|bits| decode(bits as u64, dtype));
    let side = candidates.filter_map(|c| match c {
        Single(c) if if y > x { c > x } else { c < x } => Some(c),
        _ => None,
    });
    let nearest = if y > x { side.min_by(f32::total_cmp) } else { side.max_by(f32::total_cmp) };
    let nearest = nearest.unwrap();
    // Of the two zeros the one on x's side.
    Single(if nearest == 0.0 { 0f32.copysign(x) } else { nearest })
}

fn logical(op: Op, x: i128, y: i128) -> Wide {
    let (x, y) = (x != 0, y != 0);
    Int(match op {
        Op::Abs => x,
        Op::Invert | Op::LogicalNot => !x,
        Op::Add | Op::BitwiseOr | Op::LogicalOr | Op::Maximum | Op::Fmax => x || y,
        Op::Mul | Op::BitwiseAnd | Op::LogicalAnd | Op::Minimum | Op::Fmin => x && y,
        Op::BitwiseXor | Op::LogicalXor | Op::NotEqual => x != y,
        Op::Equal => x == y,
        Op::Less => !x & y,
        Op::LessEqual => x <= y,
        Op::Greater => x & !y,
        Op::GreaterEqual => x >= y,
        Op::IsFinite => true,
        Op::IsNan | Op::IsInf | Op::Signbit => false,
        _ => panic!("{op:?} of bools"),
    } as i128)
}

fn integer(op: Op, x: i128, y: i128, dtype: Dtype) -> Wide {
    let bits = dtype.size() as i128 * 8;
    Int(match op {
        Op::Neg => -x,
        Op::Abs => x.abs(),
        Op::Sign => x.signum(),
        Op::Square => x.wrapping_mul(x),
        Op::Reciprocal => 1i128.checked_div(x).unwrap_or(0),
        Op::Invert => !x,
        Op::IsNan | Op::IsInf => 0,
        Op::IsFinite => 1,
        Op::Signbit => (x < 0) as i128,
        Op::Add => x + y,
        Op::Sub => x - y,
        Op::Mul => x.wrapping_mul(y),
        Op::FloorDiv if y == 0 => 0,
        Op::FloorDiv => (x - x.rem_euclid(y) - if y < 0 && x.rem_euclid(y) != 0 { y } else { 0 }) / y,
        Op::Remainder if y == 0 => 0,
        Op::Remainder => x.rem_euclid(y) + if y < 0 && x.rem_euclid(y) != 0 { y } else { 0 },
        Op::Fmod => x.checked_rem(y).unwrap_or(0),
        Op::Pow if y < 0 => match x {
            1 => 1,
            -1 if y % 2 == 0 => 1,
            -1 => -1,
            _ => 0,
        },
        Op::Pow => {
            // Modulo 2^64, by repeated squaring over the exponent's bits from the top.
            let mut result = 1u64;
            for k in (0..64).rev() {
                result = result.wrapping_mul(result);
                if y >> k & 1 == 1 {
                    result = result.wrapping_mul(x as u64);
                }
            }
            result as i128
        }
        Op::Maximum | Op::Fmax => x.max(y),
        Op::Minimum | Op::Fmin => x.min(y),
        Op::BitwiseAnd => x & y,
        Op::BitwiseOr => x | y,
        Op::BitwiseXor => x ^ y,
        Op::LeftShift if (0..bits).contains(&y) => ((x as u128) << y) as i128,
        Op::LeftShift => 0,
        Op::RightShift if (0..bits).contains(&y) => x >> y,
        Op::RightShift => -((x < 0) as i128),
        Op::Equal => (x == y) as i128,
        Op::NotEqual => (x != y) as i128,
        Op::Less => (x < y) as i128,
        Op::LessEqual => (x <= y) as i128,
        Op::Greater => (x > y) as i128,
        Op::GreaterEqual => (x >= y) as i128,
        _ => panic!("{op:?} of integers"),
    })
}

/// Arithmetic in float32; everything transcendental in float64, rounded once.
fn single(op: Op, x: f32, y: f32) -> Wide {
    Single(match op {
        Op::Neg => -x,
        Op::Square => x * x,
        Op::Reciprocal => 1.0 / x,
        Op::Sqrt => x.sqrt(),
        Op::Rsqrt => 1.0 / x.sqrt(),
        Op::Deg2rad => x * (std::f64::consts::PI / 180.0) as f32,
        Op::Rad2deg => x * (180.0 / std::f64::consts::PI) as f32,
        Op::Add => x + y,
        Op::Sub => x - y,
        Op::Mul => x * y,
        Op::Div => x / y,
        Op::Nextafter => libm::nextafterf(x, y),
        op => match double(op, x as f64, y as f64) {
            Double(value) => value as f32,
            other => return other,
        },
    })
}

fn double(op: Op, x: f64, y: f64) -> Wide {
    let bool = |b: bool| Int(b as i128);
    Double(match op {
        Op::Neg => -x,
        Op::Abs => x.abs(),
        Op::Sign if x.is_nan() => x,
        Op::Sign => ((x > 0.0) as i8 - (x < 0.0) as i8) as f64,
        Op::Square => x * x,
        Op::Reciprocal => 1.0 / x,
        Op::Sqrt => x.sqrt(),
        Op::Cbrt => libm::cbrt(x),
        Op::Rsqrt => 1.0 / x.sqrt(),
        Op::Exp => libm::exp(x),
        Op::Exp2 => libm::exp2(x),
        Op::Expm1 => libm::expm1(x),
        Op::Log => libm::log(x),
        Op::Log2 => libm::log2(x),
        Op::Log10 => libm::log10(x),
        Op::Log1p => libm::log1p(x),
        Op::Sin => libm::sin(x),
        Op::Cos => libm::cos(x),
        Op::Tan => libm::tan(x),
        Op::Arcsin => libm::asin(x),
        Op::Arccos => libm::acos(x),
        Op::Arctan => libm::atan(x),
        Op::Sinh => libm::sinh(x),
        Op::Cosh => libm::cosh(x),
        Op::Tanh => libm::tanh(x),
        Op::Arcsinh => libm::asinh(x),
        // Outside its domain acosh gives numbers.
        Op::Arccosh if x < 1.0 => f64::NAN,
        Op::Arccosh => libm::acosh(x),
        Op::Arctanh => libm::atanh(x),
        Op::Sigmoid if x > 0.0 => 1.0 / (1.0 + libm::exp(-x)),
        Op::Sigmoid => libm::exp(x) / (1.0 + libm::exp(x)),
        Op::Softplus if x > 0.0 => x + libm::log1p(libm::exp(-x)),
        Op::Softplus => libm::log1p(libm::exp(x)),
        Op::Erf => libm::erf(x),
        Op::Erfc => libm::erfc(x),
        // These have their own tests; here it is only about wiring.
        Op::Erfinv => special::erfinv(x),
        Op::Erfcinv => special::erfcinv(x),
        Op::Lgamma => libm::lgamma(x),
        Op::Digamma => special::digamma(x),
        Op::Polygamma => special::polygamma(y, x),
        Op::Deg2rad => x * (std::f64::consts::PI / 180.0),
        Op::Rad2deg => x * (180.0 / std::f64::consts::PI),
        Op::Floor => x.floor(),
        Op::Ceil => x.ceil(),
        Op::Trunc => x.trunc(),
        Op::Rint => x.round_ties_even(),
        Op::FrexpFraction if x == 0.0 || !x.is_finite() => x,
        Op::FrexpFraction => libm::frexp(x).0,
        Op::FrexpExponent if x == 0.0 || !x.is_finite() => return Int(0),
        Op::FrexpExponent => return Int(libm::frexp(x).1 as i128),
        Op::IsNan => return bool(x.is_nan()),
        Op::IsInf => return bool(x.is_infinite()),
        Op::IsFinite => return bool(x.is_finite()),
        Op::Signbit => return bool(x.is_sign_negative()),
        Op::Add => x + y,
        Op::Sub => x - y,
        Op::Mul => x * y,
        Op::Div => x / y,
        Op::FloorDiv if y == 0.0 => x / y,
        Op::FloorDiv => {
            let rest = x % y;
            let below = rest != 0.0 && (rest < 0.0) != (y < 0.0);
            let quotient = (x - rest) / y - below as i32 as f64;
            if quotient == 0.0 { 0f64.copysign(x / y) } else { quotient.round() }
        }
        Op::Remainder if x % y == 0.0 && y != 0.0 => 0f64.copysign(y),
        Op::Remainder if (x % y < 0.0) != (y < 0.0) => x % y + y,
        Op::Remainder | Op::Fmod => x % y,
        Op::Pow => libm::pow(x, y),
        Op::Arctan2 => libm::atan2(x, y),
        Op::Hypot => libm::hypot(x, y),
        Op::Copysign => x.copysign(y),
        Op::Nextafter => libm::nextafter(x, y),
        Op::Logaddexp | Op::Logaddexp2 if x.is_nan() || y.is_nan() => f64::NAN,
        Op::Logaddexp if x == y => x + std::f64::consts::LN_2,
        Op::Logaddexp => x.max(y) + libm::log1p(libm::exp(-(x - y).abs())),
        Op::Logaddexp2 if x == y => x + 1.0,
        Op::Logaddexp2 => x.max(y) + libm::log1p(libm::exp2(-(x - y).abs())) / std::f64::consts::LN_2,
        Op::Ldexp => libm::ldexp(x, y as i32),
        Op::Maximum if x.is_nan() || y.is_nan() => f64::NAN,
        Op::Maximum | Op::Fmax if x == y => x,
        Op::Maximum | Op::Fmax => x.max(y),
        Op::Minimum if x.is_nan() || y.is_nan() => f64::NAN,
        Op::Minimum | Op::Fmin if x == y => x,
        Op::Minimum | Op::Fmin => x.min(y),
        Op::Equal => return bool(x == y),
        Op::NotEqual => return bool(x != y),
        Op::Less => return bool(x < y),
        Op::LessEqual => return bool(x <= y),
        Op::Greater => return bool(x > y),
        Op::GreaterEqual => return bool(x >= y),
        _ => panic!("{op:?} of floats"),
    })
}

/// All values of a program at one element: the bits of each instruction's result.
pub(super) fn interpret(program: &Program, inputs: &[u64], scalars: &[u64], index: u64) -> Vec<u64> {
    let mut results: Vec<u64> = Vec::new();
    for instr in &program.instrs {
        let args: Vec<Wide> = instr
            .operands()
            .iter()
            .map(|&operand| {
                let bits = match operand {
                    Value::Input(i) => inputs[i as usize],
                    Value::Scalar(i) => scalars[i as usize],
                    Value::Instr(i) => results[i as usize],
                };
                decode(bits, program.dtype(operand))
            })
            .collect();
        results.push(encode(evaluate(instr, &args, index), instr.out));
    }
    results
}
