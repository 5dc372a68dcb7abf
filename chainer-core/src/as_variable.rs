//! What functions accept where they say "a variable", "perhaps a variable" and "variables".

// By value: what is handed over is consumed, what is borrowed is cloned.
#![allow(clippy::wrong_self_convention)]

use smallvec::SmallVec;

use crate::{Array, Parameter, Variable, config};

/// Several variables.
pub type Variables = SmallVec<[Variable; 4]>;

/// What can stand where a function wants a variable: variables, arrays (which become constants), parameters and numbers.
///
/// Numbers become constants of no axes: an `f32` of dtype float32, an `f64` of the configured dtype
/// ([`Config::dtype`](crate::Config)).
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::ones([2, 3], chainer::Dtype::F32));
/// let _ = F::reshape(&x, [3, 2]);          // keeps x
/// let _ = F::reshape(Array::zeros(6, chainer::Dtype::F32), [3, 2]);
/// let _ = F::reshape(x, [6]);              // hands x over
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as a Variable",
    label = "expected a Variable, an Array, a Parameter or a number",
    note = "pass `&x` to keep using `x` afterwards"
)]
pub trait AsVariable {
    /// The variable.
    fn as_variable(self) -> Variable;
}

impl AsVariable for Variable {
    #[inline]
    fn as_variable(self) -> Variable {
        self
    }
}
impl AsVariable for &Variable {
    #[inline]
    fn as_variable(self) -> Variable {
        self.clone()
    }
}
impl AsVariable for &&Variable {
    #[inline]
    fn as_variable(self) -> Variable {
        (*self).clone()
    }
}
impl AsVariable for Array {
    fn as_variable(self) -> Variable {
        Variable::constant(self)
    }
}
impl AsVariable for &Array {
    fn as_variable(self) -> Variable {
        Variable::constant(self.clone())
    }
}
impl AsVariable for &Parameter {
    #[track_caller]
    fn as_variable(self) -> Variable {
        self.var()
    }
}
impl AsVariable for f32 {
    fn as_variable(self) -> Variable {
        Variable::constant(Array::scalar(self))
    }
}
impl AsVariable for f64 {
    fn as_variable(self) -> Variable {
        Variable::constant(Array::full((), self, config().dtype))
    }
}

/// What can stand where a function takes a variable or `None`, such as a bias.
///
/// ```
/// use chainer::{Array, AsOptVariable, Variable};
/// assert!(None.as_opt_variable().is_none());
/// let b = Variable::new(Array::scalar(1.0f32));
/// assert!((&b).as_opt_variable().is_some());
/// assert!(Some(&b).as_opt_variable().is_some());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an optional Variable",
    label = "expected `None`, `Some(&x)`, `&x` or `&self.b` (an Option<Parameter>)"
)]
pub trait AsOptVariable {
    /// The variable, if there is one.
    fn as_opt_variable(self) -> Option<Variable>;
}

// The only `Option` by value: a bare `None` can then mean nothing else.
impl AsOptVariable for Option<&Variable> {
    fn as_opt_variable(self) -> Option<Variable> {
        self.cloned()
    }
}
impl AsOptVariable for &Option<Variable> {
    fn as_opt_variable(self) -> Option<Variable> {
        self.clone()
    }
}
impl AsOptVariable for &Option<Parameter> {
    #[track_caller]
    fn as_opt_variable(self) -> Option<Variable> {
        self.as_ref().map(Parameter::var)
    }
}
impl AsOptVariable for Variable {
    fn as_opt_variable(self) -> Option<Variable> {
        Some(self)
    }
}
impl AsOptVariable for &Variable {
    fn as_opt_variable(self) -> Option<Variable> {
        Some(self.clone())
    }
}
impl AsOptVariable for Array {
    fn as_opt_variable(self) -> Option<Variable> {
        Some(Variable::constant(self))
    }
}
impl AsOptVariable for &Array {
    fn as_opt_variable(self) -> Option<Variable> {
        Some(Variable::constant(self.clone()))
    }
}
impl AsOptVariable for &Parameter {
    #[track_caller]
    fn as_opt_variable(self) -> Option<Variable> {
        Some(self.var())
    }
}

/// What can stand where a function takes a list of variables.
///
/// ```
/// use chainer::{Array, AsVariables, Variable};
/// let x = Variable::new(Array::scalar(1.0f32));
/// assert_eq!([&x, &x].as_variables().len(), 2);
/// assert_eq!(vec![x.clone(), x].as_variables().len(), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of Variables",
    label = "expected `[&x, &y]`, `&[x, y]`, `&vec`, or an iterator collected into a Vec<Variable>"
)]
pub trait AsVariables {
    /// The variables.
    fn as_variables(self) -> Variables;
}

impl AsVariables for Variables {
    fn as_variables(self) -> Variables {
        self
    }
}
impl AsVariables for Vec<Variable> {
    fn as_variables(self) -> Variables {
        self.into()
    }
}
impl AsVariables for &Vec<Variable> {
    fn as_variables(self) -> Variables {
        self.iter().cloned().collect()
    }
}
impl AsVariables for Vec<&Variable> {
    fn as_variables(self) -> Variables {
        self.into_iter().cloned().collect()
    }
}
impl AsVariables for &[Variable] {
    fn as_variables(self) -> Variables {
        self.iter().cloned().collect()
    }
}
impl AsVariables for &[&Variable] {
    fn as_variables(self) -> Variables {
        self.iter().map(|&x| x.clone()).collect()
    }
}
impl<T: AsVariable, const N: usize> AsVariables for [T; N] {
    #[track_caller]
    fn as_variables(self) -> Variables {
        self.into_iter().map(T::as_variable).collect()
    }
}
impl<'a, T, const N: usize> AsVariables for &'a [T; N]
where
    &'a T: AsVariable,
{
    #[track_caller]
    fn as_variables(self) -> Variables {
        self.iter().map(<&T>::as_variable).collect()
    }
}
impl AsVariables for Vec<Array> {
    fn as_variables(self) -> Variables {
        self.into_iter().map(Variable::constant).collect()
    }
}
impl AsVariables for &[Array] {
    fn as_variables(self) -> Variables {
        self.iter().cloned().map(Variable::constant).collect()
    }
}
