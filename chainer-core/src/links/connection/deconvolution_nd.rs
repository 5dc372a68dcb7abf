//! [`DeconvolutionND`].

use std::panic::Location;

use chainer_kernels::Position;

use super::convolution_2d::channels;
use super::deconvolution_2d::deviation;
use crate::functions::Sizes;
use crate::links::first_value::{FirstValue, bias_methods, weight_methods};
use crate::{Forward, Parameter, Result, Shape, Variable, attempt, chain, functions as F};

/// A transposed convolution layer over any number of spatial axes ([`F::deconvolution_nd`](crate::functions::deconvolution_nd())).
///
/// W (in channels, out channels, windows…) starts as normal numbers of deviation `sqrt(1 / (in channels * windows…))`, b (out channels,)
/// as zeros; the methods of the builder change that. With `None` input channels W gets its shape from the first input.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::DeconvolutionND::new(1, 2, 8, 4).stride(2).pad(1);
/// let y = layer.forward(&Variable::new(Array::zeros([1, 2, 5], Dtype::F32)));
/// assert_eq!(y.shape(), &[1, 8, 10].into());
/// assert_eq!(layer.w().shape(), Some([2, 8, 4].into()));
/// ```
#[chain]
pub struct DeconvolutionND {
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
    outsize: Option<Vec<usize>>,
    #[plain]
    first_w: FirstValue,
    #[plain]
    first_b: FirstValue,
}

impl DeconvolutionND {
    /// A layer for inputs with `ndim` spatial axes, with windows of `ksize` (a number for all axes, or one for each).
    #[track_caller]
    pub fn new(
        ndim: usize,
        in_channels: impl Into<Option<usize>>,
        out_channels: usize,
        ksize: impl Into<Sizes>,
    ) -> Self {
        let (first_w, first_b) = (FirstValue::normal(deviation), FirstValue::of(0.0));
        let layer = DeconvolutionND {
            w: first_w.parameter("W", None),
            b: Some(first_b.parameter("b", Some(out_channels.into()))),
            ndim,
            in_channels: in_channels.into(),
            out_channels,
            ksize: ksize.into(),
            stride: Sizes::All(1),
            pad: Sizes::All(0),
            outsize: None,
            first_w,
            first_b,
        };
        layer.with_new_w()
    }

    /// How far the window moves (default 1).
    pub fn stride(mut self, stride: impl Into<Sizes>) -> Self {
        self.stride = stride.into();
        self
    }

    /// What is cut off the results on each axis (default 0).
    pub fn pad(mut self, pad: impl Into<Sizes>) -> Self {
        self.pad = pad.into();
        self
    }

    /// The spatial sizes of the results (default: as those of the input say).
    pub fn outsize(mut self, outsize: impl Into<Option<Vec<usize>>>) -> Self {
        self.outsize = outsize.into();
        self
    }

    fn shape(&self, in_channels: usize) -> Shape {
        [in_channels, self.out_channels].into_iter().chain(self.ksize.spatial(self.ndim)).collect()
    }

    fn w_shape(&self) -> Option<Shape> {
        self.in_channels.map(|n| self.shape(n))
    }

    fn b_shape(&self) -> Option<Shape> {
        Some(self.out_channels.into())
    }

    /// Gives W its shape.
    fn prepare(&self, x: &Variable) -> Result<()> {
        let channels = channels("deconvolution_nd", x, self.ndim)?;
        if self.w.is_initialized() {
            return Ok(());
        }
        self.w.initialize(self.shape(channels))
    }
}

weight_methods!(DeconvolutionND);
bias_methods!(DeconvolutionND);

impl Forward for DeconvolutionND {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| {
            self.prepare(x).map_err(|error| error.at(at))?;
            let function = F::DeconvolutionND::new().stride(self.stride.clone()).pad(self.pad.clone());
            Ok(function.outsize(self.outsize.clone()).call(x, &self.w, &self.b))
        })
    }
}
