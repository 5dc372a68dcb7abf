//! [`Maxout`].

use std::panic::Location;

use chainer_kernels::Position;

use crate::initializers::Initializer;
use crate::links::Linear;
use crate::{Array, Dtype, Forward, Shape, Variable, chain, functions as F};

/// A fully connected layer whose units are the largest of several linear ones ([`F::maxout`](crate::functions::maxout())):
/// `y[i] = max_j(W[i, j] x + b[i, j])` (Goodfellow et al., arXiv:1302.4389).
///
/// It is a [`Linear`] layer from `in_size` to `out_size * pool_size` units, the child `linear`.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, links as L};
///
/// let w = Array::from([[[1.0f32], [-1.0]], [[2.0], [3.0]]]);
/// let layer = L::Maxout::new(1, 2, 2).initial_w(w);
/// let y = layer.forward(&Variable::new(Array::from([[5.0f32], [-5.0]])));
/// assert_eq!(y.to_vec::<f32>()?, [5.0, 15.0, 5.0, -10.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct Maxout {
    linear: Linear,
    out_size: usize,
    pool_size: usize,
}

impl Maxout {
    /// A layer from `in_size` (or `None`: as the first input says) to `out_size` units, each the largest of `pool_size`.
    #[track_caller]
    pub fn new(in_size: impl Into<Option<usize>>, out_size: usize, pool_size: usize) -> Self {
        Maxout { linear: Linear::new(in_size, out_size * pool_size), out_size, pool_size }
    }

    /// The factor of the weights' variance (default 1). They start anew, here and below.
    #[track_caller]
    pub fn wscale(mut self, wscale: f64) -> Self {
        self.linear = self.linear.wscale(wscale);
        self
    }

    /// The first value of the weights: an initializer, a number, a closure, or an array of shape (`out_size`, `pool_size`, `in_size`).
    #[track_caller]
    pub fn initial_w(mut self, initializer: impl Initializer) -> Self {
        let initializer = self.pooled(initializer);
        self.linear = self.linear.initial_w(initializer);
        self
    }

    /// The first value of the biases: an initializer, a number (default 0), a closure, or an array of shape (`out_size`, `pool_size`).
    #[track_caller]
    pub fn initial_bias(mut self, initializer: impl Initializer) -> Self {
        let initializer = self.pooled(initializer);
        self.linear = self.linear.initial_bias(initializer);
        self
    }

    /// Whether to go without biases (default false).
    #[track_caller]
    pub fn nobias(mut self, nobias: bool) -> Self {
        self.linear = self.linear.nobias(nobias);
        self
    }

    /// The linear layer.
    pub fn linear(&self) -> &Linear {
        &self.linear
    }

    /// An initializer of the linear layer, of one that may know the units of a pool as an axis of their own.
    fn pooled(&self, initializer: impl Initializer) -> impl Initializer {
        let (out_size, pool_size) = (self.out_size, self.pool_size);
        move |shape: &Shape, dtype: Dtype| -> Array {
            let dtype = initializer.dtype().unwrap_or(dtype);
            let flat = initializer.generate(shape, dtype);
            if !flat.is_failed() {
                return flat;
            }
            let apart: Shape = [out_size, pool_size].into_iter().chain(shape[1..].iter().copied()).collect();
            initializer.generate(&apart, dtype).reshape(shape)
        }
    }
}

impl Forward for Maxout {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let _position = Position::enter(Location::caller());
        F::maxout(self.linear.forward(x), self.pool_size)
    }
}
