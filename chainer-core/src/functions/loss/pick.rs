//! [`pick`]: of each sample what belongs to its class.

use chainer_kernels::ops;

use crate::{Array, BackwardContext, Function, Gradients, Outputs, Retain, Shape, Variable, apply};

/// The elements of x (N, C, …) at the classes t (N, …), all of which exist: (N, …).
#[track_caller]
pub(super) fn pick(x: Variable, t: &Array) -> Variable {
    apply(Pick { classes: t.expand_dims(1) }, [x]).one()
}

struct Pick {
    /// (N, 1, …)
    classes: Array,
}

impl Function for Pick {
    fn name(&self) -> &'static str {
        "pick"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        ops::take_along_axis(&inputs[0], &self.classes, 1).squeeze(Some(&[1])).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let grad = PickGrad { classes: self.classes.clone(), shape: c.input_shape(0).clone() };
        apply(grad, [c.gy(0)]).one().into()
    }
}

/// Zeros, with the gradient at the classes.
struct PickGrad {
    classes: Array,
    shape: Shape,
}

impl Function for PickGrad {
    fn name(&self) -> &'static str {
        "pick_grad"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let gy = &inputs[0];
        let zeros = Array::zeros(&self.shape, gy.dtype());
        ops::put_along_axis(&zeros, &self.classes, &gy.expand_dims(1), 1).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        apply(Pick { classes: self.classes.clone() }, [c.gy(0)]).one().into()
    }
}
