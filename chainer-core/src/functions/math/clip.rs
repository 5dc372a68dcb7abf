//! [`clip`].

use chainer_kernels::ArrayOps;

use crate::functions::refused;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

struct Clip {
    low: Option<f64>,
    high: Option<f64>,
}

impl Function for Clip {
    fn name(&self) -> &'static str {
        "clip"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])?;
        type_check::expect(self.low.is_some() || self.high.is_some(), "x_min or x_max", "neither")?;
        let (low, high) = (self.low.unwrap_or(f64::NEG_INFINITY), self.high.unwrap_or(f64::INFINITY));
        type_check::expect(low <= high, "x_min <= x_max", format_args!("x_min = {low}, x_max = {high}"))
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(refused) = refused(self, inputs) {
            return refused;
        }
        let raised = self.low.map_or_else(|| inputs[0].clone(), |low| (&inputs[0]).maximum(low));
        self.high.map_or_else(|| raised.clone(), |high| (&raised).minimum(high)).into()
    }
    fn retain(&self) -> Retain {
        Retain::none().input(0)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (x, gy) = (c.input(0), c.gy(0));
        let inside = match (self.low, self.high) {
            (Some(low), Some(high)) => x.greater_equal(low).logical_and(x.less_equal(high)),
            (Some(low), None) => x.greater_equal(low),
            (None, Some(high)) => x.less_equal(high),
            (None, None) => return gy.clone().into(),
        };
        inside.select(gy, 0.0).into()
    }
}

/// The elements limited to the interval from `x_min` to `x_max`; `None` stands for a side without a limit. The gradient passes inside
/// the interval, its ends included.
///
/// # Errors
/// The result fails unless x has a float dtype and `x_min <= x_max`, and if neither is given.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([-3.0f32, 0.5, 1.0, 7.0]));
/// let y = F::clip(&x, 0.0, 1.0);
/// assert_eq!(y.to_vec::<f32>()?, [0.0, 0.5, 1.0, 1.0]);
/// y.sum().backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.0, 1.0, 1.0, 0.0]);
/// assert_eq!(F::clip(&x, None, 1.0).to_vec::<f32>()?, [-3.0, 0.5, 1.0, 1.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn clip(x: impl AsVariable, x_min: impl Into<Option<f64>>, x_max: impl Into<Option<f64>>) -> Variable {
    apply(Clip { low: x_min.into(), high: x_max.into() }, [x.as_variable()]).one()
}
