//! Functions that rearrange elements.

mod broadcast_to;
mod cast;
mod reshape;
mod sum_to;
mod transpose;

pub use broadcast_to::broadcast_to;
pub use cast::cast;
pub use reshape::reshape;
pub use sum_to::sum_to;
pub use transpose::{swap_axes, transpose};

use crate::{BackwardContext, Variable};

/// The gradient of the output, without its shape where it is one number: a function that only moves elements passes it on.
fn single_gradient(c: &BackwardContext<'_>) -> Option<Variable> {
    let gy = c.compact_grad_output(0)?;
    (gy.size() == 1 && c.output_shape(0).size() != 1).then(|| gy.reshape(()))
}
