//! [`resize_images`].

use std::panic::Location;

use chainer_kernels::ArrayOps;

use super::{along, get_item, result_shape};
use crate::functions::{Pair, checked, composed};
use crate::{Array, AsVariable, Variable, type_check};

/// x with `size` elements on an axis, which has at least one: each between two neighbours, the first and last at the ends.
fn resize(x: Variable, axis: usize, size: usize) -> Variable {
    let from = x.shape()[axis];
    if from == size {
        return x;
    }
    let step = if size > 1 { (from - 1) as f64 / (size - 1) as f64 } else { 0.0 };
    let at = |i: usize| if i > 0 && i == size - 1 { (from - 1) as f64 } else { i as f64 * step };
    let below = |i: usize| (at(i).floor() as usize).min(from.saturating_sub(2));
    let take = |offset: usize| {
        let places: Vec<i64> = (0..size).map(|i| (below(i) + offset).min(from - 1) as i64).collect();
        get_item(&x, along(axis, Array::from(places)))
    };
    let mut shape = vec![1; x.ndim() - axis];
    shape[0] = size;
    let above = Array::from((0..size).map(|i| at(i) - below(i) as f64).collect::<Vec<f64>>());
    // Rounded to the dtype at the end.
    let weight = |weights: Array| weights.astype(x.dtype()).reshape(&shape[..]);
    take(0) * weight(1.0 - &above) + take(1) * weight(above)
}

/// Images x (N, C, height, width) in another size (height, width), by bilinear interpolation between the corners: the corner elements stay
/// where they are.
///
/// # Errors
/// The result fails if x has no float dtype, not four axes, or no elements to interpolate between.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from_vec(vec![0.0f32, 2.0, 4.0, 6.0], [1, 1, 2, 2]));
/// let y = F::resize_images(&x, (3, 2));
/// assert_eq!(y.to_vec::<f32>()?, [0.0, 2.0, 2.0, 4.0, 4.0, 6.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn resize_images(x: impl AsVariable, output_shape: impl Into<Pair>) -> Variable {
    let (x, Pair([height, width])) = (x.as_variable(), output_shape.into());
    composed(Location::caller(), || {
        x.check()?;
        checked("resize_images", || {
            type_check::float("x", x.data())?;
            type_check::ndim("x", x.data(), 4)?;
            for axis in [2, 3] {
                let size = x.shape()[axis];
                type_check::expect(size >= 1, format_args!("x.shape[{axis}] >= 1"), format_args!("{size} < 1"))?;
            }
            let [images, channels] = [x.shape()[0], x.shape()[1]];
            result_shape([images, channels, height, width].map(Some)).map(|_| ())
        })?;
        // Rows first: they are copied as a whole.
        Ok(resize(resize(x, 2, height), 3, width))
    })
}
