//! [`SimplifiedDropconnect`].

use std::panic::Location;

use chainer_kernels::Position;

use crate::links::first_value::{FirstValue, bias_methods, weight_methods};
use crate::serializers::Serializer;
use crate::{
    Array, Dtype, Error, Forward, Parameter, PersistentValue, Result, Shape, State, Variable, attempt, chain,
    functions as F,
};

/// A fully connected layer whose weights are dropped at random while training
/// ([`F::simplified_dropconnect`](crate::functions::simplified_dropconnect())).
///
/// W (out, in) starts as normal numbers of deviation `sqrt(1 / in)`, b (out,) as zeros; the methods of the builder change that. With an
/// input size of `None` W gets its shape from the first input.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::SimplifiedDropconnect::new(3, 2).ratio(0.25);
/// let y = layer.forward(&Variable::new(Array::ones([4, 3], Dtype::F32)));
/// assert_eq!(y.shape(), &[4, 2].into());
/// ```
#[chain]
pub struct SimplifiedDropconnect {
    #[chain(name = "W")]
    w: Parameter,
    b: Option<Parameter>,
    in_size: Option<usize>,
    out_size: usize,
    ratio: f64,
    #[persistent]
    mask: GivenMask,
    #[plain]
    first_w: FirstValue,
    #[plain]
    first_b: FirstValue,
}

/// The first mask that a caller gave. Chainer saves it with the layer; a layer that was never given one has no such entry.
#[derive(Default)]
struct GivenMask(State<Option<Array>>);

impl PersistentValue for GivenMask {
    fn serialize(&self, key: &str, serializer: &mut Serializer<'_>) -> Result<()> {
        let mut mask = self.0.get();
        if serializer.is_loading() {
            let dtype = mask.take().map_or(Dtype::Bool, |mask| mask.dtype());
            serializer.optional_array(key, &mut mask, dtype)?;
            self.0.set(mask);
        } else if let Some(mask) = &mut mask {
            serializer.array(key, mask)?;
        }
        Ok(())
    }
    fn describe(&self) -> String {
        self.0.read(|mask| mask.as_ref().map_or("none", |_| "given")).to_owned()
    }
}

impl SimplifiedDropconnect {
    /// A layer from `in_size` (or `None`: as the first input says) to `out_size` units.
    #[track_caller]
    pub fn new(in_size: impl Into<Option<usize>>, out_size: usize) -> Self {
        let (first_w, first_b) = (FirstValue::weight(), FirstValue::of(0.0));
        let (w, b) = (first_w.parameter("W", None), Some(first_b.parameter("b", Some(out_size.into()))));
        let (in_size, mask) = (in_size.into(), GivenMask::default());
        SimplifiedDropconnect { w, b, in_size, out_size, ratio: 0.5, mask, first_w, first_b }.with_new_w()
    }

    /// The probability with which a weight is dropped (default 0.5).
    pub fn ratio(mut self, ratio: f64) -> Self {
        self.ratio = ratio;
        self
    }

    fn w_shape(&self) -> Option<Shape> {
        self.in_size.map(|n| [self.out_size, n].into())
    }

    fn b_shape(&self) -> Option<Shape> {
        Some(self.out_size.into())
    }

    /// [`forward`](Forward::forward) with given weights to keep, bools of shape (B, out, in), instead of a random draw.
    #[track_caller]
    pub fn forward_with(&self, x: &Variable, mask: impl Into<Option<Array>>) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| {
            self.prepare(x).map_err(|error| error.at(at))?;
            let mask = mask.into();
            self.mask.0.update(|first| *first = first.take().or_else(|| mask.clone()));
            Ok(F::SimplifiedDropconnect::new().ratio(self.ratio).mask(mask).call(x, &self.w, &self.b))
        })
    }

    /// Gives W its shape.
    fn prepare(&self, x: &Variable) -> Result<()> {
        if self.w.is_initialized() {
            return Ok(());
        }
        x.check()?;
        if x.ndim() < 2 {
            let actual = format!("{} < 2", x.ndim());
            return Err(Error::mismatch("simplified_dropconnect", "x.ndim >= 2", actual));
        }
        self.w.initialize([self.out_size, x.shape()[1..].iter().product()])
    }
}

weight_methods!(SimplifiedDropconnect);
bias_methods!(SimplifiedDropconnect);

impl Forward for SimplifiedDropconnect {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        self.forward_with(x, None)
    }
}
