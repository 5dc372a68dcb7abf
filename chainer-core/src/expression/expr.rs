//! [`Expr`]: a scalar computation as a value, recorded from Rust text by `#[elementwise]`.

use std::sync::Arc;

use chainer_kernels::{Op, Scalar};
use smallvec::{SmallVec, smallvec};

use super::fold;
use crate::Dtype;

/// What a recorded value is. The dtype's width is decided by the arrays that the expression meets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Float,
    Int,
    Bool,
}

impl Kind {
    pub(crate) const fn of(dtype: Dtype) -> Kind {
        match dtype {
            Dtype::Bool => Kind::Bool,
            Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64 => Kind::Float,
            _ => Kind::Int,
        }
    }
}

/// A scalar computation over the arguments of an `#[elementwise]` function, as `name::trace` records it. Cheap to clone; what is used
/// twice is shared.
///
/// ```
/// use chainer::{Expr, prelude::*};
///
/// #[elementwise]
/// fn swish(x: f32, beta: f32) -> f32 {
///     x / (1.0 + (-beta * x).exp())
/// }
/// let expression = swish::trace(&[Expr::input(0), Expr::input(1)]);
/// assert_eq!(expression.to_string(), "a0 / (1 + exp(-a1 * a0))");
/// ```
#[derive(Clone)]
pub struct Expr(Arc<Node>);

struct Node {
    kind: Kind,
    body: Body,
}

/// How a value comes about.
#[derive(Clone)]
pub(crate) enum Body {
    Input(usize),
    Number(Scalar),
    Apply(Op, SmallVec<[Expr; 3]>),
    Cast(Target, Expr),
}

/// What a value is converted to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// The dtype in which the function computes its floats.
    Float,
    Dtype(Dtype),
}

impl Expr {
    pub(super) fn new(kind: Kind, body: Body) -> Expr {
        Expr(Arc::new(Node { kind, body }))
    }

    /// Argument number `i`, a float.
    pub fn input(i: usize) -> Expr {
        Expr::argument(i, Kind::Float)
    }

    pub(crate) fn argument(i: usize, kind: Kind) -> Expr {
        Expr::new(kind, Body::Input(i))
    }

    /// A number.
    pub fn float(value: f64) -> Expr {
        Expr::new(Kind::Float, Body::Number(Scalar::Float(value)))
    }

    /// An integer.
    pub fn integer(value: i64) -> Expr {
        Expr::new(Kind::Int, Body::Number(Scalar::Int(value)))
    }

    /// `true` or `false`.
    pub fn boolean(value: bool) -> Expr {
        Expr::new(Kind::Bool, Body::Number(Scalar::Bool(value)))
    }

    /// A constant of Rust.
    pub fn constant<T: super::ElementType>(value: T) -> Expr {
        Expr::new(Kind::of(T::DTYPE), Body::Number(value.scalar()))
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    pub(crate) fn body(&self) -> &Body {
        &self.0.body
    }

    /// The same for clones of one expression only.
    pub(crate) fn identity(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    pub(crate) fn number(&self) -> Option<Scalar> {
        match self.body() {
            Body::Number(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn is_number(&self, value: f64) -> bool {
        self.number().is_some_and(|number| number.as_f64() == value)
    }

    /// An operation whose result is of kind `kind`. What numbers alone decide is computed at once.
    pub(crate) fn apply<const N: usize>(op: Op, arguments: [Expr; N], kind: Kind) -> Expr {
        if let Some(value) = fold::fold(op, &arguments) {
            return Expr::new(kind, Body::Number(value));
        }
        Expr::new(kind, Body::Apply(op, SmallVec::from_iter(arguments)))
    }

    pub(super) fn unary(self, op: Op) -> Expr {
        let kind = self.kind();
        Expr::apply(op, [self], kind)
    }

    pub(super) fn binary(self, op: Op, other: Expr) -> Expr {
        let kind = self.kind();
        Expr::apply(op, [self, other], kind)
    }

    pub(super) fn test(self, op: Op) -> Expr {
        Expr::apply(op, [self], Kind::Bool)
    }

    pub(super) fn compare(self, op: Op, other: Expr) -> Expr {
        Expr::apply(op, [self, other], Kind::Bool)
    }

    /// The same operation over other arguments.
    pub(crate) fn with_arguments(&self, arguments: &[Expr]) -> Expr {
        let body = match self.body() {
            Body::Apply(op, _) => Body::Apply(*op, arguments.iter().cloned().collect()),
            Body::Cast(target, _) => Body::Cast(*target, arguments[0].clone()),
            other => other.clone(),
        };
        Expr::new(self.kind(), body)
    }

    /// The expressions that this one reads directly.
    pub(crate) fn arguments(&self) -> SmallVec<[Expr; 3]> {
        match self.body() {
            Body::Apply(_, arguments) => arguments.clone(),
            Body::Cast(_, argument) => smallvec![argument.clone()],
            Body::Input(_) | Body::Number(_) => SmallVec::new(),
        }
    }
}
