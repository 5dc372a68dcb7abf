//! [`spatial_transformer_sampler`].

use std::panic::Location;

use chainer_kernels::ops::PadMode;
use chainer_kernels::{Array, ArrayOps};

use super::{Stack, get_item, pad, reshape, take_along_axis};
use crate::functions::{checked, composed};
use crate::type_check::{self, Checked};
use crate::{AsVariable, Dtype, Variable};

fn check(x: &Array, grid: &Array) -> Checked {
    type_check::float("x", x)?;
    type_check::same_dtype("x", x, "grid", grid)?;
    type_check::ndim("x", x, 4)?;
    type_check::ndim("grid", grid, 4)?;
    type_check::equal("grid.shape[1]", grid.shape()[1], 2, 2)?;
    type_check::same_size("x", x, 0, "grid", grid, 0)?;
    for axis in [2, 3] {
        let size = x.shape()[axis];
        type_check::expect(size >= 1, format_args!("x.shape[{axis}] >= 1"), format_args!("{size} < 1"))?;
    }
    Ok(())
}

/// Coordinates along an axis as an element of the image inside a border of one zero and the way from it to the next.
struct Between {
    element: Array,
    way: Variable,
}

/// `coordinates` run from -1 to 1 over `size` elements. Beyond the border of zeros everything is as on it.
fn between(coordinates: Variable, size: usize) -> Between {
    let dtype = coordinates.dtype();
    let place = (coordinates + 1.0) * ((size - 1) as f64 / 2.0) + 1.0;
    let end = (size + 1) as f64;
    let inside = place.data().greater(0.0).logical_and(place.data().less(end));
    let place = Variable::constant(inside).select(&place, place.data().clip(0.0, end));
    // Limited as integers, because NaN becomes one, too.
    let element = place.data().floor().astype(Dtype::I64).clip(0, size);
    let way = place - (&element).astype(dtype);
    Between { element, way }
}

/// Images x (N, C, height, width) sampled at the points `grid` (N, 2, out height, out width): (N, C, out height, out width), by bilinear
/// interpolation. The grid has the horizontal coordinate first, from -1 (left) to 1 (right), and the vertical one, from -1 (top) to 1
/// (bottom), as [`spatial_transformer_grid`](super::spatial_transformer_grid()) makes them; outside the image are zeros. It is
/// differentiable with respect to both. (Jaderberg et al., *Spatial transformer networks*, arXiv:1506.02025)
///
/// # Errors
/// The result fails if x and grid do not have the same float dtype and as many images, or another number of axes or coordinates.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from_vec(vec![0.0f32, 2.0, 4.0, 6.0], [1, 1, 2, 2]));
/// // The middle, and the point in the middle of the right border.
/// let grid = Variable::new(Array::from_vec(vec![0.0f32, 1.0, 0.0, 0.0], [1, 2, 1, 2]));
/// let y = F::spatial_transformer_sampler(&x, &grid);
/// assert_eq!(y.to_vec::<f32>()?, [3.0, 4.0]);
/// y.sum().backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.25, 0.75, 0.25, 0.75]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn spatial_transformer_sampler(x: impl AsVariable, grid: impl AsVariable) -> Variable {
    let (x, grid) = (x.as_variable(), grid.as_variable());
    composed(Location::caller(), || {
        x.check()?;
        grid.check()?;
        checked("spatial_transformer_sampler", || check(x.data(), grid.data()))?;
        let dtype = x.dtype();
        let [images, channels, height, width] = x.dims()?;
        let [_, _, rows, columns] = grid.dims()?;
        // A half has too few digits for places in a large image.
        let grid = if dtype.size() < 4 { grid.cast(Dtype::F32) } else { grid };
        let across = between(get_item(&grid, (.., 0)), width);
        let down = between(get_item(&grid, (.., 1)), height);

        // The four elements around each point: one index for each in the flattened images, the same in all channels.
        let border = pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)], PadMode::Constant(0.into()));
        let flat = reshape(border, [images, channels, (height + 2) * (width + 2)]);
        let corner = |right: usize, below: usize| (&down.element + below) * (width + 2) + (&across.element + right);
        let corners = [corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1)];
        let corners = chainer_kernels::ops::stack(&corners.each_ref(), 1).reshape([images, 1, 4 * rows * columns]);
        let corners = corners.broadcast_to([images, channels, 4 * rows * columns]);
        let elements = reshape(take_along_axis(flat, corners, 2), [images, channels, 4, rows, columns]);

        let (right, below) = (across.way, down.way);
        let (left, above) = (1.0 - &right, 1.0 - &below);
        let weights = [&left * &above, &right * above, left * &below, right * below];
        let weights = reshape(Stack::new().axis(1).call(weights), [images, 1, 4, rows, columns]);
        Ok((elements * weights.cast(dtype)).sum_axes(2, false))
    })
}
