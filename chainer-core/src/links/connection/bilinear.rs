//! [`Bilinear`].

use std::panic::Location;

use chainer_kernels::Position;

use crate::initializers::Initializer;
use crate::links::first_value::{FirstValue, weight_methods};
use crate::{Forward, Parameter, Shape, Variable, chain, functions as F};

/// A quadratic form of two inputs, with linear terms ([`F::bilinear`](crate::functions::bilinear())).
///
/// W (left, right, out) starts as normal numbers of deviation `sqrt(1 / (left * right * out))`, V1 (left, out) and V2 (right, out) as
/// normal numbers of deviation `sqrt(1 / left)` and `sqrt(1 / right)`, b (out,) as zeros; the methods of the builder change that.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::Bilinear::new(2, 3, 4);
/// let (left, right) = (Array::ones([5, 2], Dtype::F32), Array::ones([5, 3], Dtype::F32));
/// let y = layer.forward((&Variable::new(left), &Variable::new(right)));
/// assert_eq!(y.shape(), &[5, 4].into());
/// ```
#[chain]
pub struct Bilinear {
    #[chain(name = "W")]
    w: Parameter,
    #[chain(name = "V1")]
    v1: Option<Parameter>,
    #[chain(name = "V2")]
    v2: Option<Parameter>,
    b: Option<Parameter>,
    left_size: usize,
    right_size: usize,
    out_size: usize,
    #[plain]
    first_w: FirstValue,
    #[plain]
    first_linear: [FirstValue; 3],
}

/// A deviation by the number of inputs, which come first.
fn by_rows(shape: &Shape) -> f64 {
    (1.0 / shape[0].max(1) as f64).sqrt()
}

impl Bilinear {
    /// A layer from vectors of `left_size` and `right_size` numbers to vectors of `out_size`.
    #[track_caller]
    pub fn new(left_size: usize, right_size: usize, out_size: usize) -> Self {
        let first_w = FirstValue::normal(|shape| (1.0 / shape.size().max(1) as f64).sqrt());
        let layer = Bilinear {
            w: first_w.parameter("W", None),
            v1: None,
            v2: None,
            b: None,
            left_size,
            right_size,
            out_size,
            first_w,
            first_linear: [FirstValue::normal(by_rows), FirstValue::normal(by_rows), FirstValue::of(0.0)],
        };
        layer.with_new_w().nobias(false)
    }

    /// Whether to go without V1, V2 and b (default false).
    #[track_caller]
    pub fn nobias(mut self, nobias: bool) -> Self {
        let [v1, v2, b] = &self.first_linear;
        let (left, right): (Shape, Shape) =
            ([self.left_size, self.out_size].into(), [self.right_size, self.out_size].into());
        self.v1 = (!nobias).then(|| v1.parameter("V1", Some(left)));
        self.v2 = (!nobias).then(|| v2.parameter("V2", Some(right)));
        self.b = (!nobias).then(|| b.parameter("b", Some(self.out_size.into())));
        self
    }

    /// The first values of V1, V2 and b, each an initializer, an array, a number or a closure. They start anew.
    #[track_caller]
    pub fn initial_bias(mut self, v1: impl Initializer, v2: impl Initializer, b: impl Initializer) -> Self {
        self.first_linear[0].set(v1);
        self.first_linear[1].set(v2);
        self.first_linear[2].set(b);
        let nobias = self.b.is_none();
        self.nobias(nobias)
    }

    fn w_shape(&self) -> Option<Shape> {
        Some([self.left_size, self.right_size, self.out_size].into())
    }

    /// The weights of the first input, unless there are no linear terms.
    pub fn v1(&self) -> Option<&Parameter> {
        self.v1.as_ref()
    }

    /// The weights of the second input, unless there are no linear terms.
    pub fn v2(&self) -> Option<&Parameter> {
        self.v2.as_ref()
    }

    /// The bias, unless there are no linear terms.
    pub fn b(&self) -> Option<&Parameter> {
        self.b.as_ref()
    }
}

weight_methods!(Bilinear);

impl Forward<(Variable, Variable)> for Bilinear {
    #[track_caller]
    fn forward(&self, (e1, e2): (&Variable, &Variable)) -> Variable {
        let _position = Position::enter(Location::caller());
        F::bilinear(e1, e2, &self.w, &self.v1, &self.v2, &self.b)
    }
}
