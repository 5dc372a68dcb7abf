//! [`scale`].

use std::panic::Location;

use super::bias::aligned;
use crate::functions::settings;
use crate::{AsVariable, Variable};

settings! {
    /// [`scale`] along other axes.
    Scale() {
        /// The axis of x that the first one of y belongs to (default 1).
        axis: isize = 1,
    }
}

impl Scale {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, y: impl AsVariable) -> Variable {
        let x = x.as_variable();
        match aligned("scale", &x, y.as_variable(), self.axis) {
            Ok(y) => x * y,
            Err(error) => Variable::failed(error.at(Location::caller())),
        }
    }
}

/// `x * y`, with the axes of y along those of x from the second one on ([`Scale`] has another first axis): x (N, C, …) and y (C,)
/// multiply each channel by one number.
///
/// # Errors
/// The result fails unless both have float dtypes and y has the sizes of x along its axes (or 1).
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// let y = Variable::new(Array::from([10.0f32, 20.0]));
/// assert_eq!(F::scale(&x, &y).to_vec::<f32>()?, [10.0, 40.0, 30.0, 80.0]);
/// assert_eq!(F::Scale::new().axis(0).call(&x, &y).to_vec::<f32>()?, [10.0, 20.0, 60.0, 80.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn scale(x: impl AsVariable, y: impl AsVariable) -> Variable {
    Scale::new().call(x, y)
}
