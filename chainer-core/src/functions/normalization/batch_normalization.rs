//! [`batch_normalization`].

use std::panic::Location;

use chainer_kernels::{ArrayOps, Axes};

use super::{channel_axes, check_channels, widened};
use crate::functions::{at_least_f32, checked, refused, settings};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Error, Function, Gradients, Outputs, Result, Retain, Variable, apply};

settings! {
    /// [`batch_normalization`] with settings.
    BatchNormalization() {
        /// What is added to the variance (default 2e-5).
        eps: f64 = 2e-5,
        /// The running mean so far, of the shape of gamma; see
        /// [`call_with_running_statistics`](BatchNormalization::call_with_running_statistics).
        running_mean: into Option<Array> = None,
        /// The running variance so far. It is given where the running mean is, and only there.
        running_var: into Option<Array> = None,
        /// What remains of the running statistics (default 0.9).
        decay: f64 = 0.9,
    }
}

impl Function for BatchNormalization {
    fn name(&self) -> &'static str {
        NAME
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_channels(&inputs[0], &[("gamma", &inputs[1]), ("beta", &inputs[2])])
    }
    /// y, and mean and variance in the shape of the channels.
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(failed) = refused(self, inputs) {
            return failed;
        }
        let dtype = inputs[0].dtype();
        let [x, gamma, beta] = [0, 1, 2].map(|i| (&inputs[i]).astype(at_least_f32(dtype)));
        let (shape, axes) = channel_axes(x.shape(), gamma.ndim());
        let mean = (&x).mean(&axes, true);
        let centred = x - &mean;
        let variance = (&centred).square().mean(&axes, true);
        let scale = gamma.reshape(&shape) * ((&variance) + self.eps).rsqrt();
        let y = (centred * scale + beta.reshape(&shape)).astype(dtype);
        (y, mean.reshape(gamma.shape()), variance.reshape(gamma.shape())).into()
    }
    fn retain(&self) -> Retain {
        Retain::none().input(0).input(1).output(1).output(2)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let [x, gamma, gy] = [c.input(0), c.input(1), c.gy(0)].map(|x| widened(x.clone()));
        let (shape, axes) = channel_axes(c.input_shape(0), gamma.ndim());
        let axes = Axes::from(&axes);
        let count = (x.size() / gamma.size().max(1)) as f64;
        let centred = &x - c.output(1).reshape(&shape);
        let inverse = match x.size() {
            // The variance of no numbers is not a number, and would stay so in the zeros that are the second derivatives.
            0 => Variable::constant(Array::ones(&shape, x.dtype())),
            _ => (c.output(2).reshape(&shape) + self.eps).rsqrt(),
        };
        let normalized = &centred * &inverse;
        let gbeta = gy.sum_axes(axes.clone(), true);
        let ggamma = (&gy * &normalized).sum_axes(axes, true);
        let gx = c.wants(0).then(|| {
            let scale = gamma.reshape(&shape) * inverse;
            let mut gx = scale * (&gy - (normalized * &ggamma + &gbeta) / count);
            // Mean and variance are results too: of the running statistics nobody asks gradients, but the second derivative does.
            if let Some(gmean) = c.grad_output(1) {
                gx += gmean.reshape(&shape) / count;
            }
            if let Some(gvariance) = c.grad_output(2) {
                gx += centred * (gvariance.reshape(&shape) * (2.0 / count));
            }
            gx
        });
        let channels = c.input_shape(1);
        [gx, Some(ggamma.reshape(channels)), Some(gbeta.reshape(channels))].into()
    }
}

