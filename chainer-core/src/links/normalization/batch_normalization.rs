//! [`BatchNormalization`].

use std::panic::Location;

use chainer_kernels::{Position, flush_all};

use crate::functions::normalization::{moved, unbiased};
use crate::initializers::Initializer;
use crate::links::first_value::FirstValue;
use crate::{Array, Dtype, Forward, Parameter, Result, Shape, State, Variable, attempt, chain, config, functions as F};

/// What [`BatchNormalization`] normalizes by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchNormalizationMode {
    /// By the batch; running statistics follow it.
    Train,
    /// By the batch; the running statistics become the means over all batches since
    /// [`start_finetuning`](BatchNormalization::start_finetuning).
    FineTune,
    /// By the running statistics.
    Test,
}

/// Batch normalization with running statistics ([`F::batch_normalization`](crate::functions::batch_normalization),
/// [`F::fixed_batch_normalization`](crate::functions::fixed_batch_normalization)).
///
/// While training ([`Config::train`](crate::Config)) it normalizes by the batch and lets running means of mean and (unbiased) variance
/// follow: `avg = decay * avg + (1 - decay) * batch`. Otherwise it normalizes by these. gamma starts at 1, beta at 0, the running mean at
/// 0 and the running variance at 1.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, links as L, using_config};
///
/// let layer = L::BatchNormalization::new(1).decay(0.5);
/// let x = Variable::new(Array::from([[1.0f32], [3.0]]));
/// assert!((layer.forward(&x).to_vec::<f32>()?[1] - 1.0).abs() < 1e-4);
/// assert_eq!(layer.avg_mean().to_vec::<f32>()?, [1.0]);
/// let _test = using_config(|c| c.train = false);
/// let y = layer.forward(&x).to_vec::<f32>()?;
/// assert!((y[0] - 0.0).abs() < 1e-4);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct BatchNormalization {
    gamma: Option<Parameter>,
    beta: Option<Parameter>,
    #[persistent]
    avg_mean: State<Array>,
    #[persistent]
    avg_var: State<Array>,
    #[persistent]
    #[chain(name = "N")]
    n: State<usize>,
    size: Shape,
    decay: f64,
    eps: f64,
    dtype: Dtype,
    #[plain]
    first_gamma: FirstValue,
    #[plain]
    first_beta: FirstValue,
}

impl BatchNormalization {
    /// A layer for channels of this size (or shape).
    #[track_caller]
    pub fn new(size: impl Into<Shape>) -> Self {
        let (size, dtype) = (size.into(), config().dtype);
        let (first_gamma, first_beta) = (FirstValue::of(1.0), FirstValue::of(0.0));
        BatchNormalization {
            gamma: Some(first_gamma.parameter("gamma", Some(size.clone()))),
            beta: Some(first_beta.parameter("beta", Some(size.clone()))),
            avg_mean: State::new(Array::zeros(&size, dtype)),
            avg_var: State::new(Array::ones(&size, dtype)),
            n: State::new(0),
            size,
            decay: 0.9,
            eps: 2e-5,
            dtype,
            first_gamma,
            first_beta,
        }
    }

    /// What remains of the running statistics at each step (default 0.9).
    pub fn decay(mut self, decay: f64) -> Self {
        self.decay = decay;
        self
    }

    /// What is added to variances (default 2e-5).
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// The dtype of parameters and running statistics (default: the configured one). They start anew.
    #[track_caller]
    pub fn dtype(mut self, dtype: Dtype) -> Self {
        self.dtype = dtype;
        self.first_gamma.set_dtype(dtype);
        self.first_beta.set_dtype(dtype);
        self.avg_mean = State::new(Array::zeros(&self.size, dtype));
        self.avg_var = State::new(Array::ones(&self.size, dtype));
        let (gamma, beta) = (self.gamma.is_some(), self.beta.is_some());
        self.use_gamma(gamma).use_beta(beta)
    }

