//! [`upsampling_2d`].

use std::panic::Location;

use chainer_kernels::ArrayOps;

use super::max_pooling_nd::{Spread, Windows};
use super::pool_2d;
use super::unpooling_nd::{check_unpooled, outsize};
use crate::functions::{Pair, Stride, check_indices, checked, composed, settings};
use crate::{AsVariable, Dtype, Variable, apply, type_check};

settings! {
    /// [`upsampling_2d`] with settings.
    Upsampling2D(ksize: Pair) {
        /// How far the window moves (default: by its own size).
        stride: into Stride = Stride(None),
        /// The padding around the result, which is cut off (default 0).
        pad: into Pair = Pair([0, 0]),
        /// Height and width of the result, which must pool to those of x (default: the smallest or, with `cover_all` false, the
        /// only ones that windows side by side give).
        outsize: into Option<(usize, usize)> = None,
        /// Whether the last window may reach beyond the end (default true).
        cover_all: bool = true,
    }
}

impl Upsampling2D {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, indexes: impl AsVariable) -> Variable {
        const NAME: &str = "upsampling_2d";
        let (x, indexes) = (x.as_variable(), indexes.as_variable().into_data());
        composed(Location::caller(), || {
            x.check()?;
            indexes.check()?;
            let pool = pool_2d(self.ksize, self.stride, self.pad);
            let asked = self.outsize.map(|(height, width)| vec![height, width]);
            let size = outsize(x.data(), &pool, asked, self.cover_all);
            checked(NAME, || {
                check_unpooled(x.data(), &pool, &size, self.cover_all)?;
                type_check::integer("indexes", &indexes)?;
                type_check::same_shape("x", x.data(), "indexes", &indexes)
            })?;
            let elements = pool.ksize.iter().fold(1usize, |count, &k| count.saturating_mul(k));
            check_indices(NAME, "indexes", &indexes, elements, None)?;
            let index = indexes.astype(Dtype::I32);
            Ok(apply(Spread(Windows { name: NAME, pool, size, index }), [x]).one())
        })
    }
}

/// Each element of x (N, C, height, width) put back where a maximum was, zeros elsewhere: `indexes` (of the shape of x, any integer
/// dtype) say where in its window of `ksize` each came from, row by row, as
/// [`MaxPooling2D::call_with_indexes`](super::MaxPooling2D::call_with_indexes) gives them. Elements that meet add up. [`Upsampling2D`] has
/// other strides, padding and sizes. It is differentiable with respect to x.
///
/// # Errors
/// The result fails if x has no float dtype or not four axes, the sizes do not fit, or an index does not name an element of the window
/// (the message names its place and value).
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from_vec(vec![1.0f32, 4.0, 2.0, 3.0, 2.0, 0.0, 5.0, 1.0], [1, 1, 2, 4]));
/// let (y, indexes) = F::MaxPooling2D::new(2).call_with_indexes(&x);
/// let z = F::Upsampling2D::new(2).outsize((2, 4)).call(&y, &indexes);
/// assert_eq!(z.to_vec::<f32>()?, [0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 5.0, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn upsampling_2d(x: impl AsVariable, indexes: impl AsVariable, ksize: impl Into<Pair>) -> Variable {
    Upsampling2D::new(ksize).call(x, indexes)
}
