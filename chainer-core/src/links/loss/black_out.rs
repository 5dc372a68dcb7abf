//! [`BlackOut`].

use std::panic::Location;
use std::sync::Arc;

use chainer_kernels::Position;

use super::words::Words;
use crate::functions::Reduction;
use crate::initializers::Initializer;
use crate::links::first_value::FirstValue;
use crate::utils::Sampler;
use crate::{Forward, Parameter, Shape, Variable, chain, functions as F};

/// The BlackOut loss ([`F::black_out`](crate::functions::black_out())) over words that occur with given frequencies, with which the
/// negative samples are drawn.
///
/// W (words, in_size) starts as normal numbers of deviation `sqrt(1 / in_size)`.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let loss = L::BlackOut::new(3, &[3, 1, 2, 4], 1);
/// let x = Variable::new(Array::zeros([2, 3], Dtype::F32));
/// let t = Variable::constant(Array::from([2i32, 0]));
/// let y = loss.forward((&x, &t));
/// assert!((y.item::<f32>()? - 2.0 * 2f32.ln()).abs() < 1e-6);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct BlackOut {
    #[chain(name = "W")]
    w: Parameter,
    in_size: usize,
    sample_size: usize,
    #[plain]
    words: Words,
    #[plain]
    sampler: Arc<dyn Sampler>,
}

impl BlackOut {
    /// The loss of inputs (N, in_size) with `sample_size` negative samples each; `counts` says how often each word occurs.
    #[track_caller]
    pub fn new(in_size: usize, counts: &[usize], sample_size: usize) -> Self {
        let words = Words { counts: counts.to_vec(), power: 1.0 };
        let w = words.parameter(&FirstValue::weight(), in_size);
        BlackOut { w, in_size, sample_size, sampler: words.sampler("BlackOut"), words }
    }

    /// Another sampler of words.
    pub fn sampler(mut self, sampler: impl Sampler + 'static) -> Self {
        self.sampler = Arc::new(sampler);
        self
    }

    /// The first value of W: an initializer, an array, a number or a closure. W starts anew.
    #[track_caller]
    pub fn initial_w(mut self, initializer: impl Initializer) -> Self {
        self.w = self.words.parameter(&FirstValue::of(initializer), self.in_size);
        self
    }

    /// The vectors of the words.
    pub fn w(&self) -> &Parameter {
        &self.w
    }

    /// The loss of x (N, in_size) and labels t (N,) with a reduction.
    #[track_caller]
    pub fn loss(&self, x: &Variable, t: &Variable, reduce: Reduction) -> Variable {
        let batch = if x.error().is_some() { 0 } else { x.len() };
        let samples = self.sampler.sample(&Shape::new(&[batch, self.sample_size]));
        F::BlackOut::new().reduce(reduce).call(x, t, &self.w, samples)
    }
}

impl Forward<(Variable, Variable)> for BlackOut {
    #[track_caller]
    fn forward(&self, (x, t): (&Variable, &Variable)) -> Variable {
        let _position = Position::enter(Location::caller());
        self.loss(x, t, Reduction::Mean)
    }
}
