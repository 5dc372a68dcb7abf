//! [`linear_interpolate`].

use super::check_pair;
use crate::type_check::Checked;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Variable, apply};

struct LinearInterpolate;

impl Function for LinearInterpolate {
    fn name(&self) -> &'static str {
        "linear_interpolate"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_pair(["p", "x"], &inputs[..2])?;
        check_pair(["x", "y"], &inputs[1..])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let (p, x, y) = (&inputs[0], &inputs[1], &inputs[2]);
        (p * x + (1.0 - p) * y).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (p, x, y, gy) = (c.input(0), c.input(1), c.input(2), c.gy(0));
        (gy * (x - y), gy * p, gy * (1.0 - p)).into()
    }
}

/// `p * x + (1 - p) * y`, element by element.
///
/// # Errors
/// The result fails unless all three have the same shape and the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let p = Variable::new(Array::from([0.0f32, 0.25]));
/// let y = F::linear_interpolate(&p, Array::from([4.0f32, 4.0]), Array::from([8.0f32, 8.0]));
/// assert_eq!(y.to_vec::<f32>()?, [8.0, 7.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn linear_interpolate(p: impl AsVariable, x: impl AsVariable, y: impl AsVariable) -> Variable {
    apply(LinearInterpolate, [p.as_variable(), x.as_variable(), y.as_variable()]).one()
}
