//! [`MLPConvolution2D`].

use std::panic::Location;
use std::sync::Arc;

use chainer_kernels::Position;

use super::Convolution2D;
use crate::functions::Pair;
use crate::initializers::Initializer;
use crate::link::Visitor;
use crate::links::ChainList;
use crate::{Forward, Link, Variable, functions as F};

/// A convolution layer and a perceptron at each place of its result: 1×1 convolutions with an activation between them (the layer of
/// "network in network": Lin et al., arXiv:1312.4400).
///
/// Its children `0`, `1`, … are [`Convolution2D`] links.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, functions as F, links as L};
///
/// let layer = L::MLPConvolution2D::new(3, [8, 8, 5], 3).pad(1).activation(F::tanh);
/// let y = layer.forward(&Variable::new(Array::zeros([1, 3, 9, 9], Dtype::F32)));
/// assert_eq!(y.shape(), &[1, 5, 9, 9].into());
/// assert_eq!(layer.named_params()[2].0, "/1/W");
/// ```
pub struct MLPConvolution2D {
    layers: ChainList<Convolution2D>,
    activation: Arc<dyn Fn(Variable) -> Variable + Send + Sync>,
}

impl MLPConvolution2D {
    /// A layer with windows of `ksize` (a number, or a pair of height and width) for images of `in_channels` channels (or `None`: as the
    /// first input says), whose convolutions have `out_channels` channels one after the other. Without any its output is its input.
    #[track_caller]
    pub fn new(
        in_channels: impl Into<Option<usize>>,
        out_channels: impl AsRef<[usize]>,
        ksize: impl Into<Pair>,
    ) -> Self {
        let mut layers = ChainList::new();
        let (mut inputs, mut ksize) = (in_channels.into(), ksize.into());
        for &channels in out_channels.as_ref() {
            layers.push(Convolution2D::new(inputs, channels, ksize));
            (inputs, ksize) = (Some(channels), 1usize.into());
        }
        MLPConvolution2D { layers, activation: Arc::new(F::relu) }
    }

    /// How far the window of the first convolution moves (default 1).
    pub fn stride(self, stride: impl Into<Pair>) -> Self {
        let stride = stride.into();
        self.map(|i, layer| if i == 0 { layer.stride(stride) } else { layer })
    }

    /// Zeros around the images (default 0).
    pub fn pad(self, pad: impl Into<Pair>) -> Self {
        let pad = pad.into();
        self.map(|i, layer| if i == 0 { layer.pad(pad) } else { layer })
    }

    /// The factor of the variance of all weights (default 1). They start anew.
    #[track_caller]
    pub fn wscale(self, wscale: f64) -> Self {
        self.map(|_, layer| layer.wscale(wscale))
    }

    /// The activation between the convolutions (default: relu).
    pub fn activation(mut self, activation: impl Fn(Variable) -> Variable + Send + Sync + 'static) -> Self {
        self.activation = Arc::new(activation);
        self
    }

    /// The first value of all weights. They start anew.
    #[track_caller]
    pub fn conv_init(self, initializer: impl Initializer + Clone) -> Self {
        self.map(|_, layer| layer.initial_w(initializer.clone()))
    }

    /// The first value of all biases (default 0). They start anew.
    #[track_caller]
    pub fn bias_init(self, initializer: impl Initializer + Clone) -> Self {
        self.map(|_, layer| layer.initial_bias(initializer.clone()))
    }

    /// The convolutions.
    pub fn layers(&self) -> &[Convolution2D] {
        &self.layers
    }

    fn map(mut self, f: impl Fn(usize, Convolution2D) -> Convolution2D) -> Self {
        self.layers = self.layers.into_iter().enumerate().map(|(i, layer)| f(i, layer)).collect();
        self
    }
}

impl Forward for MLPConvolution2D {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let _position = Position::enter(Location::caller());
        let mut layers = self.layers.iter();
        let first = layers.next().map_or_else(|| x.clone(), |layer| layer.forward(x));
        layers.fold(first, |h, layer| layer.forward(&(self.activation)(h)))
    }
}

impl Link for MLPConvolution2D {
    fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        self.layers.visit(visitor);
    }
    fn as_link(&self) -> &dyn Link {
        self
    }
    fn type_name(&self) -> &'static str {
        "MLPConvolution2D"
    }
}

impl std::fmt::Debug for MLPConvolution2D {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        crate::link::write_tree(self, f)
    }
}
