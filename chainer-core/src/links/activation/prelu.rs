//! [`PReLU`].

use std::panic::Location;

use chainer_kernels::Position;

use crate::initializers::Initializer;
use crate::links::first_value::FirstValue;
use crate::{Forward, Parameter, Shape, Variable, chain, functions as F};

/// The rectified linear unit with learned slopes ([`F::prelu`](crate::functions::prelu())).
///
/// W has the shape of the channels, `()` for one slope in all; it starts as 0.25.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, links as L};
///
/// let layer = L::PReLU::new(2).init(0.5);
/// let y = layer.forward(&Variable::new(Array::from([[-1.0f32, 3.0]])));
/// assert_eq!(y.to_vec::<f32>()?, [-0.5, 3.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct PReLU {
    #[chain(name = "W")]
    w: Parameter,
    shape: Shape,
}

impl PReLU {
    /// A layer with slopes of this shape.
    #[track_caller]
    pub fn new(shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        PReLU { w: FirstValue::of(0.25).parameter("W", Some(shape.clone())), shape }
    }

    /// The first value of W: an initializer, an array, a number (default 0.25) or a closure. W starts anew.
    #[track_caller]
    pub fn init(mut self, initializer: impl Initializer) -> Self {
        self.w = FirstValue::of(initializer).parameter("W", Some(self.shape.clone()));
        self
    }

    /// The slopes.
    pub fn w(&self) -> &Parameter {
        &self.w
    }
}

impl Forward for PReLU {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let _position = Position::enter(Location::caller());
        F::prelu(x, &self.w)
    }
}
