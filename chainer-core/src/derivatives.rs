//! The derivatives of the elementwise operations: one table.
//!
//! A line gives, for each operand in turn, what the derivative reads (`a`, `b`: the operands, `y`: the result; only that is saved)
//! and the gradient as an expression over variables, so that it can itself be differentiated. An operand without an entry, and an
//! operation without a line, has no gradient. What is zero because of the structure is absent rather than multiplied by zero; what is
//! chosen is chosen by `select`, because a mask times NaN is NaN. The lines are read a second time over recorded expressions (what
//! `#[elementwise]` differentiates), so they keep to what variables and those have in common.

use std::f64::consts::{FRAC_2_SQRT_PI, LN_2, LN_10, PI};
use std::sync::Arc;

use chainer_kernels::Op;

use crate::expression::{Recorded, Recording};
use crate::graph::{GraphNode, MapRecord, SavedOperand};
use crate::{Array, Variable};

/// The first operand is read.
pub(crate) const A: u8 = 1;
/// The second operand is read.
pub(crate) const B: u8 = 2;
/// The result is read.
pub(crate) const Y: u8 = 4;

const fn bit(name: &str) -> u8 {
    match name.as_bytes()[0] {
        b'a' => A,
        b'b' => B,
        _ => Y,
    }
}

/// The saved values of one operation in a walk.
pub(crate) struct Saves<'a> {
    pub(crate) record: &'a MapRecord,
    /// The node of the result.
    pub(crate) node: &'a Arc<GraphNode>,
    /// Whether the gradient is to be differentiable.
    pub(crate) graph: bool,
}

impl Saves<'_> {
    fn operand(&self, i: usize) -> Variable {
        let node = if self.graph { self.record.inputs[i].clone() } else { None };
        match &self.record.saved[i] {
            SavedOperand::Array(saved) => Variable { data: saved.array(), node },
            SavedOperand::Scalar(value) => Variable::constant(Array::full((), *value, self.node.dtype)),
            SavedOperand::None => unsaved(),
        }
    }

    fn a(&self) -> Variable {
        self.operand(0)
    }

    fn b(&self) -> Variable {
        self.operand(1)
    }

    fn y(&self) -> Variable {
        let node = self.graph.then(|| self.node.clone());
        self.record.result.as_ref().map_or_else(unsaved, |saved| Variable { data: saved.array(), node })
    }

    /// The condition of a `Select`.
    fn condition(&self) -> Variable {
        match &self.record.saved[0] {
            SavedOperand::Array(saved) => Variable::constant(saved.array()),
            _ => unsaved(),
        }
    }
}

#[cold]
fn unsaved() -> Variable {
    Variable::failed(crate::Error::new(crate::ErrorKind::State, "backward", "the graph does not hold the operand"))
}

macro_rules! table {
    (($gy:ident) $($op:ident: $([$($read:ident)* => $gradient:expr])+;)*) => {
        /// Which of `A`, `B`, `Y` the gradients of the wanted operands read.
        #[inline]
        pub(crate) fn reads(op: Op, wanted: [bool; 2]) -> u8 {
            const NOTHING: [u8; 2] = [0, 0];
            let of: [u8; 2] = match op {
                $(Op::$op => {
                    const READS: &[u8] = &[$(0 $(| bit(stringify!($read)))*),+];
                    const { if READS.len() > 1 { [READS[0], READS[1]] } else { [READS[0], 0] } }
                })*
                _ => NOTHING,
            };
            (if wanted[0] { of[0] } else { 0 }) | (if wanted[1] { of[1] } else { 0 })
        }

        /// The gradient of operand `i`, given that of the result; its shape is the result's or smaller, never summed.
        #[inline]
        pub(crate) fn gradient(op: Op, i: usize, saves: &Saves<'_>, $gy: Variable) -> Option<Variable> {
            if op == Op::Pow
                && let SavedOperand::Scalar(exponent) = &saves.record.saved[1]
            {
                return constant_power(saves, exponent.as_f64(), $gy);
            }
            match op {
                $(Op::$op => {
                    let mut _entry = 0;
                    $(
                        if i == _entry {
                            $(let $read = saves.$read();)*
                            return Some($gradient);
                        }
                        _entry += 1;
                    )+
                    None
                })*
                // The operands here are the two values; the condition has no gradient.
                Op::Select if i == 0 => Some(saves.condition().select($gy, 0.0)),
                Op::Select => Some(saves.condition().select(0.0, $gy)),
                _ => None,
            }
        }

        /// [`gradient`] over recorded expressions, from the same lines. Selects and constant powers are left to the caller.
        pub(crate) fn recorded(op: Op, i: usize, operation: &Recording<'_>, $gy: Recorded) -> Option<Recorded> {
            match op {
                $(Op::$op => {
                    let mut _entry = 0;
                    $(
                        if i == _entry {
                            $(let $read = operation.$read();)*
                            return Some($gradient);
                        }
                        _entry += 1;
                    )+
                    None
                })*
                _ => None,
            }
        }
    };
}

