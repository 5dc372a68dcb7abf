//! [`transpose`] and [`swap_axes`].

use smallvec::SmallVec;

use super::single_gradient;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

struct Transpose {
    /// Axis `i` of the result is axis `axes[i]` of the input; empty: in reverse order.
    axes: SmallVec<[isize; 4]>,
}

impl Function for Transpose {
    fn name(&self) -> &'static str {
        "transpose"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if self.axes.is_empty() { inputs[0].transpose().into() } else { inputs[0].permute(&self.axes).into() }
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        if let Some(gx) = single_gradient(c) {
            return gx.into();
        }
        let ndim = self.axes.len();
        let mut inverse: SmallVec<[isize; 4]> = SmallVec::from_elem(0, ndim);
        for (i, &axis) in self.axes.iter().enumerate() {
            inverse[if axis < 0 { axis + ndim as isize } else { axis } as usize] = i as isize;
        }
        apply(Transpose { axes: inverse }, [c.gy(0)]).one().into()
    }
}

/// The axes in another order: axis `i` of the result is axis `axes[i]` of the variable; with `&[]` in reverse order (the matrix
/// transpose). Nothing is copied.
///
/// # Errors
/// The result fails if `axes` is not a permutation of the variable's axes.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let x = Variable::new(Array::zeros([2, 3, 4], Dtype::F32));
/// assert_eq!(F::transpose(&x, &[]).shape(), &[4, 3, 2].into());
/// assert_eq!(F::transpose(&x, &[0, 2, 1]).shape(), &[2, 4, 3].into());
/// assert!(F::transpose(&x, &[0, 0, 1]).check().is_err());
/// ```
#[track_caller]
pub fn transpose(x: impl AsVariable, axes: &[isize]) -> Variable {
    apply(Transpose { axes: SmallVec::from_slice(axes) }, [x.as_variable()]).one()
}

/// Two axes exchanged. Nothing is copied.
///
/// # Errors
/// The result fails if an axis does not exist.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let x = Variable::new(Array::zeros([2, 3, 4], Dtype::F32));
/// assert_eq!(F::swap_axes(&x, 0, -1).shape(), &[4, 3, 2].into());
/// ```
#[track_caller]
pub fn swap_axes(x: impl AsVariable, axis1: isize, axis2: isize) -> Variable {
    let x = x.as_variable();
    if x.error().is_some() {
        return x;
    }
    let at = std::panic::Location::caller();
    let axes = x.shape().axis(axis1, "swap_axes").and_then(|a| Ok((a, x.shape().axis(axis2, "swap_axes")?)));
    match axes {
        Ok((a, b)) => {
            let mut order: SmallVec<[isize; 4]> = (0..x.ndim() as isize).collect();
            order.swap(a, b);
            transpose(x, &order)
        }
        Err(error) => Variable::failed(error.at(at)),
    }
}
