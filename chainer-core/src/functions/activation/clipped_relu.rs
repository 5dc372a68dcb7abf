//! [`clipped_relu`].

use chainer_kernels::ArrayOps;

use crate::functions::settings;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Error, Function, Gradients, Outputs, Retain, Variable, apply};

settings! {
    /// [`clipped_relu`] with another upper end.
    ClippedRelu() {
        /// The largest value (default 20).
        z: f64 = 20.0,
    }
}

impl Function for ClippedRelu {
    fn name(&self) -> &'static str {
        "clipped_relu"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if self.z.is_nan() || self.z <= 0.0 {
            return Error::value("clipped_relu", "z > 0", format_args!("z = {}", self.z)).into();
        }
        (&inputs[0]).maximum(0.0).minimum(self.z).into()
    }
    fn retain(&self) -> Retain {
        Retain::outputs()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let y = c.output(0);
        y.greater(0.0).logical_and(y.less(self.z)).select(c.gy(0), 0.0).into()
    }
}

impl ClippedRelu {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        apply(self, [x.as_variable()]).one()
    }
}

/// The rectified linear unit with an upper end: `min(max(0, x), z)`, with z 20 ([`ClippedRelu`] has another one). The gradient is 1
/// strictly between 0 and z, and 0 elsewhere.
///
/// # Errors
/// The result fails unless x has a float dtype and z is above 0.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([-1.0f32, 2.0, 30.0]));
/// assert_eq!(F::clipped_relu(&x).to_vec::<f32>()?, [0.0, 2.0, 20.0]);
/// assert_eq!(F::ClippedRelu::new().z(1.5).call(&x).to_vec::<f32>()?, [0.0, 1.5, 1.5]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn clipped_relu(x: impl AsVariable) -> Variable {
    ClippedRelu::new().call(x)
}
