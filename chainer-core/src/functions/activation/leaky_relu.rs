//! [`leaky_relu`].

use chainer_kernels::ArrayOps;

use crate::functions::settings;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

settings! {
    /// [`leaky_relu`] with another slope.
    LeakyRelu() {
        /// The slope below 0 (default 0.2).
        slope: f64 = 0.2,
    }
}

impl Function for LeakyRelu {
    fn name(&self) -> &'static str {
        "leaky_relu"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let x = &inputs[0];
        x.greater(0.0).select(x, x * self.slope).into()
    }
    fn retain(&self) -> Retain {
        // The result has the sign of x, and is in memory anyway where a product follows.
        if self.slope >= 0.0 { Retain::outputs() } else { Retain::inputs() }
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let signed = if self.slope >= 0.0 { c.output(0) } else { c.input(0) };
        signed.greater(0.0).select(c.gy(0), c.gy(0) * self.slope).into()
    }
}

impl LeakyRelu {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        apply(self, [x.as_variable()]).one()
    }
}

/// The leaky rectified linear unit: x above 0, `slope * x` elsewhere, with slope 0.2 ([`LeakyRelu`] has another one). The gradient at 0
/// is the slope.
///
/// # Errors
/// The result fails unless x has a float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([-1.0f32, 2.0]));
/// assert_eq!(F::leaky_relu(&x).to_vec::<f32>()?, [-0.2, 2.0]);
/// assert_eq!(F::LeakyRelu::new().slope(0.5).call(&x).to_vec::<f32>()?, [-0.5, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn leaky_relu(x: impl AsVariable) -> Variable {
    LeakyRelu::new().call(x)
}
