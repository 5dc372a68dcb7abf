//! Derivatives of expressions, as expressions.
//!
//! The rule is the forward one (each value with its tangent), so that a branch that was not taken contributes nothing: the tangent of
//! a select is a select of tangents, never a product with a mask, in which an infinite slope of the other branch would turn into NaN.
//! A tangent that is structurally zero is absent. How each operation differentiates stands in the table that variables use too.

use std::collections::HashMap;

use chainer_kernels::Op;

use super::expr::{Body, Expr, Kind};
use super::recorded::{Recorded, Recording};
use crate::derivatives;

/// The derivative of `root` with respect to argument `input`; `None` if it is zero everywhere.
pub(super) fn derivative(root: &Expr, input: usize) -> Option<Expr> {
    Tangents { input, known: HashMap::new() }.of(root)
}

struct Tangents {
    input: usize,
    /// By identity, so that what is shared is differentiated once.
    known: HashMap<usize, Option<Expr>>,
}

impl Tangents {
    fn of(&mut self, expr: &Expr) -> Option<Expr> {
        if expr.kind() != Kind::Float {
            return None;
        }
        if let Some(known) = self.known.get(&expr.identity()) {
            return known.clone();
        }
        let tangent = match expr.body() {
            Body::Input(i) => (*i == self.input).then(|| Expr::float(1.0)),
            Body::Number(_) => None,
            Body::Cast(_, value) => self.of(value).map(|tangent| expr.with_arguments(&[tangent])),
            Body::Apply(Op::Select, operands) => {
                let (then, otherwise) = (self.of(&operands[1]), self.of(&operands[2]));
                select(&operands[0], then, otherwise)
            }
            Body::Apply(op, operands) => {
                let parts = operands.iter().enumerate().filter_map(|(i, operand)| {
                    let tangent = self.of(operand)?;
                    part(*op, i, operands, expr, tangent)
                });
                parts.reduce(add)
            }
        };
        self.known.insert(expr.identity(), tangent.clone());
        tangent
    }
}

/// What operand `i`, whose tangent is `tangent`, contributes to the tangent of the result.
fn part(op: Op, i: usize, operands: &[Expr], result: &Expr, tangent: Expr) -> Option<Expr> {
    if op == Op::Pow
        && i == 0
        && let Some(exponent) = operands[1].number()
    {
        return power_of_constant(&operands[0], exponent.as_f64(), tangent);
    }
    let recording = Recording { operands, result };
    derivatives::recorded(op, i, &recording, Recorded(tangent)).map(|part| part.0)
}

/// The tangent of `x` to a constant power: the factor is computed here, and there is none for `x` to the power 0.
fn power_of_constant(x: &Expr, exponent: f64, tangent: Expr) -> Option<Expr> {
    if exponent == 0.0 {
        return None;
    }
    let slope = x.clone().powf(Expr::float(exponent - 1.0));
    Some((Recorded(tangent) * (Recorded(slope) * exponent)).0)
}

/// `condition` decides between two tangents, either of which may be absent.
fn select(condition: &Expr, then: Option<Expr>, otherwise: Option<Expr>) -> Option<Expr> {
    if then.is_none() && otherwise.is_none() {
        return None;
    }
    let value = |tangent: Option<Expr>| tangent.unwrap_or_else(|| Expr::float(0.0));
    Some(Expr::select(condition.clone(), value(then), value(otherwise)))
}

/// A sum, or a difference where the second is negated.
fn add(a: Expr, b: Expr) -> Expr {
    match b.body() {
        Body::Apply(Op::Neg, operands) => a.sub(operands[0].clone()),
        _ => a.add(b),
    }
}
