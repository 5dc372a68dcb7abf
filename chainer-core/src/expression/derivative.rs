//! Derivatives of expressions, as expressions.
//!
//! The rule is the forward one (each value with its tangent), so that a branch that was not taken contributes nothing: the tangent of
//! a select is a select of tangents, never a product with a mask, in which an infinite slope of the other branch would turn into NaN.
//! A tangent that is structurally zero is absent.

use std::collections::HashMap;
use std::f64::consts::{FRAC_2_SQRT_PI, LN_2, LN_10};

use chainer_kernels::Op;

use super::expr::{Body, Expr, Kind};

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
            Body::Apply(Op::Select, arguments) => {
                let (then, otherwise) = (self.of(&arguments[1]), self.of(&arguments[2]));
                select(&arguments[0], then, otherwise)
            }
            Body::Apply(op, arguments) => {
                let tangents: Vec<Option<Expr>> = arguments.iter().map(|argument| self.of(argument)).collect();
                match (&arguments[..], &tangents[..]) {
                    ([x], [dx]) => dx.clone().and_then(|dx| of_unary(*op, x, dx, expr)),
                    ([x, y], [dx, dy]) => of_binary(*op, [x, y], [dx.clone(), dy.clone()], expr),
                    _ => None,
                }
            }
        };
        self.known.insert(expr.identity(), tangent.clone());
        tangent
    }
}

/// `condition` decides between two tangents, either of which may be absent.
fn select(condition: &Expr, then: Option<Expr>, otherwise: Option<Expr>) -> Option<Expr> {
    match (then, otherwise) {
        (None, None) => None,
        (then, otherwise) => {
            let value = |tangent: Option<Expr>| tangent.unwrap_or_else(|| Expr::float(0.0));
            Some(Expr::select(condition.clone(), value(then), value(otherwise)))
        }
    }
}

fn one() -> Expr {
    Expr::float(1.0)
}

fn square(x: &Expr) -> Expr {
    x.clone().powf(Expr::float(2.0))
}

/// A tangent times a slope.
fn scale(tangent: Expr, slope: Expr) -> Expr {
    if tangent.is_number(1.0) {
        slope
    } else if slope.is_number(1.0) {
        tangent
    } else {
        tangent.mul(slope)
    }
}

/// A tangent divided by a value.
fn over(tangent: Expr, divisor: Expr) -> Expr {
    if tangent.is_number(1.0) { divisor.recip() } else { tangent.div(divisor) }
}

fn add(a: Option<Expr>, b: Option<Expr>) -> Option<Expr> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.add(b)),
        (a, b) => a.or(b),
    }
}

fn of_unary(op: Op, x: &Expr, dx: Expr, y: &Expr) -> Option<Expr> {
    let (x, y) = (|| x.clone(), || y.clone());
    Some(match op {
        Op::Neg => dx.neg(),
        Op::Abs => scale(dx, Expr::apply(Op::Sign, [x()], Kind::Float)),
        Op::Square => scale(dx, Expr::float(2.0).mul(x())),
        Op::Reciprocal => scale(dx, square(&y()).neg()),
        Op::Sqrt => over(dx, Expr::float(2.0).mul(y())),
        Op::Cbrt => over(dx, Expr::float(3.0).mul(square(&y()))),
        Op::Rsqrt => scale(dx, Expr::float(-0.5).mul(y()).div(x())),
        Op::Exp => scale(dx, y()),
        Op::Exp2 => scale(dx, y().mul(Expr::float(LN_2))),
        Op::Expm1 => scale(dx, y().add(one())),
        Op::Log => over(dx, x()),
        Op::Log2 => over(dx, x().mul(Expr::float(LN_2))),
        Op::Log10 => over(dx, x().mul(Expr::float(LN_10))),
        Op::Log1p => over(dx, x().add(one())),
        Op::Sin => scale(dx, x().cos()),
        Op::Cos => scale(dx, x().sin().neg()),
        Op::Tan => scale(dx, square(&y()).add(one())),
        Op::Arcsin => scale(dx, one().sub(square(&x())).rsqrt()),
        Op::Arccos => scale(dx, one().sub(square(&x())).rsqrt().neg()),
        Op::Arctan => over(dx, square(&x()).add(one())),
        Op::Sinh => scale(dx, x().cosh()),
        Op::Cosh => scale(dx, x().sinh()),
        Op::Tanh => scale(dx, one().sub(square(&y()))),
        Op::Arcsinh => scale(dx, square(&x()).add(one()).rsqrt()),
        Op::Arccosh => scale(dx, square(&x()).sub(one()).rsqrt()),
        Op::Arctanh => over(dx, one().sub(square(&x()))),
        Op::Sigmoid => scale(dx, y().mul(one().sub(y()))),
        Op::Softplus => scale(dx, x().sigmoid()),
        Op::Erf => scale(dx, square(&x()).neg().exp().mul(Expr::float(FRAC_2_SQRT_PI))),
        Op::Erfc => scale(dx, square(&x()).neg().exp().mul(Expr::float(-FRAC_2_SQRT_PI))),
        Op::Deg2rad => scale(dx, Expr::float(1f64.to_radians())),
        Op::Rad2deg => scale(dx, Expr::float(1f64.to_degrees())),
        // Steps: floor, ceil, trunc, rint, sign.
        _ => return None,
    })
}

