//! [`Linear`].

use std::panic::Location;

use chainer_kernels::Position;

use crate::links::first_value::{FirstValue, bias_method, bias_methods, weight_methods, wscale_method};
use crate::{Error, Forward, Parameter, Result, Shape, Variable, attempt, chain, functions as F};

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

    /// The number of output units.
    pub fn out_size(&self) -> usize {
        self.out_size
    }

    fn w_shape(&self) -> Option<Shape> {
        self.in_size.map(|n| [self.out_size, n].into())
    }

    fn b_shape(&self) -> Option<Shape> {
        Some(self.out_size.into())
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

weight_methods!(Linear);
wscale_method!(Linear);
bias_methods!(Linear);
bias_method!(Linear);

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
