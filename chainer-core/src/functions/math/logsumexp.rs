//! [`logsumexp`].

use chainer_kernels::{ArrayOps, Axes};

use crate::functions::{keep_axes, named};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

struct LogSumExp {
    axes: Axes,
}

impl Function for LogSumExp {
    fn name(&self) -> &'static str {
        "logsumexp"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        named(self.name(), (&inputs[0]).logsumexp(self.axes.clone(), false)).into()
    }
    fn retain(&self) -> Retain {
        Retain::none().input(0).output(0)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let y = keep_axes(c.output(0), c.input_shape(0), &self.axes, false);
        let gy = keep_axes(c.gy(0), c.input_shape(0), &self.axes, false);
        (gy * (c.input(0) - y).exp()).into()
    }
}

/// `log(sum(exp(x)))` over `axes` (one, several, or `None` for all), without overflow.
///
/// # Errors
/// The result fails if x is not of a float dtype, an axis does not exist, or there are no elements.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1000.0f32, 1000.0], [0.0, 0.0]]));
/// let y = F::logsumexp(&x, 1).to_vec::<f32>()?;
/// assert!((y[0] - 1000.6931).abs() < 1e-3 && (y[1] - 0.6931).abs() < 1e-4);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn logsumexp(x: impl AsVariable, axes: impl Into<Axes>) -> Variable {
    apply(LogSumExp { axes: axes.into() }, [x.as_variable()]).one()
}
