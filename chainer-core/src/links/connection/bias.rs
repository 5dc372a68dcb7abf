//! [`Bias`].

use std::panic::Location;

use chainer_kernels::Position;

use crate::links::first_value::FirstValue;
use crate::{AsVariable, Error, Forward, Parameter, Shape, Variable, chain, functions as F};

/// A sum with a learned bias along some axes ([`F::bias`](crate::functions::bias())). b starts as zeros.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::Bias::new().shape(3);
/// assert_eq!(layer.b().unwrap().shape(), Some([3].into()));
/// let x = Variable::new(Array::ones([2, 3, 4], Dtype::F32));
/// assert_eq!(layer.forward(&x).shape(), &[2, 3, 4].into());
/// let y = L::Bias::new().axis(2).forward_with(&x, Array::ones(4, Dtype::F32));
/// assert_eq!(y.to_vec::<f32>()?, [2.0; 24]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct Bias {
    b: Option<Parameter>,
    axis: isize,
}

impl Bias {
    /// A layer along the second axis, without a bias of its own.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Bias { b: None, axis: 1 }
    }

    /// The first axis of inputs that the bias has (default 1).
    pub fn axis(mut self, axis: isize) -> Self {
        self.axis = axis;
        self
    }

    /// Adds the bias, of this shape.
    #[track_caller]
    pub fn shape(mut self, shape: impl Into<Shape>) -> Self {
        self.b = Some(FirstValue::of(0.0).parameter("b", Some(shape.into())));
        self
    }

    /// The bias, if there is one.
    pub fn b(&self) -> Option<&Parameter> {
        self.b.as_ref()
    }

    /// The sum with a given bias y, for layers that have none.
    #[track_caller]
    pub fn forward_with(&self, x: &Variable, y: impl AsVariable) -> Variable {
        let _position = Position::enter(Location::caller());
        F::Bias::new().axis(self.axis).call(x, y)
    }
}

impl Forward for Bias {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        match &self.b {
            Some(b) => self.forward_with(x, b),
            None => Variable::failed(no_parameter("Bias", "b").at(Location::caller())),
        }
    }
}

/// A layer without a parameter of its own was called without another operand.
pub(super) fn no_parameter(name: &'static str, parameter: &str) -> Error {
    Error::value(name, format_args!("a parameter {parameter}, or `forward_with`"), "neither")
}
