//! [`spatial_pyramid_pooling_2d`].

use std::panic::Location;

use chainer_kernels::kernel::{AveragePool, Divisor};

use super::average_pooling_nd::AveragePooling;
use super::max_pooling_nd::MaxPooling;
use super::pool_2d;
use crate::functions::{Concat, Pair, Stride, checked, composed, reshape, settings};
use crate::{AsVariable, Variable, Variables, apply, type_check};

/// How [`spatial_pyramid_pooling_2d`] pools.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PyramidPooling {
    /// The maximum of each bin.
    Max,
    /// The mean of what each bin has inside the image.
    Average,
}

settings! {
    /// [`spatial_pyramid_pooling_2d`] with settings.
    SpatialPyramidPooling2D() {
        /// How each bin is pooled (default: by its maximum).
        pooling_class: PyramidPooling = PyramidPooling::Max,
    }
}

const NAME: &str = "spatial_pyramid_pooling_2d";

impl SpatialPyramidPooling2D {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, pyramid_height: usize) -> Variable {
        let x = x.as_variable();
        composed(Location::caller(), || {
            x.check()?;
            checked(NAME, || {
                type_check::float("x", x.data())?;
                type_check::ndim("x", x.data(), 4)?;
                for axis in [2, 3] {
                    let size = x.shape()[axis];
                    type_check::expect(size >= 1, format_args!("x.shape[{axis}] >= 1"), format_args!("{size} < 1"))?;
                }
                // Beyond that there are more bins than can be counted.
                let fits = (1..=30).contains(&pyramid_height);
                type_check::expect(fits, "1 <= pyramid_height <= 30", format_args!("{pyramid_height}"))
            })?;
            let levels: Variables = (0..pyramid_height).map(|level| self.level(&x, 1 << level)).collect();
            Ok(Concat::new().call(levels))
        })
    }

    /// x (N, C, height, width) in `bins` by `bins` bins: (N, C bins², 1, 1).
    fn level(&self, x: &Variable, bins: usize) -> Variable {
        let [ksize, pad] = {
            let ksize = [2, 3].map(|axis| x.shape()[axis].div_ceil(bins));
            let missing = [0, 1].map(|i| bins * ksize[i] - x.shape()[2 + i]);
            [ksize, missing.map(|missing| missing / 2)]
        };
        let pool = pool_2d(Pair(ksize), Stride(None), Pair(pad));
        let y = match self.pooling_class {
            PyramidPooling::Max => {
                let [y, _index] = apply(MaxPooling { name: NAME, pool, cover_all: true }, [x]).many();
                y
            }
            PyramidPooling::Average => {
                let pool = AveragePool { pool, divisor: Divisor::Inside };
                apply(AveragePooling { name: NAME, pool, cover_all: true }, [x]).one()
            }
        };
        if y.error().is_some() {
            return y;
        }
        let shape = y.shape();
        let shape = [shape[0], shape[1] * shape[2] * shape[3], 1, 1];
        reshape(y, shape)
    }
}

/// Images x (N, C, height, width) of any size as vectors of one length: the maxima of 1, 4, 16 … bins ([`SpatialPyramidPooling2D`] takes
/// means) on each of `pyramid_height` levels, (N, C (1 + 4 + 16 + …), 1, 1). On level i the bins are `ceil(height / 2^i)` by
/// `ceil(width / 2^i)` elements large and, where they cover more than the image, begin half of that before it. (He et al., *Spatial
/// pyramid pooling in deep convolutional networks for visual recognition*, arXiv:1406.4729)
///
/// # Errors
/// The result fails if x has no float dtype, not four axes or no elements in an image, or the height is not between 1 and 30.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from_vec((0..9).map(|i| i as f32).collect(), [1, 1, 3, 3]));
/// let y = F::spatial_pyramid_pooling_2d(&x, 2);
/// assert_eq!(y.shape(), &[1, 5, 1, 1].into());
/// assert_eq!(y.to_vec::<f32>()?, [8.0, 4.0, 5.0, 7.0, 8.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn spatial_pyramid_pooling_2d(x: impl AsVariable, pyramid_height: usize) -> Variable {
    SpatialPyramidPooling2D::new().call(x, pyramid_height)
}
