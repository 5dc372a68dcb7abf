//! [`NegativeSampling`].

use std::panic::Location;
use std::sync::Arc;

use chainer_kernels::Position;

use super::words::Words;
use crate::functions::Reduction;
use crate::initializers::Initializer;
use crate::links::first_value::FirstValue;
use crate::utils::Sampler;
use crate::{Forward, Parameter, Variable, chain, functions as F};

/// The negative sampling loss ([`F::negative_sampling`](crate::functions::negative_sampling())) over words that occur with given
/// frequencies.
///
/// W (words, in_size) starts as zeros. Negative samples are drawn with the frequencies to the power 3/4.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let loss = L::NegativeSampling::new(3, &[3, 1, 2, 4], 5);
/// let x = Variable::new(Array::ones([2, 3], Dtype::F32));
/// let t = Variable::constant(Array::from([2i32, 0]));
/// let y = loss.forward((&x, &t));
/// assert!((y.item::<f32>()? - 12.0 * 2f32.ln()).abs() < 1e-5);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct NegativeSampling {
    #[chain(name = "W")]
    w: Parameter,
    in_size: usize,
    sample_size: usize,
    #[plain]
    words: Words,
    #[plain]
    sampler: Arc<dyn Sampler>,
}

const NAME: &str = "NegativeSampling";

impl NegativeSampling {
    /// The loss of inputs (N, in_size) with `sample_size` negative samples each; `counts` says how often each word occurs.
    #[track_caller]
    pub fn new(in_size: usize, counts: &[usize], sample_size: usize) -> Self {
        let words = Words { counts: counts.to_vec(), power: 0.75 };
        let w = words.parameter(&FirstValue::of(0.0), in_size);
        NegativeSampling { w, in_size, sample_size, sampler: words.sampler(NAME), words }
    }

    /// The power of the frequencies that words are drawn with (default 0.75).
    #[track_caller]
    pub fn power(mut self, power: f64) -> Self {
        self.words.power = power;
        self.sampler = self.words.sampler(NAME);
        self
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
        F::NegativeSampling::new(self.sample_size).reduce(reduce).call(x, t, &self.w, &*self.sampler)
    }
}

impl Forward<(Variable, Variable)> for NegativeSampling {
    #[track_caller]
    fn forward(&self, (x, t): (&Variable, &Variable)) -> Variable {
        let _position = Position::enter(Location::caller());
        self.loss(x, t, Reduction::Sum)
    }
}