fn of_binary(op: Op, [x, y]: [&Expr; 2], [dx, dy]: [Option<Expr>; 2], z: &Expr) -> Option<Expr> {
    let of_x = |slope: &dyn Fn(Expr) -> Expr| dx.clone().map(slope);
    let of_y = |slope: &dyn Fn(Expr) -> Expr| dy.clone().map(slope);
    let (x, y, z) = (|| x.clone(), || y.clone(), || z.clone());
    match op {
        Op::Add => add(dx, dy),
        Op::Sub => match (dx, dy) {
            (Some(dx), Some(dy)) => Some(dx.sub(dy)),
            (dx, dy) => dx.or(dy.map(Expr::neg)),
        },
        Op::Mul => add(of_x(&|dx| scale(dx, y())), of_y(&|dy| scale(dy, x()))),
        // (dx - z dy) / y
        Op::Div => match (dx, dy.map(|dy| scale(dy, z()))) {
            (Some(dx), Some(other)) => Some(dx.sub(other).div(y())),
            (Some(dx), None) => Some(over(dx, y())),
            (None, other) => other.map(|other| other.neg().div(y())),
        },
        // z = x - y trunc(x / y)
        Op::Fmod => add(dx.clone(), of_y(&|dy| scale(dy, x().div(y()).trunc().neg()))),
        Op::Pow => add(
            of_x(&|dx| scale(dx, power_slope(x(), y()))),
            // x^y ln x; 0 where x is 0, the limit for y > 0.
            of_y(&|dy| {
                let zero = x().eq(Expr::float(0.0));
                scale(dy, Expr::select(zero, Expr::float(0.0), z().mul(x().ln())))
            }),
        ),
        Op::Arctan2 => {
            let norm = || square(&x()).add(square(&y()));
            add(of_x(&|dx| scale(dx, y().div(norm()))), of_y(&|dy| scale(dy, x().neg().div(norm()))))
        }
        Op::Hypot => add(of_x(&|dx| scale(dx, x().div(z()))), of_y(&|dy| scale(dy, y().div(z())))),
        Op::Logaddexp => {
            let share = |part: Expr| part.sub(z()).exp();
            add(of_x(&|dx| scale(dx, share(x()))), of_y(&|dy| scale(dy, share(y()))))
        }
        // Ties go to the first, as does the number where the other is NaN.
        Op::Fmax | Op::Fmin => select(&z().eq(x()), dx, dy),
        Op::Copysign => dx.map(|dx| Expr::select(z().eq(x()), dx.clone(), dx.neg())),
        _ => None,
    }
}

/// The slope of `x^y` in x, `y x^(y-1)`; without an infinity times zero where y is 0.
fn power_slope(x: Expr, y: Expr) -> Expr {
    match y.number() {
        Some(y) if y.as_f64() == 0.0 => Expr::float(0.0),
        Some(number) => y.mul(x.powf(Expr::float(number.as_f64() - 1.0))),
        None => {
            let slope = y.clone().mul(x.powf(y.clone().sub(one())));
            Expr::select(y.eq(Expr::float(0.0)), Expr::float(0.0), slope)
        }
    }
}
