//! Functions that rearrange elements.

mod broadcast_to;
mod cast;
mod concat;
mod get_item;
mod reshape;
mod split_axis;
mod sum_to;
mod transpose;
mod where_;

pub use broadcast_to::broadcast_to;
pub use cast::cast;
pub use concat::{Concat, concat};
pub use get_item::get_item;
pub use reshape::reshape;
pub use split_axis::{SplitAt, split_axis};
pub use sum_to::sum_to;
pub use transpose::{swap_axes, transpose};
pub use where_::where_;

use crate::{BackwardContext, Variable};

/// The gradient of the output, without its shape where it is one number: a function that only moves elements passes it on.
fn single_gradient(c: &BackwardContext<'_>) -> Option<Variable> {
    let gy = c.compact_grad_output(0)?;
    (gy.size() == 1 && c.output_shape(0).size() != 1).then(|| gy.reshape(()))
}
