//! [`Linear`].

use std::panic::Location;

use chainer_kernels::Position;

use crate::initializers::Initializer;
use crate::links::first_value::FirstValue;
use crate::{Error, Forward, Parameter, Result, Variable, attempt, chain, functions as F};

/// A fully connected layer: `x W^T + b` ([`F::linear`](crate::functions::linear)).
///
/// W (out, in) starts as normal numbers of deviation `sqrt(wscale / in)`, b (out,) as `bias`; the methods of the builder change that. With
/// an input size of `None` W gets its shape from the first input.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::Linear::new(None, 2).bias(0.5);
/// assert!(layer.has_uninitialized_params());
/// let y = layer.forward(&Variable::new(Array::zeros([4, 3], Dtype::F32)));
/// assert_eq!(y.to_vec::<f32>()?, [0.5; 8]);
/// assert_eq!(layer.w().shape(), Some([2, 3].into()));
///
/// let fixed = L::Linear::new(2, 1).nobias(true).initial_w(Array::from([[1.0f32, -1.0]]));
/// let y = fixed.forward(&Variable::new(Array::from([[3.0f32, 1.0]])));
/// assert_eq!(y.to_vec::<f32>()?, [2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct Linear {
    #[chain(name = "W")]
    w: Parameter,
    b: Option<Parameter>,
    in_size: Option<usize>,
    out_size: usize,
    #[plain]
    first_w: FirstValue,
    #[plain]
    first_b: FirstValue,
}

impl Linear {
    /// A layer from `in_size` (or `None`: as the first input says) to `out_size` units.
    #[track_caller]
    pub fn new(in_size: impl Into<Option<usize>>, out_size: usize) -> Self {
        let (first_w, first_b, in_size) = (FirstValue::weight(), FirstValue::of(0.0), in_size.into());
        let w = first_w.parameter("W", in_size.map(|n| [out_size, n].into()));
        let b = Some(first_b.parameter("b", Some(out_size.into())));
        Linear { w, b, in_size, out_size, first_w, first_b }
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
        self.b = (!nobias).then(|| self.first_b.parameter("b", Some(self.out_size.into())));
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

    #[track_caller]
    fn with_new_w(mut self) -> Self {
        self.w = self.first_w.parameter("W", self.in_size.map(|n| [self.out_size, n].into()));
        self
    }

    /// The weights.
    pub fn w(&self) -> &Parameter {
        &self.w
    }

    /// The bias, if there is one.
    pub fn b(&self) -> Option<&Parameter> {
        self.b.as_ref()
    }

    /// The number of output units.
    pub fn out_size(&self) -> usize {
        self.out_size
    }

    /// `x W^T`, without the bias.
    #[track_caller]
    pub(super) fn product(&self, x: &Variable) -> Variable {
        match self.prepare(x) {
            Ok(()) => F::linear(x, &self.w, None),
            Err(error) => Variable::failed(error.at(Location::caller())),
        }
    }

    /// Gives W its shape.
    fn prepare(&self, x: &Variable) -> Result<()> {
        if self.w.is_initialized() {
            return Ok(());
        }
        x.check()?;
        if x.ndim() < 2 {
            return Err(Error::mismatch("linear", "x.ndim >= 2", format_args!("{} < 2", x.ndim())));
        }
        self.w.initialize([self.out_size, x.shape()[1..].iter().product()])
    }
}

impl Forward for Linear {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| {
            self.prepare(x).map_err(|error| error.at(at))?;
            Ok(F::linear(x, &self.w, &self.b))
        })
    }
}
