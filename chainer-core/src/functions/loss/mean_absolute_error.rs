//! [`mean_absolute_error`].

use super::{Reduction, check_alike, positioned};
use crate::{AsVariable, Variable};

/// The mean of the absolute differences of all elements. Where both are equal the gradient is 0.
///
/// # Errors
/// The result fails unless both have the same shape and float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, 2.0]));
/// assert_eq!(F::mean_absolute_error(&x, Array::from([0.0f32, 5.0])).item::<f32>()?, 2.0);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn mean_absolute_error(x0: impl AsVariable, x1: impl AsVariable) -> Variable {
    positioned(|| {
        let (x0, x1) = (x0.as_variable(), x1.as_variable());
        check_alike("mean_absolute_error", &[("x0", &x0), ("x1", &x1)])?;
        Ok(Reduction::Mean.of((x0 - x1).abs()))
    })
}
