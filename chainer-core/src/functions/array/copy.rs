//! [`copy`].

use std::panic::Location;

use chainer_kernels::Op;

use crate::functions::composed;
use crate::{AsVariable, Device, Error, ErrorKind, Variable, elementwise};

/// A copy of the variable on a device. The gradient is copied back.
///
/// # Errors
/// The result fails if nothing can be copied to the device.
///
/// ```
/// use chainer::{functions as F, Array, Device, Variable};
/// let x = Variable::new(Array::from([1.0f32, 2.0]));
/// let y = F::copy(&x, Device::Cpu);
/// assert_eq!(y.data().device(), Device::Cpu);
/// assert_eq!(y.to_vec::<f32>()?, [1.0, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn copy(x: impl AsVariable, dst: Device) -> Variable {
    let (x, at) = (x.as_variable(), Location::caller());
    composed(at, || {
        x.check()?;
        if x.data().device() != dst {
            let message = format!("no copies from {} to {dst}", x.data().device());
            return Err(Error::new(ErrorKind::Unsupported, "copy", message));
        }
        Ok(elementwise::unary(Op::Identity, &x, at))
    })
}
