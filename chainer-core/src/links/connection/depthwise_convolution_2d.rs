//! [`DepthwiseConvolution2D`].

use std::panic::Location;

use chainer_kernels::Position;

use super::convolution_2d::channels;
use crate::functions::Pair;
use crate::links::first_value::{FirstValue, bias_methods, weight_methods};
use crate::{Forward, Parameter, Result, Shape, Variable, attempt, chain, functions as F};

/// A two-dimensional convolution layer that keeps channels apart
/// ([`F::depthwise_convolution_2d`](crate::functions::depthwise_convolution_2d())).
///
/// W (multiplier, in channels, height, width) starts as normal numbers of deviation `sqrt(1 / (in channels * height * width))`, b
/// (in channels * multiplier,) as zeros; the methods of the builder change that. With `None` input channels both get their shape from the
/// first input.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::DepthwiseConvolution2D::new(None, 2, 3).pad(1);
/// let y = layer.forward(&Variable::new(Array::zeros([1, 3, 9, 9], Dtype::F32)));
/// assert_eq!(y.shape(), &[1, 6, 9, 9].into());
/// assert_eq!(layer.w().shape(), Some([2, 3, 3, 3].into()));
/// ```
#[chain]
pub struct DepthwiseConvolution2D {
    #[chain(name = "W")]
    w: Parameter,
    b: Option<Parameter>,
    in_channels: Option<usize>,
    channel_multiplier: usize,
    #[plain]
    ksize: Pair,
    #[plain]
    stride: Pair,
    #[plain]
    pad: Pair,
    #[plain]
    first_w: FirstValue,
    #[plain]
    first_b: FirstValue,
}

impl DepthwiseConvolution2D {
    /// A layer with `channel_multiplier` windows of `ksize` (a number, or a pair of height and width) for each channel.
    #[track_caller]
    pub fn new(in_channels: impl Into<Option<usize>>, channel_multiplier: usize, ksize: impl Into<Pair>) -> Self {
        let (first_w, first_b) = (FirstValue::weight(), FirstValue::of(0.0));
        let layer = DepthwiseConvolution2D {
            w: first_w.parameter("W", None),
            b: None,
            in_channels: in_channels.into(),
            channel_multiplier,
            ksize: ksize.into(),
            stride: 1usize.into(),
            pad: 0usize.into(),
            first_w,
            first_b,
        };
        layer.with_new_w().nobias(false)
    }

    /// How far the window moves (default 1).
    pub fn stride(mut self, stride: impl Into<Pair>) -> Self {
        self.stride = stride.into();
        self
    }

    /// Zeros around the images (default 0).
    pub fn pad(mut self, pad: impl Into<Pair>) -> Self {
        self.pad = pad.into();
        self
    }

    fn shape(&self, in_channels: usize) -> Shape {
        let [height, width] = self.ksize.0;
        [self.channel_multiplier, in_channels, height, width].into()
    }

    fn w_shape(&self) -> Option<Shape> {
        self.in_channels.map(|n| self.shape(n))
    }

    fn b_shape(&self) -> Option<Shape> {
        self.in_channels.map(|n| (n * self.channel_multiplier).into())
    }

    /// Gives W and b their shapes.
    fn prepare(&self, x: &Variable) -> Result<()> {
        if self.w.is_initialized() && self.b.as_ref().is_none_or(Parameter::is_initialized) {
            return Ok(());
        }
        let channels = channels("depthwise_convolution_2d", x, 2)?;
        self.w.initialize(self.shape(channels))?;
        self.b.as_ref().map_or(Ok(()), |b| b.initialize(channels * self.channel_multiplier))
    }
}

weight_methods!(DepthwiseConvolution2D);
bias_methods!(DepthwiseConvolution2D);

impl Forward for DepthwiseConvolution2D {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| {
            self.prepare(x).map_err(|error| error.at(at))?;
            let function = F::DepthwiseConvolution2D::new().stride(self.stride).pad(self.pad);
            Ok(function.call(x, &self.w, &self.b))
        })
    }
}
