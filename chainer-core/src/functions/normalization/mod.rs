//! Normalization.

mod batch_normalization;
mod fixed_batch_normalization;

pub use batch_normalization::{BatchNormalization, batch_normalization};
pub use fixed_batch_normalization::{FixedBatchNormalization, fixed_batch_normalization};

use crate::type_check::{self, Checked};
use crate::{Array, Shape};

/// x (N, channels…, …) and arrays of the shape of the channels, all of one float dtype.
fn check_channels(x: &Array, channels: &[(&str, &Array)]) -> Checked {
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
fn channel_axes(x: &Shape, channels: usize) -> (Shape, Vec<isize>) {
    let is_channel = |axis: usize| (1..=channels).contains(&axis);
    let shape = x.iter().enumerate().map(|(axis, &size)| if is_channel(axis) { size } else { 1 }).collect();
    (shape, (0..x.ndim()).filter(|&axis| !is_channel(axis)).map(|axis| axis as isize).collect())
}
