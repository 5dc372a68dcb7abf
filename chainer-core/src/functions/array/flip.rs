//! [`flip`], [`fliplr`] and [`flipud`].

use chainer_kernels::{Axes, ops};

use super::single_gradient;
use crate::functions::refused;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Mismatch, Outputs, Retain, Variable, apply};

#[derive(Clone)]
struct Flip {
    name: &'static str,
    axes: Axes,
    /// The number of axes that x has at least.
    least: usize,
}

impl Function for Flip {
    fn name(&self) -> &'static str {
        self.name
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::min_ndim("x", &inputs[0], self.least)?;
        match self.axes.resolve(inputs[0].shape(), self.name) {
            Ok(_) => Ok(()),
            Err(_) => {
                let actual = format!("axis = {:?}, x.ndim = {}", self.axes, inputs[0].ndim());
                Err(Mismatch::new("-x.ndim <= axis < x.ndim, each axis once", actual))
            }
        }
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(failed) = refused(self, inputs) {
            return failed;
        }
        let axes = self.axes.resolve(inputs[0].shape(), self.name);
        axes.map(|axes| axes.iter().fold(inputs[0].clone(), |x, &axis| ops::flip(&x, axis as isize))).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        single_gradient(c).unwrap_or_else(|| apply(self.clone(), [c.gy(0)]).one()).into()
    }
}

/// The elements in reverse order along one axis (`0`, `-1`), several (`[0, 2]`) or all (`None`). Nothing is copied.
///
/// # Errors
/// The result fails if an axis does not exist or is named twice.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// assert_eq!(F::flip(&x, 0).to_vec::<f32>()?, [3.0, 4.0, 1.0, 2.0]);
/// assert_eq!(F::flip(&x, None).to_vec::<f32>()?, [4.0, 3.0, 2.0, 1.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn flip(x: impl AsVariable, axis: impl Into<Axes>) -> Variable {
    apply(Flip { name: "flip", axes: axis.into(), least: 0 }, [x.as_variable()]).one()
}

/// The columns in reverse order: [`flip`] along the second axis.
///
/// # Errors
/// The result fails if x has fewer than two axes.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// assert_eq!(F::fliplr(&x).to_vec::<f32>()?, [2.0, 1.0, 4.0, 3.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn fliplr(x: impl AsVariable) -> Variable {
    apply(Flip { name: "fliplr", axes: 1.into(), least: 2 }, [x.as_variable()]).one()
}

/// The rows in reverse order: [`flip`] along the first axis.
///
/// # Errors
/// The result fails if x has no axes.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// assert_eq!(F::flipud(&x).to_vec::<f32>()?, [3.0, 4.0, 1.0, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn flipud(x: impl AsVariable) -> Variable {
    apply(Flip { name: "flipud", axes: 0.into(), least: 1 }, [x.as_variable()]).one()
}
