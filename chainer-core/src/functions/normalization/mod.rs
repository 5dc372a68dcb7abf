//! Normalization.

mod batch_normalization;
mod fixed_batch_normalization;
mod group_normalization;
mod instance_normalization;
mod layer_normalization;
mod local_response_normalization;
mod normalize;
mod rms_norm;
mod standardize;

pub use batch_normalization::{BatchNormalization, batch_normalization};
pub(crate) use batch_normalization::{moved, unbiased};
pub use fixed_batch_normalization::{FixedBatchNormalization, fixed_batch_normalization};
pub use group_normalization::{GroupNormalization, group_normalization};
pub use instance_normalization::{InstanceNormalization, instance_normalization};
pub use layer_normalization::{LayerNormalization, layer_normalization};
pub use local_response_normalization::{LocalResponseNormalization, local_response_normalization};
pub use normalize::{Normalize, normalize};
pub use rms_norm::{RmsNorm, rms_norm};

use super::at_least_f32;
use crate::type_check::{self, Checked};
use crate::{Array, Shape, Variable};

/// x in a dtype that holds sums of squares.
fn widened(x: Variable) -> Variable {
    match at_least_f32(x.dtype()) {
        wide if wide == x.dtype() => x,
        wide => x.cast(wide),
    }
}

/// The last `count` axes.
fn last_axes(count: usize) -> Vec<isize> {
    (1..=count as isize).map(|axis| -axis).collect()
}

/// x and arrays of the shape of its last axes, of which there is at least one, all of one float dtype.
fn check_last(x: &Array, arrays: &[(&str, &Array)]) -> Checked {
    type_check::float("x", x)?;
    for (name, array) in arrays {
        type_check::same_dtype("x", x, name, array)?;
        type_check::min_ndim(name, array, 1)?;
        let actual = format_args!("{} < {}", x.ndim(), array.ndim());
        type_check::expect(x.ndim() >= array.ndim(), format_args!("x.ndim >= {name}.ndim"), actual)?;
        let lead = x.ndim() - array.ndim();
        (0..array.ndim()).try_for_each(|i| type_check::same_size("x", x, lead + i, name, array, i))?;
        type_check::same_shape(arrays[0].0, arrays[0].1, name, array)?;
    }
    Ok(())
}

/// x (N, channels, …) and vectors (channels,), all of one float dtype.
fn check_channel_vectors(x: &Array, vectors: &[(&str, &Array)]) -> Checked {
    vectors.iter().try_for_each(|(name, vector)| type_check::ndim(name, vector, 1))?;
    check_channels(x, vectors)
}

/// x (N, channels…, …) and arrays of the shape of the channels, all of one float dtype.
pub(in crate::functions) fn check_channels(x: &Array, channels: &[(&str, &Array)]) -> Checked {
    type_check::float("x", x)?;
    for (name, array) in channels {
        type_check::same_dtype("x", x, name, array)?;
        type_check::expect(
            x.ndim() > array.ndim(),
            format_args!("x.ndim >= {name}.ndim + 1"),
            format_args!("{} < {}", x.ndim(), array.ndim() + 1),
        )?;
        for i in 0..array.ndim() {
            type_check::same_size("x", x, i + 1, name, array, i)?;
        }
        type_check::same_shape(channels[0].0, channels[0].1, name, array)?;
    }
    Ok(())
}

/// The shape (1, channels…, 1…) that broadcasts to x, and the axes that are averaged over.
pub(in crate::functions) fn channel_axes(x: &Shape, channels: usize) -> (Shape, Vec<isize>) {
    let is_channel = |axis: usize| (1..=channels).contains(&axis);
    let shape = x.iter().enumerate().map(|(axis, &size)| if is_channel(axis) { size } else { 1 }).collect();
    (shape, (0..x.ndim()).filter(|&axis| !is_channel(axis)).map(|axis| axis as isize).collect())
}
