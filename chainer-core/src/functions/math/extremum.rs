//! [`max`], [`min`], [`argmax`] and [`argmin`].

use std::panic::Location;

use chainer_kernels::{ArrayOps, Axes};

use crate::functions::keep_axes;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Dtype, Function, Gradients, Outputs, Retain, Variable, apply};

struct Extremum {
    largest: bool,
    axes: Axes,
    keepdims: bool,
}

impl Function for Extremum {
    fn name(&self) -> &'static str {
        if self.largest { "max" } else { "min" }
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let (x, axes) = (&inputs[0], self.axes.clone());
        if self.largest { x.max(axes, self.keepdims).into() } else { x.min(axes, self.keepdims).into() }
    }
    fn retain(&self) -> Retain {
        Retain::none().input(0).output(0)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let x = c.input(0);
        let y = keep_axes(c.output(0), c.input_shape(0), &self.axes, self.keepdims);
        let gy = keep_axes(c.gy(0), c.input_shape(0), &self.axes, self.keepdims);
        // Every one of several equal elements gets the gradient.
        x.equal(y).select(gy, 0.0).into()
    }
}

/// The largest element over `axes` (one, several, or `None` for all). With `keepdims` the axes stay with size 1. All elements that are
/// equal to the maximum get its gradient.
///
/// # Errors
/// The result fails if x is not of a float dtype, an axis does not exist, or there are no elements to choose from.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 4.0], [3.0, 2.0]]));
/// assert_eq!(F::max(&x, 1, false).to_vec::<f32>()?, [4.0, 3.0]);
/// assert_eq!(F::max(&x, None, true).shape(), &[1, 1].into());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn max(x: impl AsVariable, axes: impl Into<Axes>, keepdims: bool) -> Variable {
    apply(Extremum { largest: true, axes: axes.into(), keepdims }, [x.as_variable()]).one()
}

/// The smallest element over `axes`; otherwise as [`max`].
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 4.0], [3.0, 2.0]]));
/// assert_eq!(F::min(&x, 1, false).to_vec::<f32>()?, [1.0, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn min(x: impl AsVariable, axes: impl Into<Axes>, keepdims: bool) -> Variable {
    apply(Extremum { largest: false, axes: axes.into(), keepdims }, [x.as_variable()]).one()
}

/// The int32 index of the first largest element along an axis (`None`: in the flattened variable). It has no gradient.
///
/// # Errors
/// The result fails if the axis does not exist or there are no elements to choose from.
///
/// ```
/// use chainer::{functions as F, Array};
/// let x = Array::from([[1.0f32, 4.0], [3.0, 2.0]]);
/// assert_eq!(F::argmax(&x, 1).to_vec::<i32>()?, [1, 0]);
/// assert_eq!(F::argmax(&x, None).item::<i32>()?, 1);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn argmax(x: impl AsVariable, axis: impl Into<Option<isize>>) -> Variable {
    index(x.as_variable(), |x| x.argmax(axis, false))
}

/// The int32 index of the first smallest element; otherwise as [`argmax`].
///
/// ```
/// use chainer::{functions as F, Array};
/// assert_eq!(F::argmin(Array::from([[1.0f32, 4.0], [3.0, 2.0]]), 1).to_vec::<i32>()?, [0, 1]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn argmin(x: impl AsVariable, axis: impl Into<Option<isize>>) -> Variable {
    index(x.as_variable(), |x| x.argmin(axis, false))
}

#[track_caller]
fn index(x: Variable, of: impl FnOnce(Array) -> Array) -> Variable {
    let _position = chainer_kernels::Position::enter(Location::caller());
    Variable::constant(of(x.into_data()).astype(Dtype::I32))
}
