//! [`reshape`].

use super::single_gradient;
use crate::{
    Array, AsVariable, BackwardContext, Function, Gradients, Mismatch, Outputs, Retain, Shape, Variable, apply,
};

struct Reshape {
    shape: Shape,
}

impl Function for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }
    fn type_check(&self, inputs: &[Array]) -> Result<(), Mismatch> {
        let (have, want) = (inputs[0].size(), self.shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)));
        crate::type_check::expect(
            want == Some(have),
            "prod(x.shape) == prod(shape)",
            format_args!("{:?} has {have} elements, shape = {:?}", inputs[0].shape(), self.shape),
        )
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        inputs[0].reshape(&self.shape).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        single_gradient(c).unwrap_or_else(|| c.gy(0).reshape(c.input_shape(0))).into()
    }
}

/// The same elements in row-major order under another shape. Copies only where the memory layout does not allow a view.
///
/// # Errors
/// The result fails if `shape` has another number of elements.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]));
/// let y = F::reshape(&x, [3, 2]);
/// assert_eq!(y.to_vec::<f32>()?, x.to_vec::<f32>()?);
/// assert!(F::reshape(&x, [4, 2]).check().is_err());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn reshape(x: impl AsVariable, shape: impl Into<Shape>) -> Variable {
    let (x, shape) = (x.as_variable(), shape.into());
    if x.error().is_none() && *x.shape() == shape {
        return x;
    }
    apply(Reshape { shape }, [x]).one()
}
