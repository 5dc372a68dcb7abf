//! [`cast`].

use std::panic::Location;

use crate::{AsVariable, Dtype, Variable, elementwise};

/// The elements converted to another dtype, as NumPy's `astype` does. The gradient is converted back; to or from an integer dtype there
/// is none.
///
/// # Errors
/// Every dtype can be converted to every other, so the result fails only if x has failed.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let x = Variable::new(Array::from([1.5f32, 2.5]));
/// let y = F::cast(&x, Dtype::F64);
/// assert_eq!(y.dtype(), Dtype::F64);
/// y.sum().backward()?;
/// assert_eq!(x.grad().unwrap().dtype(), Dtype::F32);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn cast(x: impl AsVariable, dtype: Dtype) -> Variable {
    elementwise::cast(&x.as_variable(), dtype, Location::caller())
}