table! { (gy)
    Identity: [=> gy];
    Cast: [=> gy];
    Neg: [=> -gy];
    Abs: [a => gy * a.sign()];
    Square: [a => gy * a * 2.0];
    Reciprocal: [y => -(gy * y.square())];
    Sqrt: [y => gy * 0.5 / y];
    Cbrt: [y => gy / (y.square() * 3.0)];
    Rsqrt: [y => gy * (y.square() * y) * -0.5];
    Exp: [y => gy * y];
    Exp2: [y => gy * y * LN_2];
    Expm1: [y => gy * (y + 1.0)];
    Log: [a => gy / a];
    Log2: [a => gy / (a * LN_2)];
    Log10: [a => gy / (a * LN_10)];
    Log1p: [a => gy / (a + 1.0)];
    Sin: [a => gy * a.cos()];
    Cos: [a => -(gy * a.sin())];
    Tan: [y => gy * (y.square() + 1.0)];
    Arcsin: [a => gy * (1.0 - a.square()).rsqrt()];
    Arccos: [a => -(gy * (1.0 - a.square()).rsqrt())];
    Arctan: [a => gy / (a.square() + 1.0)];
    Sinh: [a => gy * a.cosh()];
    Cosh: [a => gy * a.sinh()];
    Tanh: [y => gy * (1.0 - y.square())];
    Arcsinh: [a => gy * (a.square() + 1.0).rsqrt()];
    Arccosh: [a => gy * (a.square() - 1.0).rsqrt()];
    Arctanh: [a => gy / (1.0 - a.square())];
    Sigmoid: [y => gy * (&y * (1.0 - &y))];
    Softplus: [a => gy * a.sigmoid()];
    Erf: [a => gy * (-a.square()).exp() * FRAC_2_SQRT_PI];
    Erfc: [a => gy * (-a.square()).exp() * -FRAC_2_SQRT_PI];
    Erfinv: [y => gy * y.square().exp() * (1.0 / FRAC_2_SQRT_PI)];
    Erfcinv: [y => gy * y.square().exp() * (-1.0 / FRAC_2_SQRT_PI)];
    Lgamma: [a => gy * a.digamma()];
    Digamma: [a => gy * a.polygamma(1.0)];
    // The order counts as an integer.
    Polygamma: [a b => gy * a.polygamma(b + 1.0)];
    Deg2rad: [=> gy * (PI / 180.0)];
    Rad2deg: [=> gy * (180.0 / PI)];
    Add: [=> gy] [=> gy];
    Sub: [=> gy] [=> -gy];
    Mul: [b => gy * b] [a => gy * a];
    Div: [b => gy / b] [b y => -(gy * y / b)];
    Remainder: [=> gy] [a b => -(gy * (a / b).floor())];
    Fmod: [=> gy] [a b => -(gy * (a / b).trunc())];
    Pow: [a b => gy * (a.pow(&b - 1.0) * b)] [a y => (a.equal(0.0)).select(0.0, gy * (a.log() * y))];
    Arctan2: [a b => gy * &b / (a.square() + b.square())] [a b => -(gy * &a / (a.square() + b.square()))];
    Hypot: [a y => gy * (a / y)] [b y => gy * (b / y)];
    Copysign: [a y => gy * (a.sign() * y.sign())];
    Nextafter: [=> gy];
    Logaddexp: [a y => gy * (a - y).exp()] [b y => gy * (b - y).exp()];
    Logaddexp2: [a y => gy * (a - y).exp2()] [b y => gy * (b - y).exp2()];
    // The exponent counts as an integer.
    Ldexp: [b => gy * b.trunc().exp2()];
    Maximum: [a b => a.greater_equal(b).select(gy, 0.0)] [a b => a.greater_equal(b).select(0.0, gy)];
    Minimum: [a b => a.less_equal(b).select(gy, 0.0)] [a b => a.less_equal(b).select(0.0, gy)];
    // The larger (smaller), the first where equal; the number where one is NaN.
    Fmax: [a b => a.greater_equal(&b).logical_or(b.isnan()).select(gy, 0.0)] [a b => a.greater_equal(&b).logical_or(b.isnan()).select(0.0, gy)];
    Fmin: [a b => a.less_equal(&b).logical_or(b.isnan()).select(gy, 0.0)] [a b => a.less_equal(&b).logical_or(b.isnan()).select(0.0, gy)];
}

