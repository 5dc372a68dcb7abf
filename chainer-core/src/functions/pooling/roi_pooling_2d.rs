//! [`roi_pooling_2d`].

use std::panic::Location;

use chainer_kernels::kernel::RegionPool;
use chainer_kernels::{ArrayOps, ops};

use crate::functions::array::result_shape;
use crate::functions::{checked, composed, flatten, get_item};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, Variable};

fn check(x: &Array, rois: &Array, cells: [usize; 2], scale: f64) -> Checked {
    type_check::float("x", x)?;
    let numbers = rois.dtype().is_float() || rois.dtype().is_integer();
    type_check::expect(numbers, "rois.dtype.kind in f, i", format_args!("{} != f", rois.dtype().kind()))?;
    type_check::ndim("x", x, 4)?;
    type_check::ndim("rois", rois, 2)?;
    type_check::equal("rois.shape[1]", rois.shape()[1], 5, 5)?;
    for axis in [2, 3] {
        let size = x.shape()[axis];
        type_check::expect(size >= 1, format_args!("x.shape[{axis}] >= 1"), format_args!("{size} < 1"))?;
    }
    for (what, count) in [("outh", cells[0]), ("outw", cells[1])] {
        type_check::expect(count >= 1, format_args!("{what} >= 1"), format_args!("{what} = {count}"))?;
    }
    let positive = scale.is_finite() && scale > 0.0;
    type_check::expect(positive, "spatial_scale > 0", format_args!("spatial_scale = {scale}"))?;
    result_shape([rois.shape()[0], x.shape()[1], cells[0], cells[1]].map(Some)).map(|_| ())
}

/// The maximum in each of `outh` by `outw` cells of regions of images x (N, C, height, width). A row of `rois` (R, 5) is an image's
/// number and the left, top, right and bottom border of a region, in units of which an element of x is `spatial_scale`; the borders are
/// rounded (halves to even) and belong to the region. The result is (R, C, outh, outw). Cells overlap where they do not divide their
/// region; one without an element inside the image gives 0. The gradient goes to the first of equal maxima; `rois` gets none. (Girshick,
/// *Fast R-CNN*, arXiv:1504.08083)
///
/// # Errors
/// The result fails if x has no float dtype or not four axes, rois another shape, or a size or the scale is not positive. A row with an
/// image that does not exist, or with numbers that are not finite, fails when the result is computed.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from_vec((0..16).map(|i| i as f32).collect(), [1, 1, 4, 4]));
/// let rois = Array::from([[0.0f32, 0.0, 0.0, 3.0, 3.0], [0.0, 1.0, 0.0, 2.0, 1.0]]);
/// let y = F::roi_pooling_2d(&x, &rois, 2, 2, 1.0);
/// assert_eq!(y.to_vec::<f32>()?, [5.0, 7.0, 13.0, 15.0, 1.0, 2.0, 5.0, 6.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn roi_pooling_2d(
    x: impl AsVariable,
    rois: impl AsVariable,
    outh: usize,
    outw: usize,
    spatial_scale: f64,
) -> Variable {
    let (x, rois) = (x.as_variable(), rois.as_variable().into_data());
    composed(Location::caller(), || {
        x.check()?;
        rois.check()?;
        let cells = [outh, outw];
        checked("roi_pooling_2d", || check(x.data(), &rois, cells, spatial_scale))?;
        let places = ops::region_max(x.data(), &rois, &RegionPool { cells, scale: spatial_scale });
        // Empty cells are looked up anywhere, and not used.
        let found = Variable::constant((&places).greater_equal(0));
        Ok(found.select(get_item(flatten(x), places.maximum(0)), 0.0))
    })
}
