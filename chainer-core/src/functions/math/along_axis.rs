//! What functions along one axis share: the axis itself.

use crate::functions::array::axis_of;
use crate::functions::reshape;
use crate::type_check::Checked;
use crate::{Array, Variable};

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
    axis_of(x, axis).map(drop)
}
