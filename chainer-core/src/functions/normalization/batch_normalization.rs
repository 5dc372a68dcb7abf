//! [`batch_normalization`].

use chainer_kernels::{ArrayOps, Axes};

use super::{channel_axes, check_channels};
use crate::functions::{refused, settings};
use crate::type_check::Checked;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

settings! {
    /// [`batch_normalization`] with settings.
    BatchNormalization() {
        /// What is added to the variance (default 2e-5).
        eps: f64 = 2e-5,
    }
}

impl Function for BatchNormalization {
    fn name(&self) -> &'static str {
        "batch_normalization"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_channels(&inputs[0], &[("gamma", &inputs[1]), ("beta", &inputs[2])])
    }
    /// y, and mean and variance in the shape of the channels.
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(failed) = refused(self, inputs) {
            return failed;
        }
        let (x, gamma, beta) = (&inputs[0], &inputs[1], &inputs[2]);
        let (shape, axes) = channel_axes(x.shape(), gamma.ndim());
        let mean = x.mean(&axes, true);
        let variance = (x - &mean).square().mean(&axes, true);
        let scale = gamma.reshape(&shape) * ((&variance) + self.eps).rsqrt();
        let y = (x - &mean) * scale + beta.reshape(&shape);
        (y, mean.reshape(gamma.shape()), variance.reshape(gamma.shape())).into()
    }
    fn retain(&self) -> Retain {
        Retain::none().input(0).input(1).output(1).output(2)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (x, gamma, gy) = (c.input(0), c.input(1), c.gy(0));
        let (shape, axes) = channel_axes(c.input_shape(0), gamma.ndim());
        let axes = Axes::from(&axes);
        let count = (x.size() / gamma.size().max(1)) as f64;
        let centred = x - c.output(1).reshape(&shape);
        let inverse = (c.output(2).reshape(&shape) + self.eps).rsqrt();
        let normalized = &centred * &inverse;
        let gbeta = gy.sum_axes(axes.clone(), true);
        let ggamma = (gy * &normalized).sum_axes(axes, true);
        let gx = c.wants(0).then(|| {
            let scale = gamma.reshape(&shape) * inverse;
            let mut gx = scale * (gy - (normalized * &ggamma + &gbeta) / count);
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
        self.call_with_statistics(x, gamma, beta)[0].clone()
    }

    /// Applies the function; returns the result, the mean and the (population) variance of the batch, from which running statistics
    /// can be made.
    #[track_caller]
    pub fn call_with_statistics(
        self,
        x: impl AsVariable,
        gamma: impl AsVariable,
        beta: impl AsVariable,
    ) -> [Variable; 3] {
        apply(self, [x.as_variable(), gamma.as_variable(), beta.as_variable()]).many()
    }
}

/// Normalizes x to mean 0 and variance 1 over the batch, then scales by gamma and shifts by beta (Ioffe and Szegedy, arXiv:1502.03167).
///
/// gamma and beta have the shape of the channels, which are the axes of x from the second on; mean and variance are over all other axes.
/// So x (N, C, height, width) with gamma (C,) is averaged over N, height and width. `y = gamma * (x - mean) / sqrt(variance + eps) +
/// beta`, with eps 2e-5 ([`BatchNormalization`] has another one, and gives mean and variance).
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
