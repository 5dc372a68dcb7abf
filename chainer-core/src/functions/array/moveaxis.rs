//! [`moveaxis`].

use chainer_kernels::{Axes, ops};

use super::single_gradient;
use crate::functions::refused;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Mismatch, Outputs, Retain, Variable, apply};

pub(super) struct MoveAxis {
    pub(super) name: &'static str,
    pub(super) source: Axes,
    pub(super) destination: Axes,
}

/// The axes in the order in which they were given.
fn listed(axes: &Axes, ndim: usize) -> Vec<isize> {
    match axes {
        Axes::All => (0..ndim as isize).collect(),
        Axes::These(axes) => axes.to_vec(),
    }
}

impl Function for MoveAxis {
    fn name(&self) -> &'static str {
        self.name
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        let ndim = inputs[0].ndim();
        for (what, axes) in [("source", &self.source), ("destination", &self.destination)] {
            if axes.resolve(inputs[0].shape(), self.name).is_err() {
                let actual = format!("{what} = {:?}, x.ndim = {ndim}", listed(axes, ndim));
                return Err(Mismatch::new(format!("-x.ndim <= {what} < x.ndim, each axis once"), actual));
            }
        }
        let (from, to) = (listed(&self.source, ndim).len(), listed(&self.destination, ndim).len());
        type_check::equal("len(source)", from, "len(destination)", to)
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(failed) = refused(self, inputs) {
            return failed;
        }
        let ndim = inputs[0].ndim();
        ops::moveaxis(&inputs[0], &listed(&self.source, ndim), &listed(&self.destination, ndim)).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        if let Some(gx) = single_gradient(c) {
            return gx.into();
        }
        let back = MoveAxis { name: self.name, source: self.destination.clone(), destination: self.source.clone() };
        apply(back, [c.gy(0)]).one().into()
    }
}

/// The axes `source` moved to the places `destination` of the result; the others keep their order. Each is a number or a list. Nothing is
/// copied.
///
/// # Errors
/// The result fails if an axis does not exist or is named twice, or there are not as many destinations as sources.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let x = Variable::new(Array::zeros([2, 3, 4], Dtype::F32));
/// assert_eq!(F::moveaxis(&x, 0, -1).shape(), &[3, 4, 2].into());
/// assert_eq!(F::moveaxis(&x, [0, 1], [2, 0]).shape(), &[3, 4, 2].into());
/// ```
#[track_caller]
pub fn moveaxis(x: impl AsVariable, source: impl Into<Axes>, destination: impl Into<Axes>) -> Variable {
    let function = MoveAxis { name: "moveaxis", source: source.into(), destination: destination.into() };
    apply(function, [x.as_variable()]).one()
}