    /// Whether the result is scaled by gamma (default true).
    #[track_caller]
    pub fn use_gamma(mut self, use_gamma: bool) -> Self {
        self.gamma = use_gamma.then(|| self.first_gamma.parameter("gamma", Some(self.size.clone())));
        self
    }

    /// Whether the result is shifted by beta (default true).
    #[track_caller]
    pub fn use_beta(mut self, use_beta: bool) -> Self {
        self.beta = use_beta.then(|| self.first_beta.parameter("beta", Some(self.size.clone())));
        self
    }

    /// The first value of gamma (default 1). gamma starts anew.
    #[track_caller]
    pub fn initial_gamma(mut self, initializer: impl Initializer) -> Self {
        self.first_gamma.set(initializer);
        let used = self.gamma.is_some();
        self.use_gamma(used)
    }

    /// The first value of beta (default 0). beta starts anew.
    #[track_caller]
    pub fn initial_beta(mut self, initializer: impl Initializer) -> Self {
        self.first_beta.set(initializer);
        let used = self.beta.is_some();
        self.use_beta(used)
    }

    /// The running mean.
    pub fn avg_mean(&self) -> Array {
        self.avg_mean.get()
    }

    /// The running variance.
    pub fn avg_var(&self) -> Array {
        self.avg_var.get()
    }

    /// How many batches fine-tuning has seen.
    pub fn n(&self) -> usize {
        self.n.get()
    }

    /// Lets fine-tuning start with the next batch.
    pub fn start_finetuning(&self) {
        self.n.set(0);
    }

    /// [`forward`](Forward::forward) in a mode that does not depend on the configuration.
    #[track_caller]
    pub fn forward_in(&self, x: &Variable, mode: BatchNormalizationMode) -> Variable {
        let _position = Position::enter(Location::caller());
        attempt(|| {
            x.check()?;
            let gamma = self.gamma.as_ref().map_or_else(|| self.constant(x, Array::ones), Parameter::var);
            let beta = self.beta.as_ref().map_or_else(|| self.constant(x, Array::zeros), Parameter::var);
            if mode == BatchNormalizationMode::Test {
                let function = F::FixedBatchNormalization::new().eps(self.eps);
                return Ok(function.call(x, gamma, beta, self.avg_mean(), self.avg_var()));
            }
            let size = gamma.size();
            let function = F::BatchNormalization::new().eps(self.eps);
            let [y, mean, variance] = function.call_with_statistics(x, gamma, beta);
            y.check()?;
            self.follow(mean.data(), variance.data(), x.size() / size.max(1), mode)?;
            Ok(y)
        })
    }

    fn constant(&self, x: &Variable, make: fn(Shape, Dtype) -> Array) -> Variable {
        Variable::constant(make(self.size.clone(), x.dtype()))
    }

    /// Moves the running statistics towards those of a batch of `count` numbers a channel.
    fn follow(&self, mean: &Array, variance: &Array, count: usize, mode: BatchNormalizationMode) -> Result<()> {
        let decay = match mode {
            BatchNormalizationMode::FineTune => self.n.update(|n| {
                *n += 1;
                1.0 - 1.0 / *n as f64
            }),
            _ => self.decay,
        };
        let follow = |average: &State<Array>, batch: &Array, factor: f64| {
            average.update(|average| {
                let old = std::mem::replace(average, Array::scalar(0f32));
                *average = moved(old, batch, decay, factor);
                average.clone()
            })
        };
        let averages = [follow(&self.avg_mean, mean, 1.0), follow(&self.avg_var, variance, unbiased(count))];
        // Otherwise each step's batch would stay alive until somebody reads the averages.
        flush_all(&averages);
        averages.iter().try_for_each(Array::check)
    }
}

impl Forward for BatchNormalization {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let mode = if config().train { BatchNormalizationMode::Train } else { BatchNormalizationMode::Test };
        self.forward_in(x, mode)
    }
}
