//! Expressions as formulas.

use std::fmt;

use chainer_kernels::{Op, Scalar};

use super::expr::{Body, Expr, Target};

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
