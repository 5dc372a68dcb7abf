//! Spatial pooling.

mod average_pooling_2d;
mod average_pooling_nd;
mod max_pooling_2d;
mod max_pooling_nd;
mod roi_pooling_2d;
mod spatial_pyramid_pooling_2d;
mod unpooling_2d;
mod unpooling_nd;
mod upsampling_2d;

pub use average_pooling_2d::{AveragePooling2D, average_pooling_2d};
pub use average_pooling_nd::{AveragePoolingND, average_pooling_nd};
pub use max_pooling_2d::{MaxPooling2D, max_pooling_2d};
pub use max_pooling_nd::{MaxPoolingND, max_pooling_nd};
pub use roi_pooling_2d::roi_pooling_2d;
pub use spatial_pyramid_pooling_2d::{PyramidPooling, SpatialPyramidPooling2D, spatial_pyramid_pooling_2d};
pub use unpooling_2d::{Unpooling2D, unpooling_2d};
pub use unpooling_nd::{UnpoolingND, unpooling_nd};
pub use upsampling_2d::{Upsampling2D, upsampling_2d};

use chainer_kernels::kernel::Pool;

use crate::functions::{Pair, Sizes, Stride, Strides};
use crate::type_check::{self, Checked};
use crate::{Array, Variable};

/// A window over two axes.
fn pool_2d(ksize: Pair, stride: Stride, pad: Pair) -> Pool {
    Pool { ksize: ksize.spatial(), stride: stride.or(ksize).spatial(), pad: pad.spatial() }
}

/// A window over all spatial axes of x.
fn pool_nd(x: &Variable, ksize: &Sizes, stride: &Strides, pad: &Sizes) -> Pool {
    let axes = if x.error().is_some() { 1 } else { x.ndim().saturating_sub(2) };
    let ksize = ksize.spatial(axes);
    Pool { stride: stride.or(&ksize), pad: pad.spatial(ksize.len()), ksize }
}

/// A float dtype, and as many spatial axes as the window has.
fn check_pooled(x: &Array, pool: &Pool) -> Checked {
    type_check::float("x", x)?;
    match pool.ksize.len() {
        // One number for no axes at all.
        0 => type_check::min_ndim("x", x, 3),
        axes => type_check::ndim("x", x, axes + 2),
    }
}
