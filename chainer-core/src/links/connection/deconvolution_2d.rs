//! [`Deconvolution2D`].

use std::panic::Location;

use chainer_kernels::Position;

use super::convolution_2d::channels;
use crate::functions::Pair;
use crate::links::first_value::{FirstValue, bias_method, bias_methods, weight_methods, wscale_method};
use crate::{Forward, Parameter, Result, Shape, Variable, attempt, chain, functions as F};

/// A two-dimensional transposed convolution layer ([`F::deconvolution_2d`](crate::functions::deconvolution_2d())).
///
/// W (in channels, out channels, height, width) starts as normal numbers of deviation
/// `sqrt(wscale / (in channels * height * width))`, b (out channels,) as `bias`; the methods of the builder change that. With `None` input
/// channels W gets its shape from the first input.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::Deconvolution2D::new(None, 8, 4).stride(2).pad(1);
/// let y = layer.forward(&Variable::new(Array::zeros([1, 3, 5, 5], Dtype::F32)));
/// assert_eq!(y.shape(), &[1, 8, 10, 10].into());
/// assert_eq!(layer.w().shape(), Some([3, 8, 4, 4].into()));
/// ```
#[chain]
pub struct Deconvolution2D {
    #[chain(name = "W")]
    w: Parameter,
    b: Option<Parameter>,
    in_channels: Option<usize>,
    out_channels: usize,
    #[plain]
    ksize: Pair,
    #[plain]
    stride: Pair,
    #[plain]
    pad: Pair,
    outsize: Option<(usize, usize)>,
    #[plain]
    first_w: FirstValue,
    #[plain]
    first_b: FirstValue,
}

/// The deviation of filters (in channels, out channels, window…).
pub(super) fn deviation(shape: &Shape) -> f64 {
    let inputs: usize = shape.iter().enumerate().filter(|(axis, _)| *axis != 1).map(|(_, &size)| size).product();
    (1.0 / inputs.max(1) as f64).sqrt()
}

impl Deconvolution2D {
    /// A layer with windows of `ksize` (a number, or a pair of height and width).
    #[track_caller]
    pub fn new(in_channels: impl Into<Option<usize>>, out_channels: usize, ksize: impl Into<Pair>) -> Self {
        let (first_w, first_b) = (FirstValue::normal(deviation), FirstValue::of(0.0));
        let layer = Deconvolution2D {
            w: first_w.parameter("W", None),
            b: Some(first_b.parameter("b", Some(out_channels.into()))),
            in_channels: in_channels.into(),
            out_channels,
            ksize: ksize.into(),
            stride: 1usize.into(),
            pad: 0usize.into(),
            outsize: None,
            first_w,
            first_b,
        };
        layer.with_new_w()
    }

    /// How far the window moves (default 1).
    pub fn stride(mut self, stride: impl Into<Pair>) -> Self {
        self.stride = stride.into();
        self
    }

    /// What is cut off the results (default 0).
    pub fn pad(mut self, pad: impl Into<Pair>) -> Self {
        self.pad = pad.into();
        self
    }

    /// Height and width of the results (default: as the size of the input says).
    pub fn outsize(mut self, outsize: impl Into<Option<(usize, usize)>>) -> Self {
        self.outsize = outsize.into();
        self
    }

    fn shape(&self, in_channels: usize) -> Shape {
        let [height, width] = self.ksize.0;
        [in_channels, self.out_channels, height, width].into()
    }

    fn w_shape(&self) -> Option<Shape> {
        self.in_channels.map(|n| self.shape(n))
    }

    fn b_shape(&self) -> Option<Shape> {
        Some(self.out_channels.into())
    }

    /// Gives W its shape.
    fn prepare(&self, x: &Variable) -> Result<()> {
        if self.w.is_initialized() {
            return Ok(());
        }
        self.w.initialize(self.shape(channels("deconvolution_2d", x, 2)?))
    }
}

weight_methods!(Deconvolution2D);
wscale_method!(Deconvolution2D);
bias_methods!(Deconvolution2D);
bias_method!(Deconvolution2D);

impl Forward for Deconvolution2D {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| {
            self.prepare(x).map_err(|error| error.at(at))?;
            let function = F::Deconvolution2D::new().stride(self.stride).pad(self.pad).outsize(self.outsize);
            Ok(function.call(x, &self.w, &self.b))
        })
    }
}
