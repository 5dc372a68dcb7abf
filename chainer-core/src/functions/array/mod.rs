//! Functions that rearrange elements.

mod broadcast;
mod broadcast_to;
mod cast;
mod concat;
mod copy;
mod depth2space;
mod dstack;
mod expand_dims;
mod flatten;
mod flip;
mod get_item;
mod hstack;
mod im2col;
mod join;
mod moveaxis;
mod pad;
mod pad_sequence;
mod permutate;
mod repeat;
mod reshape;
mod resize_images;
mod rollaxis;
mod scatter_add;
mod select_item;
mod separate;
mod space2depth;
mod spatial_transformer_grid;
mod spatial_transformer_sampler;
mod split_axis;
mod squeeze;
mod stack;
mod sum_to;
mod take_along_axis;
mod tile;
mod transpose;
mod transpose_sequence;
mod vstack;
mod where_;

pub use broadcast::broadcast;
pub use broadcast_to::broadcast_to;
pub use cast::cast;
pub use chainer_kernels::ops::{Index, IntoIndices, PadMode};
pub use concat::{Concat, concat};
pub use copy::copy;
pub use depth2space::depth2space;
pub use dstack::dstack;
pub use expand_dims::expand_dims;
pub use flatten::flatten;
pub use flip::{flip, fliplr, flipud};
pub use get_item::get_item;
pub use hstack::hstack;
pub use im2col::{Im2Col, im2col};
pub use moveaxis::moveaxis;
pub use pad::{PadWidth, pad};
pub use pad_sequence::{PadSequence, pad_sequence};
pub use permutate::{Permutate, permutate};
pub use repeat::{Repeats, repeat};
pub use reshape::reshape;
pub use resize_images::resize_images;
pub use rollaxis::rollaxis;
pub use scatter_add::scatter_add;
pub use select_item::select_item;
pub use separate::{Separate, separate};
pub use space2depth::space2depth;
pub use spatial_transformer_grid::spatial_transformer_grid;
pub use spatial_transformer_sampler::spatial_transformer_sampler;
pub use split_axis::{SplitAt, split_axis};
pub use squeeze::squeeze;
pub use stack::{Stack, stack};
pub use sum_to::sum_to;
pub(in crate::functions) use take_along_axis::put_along_axis;
pub use take_along_axis::take_along_axis;
pub use tile::tile;
pub use transpose::{swap_axes, transpose};
pub use transpose_sequence::transpose_sequence;
pub use vstack::vstack;
pub use where_::where_;

use crate::{Array, BackwardContext, Mismatch, Shape, Variable};

/// The gradient of the output, without its shape where it is one number: a function that only moves elements passes it on.
fn single_gradient(c: &BackwardContext<'_>) -> Option<Variable> {
    let gy = c.compact_grad_output(0)?;
    (gy.size() == 1 && c.output_shape(0).size() != 1).then(|| gy.reshape(()))
}

/// The axis of `x` counted from the front.
pub(in crate::functions) fn axis_of(x: &Array, axis: isize) -> Result<usize, Mismatch> {
    let ndim = x.ndim() as isize;
    if (-ndim..ndim).contains(&axis) {
        return Ok(axis.rem_euclid(ndim) as usize);
    }
    Err(Mismatch::new("-x.ndim <= axis < x.ndim", format!("axis = {axis}, x.ndim = {ndim}")))
}

/// The index expression that is `index` on one axis and leaves the others whole.
fn along(axis: usize, index: impl Into<Index>) -> Vec<Index> {
    let mut indices = vec![Index::Slice(None, None, None); axis];
    indices.push(index.into());
    indices
}

/// The shape of a result whose sizes somebody asked for; `None` stands for one that cannot be counted.
pub(super) fn result_shape(sizes: impl IntoIterator<Item = Option<usize>>) -> Result<Shape, Mismatch> {
    let sizes: Option<Vec<usize>> = sizes.into_iter().collect();
    sizes.and_then(|sizes| Shape::countable(&sizes)).ok_or_else(|| {
        Mismatch::new("a result that fits into memory", "a shape with more elements than can be counted")
    })
}
