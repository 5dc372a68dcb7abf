//! [`argsort`].

use std::panic::Location;

use chainer_kernels::ops::{self, Order};

use super::along_axis::{check_axis, flat_or};
use crate::functions::{checked, settings};
use crate::{AsVariable, Result, Variable};

settings! {
    /// [`argsort`] with settings.
    Argsort() {
        /// The axis (default -1); `None` sorts the flattened variable.
        axis: into Option<isize> = Some(-1),
        /// Whether the largest comes first (default false).
        descending: bool = false,
    }
}

impl Argsort {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        let (x, axis) = flat_or(x.as_variable(), self.axis);
        let at = Location::caller();
        self.places(x, axis).map_err(|error| error.at(at)).into()
    }

    fn places(self, x: Variable, axis: isize) -> Result<Variable> {
        x.check()?;
        checked("argsort", || check_axis(axis, x.data()))?;
        let order = Order { descending: self.descending, count: None };
        let (_, places) = ops::sort_with_places(x.data(), axis, order);
        places.check()?;
        Ok(Variable::constant(places))
    }
}

/// The int64 places along the last axis that [`sort`](super::sort()) takes the elements from ([`Argsort`] has other axes and the opposite
/// order). NaN stands last; of equal elements the first comes first. It has no gradient.
///
/// # Errors
/// The result fails if the axis does not exist.
///
/// ```
/// use chainer::{functions as F, Array};
/// let x = Array::from([3.0f32, 1.0, f32::NAN, 1.0]);
/// assert_eq!(F::argsort(&x).to_vec::<i64>()?, [1, 3, 0, 2]);
/// assert_eq!(F::Argsort::new().descending(true).call(&x).to_vec::<i64>()?, [0, 1, 3, 2]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn argsort(x: impl AsVariable) -> Variable {
    Argsort::new().call(x)
}
