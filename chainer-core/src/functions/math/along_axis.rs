//! What functions along one axis share: the axis itself, and elements picked by their places on it.

use chainer_kernels::ops::{scatter_add_along_axis, take_along_axis};

use crate::functions::reshape;
use crate::type_check::{self, Checked};
use crate::{Array, BackwardContext, Dtype, Function, Gradients, Outputs, Retain, Shape, Variable, apply};

/// The variable and an axis; for `None` the flattened variable and its only axis.
#[track_caller]
pub(super) fn flat_or(x: Variable, axis: Option<isize>) -> (Variable, isize) {
    match axis {
        Some(axis) => (x, axis),
        None if x.error().is_some() => (x, 0),
        None => {
            let size = x.size();
            (reshape(x, [size]), 0)
        }
    }
}

/// An axis that exists.
pub(super) fn check_axis(axis: isize, x: &Array) -> Checked {
    let ndim = x.ndim() as isize;
    let actual = format!("axis = {axis}, x.ndim = {ndim}");
    type_check::expect((-ndim..ndim).contains(&axis), "-x.ndim <= axis < x.ndim", actual)
}

/// Places along an axis.
#[derive(Clone)]
pub(super) struct Places {
    pub(super) places: Array,
    pub(super) axis: isize,
}

/// x → the elements at the places.
struct Gather(Places);

impl Function for Gather {
    fn name(&self) -> &'static str {
        "take_along_axis"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        take_along_axis(&inputs[0], &self.0.places, self.0.axis).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        spread(c.gy(0), self.0.clone(), c.input_shape(0), c.input_dtype(0)).into()
    }
}

/// The elements in zeros of a shape, each at its place; of several at one place the sum.
pub(super) fn spread(x: &Variable, places: Places, shape: &Shape, dtype: Dtype) -> Variable {
    apply(Spread { places, shape: shape.clone(), dtype }, [x]).one()
}

struct Spread {
    places: Places,
    shape: Shape,
    dtype: Dtype,
}

impl Function for Spread {
    fn name(&self) -> &'static str {
        "scatter_along_axis"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let zeros = Array::zeros(&self.shape, self.dtype);
        scatter_add_along_axis(&zeros, &self.places.places, &inputs[0], self.places.axis).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        apply(Gather(self.places.clone()), [c.gy(0)]).one().into()
    }
}
