//! Layers that run one after the other.

use std::panic::Location;

use chainer_kernels::Position;

use crate::link::Visitor;
use crate::{Forward, Link, Variable};

/// Runs its layers one after the other: links, functions and closures. [`seq!`](crate::seq) makes one.
///
/// The links among its layers are its children `0`, `1`, …; functions have no parameters and are not counted.
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
/// #[elementwise]
/// fn double(x: f32) -> f32 {
///     2.0 * x
/// }
/// let scale = |by| Scale { w: Parameter::new(Array::full((), by, Dtype::F32)) };
/// let model = seq![scale(3.0), double, |h| h + 1.0, scale(-1.0)];
///
/// let y = model.forward(&Variable::new(Array::ones(2, Dtype::F32)));
/// assert_eq!(y.to_vec::<f32>()?, [-7.0; 2]);
/// assert_eq!(model.named_params()[1].0, "/1/w");
/// # Ok::<(), chainer::Error>(())
/// ```
#[derive(Default)]
pub struct Sequential {
    layers: Vec<Layer>,
}

/// A layer of a [`Sequential`].
#[doc(hidden)]
pub enum Layer {
    Link(Box<dyn Forward>),
    Function(Box<dyn Fn(Variable) -> Variable + Send + Sync>),
}

impl Sequential {
    /// Without layers: its output is its input.
    pub fn new() -> Self {
        Sequential::default()
    }

    /// With one more layer at the end.
    #[must_use]
    pub fn push<M>(mut self, layer: impl IntoLayer<M>) -> Self {
        self.layers.push(layer.into_layer());
        self
    }

    /// The number of layers.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there are no layers.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }
}

impl Forward for Sequential {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let _position = Position::enter(Location::caller());
        let mut layers = self.layers.iter();
        // The first layer borrows the input; each later one is handed what the one before made.
        let mut h = match layers.next() {
            None => return x.clone(),
            Some(Layer::Link(link)) => link.forward(x),
            Some(Layer::Function(function)) => function(x.clone()),
        };
        for layer in layers {
            h = match layer {
                Layer::Link(link) => link.forward(&h),
                Layer::Function(function) => function(h),
            };
        }
        h
    }
}

impl Link for Sequential {
    fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        let links = self.layers.iter().filter_map(|layer| match layer {
            Layer::Link(link) => Some(link.as_link()),
            Layer::Function(_) => None,
        });
        for (i, link) in links.enumerate() {
            visitor.link(&i.to_string(), link);
        }
    }
    fn as_link(&self) -> &dyn Link {
        self
    }
    fn type_name(&self) -> &'static str {
        "Sequential"
    }
}

impl std::fmt::Debug for Sequential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        crate::link::write_tree(self, f)
    }
}

/// What can be a layer of a [`Sequential`]: a link with `forward(&Variable)`, or a function or closure over a `Variable`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a layer of a `Sequential`",
    label = "expected a link with `forward(&Variable) -> Variable`, a function such as `F::relu`, or a closure such as `|h| F::dropout(h, 0.5)`"
)]
pub trait IntoLayer<M> {
    /// The layer.
    #[doc(hidden)]
    fn into_layer(self) -> Layer;
}

/// Marks links among [`IntoLayer`]s.
#[doc(hidden)]
pub struct OfLink;
/// Marks functions among [`IntoLayer`]s.
#[doc(hidden)]
pub struct OfFunction;

#[diagnostic::do_not_recommend]
impl<L: Forward> IntoLayer<OfLink> for L {
    fn into_layer(self) -> Layer {
        Layer::Link(Box::new(self))
    }
}

#[diagnostic::do_not_recommend]
impl<F: Fn(Variable) -> Variable + Send + Sync + 'static> IntoLayer<OfFunction> for F {
    fn into_layer(self) -> Layer {
        Layer::Function(Box::new(self))
    }
}

/// A [`Sequential`](crate::links::Sequential) of the given layers.
///
/// Closures and functions take an owned `Variable`.
///
/// ```
/// use chainer::{Array, Dtype, prelude::*};
/// let model = seq![|h: Variable| h.exp(), |h| h + 1.0];
/// let y = model.forward(&Variable::new(Array::zeros(2, Dtype::F32)));
/// assert_eq!(y.to_vec::<f32>()?, [2.0, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[macro_export]
macro_rules! seq {
    ($($layer:expr),* $(,)?) => {
        $crate::links::Sequential::new()$(.push($layer))*
    };
}
