//! [`scatter_add`].

use chainer_kernels::ops::{self, Index, IntoIndices};

use super::get_item;
use crate::functions::{named, sum_to};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

/// x, updates → x with the updates added.
struct ScatterAdd {
    indices: Vec<Index>,
}

impl Function for ScatterAdd {
    fn name(&self) -> &'static str {
        "scatter_add"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::same_dtype("x", &inputs[0], "updates", &inputs[1])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        named("scatter_add", ops::scatter_add(&inputs[0], &self.indices, &inputs[1])).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let updates = c.wants(1).then(|| {
            let taken = get_item(c.gy(0), &self.indices);
            // The updates may have had leading axes of size 1 beyond those of what they were added to.
            let shape = c.input_shape(1);
            let extra = shape.ndim().saturating_sub(taken.ndim());
            sum_to(taken, &shape[extra..]).reshape(shape)
        });
        (c.gy(0).clone(), updates).into()
    }
}

/// x with `updates` added to the elements that an index expression names (see [`get_item`]), each as often as it is named. `updates`
/// broadcasts to them. The gradient of [`get_item`], as a function.
///
/// # Errors
/// The result fails if the dtypes differ, an index lies outside its axis, or `updates` does not broadcast to what is named.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, 2.0, 3.0]));
/// let updates = Variable::new(Array::from([10.0f32, 20.0, 30.0]));
/// let y = F::scatter_add(&x, Array::from([2i32, 0, 2]), &updates);
/// assert_eq!(y.to_vec::<f32>()?, [21.0, 2.0, 43.0]);
/// y.sum().backward()?;
/// assert_eq!(updates.grad().unwrap().to_vec::<f32>()?, [1.0; 3]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn scatter_add(x: impl AsVariable, indices: impl IntoIndices, updates: impl AsVariable) -> Variable {
    apply(ScatterAdd { indices: indices.into_indices() }, [x.as_variable(), updates.as_variable()]).one()
}
