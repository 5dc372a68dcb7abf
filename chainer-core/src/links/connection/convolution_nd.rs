//! [`ConvolutionND`].

use std::panic::Location;

use chainer_kernels::Position;

use super::convolution_2d::channels;
use crate::functions::Sizes;
use crate::initializers::Initializer;
use crate::links::first_value::{FirstValue, weight_methods};
use crate::{Forward, Parameter, Result, Shape, Variable, attempt, chain, functions as F};

/// A convolution layer over any number of spatial axes ([`F::convolution_nd`](crate::functions::convolution_nd())).
///
/// W (out channels, in channels, windows…) starts as normal numbers of deviation `sqrt(1 / (in channels * windows…))`. There is no bias
/// unless [`initial_bias`](Self::initial_bias) gives one. With `None` input channels W gets its shape from the first input.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::ConvolutionND::new(3, 2, 8, 3).stride([1, 2, 2]).pad(1).initial_bias(0.0);
/// let y = layer.forward(&Variable::new(Array::zeros([1, 2, 4, 9, 9], Dtype::F32)));
/// assert_eq!(y.shape(), &[1, 8, 4, 5, 5].into());
/// assert_eq!(layer.w().shape(), Some([8, 2, 3, 3, 3].into()));
/// ```
#[chain]
pub struct ConvolutionND {
    #[chain(name = "W")]
    w: Parameter,
    b: Option<Parameter>,
    ndim: usize,
    in_channels: Option<usize>,
    out_channels: usize,
    #[plain]
    ksize: Sizes,
    #[plain]
    stride: Sizes,
    #[plain]
    pad: Sizes,
    cover_all: bool,
    #[plain]
    first_w: FirstValue,
}

impl ConvolutionND {
    /// A layer for inputs with `ndim` spatial axes, with windows of `ksize` (a number for all axes, or one for each).
    #[track_caller]
    pub fn new(
        ndim: usize,
        in_channels: impl Into<Option<usize>>,
        out_channels: usize,
        ksize: impl Into<Sizes>,
    ) -> Self {
        let first_w = FirstValue::weight();
        let layer = ConvolutionND {
            w: first_w.parameter("W", None),
            b: None,
            ndim,
            in_channels: in_channels.into(),
            out_channels,
            ksize: ksize.into(),
            stride: Sizes::All(1),
            pad: Sizes::All(0),
            cover_all: false,
            first_w,
        };
        layer.with_new_w()
    }

    /// How far the window moves (default 1).
    pub fn stride(mut self, stride: impl Into<Sizes>) -> Self {
        self.stride = stride.into();
        self
    }

    /// Zeros before and after the input on each axis (default 0).
    pub fn pad(mut self, pad: impl Into<Sizes>) -> Self {
        self.pad = pad.into();
        self
    }

    /// Whether the last window may reach beyond the padding, so that every element is covered (default false).
    pub fn cover_all(mut self, cover_all: bool) -> Self {
        self.cover_all = cover_all;
        self
    }

    /// Adds a bias, with its first value: an initializer, an array, a number or a closure.
    #[track_caller]
    pub fn initial_bias(mut self, initializer: impl Initializer) -> Self {
        self.b = Some(FirstValue::of(initializer).parameter("b", Some(self.out_channels.into())));
        self
    }

    /// The bias, if there is one.
    pub fn b(&self) -> Option<&Parameter> {
        self.b.as_ref()
    }

    fn shape(&self, in_channels: usize) -> Shape {
        [self.out_channels, in_channels].into_iter().chain(self.ksize.spatial(self.ndim)).collect()
    }

    fn w_shape(&self) -> Option<Shape> {
        self.in_channels.map(|n| self.shape(n))
    }

    /// Gives W its shape.
    fn prepare(&self, x: &Variable) -> Result<()> {
        let channels = channels("convolution_nd", x, self.ndim)?;
        if self.w.is_initialized() {
            return Ok(());
        }
        self.w.initialize(self.shape(channels))
    }
}

weight_methods!(ConvolutionND);

impl Forward for ConvolutionND {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| {
            self.prepare(x).map_err(|error| error.at(at))?;
            let function = F::ConvolutionND::new().stride(self.stride.clone());
            Ok(function.pad(self.pad.clone()).cover_all(self.cover_all).call(x, &self.w, &self.b))
        })
    }
}
