//! [`rollaxis`].

use std::panic::Location;

use super::axis_of;
use super::moveaxis::MoveAxis;
use crate::functions::{checked, composed};
use crate::{AsVariable, Variable, apply, type_check};

/// The axis `axis` of x moved before its axis `start` (0 in Chainer if nothing is said), or behind all for `start` = x.ndim; negative ones
/// count from the end. The others keep their order. Nothing is copied. [`moveaxis`](super::moveaxis()) says where in the result the axis
/// is to stand.
///
/// # Errors
/// The result fails if the axis or the place does not exist.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let x = Variable::new(Array::zeros([2, 3, 4], Dtype::F32));
/// assert_eq!(F::rollaxis(&x, 2, 0).shape(), &[4, 2, 3].into());
/// assert_eq!(F::rollaxis(&x, 0, 2).shape(), &[3, 2, 4].into());
/// ```
#[track_caller]
pub fn rollaxis(x: impl AsVariable, axis: isize, start: isize) -> Variable {
    const NAME: &str = "rollaxis";
    let x = x.as_variable();
    composed(Location::caller(), || {
        x.check()?;
        let (ndim, mut from) = (x.ndim() as isize, 0);
        checked(NAME, || {
            from = axis_of(x.data(), axis)? as isize;
            let actual = format_args!("start = {start}, x.ndim = {ndim}");
            type_check::expect((-ndim..=ndim).contains(&start), "-x.ndim <= start <= x.ndim", actual)
        })?;
        let start = if start < 0 { start + ndim } else { start };
        // Without the axis itself, those behind it stand one place further in front.
        let to = if from < start { start - 1 } else { start };
        Ok(apply(MoveAxis { name: NAME, source: from.into(), destination: to.into() }, [x]).one())
    })
}
