//! [`sum_to`].

use chainer_kernels::{ArrayOps, Axes};
use smallvec::SmallVec;

use crate::{
    Array, AsVariable, BackwardContext, Function, Gradients, Mismatch, Outputs, Retain, Shape, Variable, apply,
};

struct SumTo {
    shape: Shape,
}

impl Function for SumTo {
    fn name(&self) -> &'static str {
        "sum_to"
    }
    fn type_check(&self, inputs: &[Array]) -> Result<(), Mismatch> {
        let from = inputs[0].shape();
        crate::type_check::expect(
            from.broadcast(&self.shape).as_ref() == Some(from),
            format_args!("shape broadcasts to x.shape = {from:?}"),
            format_args!("shape = {:?}", self.shape),
        )
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let from = inputs[0].shape();
        let lead = from.ndim().saturating_sub(self.shape.ndim());
        let summed = |axis: usize| axis < lead || (self.shape[axis - lead] == 1 && from[axis] != 1);
        let axes: SmallVec<[isize; 4]> = (0..from.ndim()).filter(|&a| summed(a)).map(|a| a as isize).collect();
        (&inputs[0]).sum(Axes::These(axes), true).reshape(&self.shape).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        c.compact_grad_output(0).cloned().into()
    }
}

/// The sum over the axes along which `shape` would have to be stretched to become the variable's: the reverse of
/// [`broadcast_to`](super::broadcast_to).
///
/// # Errors
/// The result fails if `shape` does not broadcast to the variable's.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// assert_eq!(F::sum_to(&x, [1, 2]).to_vec::<f32>()?, [4.0, 6.0]);
/// assert!(F::sum_to(&x, [3]).check().is_err());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn sum_to(x: impl AsVariable, shape: impl Into<Shape>) -> Variable {
    let (x, shape) = (x.as_variable(), shape.into());
    if x.error().is_none() && *x.shape() == shape {
        return x;
    }
    apply(SumTo { shape }, [x]).one()
}
