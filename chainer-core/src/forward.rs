//! [`Forward`]: links that compute an output from inputs.

use std::panic::Location;
use std::sync::Arc;

use chainer_kernels::Position;

use crate::{Link, Variable};

/// What a [`Forward`] takes: a variable, a tuple of variables, or a list.
pub trait Args: 'static {
    /// The arguments by reference: `&Variable`, `(&Variable, &Variable)`, `&[Variable]`.
    type Ref<'a>: Copy;

    /// The variables among the arguments.
    #[doc(hidden)]
    fn variables(arguments: Self::Ref<'_>) -> Vec<Variable>;

    /// Calls `f` with these variables as arguments; `None` if they are fewer than [`variables`](Self::variables) gave.
    #[doc(hidden)]
    fn with(variables: &[Variable], f: &dyn Fn(Self::Ref<'_>) -> Variable) -> Option<Variable>;
}

impl Args for Variable {
    type Ref<'a> = &'a Variable;

    fn variables(argument: &Variable) -> Vec<Variable> {
        vec![argument.clone()]
    }

    fn with(variables: &[Variable], f: &dyn Fn(&Variable) -> Variable) -> Option<Variable> {
        variables.first().map(f)
    }
}
impl Args for [Variable] {
    type Ref<'a> = &'a [Variable];

    fn variables(arguments: &[Variable]) -> Vec<Variable> {
        arguments.to_vec()
    }

    fn with(variables: &[Variable], f: &dyn Fn(&[Variable]) -> Variable) -> Option<Variable> {
        Some(f(variables))
    }
}
/// The type of each variable of a tuple.
macro_rules! variable {
    ($name:ident) => {
        Variable
    };
}
macro_rules! tuples {
    ($($($name:ident)*;)*) => {$(
        impl Args for ($(variable!($name),)*) {
            type Ref<'a> = ($(&'a variable!($name),)*);

            fn variables(($($name,)*): Self::Ref<'_>) -> Vec<Variable> {
                vec![$($name.clone()),*]
            }

            fn with(variables: &[Variable], f: &dyn Fn(Self::Ref<'_>) -> Variable) -> Option<Variable> {
                let mut variables = variables.iter();
                $(let $name = variables.next()?;)*
                Some(f(($($name,)*)))
            }
        }
    )*};
}
tuples! {
    a;
    a b;
    a b c;
    a b c d;
    a b c d e;
}

/// A link that computes a variable from one or several. A type implements it for one kind of arguments.
///
/// ```
/// use chainer::{Array, Dtype, prelude::*};
///
/// #[chain]
/// struct Scale {
///     w: Parameter,
/// }
/// impl Forward for Scale {
///     fn forward(&self, x: &Variable) -> Variable {
///         x * &self.w
///     }
/// }
///
/// #[chain]
/// struct Product {}
/// impl Forward<(Variable, Variable)> for Product {
///     fn forward(&self, (a, b): (&Variable, &Variable)) -> Variable {
///         a * b
///     }
/// }
///
/// let x = Variable::new(Array::ones(3, Dtype::F32));
/// let scale: Box<dyn Forward> = Box::new(Scale { w: Parameter::new(Array::full((), 2, Dtype::F32)) });
/// let y = scale.forward(&x);
/// assert_eq!(Product {}.forward((&x, &y)).to_vec::<f32>()?, [2.0; 3]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `forward` over these arguments",
    label = "`Forward` is not implemented for this type and these arguments",
    note = "write `impl Forward for ..` with `fn forward(&self, x: &Variable) -> Variable`",
    note = "for two inputs: `impl Forward<(Variable, Variable)> for ..` with `fn forward(&self, (x, y): (&Variable, &Variable)) -> Variable`"
)]
pub trait Forward<A: Args + ?Sized = Variable>: Link {
    /// Computes the output.
    // Not `#[track_caller]`: an error in a user's model would then be reported where the model is called.
    fn forward(&self, x: A::Ref<'_>) -> Variable;
}

// Calls through `dyn` lose the caller's position; these hold it.
impl<A: Args + ?Sized, F: Forward<A> + ?Sized> Forward<A> for Box<F> {
    #[track_caller]
    fn forward(&self, x: A::Ref<'_>) -> Variable {
        let _position = Position::enter(Location::caller());
        (**self).forward(x)
    }
}

impl<A: Args + ?Sized, F: Forward<A> + ?Sized> Forward<A> for Arc<F> {
    #[track_caller]
    fn forward(&self, x: A::Ref<'_>) -> Variable {
        let _position = Position::enter(Location::caller());
        (**self).forward(x)
    }
}

impl<A: Args + ?Sized + 'static> std::fmt::Debug for dyn Forward<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        crate::link::write_tree(self.as_link(), f)
    }
}
