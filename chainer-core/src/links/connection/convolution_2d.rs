//! [`Convolution2D`].

use std::panic::Location;

use chainer_kernels::Position;

use crate::functions::Pair;
use crate::initializers::Initializer;
use crate::links::first_value::FirstValue;
use crate::{Error, Forward, Parameter, Result, Shape, Variable, attempt, chain, functions as F};

/// A two-dimensional convolution layer ([`F::convolution_2d`](crate::functions::convolution_2d)).
///
/// W (out channels, in channels, height, width) starts as normal numbers of deviation `sqrt(wscale / (in channels * height * width))`, b
/// (out channels,) as `bias`; the methods of the builder change that. With `None` input channels W gets its shape from the first input.
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

    /// The factor of W's variance (default 1). W starts anew.
    #[track_caller]
    pub fn wscale(mut self, wscale: f64) -> Self {
        self.first_w.scale(wscale.sqrt());
        self.with_new_w()
    }

    /// The first value of b (default 0). b starts anew.
    #[track_caller]
    pub fn bias(self, bias: f64) -> Self {
        self.initial_bias(bias)
    }

    /// Whether to go without b (default false).
    #[track_caller]
    pub fn nobias(mut self, nobias: bool) -> Self {
        self.b = (!nobias).then(|| self.first_b.parameter("b", Some(self.out_channels.into())));
        self
    }

    /// The first value of W: an initializer, an array, a number or a closure; `wscale` scales it. W starts anew.
    #[track_caller]
    pub fn initial_w(mut self, initializer: impl Initializer) -> Self {
        self.first_w.set(initializer);
        self.with_new_w()
    }

    /// The first value of b: an initializer, an array, a number or a closure. b starts anew.
    #[track_caller]
    pub fn initial_bias(mut self, initializer: impl Initializer) -> Self {
        self.first_b.set(initializer);
        let nobias = self.b.is_none();
        self.nobias(nobias)
    }

    /// The filters.
    pub fn w(&self) -> &Parameter {
        &self.w
    }

    /// The bias, if there is one.
    pub fn b(&self) -> Option<&Parameter> {
        self.b.as_ref()
    }

    fn shape(&self, in_channels: usize) -> Shape {
        let [height, width] = self.ksize.0;
        [self.out_channels, in_channels, height, width].into()
    }

    #[track_caller]
    fn with_new_w(mut self) -> Self {
        self.w = self.first_w.parameter("W", self.in_channels.map(|n| self.shape(n)));
        self
    }

    /// Gives W its shape.
    fn prepare(&self, x: &Variable) -> Result<()> {
        if self.w.is_initialized() {
            return Ok(());
        }
        x.check()?;
        if x.ndim() != 4 {
            return Err(Error::mismatch("convolution_2d", "x.ndim == 4", format_args!("{} != 4", x.ndim())));
        }
        self.w.initialize(self.shape(x.shape()[1]))
    }
}

impl Forward for Convolution2D {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| {
            self.prepare(x).map_err(|error| error.at(at))?;
            Ok(F::Convolution2D::new().stride(self.stride).pad(self.pad).call(x, &self.w, &self.b))
        })
    }
}
