//! [`get_item`].

use chainer_kernels::ops::{Index, IntoIndices, scatter_add};

use crate::{Array, AsVariable, BackwardContext, Dtype, Function, Gradients, Outputs, Retain, Shape, Variable, apply};

struct GetItem {
    indices: Vec<Index>,
}

impl Function for GetItem {
    fn name(&self) -> &'static str {
        "get_item"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        inputs[0].get_item(&self.indices).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (shape, dtype) = (c.input_shape(0).clone(), c.input_dtype(0));
        apply(GetItemGrad { indices: self.indices.clone(), shape, dtype }, [c.gy(0)]).one().into()
    }
}

/// Zeros, with the gradient added where the indices say.
struct GetItemGrad {
    indices: Vec<Index>,
    shape: Shape,
    dtype: Dtype,
}

impl Function for GetItemGrad {
    fn name(&self) -> &'static str {
        "get_item_grad"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        scatter_add(&Array::zeros(&self.shape, self.dtype), &self.indices, &inputs[0]).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        apply(GetItem { indices: self.indices.clone() }, [c.gy(0)]).one().into()
    }
}

/// The elements that an index expression names, by NumPy's rules: numbers, slices, new axes and `..` give a view; arrays of integers
/// or bools gather. The gradients of elements that are named several times add up.
///
/// Ranges stand for slices and `..` for a whole axis; steps, new axes and ellipses are spelled with [`Index`].
///
/// # Errors
/// The result fails if an index lies outside its axis or there are too many entries.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]));
/// assert_eq!(F::get_item(&x, (.., 1..)).to_vec::<f32>()?, [2.0, 3.0, 5.0, 6.0]);
/// let y = F::get_item(&x, (Array::from([1i32, 1]), -1));
/// assert_eq!(y.to_vec::<f32>()?, [6.0, 6.0]);
/// y.sum().backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.0, 0.0, 0.0, 0.0, 0.0, 2.0]);
/// let backwards = F::Index::Slice(None, None, Some(-1));
/// let z = F::get_item(&x, [F::Index::NewAxis, F::Index::Ellipsis, backwards]);
/// assert_eq!(z.shape(), &[1, 2, 3].into());
/// assert_eq!(z.to_vec::<f32>()?, [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]);
/// assert!(F::get_item(&x, 2).check().is_err());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn get_item(x: impl AsVariable, indices: impl IntoIndices) -> Variable {
    apply(GetItem { indices: indices.into_indices() }, [x.as_variable()]).one()
}
