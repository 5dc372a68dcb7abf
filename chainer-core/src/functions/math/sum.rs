//! [`sum`].

use chainer_kernels::{ArrayOps, Axes};
use smallvec::SmallVec;

use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

struct Sum {
    axes: Axes,
    keepdims: bool,
}

impl Function for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        (&inputs[0]).sum(self.axes.clone(), self.keepdims).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let Some(gy) = c.compact_grad_output(0) else { return Gradients::none() };
        // The gradient is not stretched here: it stays small as long as it broadcasts to the input.
        if self.keepdims || gy.ndim() == 0 {
            return gy.clone().into();
        }
        let axes = match self.axes.resolve(c.input_shape(0), "sum") {
            Ok(axes) => axes,
            Err(error) => return Variable::failed(error).into(),
        };
        let mut sizes: SmallVec<[usize; 4]> = SmallVec::from_elem(1, c.output_shape(0).ndim() - gy.ndim());
        sizes.extend_from_slice(gy.shape());
        for axis in axes {
            sizes.insert(axis, 1);
        }
        gy.reshape(&sizes[..]).into()
    }
}

/// The sum over `axes`: one (`0`, `-1`), several (`[0, 2]`) or all (`None`). With `keepdims` they stay with size 1.
///
/// # Errors
/// The result fails if an axis does not exist or is named twice.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// assert_eq!(F::sum(&x, 0, false).to_vec::<f32>()?, [4.0, 6.0]);
/// let y = F::sum(&x, None, false);
/// y.backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [1.0; 4]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn sum(x: impl AsVariable, axes: impl Into<Axes>, keepdims: bool) -> Variable {
    apply(Sum { axes: axes.into(), keepdims }, [x.as_variable()]).one()
}
