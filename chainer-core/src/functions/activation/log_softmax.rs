//! [`log_softmax`].

use chainer_kernels::ArrayOps;

use super::softmax::{check_class_axis, class_axis};
use crate::functions::settings;
use crate::type_check::Checked;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

settings! {
    /// [`log_softmax`] along another axis.
    LogSoftmax() {
        /// The axis; `None` (the default) is the second one, or the only one.
        axis: into Option<isize> = None,
    }
}

impl Function for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_class_axis(self.axis, &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let x = &inputs[0];
        if x.size() == 0 {
            return x.clone().into();
        }
        let axis = class_axis(self.axis, x.ndim());
        // The largest goes first: what is left of equal huge numbers is exact.
        let shifted = x - x.max(axis, true);
        let sum = (&shifted).exp().sum(axis, true);
        (shifted - sum.log()).into()
    }
    fn retain(&self) -> Retain {
        Retain::outputs()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let axis = class_axis(self.axis, c.output_shape(0).ndim());
        let sum = c.gy(0).sum_axes(axis, true);
        (c.gy(0) - c.output(0).exp() * sum).into()
    }
}

impl LogSoftmax {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        apply(self, [x.as_variable()]).one()
    }
}

/// The logarithm of [`softmax`](super::softmax), without overflow or underflow, along the second axis ([`LogSoftmax`] takes another
/// one; of a vector it is the only one).
///
/// # Errors
/// The result fails unless x has a float dtype and the axis exists.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[0.0f32, 1000.0]]));
/// assert_eq!(F::log_softmax(&x).to_vec::<f32>()?, [-1000.0, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn log_softmax(x: impl AsVariable) -> Variable {
    LogSoftmax::new().call(x)
}
