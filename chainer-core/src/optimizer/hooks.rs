//! What an optimizer can do to the gradients before it uses them.

use chainer_kernels::ArrayOps;
use chainer_kernels::random::default_generator;

use crate::{Array, Dtype, Parameter, Result, Shape};

/// What a hook sees: the parameters that are about to be updated, all of which have a value and a gradient.
pub struct HookTarget<'a> {
    pub(super) t: usize,
    pub(super) params: &'a [(&'a str, &'a Parameter)],
}

impl<'a> HookTarget<'a> {
    /// How many updates are complete.
    pub fn t(&self) -> usize {
        self.t
    }

    /// The parameters with their names.
    pub fn params(&self) -> impl Iterator<Item = (&'a str, &'a Parameter)> + '_ {
        self.params.iter().copied()
    }

    /// Replaces each gradient by what `change` makes of the parameter's value and gradient.
    ///
    /// # Errors
    /// A value or gradient has failed, or the new gradient has another shape or dtype.
    pub fn map_grads(&self, mut change: impl FnMut(&Array, Array) -> Array) -> Result<()> {
        for (_, param) in self.params {
            let value = param.array()?;
            if let Some(grad) = param.grad() {
                param.set_grad(change(&value, grad))?;
            }
        }
        Ok(())
    }
}

/// Changes the gradients before each update.
///
/// Closures are hooks too:
///
/// ```
/// use chainer::optimizer::HookTarget;
/// use chainer::{Array, ArrayOps, Parameter, UpdateRule, optimizers::SGD};
///
/// let w = Parameter::new(Array::from([1.0f32]));
/// let mut optimizer = SGD::new(1.0).setup_params([("w", w.clone())]);
/// optimizer.add_hook_as("halve", |target: &HookTarget<'_>| target.map_grads(|_, grad| grad * 0.5));
/// w.set_grad(Array::from([1.0f32]))?;
/// optimizer.update()?;
/// assert_eq!(w.array()?.to_vec::<f32>()?, [0.5]);
/// # Ok::<(), chainer::Error>(())
/// ```
pub trait OptimizerHook: Send + 'static {
    /// The name under which it is added if none is given.
    fn name(&self) -> &'static str {
        "hook"
    }

    /// Changes the gradients.
    ///
    /// # Errors
    /// The update fails with it, and nothing is updated.
    fn call(&mut self, target: &HookTarget<'_>) -> Result<()>;
}

impl<F: FnMut(&HookTarget<'_>) -> Result<()> + Send + 'static> OptimizerHook for F {
    fn call(&mut self, target: &HookTarget<'_>) -> Result<()> {
        self(target)
    }
}

/// Adds `rate` times the parameter to its gradient.
///
/// ```
/// use chainer::optimizer::WeightDecay;
/// use chainer::{Array, Parameter, UpdateRule, optimizers::SGD};
/// let w = Parameter::new(Array::from([2.0f32]));
/// let mut optimizer = SGD::new(1.0).setup_params([("w", w.clone())]);
/// optimizer.add_hook(WeightDecay::new(0.25));
/// w.set_grad(Array::from([1.0f32]))?;
/// optimizer.update()?;
/// assert_eq!(w.array()?.to_vec::<f32>()?, [2.0 - (1.0 + 0.25 * 2.0)]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct WeightDecay {
    /// The factor.
    pub rate: f64,
}

impl WeightDecay {
    /// Weight decay with this factor.
    pub fn new(rate: f64) -> Self {
        WeightDecay { rate }
    }
}

impl OptimizerHook for WeightDecay {
    fn name(&self) -> &'static str {
        "WeightDecay"
    }
    fn call(&mut self, target: &HookTarget<'_>) -> Result<()> {
        target.map_grads(|param, grad| grad + param * self.rate)
    }
}

/// Adds `rate` times the sign of the parameter to its gradient.
#[derive(Clone, Debug)]
pub struct Lasso {
    /// The factor.
    pub rate: f64,
}

impl Lasso {
    /// L1 regularization with this factor.
    pub fn new(rate: f64) -> Self {
        Lasso { rate }
    }
}

