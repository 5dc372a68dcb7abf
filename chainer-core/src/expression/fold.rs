//! What numbers alone decide is computed when the expression is recorded: a constant such as `(2.0 / PI).sqrt()` costs nothing later.

use chainer_kernels::{Op, Scalar};
use smallvec::SmallVec;

use super::expr::{Expr, Kind};

/// The value of an operation over expressions; `None` where an operand is no number, or the operation is left to the engine.
pub(super) fn fold(op: Op, operands: &[Expr]) -> Option<Scalar> {
    let numbers: Option<SmallVec<[Scalar; 3]>> = operands.iter().map(Expr::number).collect();
    numbers_of(op, operands[0].kind(), &numbers?)
}

/// The value of an operation over numbers of some kind; `None` where the operation is left to the engine.
pub(super) fn numbers_of(op: Op, kind: Kind, numbers: &[Scalar]) -> Option<Scalar> {
    match kind {
        Kind::Float => floats(op, &numbers.iter().map(|n| n.as_f64()).collect::<SmallVec<[f64; 3]>>()),
        Kind::Int => integers(op, &numbers.iter().map(|n| n.as_i64()).collect::<SmallVec<[i64; 3]>>()),
        Kind::Bool => booleans(op, &numbers.iter().map(|n| n.as_bool()).collect::<SmallVec<[bool; 3]>>()),
    }
}

fn floats(op: Op, numbers: &[f64]) -> Option<Scalar> {
    let value = match (op, numbers) {
        (Op::Neg, [x]) => -x,
        (Op::Abs, [x]) => x.abs(),
        (Op::Square, [x]) => x * x,
        (Op::Reciprocal, [x]) => 1.0 / x,
        (Op::Sqrt, [x]) => x.sqrt(),
        (Op::Cbrt, [x]) => x.cbrt(),
        (Op::Exp, [x]) => x.exp(),
        (Op::Exp2, [x]) => x.exp2(),
        (Op::Expm1, [x]) => x.exp_m1(),
        (Op::Log, [x]) => x.ln(),
        (Op::Log2, [x]) => x.log2(),
        (Op::Log10, [x]) => x.log10(),
        (Op::Log1p, [x]) => x.ln_1p(),
        (Op::Sin, [x]) => x.sin(),
        (Op::Cos, [x]) => x.cos(),
        (Op::Tan, [x]) => x.tan(),
        (Op::Tanh, [x]) => x.tanh(),
        (Op::Floor, [x]) => x.floor(),
        (Op::Ceil, [x]) => x.ceil(),
        (Op::Trunc, [x]) => x.trunc(),
        (Op::Rint, [x]) => x.round_ties_even(),
        (Op::Deg2rad, [x]) => x.to_radians(),
        (Op::Rad2deg, [x]) => x.to_degrees(),
        (Op::Add, [x, y]) => x + y,
        (Op::Sub, [x, y]) => x - y,
        (Op::Mul, [x, y]) => x * y,
        (Op::Div, [x, y]) => x / y,
        (Op::Pow, [x, y]) => x.powf(*y),
        (Op::Fmax, [x, y]) => x.max(*y),
        (Op::Fmin, [x, y]) => x.min(*y),
        (Op::Copysign, [x, y]) => x.copysign(*y),
        (Op::Equal, [x, y]) => return Some(Scalar::Bool(x == y)),
        (Op::NotEqual, [x, y]) => return Some(Scalar::Bool(x != y)),
        (Op::Less, [x, y]) => return Some(Scalar::Bool(x < y)),
        (Op::LessEqual, [x, y]) => return Some(Scalar::Bool(x <= y)),
        (Op::Greater, [x, y]) => return Some(Scalar::Bool(x > y)),
        (Op::GreaterEqual, [x, y]) => return Some(Scalar::Bool(x >= y)),
        _ => return None,
    };
    Some(Scalar::Float(value))
}

fn integers(op: Op, numbers: &[i64]) -> Option<Scalar> {
    let value = match (op, numbers) {
        (Op::Neg, [x]) => x.checked_neg()?,
        (Op::Add, [x, y]) => x.checked_add(*y)?,
        (Op::Sub, [x, y]) => x.checked_sub(*y)?,
        (Op::Mul, [x, y]) => x.checked_mul(*y)?,
        (Op::Equal, [x, y]) => return Some(Scalar::Bool(x == y)),
        (Op::NotEqual, [x, y]) => return Some(Scalar::Bool(x != y)),
        (Op::Less, [x, y]) => return Some(Scalar::Bool(x < y)),
        (Op::LessEqual, [x, y]) => return Some(Scalar::Bool(x <= y)),
        (Op::Greater, [x, y]) => return Some(Scalar::Bool(x > y)),
        (Op::GreaterEqual, [x, y]) => return Some(Scalar::Bool(x >= y)),
        _ => return None,
    };
    Some(Scalar::Int(value))
}

fn booleans(op: Op, numbers: &[bool]) -> Option<Scalar> {
    Some(Scalar::Bool(match (op, numbers) {
        (Op::LogicalNot, [x]) => !x,
        (Op::LogicalAnd, [x, y]) => *x && *y,
        (Op::LogicalOr, [x, y]) => *x || *y,
        (Op::LogicalXor, [x, y]) => x != y,
        _ => return None,
    }))
}
