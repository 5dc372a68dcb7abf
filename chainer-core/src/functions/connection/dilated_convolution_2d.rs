//! [`dilated_convolution_2d`].

use super::Convolution2D;
use crate::functions::{Pair, settings};
use crate::{AsOptVariable, AsVariable, Variable};

settings! {
    /// [`dilated_convolution_2d`] with settings.
    DilatedConvolution2D() {
        /// How far the window moves, vertically and horizontally (default 1).
        stride: into Pair = Pair([1, 1]),
        /// Zeros around x, above and below, left and right (default 0).
        pad: into Pair = Pair([0, 0]),
        /// Steps inside the window (default 1: neighbours).
        dilate: into Pair = Pair([1, 1]),
        /// Whether the last window may reach beyond the padding, so that every element is covered (default false).
        cover_all: bool = false,
    }
}

impl DilatedConvolution2D {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, w: impl AsVariable, b: impl AsOptVariable) -> Variable {
        Convolution2D::new().stride(self.stride).pad(self.pad).dilate(self.dilate).cover_all(self.cover_all).call_as(
            "dilated_convolution_2d",
            x.as_variable(),
            w.as_variable(),
            b.as_opt_variable(),
        )
    }
}

/// Two-dimensional convolution whose window has holes: its elements lie `dilate` apart, a setting of [`DilatedConvolution2D`] like
/// stride, padding, and windows that reach beyond the end (`cover_all`). With the default of 1 it is
/// [`convolution_2d`](super::convolution_2d()); otherwise the output sizes are `(size + 2 pad - dilate (window - 1) - 1) / stride + 1`,
/// rounded down (Yu and Koltun, arXiv:1511.07122).
///
/// # Errors
/// The result fails if ranks, channels or dtypes do not fit, or the window is larger than the padded image.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from_vec((0..9).map(|i| i as f32).collect(), [1, 1, 3, 3]));
/// let w = Variable::new(Array::from_vec(vec![1.0f32, 0.0, 0.0, 1.0], [1, 1, 2, 2]));
/// assert_eq!(F::dilated_convolution_2d(&x, &w, None).to_vec::<f32>()?, [4.0, 6.0, 10.0, 12.0]);
/// assert_eq!(F::DilatedConvolution2D::new().dilate(2).call(&x, &w, None).to_vec::<f32>()?, [8.0]);
/// let y = F::DilatedConvolution2D::new().dilate((1, 2)).pad(1).call(&x, &w, None);
/// assert_eq!(y.shape(), &[1, 1, 4, 3].into());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn dilated_convolution_2d(x: impl AsVariable, w: impl AsVariable, b: impl AsOptVariable) -> Variable {
    DilatedConvolution2D::new().call(x, w, b)
}
