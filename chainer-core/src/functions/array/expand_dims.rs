//! [`expand_dims`].

use std::panic::Location;

use super::reshape;
use crate::functions::{checked, composed};
use crate::{AsVariable, Variable, type_check};

/// The variable with a new axis of size 1, which is axis `axis` of the result; negative ones count from its end. Nothing is copied.
///
/// # Errors
/// The result fails unless `-x.ndim - 1 <= axis <= x.ndim`.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let x = Variable::new(Array::zeros([2, 3], Dtype::F32));
/// assert_eq!(F::expand_dims(&x, 1).shape(), &[2, 1, 3].into());
/// assert_eq!(F::expand_dims(&x, -1).shape(), &[2, 3, 1].into());
/// ```
#[track_caller]
pub fn expand_dims(x: impl AsVariable, axis: isize) -> Variable {
    let x = x.as_variable();
    composed(Location::caller(), || {
        x.check()?;
        let ndim = x.ndim() as isize;
        checked("expand_dims", || {
            let actual = format_args!("axis = {axis}, x.ndim = {ndim}");
            type_check::expect((-ndim - 1..=ndim).contains(&axis), "-x.ndim - 1 <= axis <= x.ndim", actual)
        })?;
        let mut shape = x.shape().to_vec();
        shape.insert(axis.rem_euclid(ndim + 1) as usize, 1);
        Ok(reshape(x, shape))
    })
}
