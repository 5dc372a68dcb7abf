//! `+ - * / %` and unary `-` on variables, owned and borrowed.

use std::ops;
use std::panic::Location;

use chainer_kernels::Op;

use crate::Variable;
use crate::elementwise::{Operand, Term, binary, unary};

/// The variable (owned or borrowed) on the left, any operand on the right; on the left of a variable one float and one integer type
/// (more would leave literals without a type).
macro_rules! operators {
    ($($trait:ident $method:ident $op:ident $assign_trait:ident $assign:ident;)*) => {$(
        impl<R: Operand> ops::$trait<R> for Variable {
            type Output = Variable;
            #[inline]
            #[track_caller]
            fn $method(self, other: R) -> Variable {
                binary(Op::$op, Term::Variable(&self), other.term(), Location::caller())
            }
        }
        impl<R: Operand> ops::$trait<R> for &Variable {
            type Output = Variable;
            #[inline]
            #[track_caller]
            fn $method(self, other: R) -> Variable {
                binary(Op::$op, Term::Variable(self), other.term(), Location::caller())
            }
        }
        impl<R: Operand> ops::$assign_trait<R> for Variable {
            #[inline]
            #[track_caller]
            fn $assign(&mut self, other: R) {
                *self = binary(Op::$op, Term::Variable(self), other.term(), Location::caller());
            }
        }
        operators!(@left $trait $method $op f64);
        operators!(@left $trait $method $op i32);
    )*};
    (@left $trait:ident $method:ident $op:ident $ty:ty) => {
        impl ops::$trait<Variable> for $ty {
            type Output = Variable;
            #[inline]
            #[track_caller]
            fn $method(self, other: Variable) -> Variable {
                binary(Op::$op, Term::Scalar(self.into()), Term::Variable(&other), Location::caller())
            }
        }
        impl ops::$trait<&Variable> for $ty {
            type Output = Variable;
            #[inline]
            #[track_caller]
            fn $method(self, other: &Variable) -> Variable {
                binary(Op::$op, Term::Scalar(self.into()), Term::Variable(other), Location::caller())
            }
        }
    };
}
operators! {
    Add add Add AddAssign add_assign;
    Sub sub Sub SubAssign sub_assign;
    Mul mul Mul MulAssign mul_assign;
    Div div Div DivAssign div_assign;
    Rem rem Remainder RemAssign rem_assign;
}

impl ops::Neg for Variable {
    type Output = Variable;
    #[inline]
    #[track_caller]
    fn neg(self) -> Variable {
        unary(Op::Neg, &self, Location::caller())
    }
}

impl ops::Neg for &Variable {
    type Output = Variable;
    #[inline]
    #[track_caller]
    fn neg(self) -> Variable {
        unary(Op::Neg, self, Location::caller())
    }
}
