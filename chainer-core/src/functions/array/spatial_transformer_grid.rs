//! [`spatial_transformer_grid`].

use std::panic::Location;

use chainer_kernels::{ArrayOps, ops};

use super::{reshape, result_shape};
use crate::functions::{Pair, checked, composed, matmul};
use crate::{Array, AsVariable, Dtype, Variable, type_check};

/// `size` numbers from -1 to 1; a single one is -1.
fn from_end_to_end(size: usize) -> Array {
    let step = if size > 1 { 2.0 / (size - 1) as f64 } else { 0.0 };
    Array::from((0..size).map(|i| i as f64 * step - 1.0).collect::<Vec<f64>>())
}

/// The points of an image that a warped image of `output_shape` (height, width) takes its elements from: `theta` (N, 2, 3) are the affine
/// maps from places (x, y, 1) in the warped image to places (x, y) in the source. The result (N, 2, height, width) has the x coordinates
/// first; both run from -1 (left, top) to 1 (right, bottom). [`spatial_transformer_sampler`](super::spatial_transformer_sampler()) samples
/// there. (Jaderberg et al., *Spatial transformer networks*, arXiv:1506.02025)
///
/// # Errors
/// The result fails if theta has no float dtype or another shape than (N, 2, 3).
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let shift = Variable::new(Array::from([[[1.0f32, 0.0, 0.5], [0.0, 1.0, 0.0]]]));
/// let grid = F::spatial_transformer_grid(&shift, (1, 2));
/// assert_eq!(grid.shape(), &[1, 2, 1, 2].into());
/// assert_eq!(grid.to_vec::<f32>()?, [-0.5, 1.5, -1.0, -1.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn spatial_transformer_grid(theta: impl AsVariable, output_shape: impl Into<Pair>) -> Variable {
    let (theta, Pair([height, width])) = (theta.as_variable(), output_shape.into());
    composed(Location::caller(), || {
        theta.check()?;
        checked("spatial_transformer_grid", || {
            let maps = theta.data();
            type_check::float("theta", maps)?;
            type_check::ndim("theta", maps, 3)?;
            type_check::equal("theta.shape[1]", maps.shape()[1], 2, 2)?;
            type_check::equal("theta.shape[2]", maps.shape()[2], 3, 3)?;
            result_shape([maps.shape()[0], 3, height, width].map(Some)).map(|_| ())
        })?;
        let images = theta.len();
        let across = from_end_to_end(width).broadcast_to([height, width]);
        let down = from_end_to_end(height).reshape([height, 1]).broadcast_to([height, width]);
        let places = ops::stack(&[&across, &down, &Array::ones([height, width], Dtype::F64)], 0);
        let places = places.reshape([3, height * width]).astype(theta.dtype());
        Ok(reshape(matmul(theta, places), [images, 2, height, width]))
    })
}
