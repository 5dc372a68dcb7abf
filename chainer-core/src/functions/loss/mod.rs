//! Loss functions.

mod mean_absolute_error;
mod mean_squared_error;
mod reduction;
mod sigmoid_cross_entropy;
mod softmax_cross_entropy;

pub use mean_absolute_error::mean_absolute_error;
pub use mean_squared_error::mean_squared_error;
pub use reduction::Reduction;
pub use sigmoid_cross_entropy::{SigmoidCrossEntropy, sigmoid_cross_entropy};
pub use softmax_cross_entropy::{SoftmaxCrossEntropy, softmax_cross_entropy};

use crate::{Error, Result, Variable};

/// Two variables of one float dtype and shape.
fn check_pair(operation: &'static str, x0: &Variable, x1: &Variable) -> Result<()> {
    x0.check()?;
    x1.check()?;
    if !x0.dtype().is_float() {
        return Err(Error::mismatch(operation, "x0.dtype.kind == f", format_args!("{} != f", x0.dtype().kind())));
    }
    if x0.dtype() != x1.dtype() {
        let actual = format!("{} != {}", x0.dtype(), x1.dtype());
        return Err(Error::mismatch(operation, "x0.dtype == x1.dtype", actual));
    }
    if x0.shape() != x1.shape() {
        let actual = format!("{:?} != {:?}", x0.shape(), x1.shape());
        return Err(Error::mismatch(operation, "x0.shape == x1.shape", actual));
    }
    Ok(())
}
