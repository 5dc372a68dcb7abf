//! [`LayerNormalization`].

use std::panic::Location;

use chainer_kernels::Position;

use crate::initializers::Initializer;
use crate::links::first_value::FirstValue;
use crate::{Error, Forward, Parameter, Result, Shape, Variable, attempt, chain, functions as F};

/// Layer normalization ([`F::layer_normalization`](crate::functions::layer_normalization())) over the last axis.
///
/// gamma starts at 1, beta at 0. With a size of `None` both get their shape from the first input.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, links as L};
///
/// let layer = L::LayerNormalization::new(None).initial_beta(2.0);
/// let y = layer.forward(&Variable::new(Array::from([[1.0f32, 3.0], [10.0, 30.0]]))).to_vec::<f32>()?;
/// assert!(y.iter().zip([1.0, 3.0, 1.0, 3.0]).all(|(y, want)| (y - want).abs() < 1e-4));
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct LayerNormalization {
    gamma: Parameter,
    beta: Parameter,
    size: Option<usize>,
    eps: f64,
}

impl LayerNormalization {
    /// A layer for vectors of `size` numbers (or `None`: as the first input says).
    #[track_caller]
    pub fn new(size: impl Into<Option<usize>>) -> Self {
        let size = size.into();
        let parameter = |name, value| FirstValue::of(value).parameter(name, size.map(Shape::from));
        LayerNormalization { gamma: parameter("gamma", 1.0), beta: parameter("beta", 0.0), size, eps: 1e-6 }
    }

    /// What is added to variances (default 1e-6).
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// The first value of gamma (default 1). gamma starts anew.
    #[track_caller]
    pub fn initial_gamma(mut self, initializer: impl Initializer) -> Self {
        self.gamma = FirstValue::of(initializer).parameter("gamma", self.size.map(Shape::from));
        self
    }

    /// The first value of beta (default 0). beta starts anew.
    #[track_caller]
    pub fn initial_beta(mut self, initializer: impl Initializer) -> Self {
        self.beta = FirstValue::of(initializer).parameter("beta", self.size.map(Shape::from));
        self
    }

    /// The scale.
    pub fn gamma(&self) -> &Parameter {
        &self.gamma
    }

    /// The shift.
    pub fn beta(&self) -> &Parameter {
        &self.beta
    }

    /// Gives gamma and beta their shapes.
    fn prepare(&self, x: &Variable) -> Result<()> {
        x.check()?;
        if x.ndim() < 2 {
            let actual = format!("{} < 2", x.ndim());
            return Err(Error::mismatch("layer_normalization", "x.ndim >= 2", actual));
        }
        let size = x.shape()[x.ndim() - 1];
        self.gamma.initialize(size)?;
        self.beta.initialize(size)
    }
}

impl Forward for LayerNormalization {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| {
            self.prepare(x).map_err(|error| error.at(at))?;
            Ok(F::LayerNormalization::new().eps(self.eps).call(x, &self.gamma, &self.beta))
        })
    }
}