/// The gradient of a power's base where the exponent is a number: the factor is computed here, and there is none for `x ** 0`.
fn constant_power(saves: &Saves<'_>, exponent: f64, gy: Variable) -> Option<Variable> {
    match exponent {
        0.0 => None,
        1.0 => Some(gy),
        2.0 => Some(gy * saves.a() * 2.0),
        _ => Some(gy * (saves.a().pow(exponent - 1.0) * exponent)),
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use chainer_kernels::Scalar;
    use chainer_kernels::op::Rule;

    use super::*;
    use crate::elementwise::{Term, binary, select, unary};
    use crate::gradient_check::{CheckOptions, check_backward, check_double_backward};
    use crate::{ErrorKind, Result};

    /// Operations without a derivative: steps, tests and bit operations.
    const WITHOUT: &[Op] = &[Op::Sign, Op::Floor, Op::Ceil, Op::Trunc, Op::Rint, Op::FrexpFraction, Op::FloorDiv];

    /// Points where the operation is smooth.
    fn domain(op: Op) -> [f64; 4] {
        match op {
            Op::Sqrt | Op::Cbrt | Op::Rsqrt | Op::Log | Op::Log2 | Op::Log10 | Op::Log1p => [0.3, 0.9, 1.7, 4.0],
            Op::Arcsin | Op::Arccos | Op::Arctanh | Op::Erfinv => [-0.8, -0.1, 0.4, 0.7],
            Op::Erfcinv => [0.2, 0.8, 1.1, 1.7],
            Op::Arccosh => [1.3, 1.9, 2.5, 4.0],
            _ => [-1.7, -0.4, 0.6, 1.2],
        }
    }

    fn check(f: impl Fn(&[Variable]) -> Variable + Copy, inputs: &[Array]) -> Result<()> {
        let shape = f(&inputs.iter().cloned().map(Variable::constant).collect::<Vec<_>>()).shape().clone();
        let weights = |n: usize, k: f64| Array::from_vec((0..n).map(|i| 0.5 + k * i as f64).collect(), n);
        let gy = weights(shape.size(), 0.3).reshape(&shape);
        let ggx: Vec<Array> = inputs.iter().map(|x| weights(x.size(), -0.2).reshape(x.shape())).collect();
        let options = CheckOptions { eps: 1e-4, ..CheckOptions::default() };
        check_backward(f, inputs, std::slice::from_ref(&gy), &options)?;
        check_double_backward(f, inputs, std::slice::from_ref(&gy), &ggx, &options)
    }

    fn is_smooth(op: &Op) -> bool {
        matches!(op.rule(), Rule::Same | Rule::Float) && !WITHOUT.contains(op) && *op != Op::Nextafter
    }

    #[test]
    fn every_operation_of_one_operand() {
        for &op in Op::ALL.iter().filter(|op| op.arity() == 1).filter(|op| is_smooth(op)) {
            let x = Array::from_slice(&domain(op), [2, 2]);
            check(|xs| unary(op, &xs[0], Location::caller()), &[x]).unwrap_or_else(|e| panic!("{}: {e}", op.name()));
        }
    }

    #[test]
    fn every_operation_of_two_operands() {
        // The order of a polygamma function is a whole number.
        let smooth = Op::ALL.iter().filter(|op| op.arity() == 2).filter(|op| is_smooth(op) && **op != Op::Polygamma);
        for &op in smooth {
            let x = Array::from([[0.7f64, 1.9, 2.7], [3.1, 0.4, 1.2]]);
            let y = Array::from([[1.1f64], [0.45]]);
            let at = Location::caller();
            let tensors = |xs: &[Variable]| binary(op, Term::Variable(&xs[0]), Term::Variable(&xs[1]), at);
            let swapped = |xs: &[Variable]| binary(op, Term::Variable(&xs[1]), Term::Variable(&xs[0]), at);
            let scalar = |xs: &[Variable]| binary(op, Term::Variable(&xs[0]), Term::Scalar(Scalar::Float(1.3)), at);
            let flipped = |xs: &[Variable]| binary(op, Term::Scalar(Scalar::Float(1.3)), Term::Variable(&xs[0]), at);
            let fail = |e: crate::Error| panic!("{}: {e}", op.name());
            // The second operands of these two have no gradient.
            if !matches!(op, Op::Copysign | Op::Ldexp) {
                check(tensors, &[x.clone(), y.clone()]).unwrap_or_else(fail);
                check(swapped, &[x.clone(), y]).unwrap_or_else(fail);
                check(flipped, std::slice::from_ref(&x)).unwrap_or_else(fail);
            }
            check(scalar, &[x]).unwrap_or_else(fail);
        }
    }

    #[test]
    fn polygamma_functions_of_any_order() {
        let x = Array::from([-1.3f64, 0.7, 2.5]);
        for order in [0, 1, 4] {
            let f = move |xs: &[Variable]| xs[0].polygamma(order) * 0.01;
            check(f, std::slice::from_ref(&x)).unwrap_or_else(|e| panic!("{order}: {e}"));
        }
    }

    #[test]
    fn powers_by_numbers() {
        let x = Array::from([0.5f64, 1.5, 2.5]);
        for exponent in [-1.5, 0.0, 1.0, 2.0, 3.0, 0.5] {
            let f = move |xs: &[Variable]| xs[0].pow(exponent) + &xs[0];
            check(f, std::slice::from_ref(&x)).unwrap_or_else(|e| panic!("{exponent}: {e}"));
        }
        let zero = Variable::new(Array::scalar(0.0f64));
        (zero.pow(2) + zero.pow(1) + zero.pow(0)).backward().unwrap();
        assert_eq!(zero.grad().unwrap().item::<f64>().unwrap(), 1.0);
        let exponent = Variable::new(Array::scalar(2.0f64));
        zero.detach().pow(&exponent).backward().unwrap();
        assert_eq!(exponent.grad().unwrap().item::<f64>().unwrap(), 0.0);
    }

    #[test]
    fn choosing_does_not_multiply() {
        let x = Array::from([0.5f64, -1.5, 2.5]);
        let condition = Variable::constant(Array::from([true, false, true]));
        let at = Location::caller();
        let f = |xs: &[Variable]| select(&condition, Term::Variable(&xs[0]), Term::Variable(&xs[1]), at);
        check(f, &[x.clone(), x * 2.0]).unwrap();
        // An infinite derivative on the side that was not chosen stays there.
        let x = Variable::new(Array::from([0.0f64, 4.0]));
        let y = x.greater(0.0).select(x.sqrt(), 1.0);
        y.set_grad(Array::from([1.0f64, 1.0])).unwrap();
        y.backward().unwrap();
        assert_eq!(x.grad().unwrap().to_vec::<f64>().unwrap()[1], 0.25);
    }

    #[test]
    fn derivatives_where_they_jump() {
        let at_zero = |f: fn(&Variable) -> Variable| {
            let x = Variable::new(Array::scalar(0.0f64));
            f(&x).backward().unwrap();
            x.grad().unwrap().item::<f64>().unwrap()
        };
        assert_eq!(at_zero(|x| x.abs()), 0.0);
        assert_eq!(at_zero(|x| x.maximum(0)), 1.0);
        assert_eq!(at_zero(|x| x.minimum(0)), 1.0);
        let (a, b) = (Variable::new(Array::scalar(2.0f64)), Variable::new(Array::scalar(2.0f64)));
        (a.maximum(&b) + a.minimum(&b)).backward().unwrap();
        assert_eq!(a.grad().unwrap().item::<f64>().unwrap(), 2.0);
        assert_eq!(b.grad().unwrap().item::<f64>().unwrap(), 0.0);
        let nan = Variable::new(Array::scalar(f64::NAN));
        let c = Variable::new(Array::scalar(2.0f64));
        (c.fmax(&nan) + nan.fmin(&c)).backward().unwrap();
        assert_eq!(c.grad().unwrap().item::<f64>().unwrap(), 2.0);
        assert_eq!(nan.grad().unwrap().item::<f64>().unwrap(), 0.0);
    }

    #[test]
    fn only_what_is_read_is_saved() {
        assert_eq!(reads(Op::Add, [true, true]), 0);
        assert_eq!(reads(Op::Mul, [true, false]), B);
        assert_eq!(reads(Op::Mul, [true, true]), A | B);
        assert_eq!(reads(Op::Tanh, [true, false]), Y);
        assert_eq!(reads(Op::Floor, [true, false]), 0);
        assert_eq!(unsaved().error().map(|e| e.kind()), Some(ErrorKind::State));
    }
}
