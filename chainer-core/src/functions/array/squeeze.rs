//! [`squeeze`].

use std::panic::Location;

use chainer_kernels::Axes;

use super::reshape;
use crate::functions::{checked, composed};
use crate::{AsVariable, Shape, Variable, type_check};

/// The variable without axes of size 1: one (`0`, `-1`), several (`[0, 2]`) or all there are (`None`). Nothing is copied.
///
/// # Errors
/// The result fails if an axis does not exist, is named twice or has another size than 1.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let x = Variable::new(Array::zeros([1, 2, 1, 3], Dtype::F32));
/// assert_eq!(F::squeeze(&x, None).shape(), &[2, 3].into());
/// assert_eq!(F::squeeze(&x, -2).shape(), &[1, 2, 3].into());
/// assert!(F::squeeze(&x, 1).check().is_err());
/// ```
#[track_caller]
pub fn squeeze(x: impl AsVariable, axis: impl Into<Axes>) -> Variable {
    const NAME: &str = "squeeze";
    let (x, axes) = (x.as_variable(), axis.into());
    composed(Location::caller(), || {
        x.check()?;
        let shape = x.shape();
        let gone = match &axes {
            Axes::All => (0..shape.ndim()).filter(|&axis| shape[axis] == 1).collect(),
            these => these.resolve(shape, NAME)?,
        };
        checked(NAME, || {
            gone.iter().try_for_each(|&axis| type_check::equal(format_args!("x.shape[{axis}]"), shape[axis], 1, 1))
        })?;
        let kept: Shape = (0..shape.ndim()).filter(|axis| !gone.contains(axis)).map(|axis| shape[axis]).collect();
        Ok(reshape(&x, kept))
    })
}
