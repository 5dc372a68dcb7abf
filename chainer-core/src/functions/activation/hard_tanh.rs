//! [`hard_tanh`].

use chainer_kernels::ArrayOps;

use crate::functions::settings;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Error, Function, Gradients, Outputs, Retain, Variable, apply};

settings! {
    /// [`hard_tanh`] with other limits.
    HardTanh() {
        /// The smallest value (default -1).
        low: f64 = -1.0,
        /// The largest value (default 1).
        high: f64 = 1.0,
    }
}

impl Function for HardTanh {
    fn name(&self) -> &'static str {
        "hard_tanh"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if self.low.is_nan() || self.high.is_nan() || self.low >= self.high {
            return Error::value("hard_tanh", "low < high", format_args!("low = {}, high = {}", self.low, self.high))
                .into();
        }
        (&inputs[0]).maximum(self.low).minimum(self.high).into()
    }
    fn retain(&self) -> Retain {
        Retain::outputs()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let y = c.output(0);
        y.greater(self.low).logical_and(y.less(self.high)).select(c.gy(0), 0.0).into()
    }
}

impl HardTanh {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        apply(self, [x.as_variable()]).one()
    }
}

/// [`tanh`](super::tanh) out of three straight lines: `min(max(-1, x), 1)`. [`HardTanh`] has other limits. The gradient is 1 strictly
/// between the limits, and 0 elsewhere (Collobert, *Large scale machine learning*, 2004).
///
/// # Errors
/// The result fails unless x has a float dtype and the lower limit lies below the upper one.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([-3.0f32, 0.5, 3.0]));
/// assert_eq!(F::hard_tanh(&x).to_vec::<f32>()?, [-1.0, 0.5, 1.0]);
/// assert_eq!(F::HardTanh::new().low(0.0).high(2.0).call(&x).to_vec::<f32>()?, [0.0, 0.5, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn hard_tanh(x: impl AsVariable) -> Variable {
    HardTanh::new().call(x)
}