impl BatchNormalization {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, gamma: impl AsVariable, beta: impl AsVariable) -> Variable {
        let [y, _, _] = self.call_with_statistics(x, gamma, beta);
        y
    }

    /// Applies the function; returns the result, the mean and the (population) variance of the batch. Those of half precision are
    /// float32.
    #[track_caller]
    pub fn call_with_statistics(
        mut self,
        x: impl AsVariable,
        gamma: impl AsVariable,
        beta: impl AsVariable,
    ) -> [Variable; 3] {
        let gamma = gamma.as_variable();
        // The graph is not to keep them.
        match self.running_statistics(&gamma) {
            Ok(_) => apply(self, [x.as_variable(), gamma, beta.as_variable()]).many(),
            Err(error) => failed(error.at(Location::caller())),
        }
    }

    /// Applies the function; returns the result and the new running statistics: mean and variance,
    /// `decay * running + (1 - decay) * batch`. Of the batch's variance the unbiased estimate counts: `m / (m - 1)` times the mean of
    /// squares of its m numbers a channel.
    ///
    /// ```
    /// use chainer::{functions as F, Array, Variable};
    /// let x = Variable::new(Array::from([[1.0f32], [3.0]]));
    /// let channel = |value: f32| Array::from([value]);
    /// let function = F::BatchNormalization::new().running_mean(channel(0.0)).running_var(channel(1.0)).decay(0.5);
    /// let [y, mean, var] = function.call_with_running_statistics(&x, channel(1.0), channel(0.0));
    /// assert!((y.to_vec::<f32>()?[1] - 1.0).abs() < 1e-4);
    /// assert_eq!((mean.to_vec::<f32>()?, var.to_vec::<f32>()?), (vec![1.0], vec![1.5]));
    /// # Ok::<(), chainer::Error>(())
    /// ```
    #[track_caller]
    pub fn call_with_running_statistics(
        mut self,
        x: impl AsVariable,
        gamma: impl AsVariable,
        beta: impl AsVariable,
    ) -> [Variable; 3] {
        let (x, gamma, at) = (x.as_variable(), gamma.as_variable(), Location::caller());
        let [running_mean, running_var] = match self.running_statistics(&gamma) {
            Ok(Some(running)) => running,
            Ok(None) => {
                return failed(Error::value(NAME, "running_mean and running_var are given", "None").at(at));
            }
            Err(error) => return failed(error.at(at)),
        };
        let decay = self.decay;
        let size = if x.error().is_none() { x.size() } else { 0 };
        let unbiased = unbiased(size / gamma.size().max(1));
        let [y, mean, variance] = apply(self, [x, gamma, beta.as_variable()]).many();
        let mean = moved(running_mean, mean.data(), decay, 1.0);
        let variance = moved(running_var, variance.data(), decay, unbiased);
        [y, Variable::constant(mean), Variable::constant(variance)]
    }

    /// Takes the running statistics, if there are any.
    fn running_statistics(&mut self, gamma: &Variable) -> Result<Option<[Array; 2]>> {
        let running = match (self.running_mean.take(), self.running_var.take()) {
            (None, None) => return Ok(None),
            (Some(mean), Some(var)) => [mean, var],
            (mean, _) => {
                let (given, missing) =
                    if mean.is_some() { ("running_mean", "running_var") } else { ("running_var", "running_mean") };
                let expect = "running_mean and running_var are both given, or both None";
                return Err(Error::value(NAME, expect, format_args!("{given} without {missing}")));
            }
        };
        gamma.check()?;
        running.iter().try_for_each(Array::check)?;
        checked(NAME, || {
            for (name, array) in ["running_mean", "running_var"].into_iter().zip(&running) {
                type_check::float(name, array)?;
                type_check::same_shape(name, array, "gamma", gamma.data())?;
            }
            Ok(())
        })?;
        Ok(Some(running))
    }
}

const NAME: &str = "batch_normalization";

/// What a population variance of `count` numbers is multiplied by to be unbiased.
pub(crate) fn unbiased(count: usize) -> f64 {
    count as f64 / count.saturating_sub(1).max(1) as f64
}

/// A running statistic moved towards that of a batch, which is multiplied by `factor`.
pub(crate) fn moved(running: Array, batch: &Array, decay: f64, factor: f64) -> Array {
    let batch = batch.astype(running.dtype());
    running * decay + batch * ((1.0 - decay) * factor)
}

fn failed(error: Error) -> [Variable; 3] {
    let failed = Variable::failed(error);
    [failed.clone(), failed.clone(), failed]
}

/// Normalizes x to mean 0 and variance 1 over the batch, then scales by gamma and shifts by beta (Ioffe and Szegedy, arXiv:1502.03167).
///
/// gamma and beta have the shape of the channels, which are the axes of x from the second on; mean and variance are over all other axes.
/// So x (N, C, height, width) with gamma (C,) is averaged over N, height and width. `y = gamma * (x - mean) / sqrt(variance + eps) +
/// beta`, with eps 2e-5 ([`BatchNormalization`] has another one, and gives mean and variance, also running ones). Half precision is
/// computed in float32.
///
/// # Errors
/// The result fails if shapes or dtypes do not fit; all have the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 10.0], [3.0, 30.0]]));
/// let (gamma, beta) = (Array::from([1.0f32, 1.0]), Array::from([0.0f32, 5.0]));
/// let y = F::batch_normalization(&x, &gamma, &beta).to_vec::<f32>()?;
/// assert!(y.iter().zip([-1.0, 4.0, 1.0, 6.0]).all(|(y, want)| (y - want).abs() < 1e-4));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn batch_normalization(x: impl AsVariable, gamma: impl AsVariable, beta: impl AsVariable) -> Variable {
    BatchNormalization::new().call(x, gamma, beta)
}
