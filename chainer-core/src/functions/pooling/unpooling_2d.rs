//! [`unpooling_2d`].

use std::panic::Location;

use super::pool_2d;
use super::unpooling_nd::unpooled;
use crate::functions::{Pair, Stride, settings};
use crate::{AsVariable, Variable};

settings! {
    /// [`unpooling_2d`] with settings.
    Unpooling2D(ksize: Pair) {
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

impl Unpooling2D {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        let pool = pool_2d(self.ksize, self.stride, self.pad);
        let outsize = self.outsize.map(|(height, width)| vec![height, width]);
        unpooled("unpooling_2d", x.as_variable(), pool, outsize, self.cover_all, Location::caller())
    }
}

/// Each element of images x (N, C, height, width) spread over a window of `ksize` (a number, or a pair of height and width); where windows
/// overlap, the sum. The windows lie side by side, and the last one reaches beyond the end by all but one element, as in
/// [`max_pooling_2d`](super::max_pooling_2d()); [`Unpooling2D`] has other strides, padding and sizes.
///
/// # Errors
/// The result fails if x has no float dtype or not four axes, or the sizes do not fit.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from_vec(vec![1.0f32, 2.0], [1, 1, 1, 2]));
/// assert_eq!(F::unpooling_2d(&x, 2).to_vec::<f32>()?, [1.0, 1.0, 2.0]);
/// let y = F::Unpooling2D::new(2).outsize((2, 4)).call(&x);
/// assert_eq!(y.to_vec::<f32>()?, [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn unpooling_2d(x: impl AsVariable, ksize: impl Into<Pair>) -> Variable {
    Unpooling2D::new(ksize).call(x)
}
