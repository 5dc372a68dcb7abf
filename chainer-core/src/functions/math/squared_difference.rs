//! [`squared_difference`] and [`squared_error`].

use super::check_pair;
use crate::type_check::Checked;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Variable, apply};

/// `(a - b)^2`. The two functions differ in what they call their arguments.
struct SquaredDifference {
    name: &'static str,
    arguments: [&'static str; 2],
}

impl Function for SquaredDifference {
    fn name(&self) -> &'static str {
        self.name
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_pair(self.arguments, inputs)
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let difference = &inputs[0] - &inputs[1];
        (&difference * &difference).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let gx = c.gy(0) * (c.input(0) - c.input(1)) * 2.0;
        let opposite = c.wants(1).then(|| -&gx);
        (gx, opposite).into()
    }
}

/// `(x1 - x2)^2`, element by element.
///
/// # Errors
/// The result fails unless both have the same shape and the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, 5.0]));
/// let y = F::squared_difference(&x, Array::from([3.0f32, 4.0]));
/// assert_eq!(y.to_vec::<f32>()?, [4.0, 1.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn squared_difference(x1: impl AsVariable, x2: impl AsVariable) -> Variable {
    let function = SquaredDifference { name: "squared_difference", arguments: ["x1", "x2"] };
    apply(function, [x1.as_variable(), x2.as_variable()]).one()
}

/// `(x0 - x1)^2`, element by element: [`squared_difference`] under the name that goes with [`absolute_error`](super::absolute_error).
/// Its mean is [`mean_squared_error`](crate::functions::mean_squared_error).
///
/// # Errors
/// The result fails unless both have the same shape and the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, 5.0]));
/// let y = F::squared_error(&x, Array::from([3.0f32, 4.0]));
/// assert_eq!(y.to_vec::<f32>()?, [4.0, 1.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn squared_error(x0: impl AsVariable, x1: impl AsVariable) -> Variable {
    let function = SquaredDifference { name: "squared_error", arguments: ["x0", "x1"] };
    apply(function, [x0.as_variable(), x1.as_variable()]).one()
}