impl OptimizerHook for Lasso {
    fn name(&self) -> &'static str {
        "Lasso"
    }
    fn call(&mut self, target: &HookTarget<'_>) -> Result<()> {
        target.map_grads(|param, grad| grad + param.sign() * self.rate)
    }
}

/// Scales all gradients by the same factor so that their common L2 norm is `threshold` at most.
///
/// ```
/// use chainer::optimizer::GradientClipping;
/// use chainer::{Array, Parameter, UpdateRule, optimizers::SGD};
/// let w = Parameter::new(Array::from([0.0f32, 0.0]));
/// let mut optimizer = SGD::new(1.0).setup_params([("w", w.clone())]);
/// optimizer.add_hook(GradientClipping::new(1.0));
/// w.set_grad(Array::from([3.0f32, 4.0]))?; // norm 5
/// optimizer.update()?;
/// let w = w.array()?.to_vec::<f32>()?;
/// assert!((w[0] + 0.6).abs() < 1e-6 && (w[1] + 0.8).abs() < 1e-6);
/// # Ok::<(), chainer::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GradientClipping {
    /// The largest norm.
    pub threshold: f64,
}

impl GradientClipping {
    /// Clipping at this norm.
    pub fn new(threshold: f64) -> Self {
        GradientClipping { threshold }
    }
}

impl OptimizerHook for GradientClipping {
    fn name(&self) -> &'static str {
        "GradientClipping"
    }
    fn call(&mut self, target: &HookTarget<'_>) -> Result<()> {
        let grads = target.params().filter_map(|(_, param)| param.grad());
        let Some(squares) = grads.map(squared_norm).reduce(|a, b| a + b) else { return Ok(()) };
        // The factor stays a pending number: nothing is read by the host. A norm of 0 gives infinity, and so 1.
        let factor = squares.sqrt().reciprocal().mul(self.threshold).minimum(1.0);
        target.map_grads(|_, grad| {
            let factor = (&factor).astype(grad.dtype());
            grad * factor
        })
    }
}

/// Half-precision squares would overflow above 255.
fn squared_norm(grad: Array) -> Array {
    let wide = if grad.dtype().size() < 4 { Dtype::F32 } else { grad.dtype() };
    grad.astype(wide).square().sum(None, false)
}

/// What [`GradientNoise`] draws: from the shape and dtype of a gradient, `eta` and the number of complete updates.
type NoiseFunction = dyn Fn(&Shape, Dtype, f64, usize) -> Array + Send;

/// Adds noise to the gradients: normal numbers of variance `eta / (1 + t)^0.55`, where `t` counts the complete updates (Neelakantan et
/// al., *Adding gradient noise improves learning for very deep networks*, arXiv:1511.06807, who take 0.01, 0.3 or 1 for `eta`).
pub struct GradientNoise {
    /// The scale of the noise.
    pub eta: f64,
    noise: Box<NoiseFunction>,
}

impl GradientNoise {
    /// The noise of the paper.
    pub fn new(eta: f64) -> Self {
        GradientNoise { eta, noise: Box::new(exponential_decay_noise) }
    }

    /// Noise of one's own, from the shape and dtype of a gradient, `eta` and the number of complete updates.
    pub fn with_noise(eta: f64, noise: impl Fn(&Shape, Dtype, f64, usize) -> Array + Send + 'static) -> Self {
        GradientNoise { eta, noise: Box::new(noise) }
    }
}

/// Normal numbers of variance `eta / (1 + t)^0.55`, from the process's generator.
pub fn exponential_decay_noise(shape: &Shape, dtype: Dtype, eta: f64, t: usize) -> Array {
    let deviation = (eta / (1.0 + t as f64).powf(0.55)).sqrt();
    default_generator().normal(shape, 0.0, deviation, dtype)
}

impl OptimizerHook for GradientNoise {
    fn name(&self) -> &'static str {
        "GradientNoise"
    }
    fn call(&mut self, target: &HookTarget<'_>) -> Result<()> {
        chainer_kernels::graph::refuse("GradientNoise depends on the number of the update", None);
        target.map_grads(|_, grad| {
            let noise = (self.noise)(grad.shape(), grad.dtype(), self.eta, target.t);
            grad + noise
        })
    }
}
