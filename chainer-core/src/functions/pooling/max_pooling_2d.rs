//! [`max_pooling_2d`].

use super::max_pooling_nd::MaxPooling;
use super::pool_2d;
use crate::functions::{Pair, Stride, settings};
use crate::{AsVariable, Variable, apply};

settings! {
    /// [`max_pooling_2d`] with settings.
    MaxPooling2D(ksize: Pair) {
        /// How far the window moves (default: by its own size).
        stride: into Stride = Stride(None),
        /// The padding around x (default 0). It never is the maximum.
        pad: into Pair = Pair([0, 0]),
        /// Whether the last window may reach beyond the padding, so that every element is in one (default true).
        cover_all: bool = true,
    }
}

impl MaxPooling2D {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        self.call_with_indexes(x).0
    }

    /// Applies the function, and gives the int32 number of each maximum in its window as well, for
    /// [`upsampling_2d`](super::upsampling_2d()).
    #[track_caller]
    pub fn call_with_indexes(self, x: impl AsVariable) -> (Variable, Variable) {
        let pool = pool_2d(self.ksize, self.stride, self.pad);
        let function = MaxPooling { name: "max_pooling_2d", pool, cover_all: self.cover_all };
        let [y, indexes] = apply(function, [x.as_variable()]).many();
        (y, indexes)
    }
}

/// The maximum of each window of `ksize` (a number, or a pair of height and width) in images x (N, C, height, width). The windows lie side
/// by side and cover everything; [`MaxPooling2D`] has other strides, padding, and windows that do not reach beyond the end. The gradient
/// goes to the first of equal maxima. A window wholly outside x gives -inf.
///
/// # Errors
/// The result fails if x has no float dtype or not four axes, or the window does not fit.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from_vec((0..9).map(|i| i as f32).collect(), [1, 1, 3, 3]));
/// assert_eq!(F::max_pooling_2d(&x, 2).to_vec::<f32>()?, [4.0, 5.0, 7.0, 8.0]);
/// let y = F::MaxPooling2D::new(3).stride(1).cover_all(false).call(&x);
/// assert_eq!(y.to_vec::<f32>()?, [8.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn max_pooling_2d(x: impl AsVariable, ksize: impl Into<Pair>) -> Variable {
    MaxPooling2D::new(ksize).call(x)
}
