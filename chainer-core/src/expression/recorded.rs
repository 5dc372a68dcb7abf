//! Recorded expressions with the operators and method names of variables, so that the lines of the derivative table are read over both.

use std::ops::{Add, Div, Mul, Neg, Sub};

use chainer_kernels::Op;

use super::expr::{Expr, Kind};

/// An expression in a line of the table.
#[derive(Clone)]
pub(crate) struct Recorded(pub(super) Expr);

/// An operation as the table reads it: its operands and its result.
pub(crate) struct Recording<'a> {
    pub(super) operands: &'a [Expr],
    pub(super) result: &'a Expr,
}

impl Recording<'_> {
    pub(crate) fn a(&self) -> Recorded {
        Recorded(self.operands[0].clone())
    }

    /// The second operand; only asked for where the table says that there is one.
    pub(crate) fn b(&self) -> Recorded {
        Recorded(self.operands[self.operands.len() - 1].clone())
    }

    pub(crate) fn y(&self) -> Recorded {
        Recorded(self.result.clone())
    }
}

impl From<f64> for Recorded {
    fn from(value: f64) -> Self {
        Recorded(Expr::float(value))
    }
}
impl From<&Recorded> for Recorded {
    fn from(value: &Recorded) -> Self {
        value.clone()
    }
}

fn sum(a: Expr, b: Expr) -> Expr {
    a.add(b)
}
fn difference(a: Expr, b: Expr) -> Expr {
    a.sub(b)
}
/// The seed of a derivative is 1: it is not multiplied.
fn product(a: Expr, b: Expr) -> Expr {
    if a.is_number(1.0) {
        b
    } else if b.is_number(1.0) {
        a
    } else {
        a.mul(b)
    }
}
fn quotient(a: Expr, b: Expr) -> Expr {
    if a.is_number(1.0) { b.recip() } else { a.div(b) }
}

macro_rules! operators {
    ($($trait:ident $method:ident $with:ident;)*) => {$(
        impl<R: Into<Recorded>> $trait<R> for Recorded {
            type Output = Recorded;
            fn $method(self, other: R) -> Recorded {
                Recorded($with(self.0, other.into().0))
            }
        }
        impl<R: Into<Recorded>> $trait<R> for &Recorded {
            type Output = Recorded;
            fn $method(self, other: R) -> Recorded {
                Recorded($with(self.0.clone(), other.into().0))
            }
        }
        impl $trait<Recorded> for f64 {
            type Output = Recorded;
            fn $method(self, other: Recorded) -> Recorded {
                Recorded($with(Expr::float(self), other.0))
            }
        }
        impl $trait<&Recorded> for f64 {
            type Output = Recorded;
            fn $method(self, other: &Recorded) -> Recorded {
                Recorded($with(Expr::float(self), other.0.clone()))
            }
        }
    )*};
}
operators! { Add add sum; Sub sub difference; Mul mul product; Div div quotient; }

impl Neg for Recorded {
    type Output = Recorded;
    fn neg(self) -> Recorded {
        Recorded(self.0.neg())
    }
}

macro_rules! methods {
    (unary { $($unary:ident => $uop:ident $ukind:ident;)* } binary { $($binary:ident => $bop:ident $bkind:ident;)* }) => {
        impl Recorded {
            $(pub(crate) fn $unary(&self) -> Recorded {
                Recorded(Expr::apply(Op::$uop, [self.0.clone()], Kind::$ukind))
            })*
            $(pub(crate) fn $binary(&self, other: impl Into<Recorded>) -> Recorded {
                Recorded(Expr::apply(Op::$bop, [self.0.clone(), other.into().0], Kind::$bkind))
            })*

            pub(crate) fn select(&self, then: impl Into<Recorded>, otherwise: impl Into<Recorded>) -> Recorded {
                Recorded(Expr::select(self.0.clone(), then.into().0, otherwise.into().0))
            }
        }
    };
}
methods! {
    unary {
        cos => Cos Float;
        cosh => Cosh Float;
        digamma => Digamma Float;
        exp => Exp Float;
        exp2 => Exp2 Float;
        floor => Floor Float;
        isnan => IsNan Bool;
        log => Log Float;
        rsqrt => Rsqrt Float;
        sigmoid => Sigmoid Float;
        sign => Sign Float;
        sin => Sin Float;
        sinh => Sinh Float;
        square => Square Float;
        trunc => Trunc Float;
    }
    binary {
        equal => Equal Bool;
        greater_equal => GreaterEqual Bool;
        less_equal => LessEqual Bool;
        logical_or => LogicalOr Bool;
        polygamma => Polygamma Float;
        pow => Pow Float;
    }
}
