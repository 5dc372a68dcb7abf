//! [`broadcast_to`].

use crate::gradient_shape::sum_broadcast;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Shape, Variable, apply};

struct BroadcastTo {
    shape: Shape,
}

impl Function for BroadcastTo {
    fn name(&self) -> &'static str {
        "broadcast_to"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        inputs[0].broadcast_to(&self.shape).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        c.compact_grad_output(0).map(|gy| sum_broadcast(gy.clone(), &self.shape, c.input_shape(0))).into()
    }
}

/// A variable stretched to `shape` by NumPy's broadcasting rule. Nothing is copied.
///
/// # Errors
/// The result fails if the shape does not broadcast to `shape`.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, 2.0]));
/// let y = F::broadcast_to(&x, [3, 2]);
/// y.sum().backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [3.0, 3.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn broadcast_to(x: impl AsVariable, shape: impl Into<Shape>) -> Variable {
    let (x, shape) = (x.as_variable(), shape.into());
    if x.error().is_none() && *x.shape() == shape {
        return x;
    }
    apply(BroadcastTo { shape }, [x]).one()
}
