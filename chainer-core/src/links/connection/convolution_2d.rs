//! [`Convolution2D`].

use std::panic::Location;

use chainer_kernels::Position;

use crate::functions::Pair;
use crate::links::first_value::{FirstValue, bias_method, bias_methods, weight_methods, wscale_method};
use crate::{Error, Forward, Parameter, Result, Shape, Variable, attempt, chain, functions as F};

/// A two-dimensional convolution layer ([`F::convolution_2d`](crate::functions::convolution_2d)).
///
/// W (out channels, in channels / groups, height, width) starts as normal numbers of deviation
/// `sqrt(wscale * groups / (in channels * height * width))`, b (out channels,) as `bias`; the methods of the builder change that. With `None`
/// input channels W gets its shape from the first input.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::Convolution2D::new(None, 8, 3).stride(2).pad(1);
/// let y = layer.forward(&Variable::new(Array::zeros([1, 3, 9, 9], Dtype::F32)));
/// assert_eq!(y.shape(), &[1, 8, 5, 5].into());
/// assert_eq!(layer.w().shape(), Some([8, 3, 3, 3].into()));
/// ```
#[chain]
pub struct Convolution2D {
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
    #[plain]
    dilate: Pair,
    groups: usize,
    #[plain]
    first_w: FirstValue,
    #[plain]
    first_b: FirstValue,
}

impl Convolution2D {
    /// A layer with windows of `ksize` (a number, or a pair of height and width).
    #[track_caller]
    pub fn new(in_channels: impl Into<Option<usize>>, out_channels: usize, ksize: impl Into<Pair>) -> Self {
        let (first_w, first_b) = (FirstValue::weight(), FirstValue::of(0.0));
        let b = Some(first_b.parameter("b", Some(out_channels.into())));
        let layer = Convolution2D {
            w: first_w.parameter("W", None),
            b,
            in_channels: in_channels.into(),
            out_channels,
            ksize: ksize.into(),
            stride: 1usize.into(),
            pad: 0usize.into(),
            dilate: 1usize.into(),
            groups: 1,
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

    /// Zeros around the images (default 0).
    pub fn pad(mut self, pad: impl Into<Pair>) -> Self {
        self.pad = pad.into();
        self
    }

    /// Steps inside the window (default 1: neighbours).
    pub fn dilate(mut self, dilate: impl Into<Pair>) -> Self {
        self.dilate = dilate.into();
        self
    }

    /// Groups of channels that do not mix (default 1). W starts anew.
    #[track_caller]
    pub fn groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        self.with_new_w()
    }

    fn shape(&self, in_channels: usize) -> Shape {
        let [height, width] = self.ksize.0;
        [self.out_channels, in_channels / self.groups.max(1), height, width].into()
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
        self.w.initialize(self.shape(channels("convolution_2d", x, 2)?))
    }
}

/// A two-dimensional convolution layer whose windows have holes
/// ([`F::dilated_convolution_2d`](crate::functions::dilated_convolution_2d())): a [`Convolution2D`] with
/// [`dilate`](Convolution2D::dilate).
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::DilatedConvolution2D::new(3, 8, 3).dilate(2).pad(2);
/// let y = layer.forward(&Variable::new(Array::zeros([1, 3, 9, 9], Dtype::F32)));
/// assert_eq!(y.shape(), &[1, 8, 9, 9].into());
/// ```
pub type DilatedConvolution2D = Convolution2D;

weight_methods!(Convolution2D);
wscale_method!(Convolution2D);
bias_methods!(Convolution2D);
bias_method!(Convolution2D);

/// The number of channels of an input with so many spatial axes.
pub(super) fn channels(name: &'static str, x: &Variable, axes: usize) -> Result<usize> {
    x.check()?;
    let ndim = axes + 2;
    if x.ndim() != ndim {
        return Err(Error::mismatch(name, format_args!("x.ndim == {ndim}"), format_args!("{} != {ndim}", x.ndim())));
    }
    Ok(x.shape()[1])
}

impl Forward for Convolution2D {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| {
            self.prepare(x).map_err(|error| error.at(at))?;
            let function = F::Convolution2D::new().stride(self.stride).pad(self.pad);
            Ok(function.dilate(self.dilate).groups(self.groups).call(x, &self.w, &self.b))
        })
    }
}
