//! [`Scale`].

use std::panic::Location;

use chainer_kernels::Position;

use super::Bias;
use super::bias::no_parameter;
use crate::links::first_value::FirstValue;
use crate::{AsVariable, Error, Forward, Parameter, Shape, Variable, chain, functions as F};

/// A product with learned weights along some axes ([`F::scale`](crate::functions::scale())), perhaps with a [`Bias`] along the same. W
/// starts as ones.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::Scale::new().w_shape(3).bias_term(true);
/// let names: Vec<String> = layer.named_params().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["/W", "/bias/b"]);
/// let x = Variable::new(Array::ones([2, 3, 4], Dtype::F32));
/// assert_eq!(layer.forward(&x).to_vec::<f32>()?, [1.0; 24]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct Scale {
    #[chain(name = "W")]
    w: Option<Parameter>,
    bias: Option<Bias>,
    axis: isize,
    w_shape: Option<Shape>,
    bias_shape: Option<Shape>,
    bias_term: bool,
}

impl Scale {
    /// A layer along the second axis, without weights of its own.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Scale { w: None, bias: None, axis: 1, w_shape: None, bias_shape: None, bias_term: false }
    }

    /// The first axis of inputs that the weights have (default 1).
    #[track_caller]
    pub fn axis(mut self, axis: isize) -> Self {
        self.axis = axis;
        self.with_new_bias()
    }

    /// Adds the weights, of this shape.
    #[track_caller]
    pub fn w_shape(mut self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        self.w = Some(FirstValue::of(1.0).parameter("W", Some(shape.clone())));
        self.w_shape = Some(shape);
        self.with_new_bias()
    }

    /// Whether a bias is added (default false), of the shape of the weights if there are any.
    #[track_caller]
    pub fn bias_term(mut self, bias_term: bool) -> Self {
        self.bias_term = bias_term;
        self.with_new_bias()
    }

    /// The shape of the bias of a layer without weights of its own.
    #[track_caller]
    pub fn bias_shape(mut self, shape: impl Into<Shape>) -> Self {
        self.bias_shape = Some(shape.into());
        self.with_new_bias()
    }

    #[track_caller]
    fn with_new_bias(mut self) -> Self {
        let shape = self.w_shape.as_ref().or(self.bias_shape.as_ref()).filter(|_| self.bias_term);
        self.bias = shape.map(|shape| Bias::new().axis(self.axis).shape(shape));
        self
    }

    /// The weights, if there are any.
    pub fn w(&self) -> Option<&Parameter> {
        self.w.as_ref()
    }

    /// The bias, if there is one.
    pub fn bias(&self) -> Option<&Bias> {
        self.bias.as_ref()
    }

    /// The product with given weights y, for layers that have none.
    #[track_caller]
    pub fn forward_with(&self, x: &Variable, y: impl AsVariable) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        let scaled = F::Scale::new().axis(self.axis).call(x, y);
        match &self.bias {
            Some(bias) => bias.forward(&scaled),
            None if self.bias_term => {
                Variable::failed(Error::value("Scale", "w_shape or bias_shape with bias_term", "neither").at(at))
            }
            None => scaled,
        }
    }
}

impl Forward for Scale {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        match &self.w {
            Some(w) => self.forward_with(x, w),
            None => Variable::failed(no_parameter("Scale", "W").at(Location::caller())),
        }
    }
}
