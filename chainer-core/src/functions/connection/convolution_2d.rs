//! [`convolution_2d`].

use chainer_kernels::kernel::Conv;

use super::convolution::{Convolution, with_bias};
use crate::functions::{Pair, settings};
use crate::{AsOptVariable, AsVariable, Variable, apply};

settings! {
    /// [`convolution_2d`] with settings.
    Convolution2D() {
        /// How far the window moves, vertically and horizontally (default 1).
        stride: into Pair = Pair([1, 1]),
        /// Zeros around x, above and below, left and right (default 0).
        pad: into Pair = Pair([0, 0]),
        /// Steps inside the window (default 1: neighbours).
        dilate: into Pair = Pair([1, 1]),
        /// Groups of channels that do not mix (default 1).
        groups: usize = 1,
        /// Whether the last window may reach beyond the padding, so that every element is covered (default false).
        cover_all: bool = false,
    }
}

impl Convolution2D {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, w: impl AsVariable, b: impl AsOptVariable) -> Variable {
        self.call_as("convolution_2d", x.as_variable(), w.as_variable(), b.as_opt_variable())
    }

    /// Applies the function under the name of one that is made of it.
    #[track_caller]
    pub(super) fn call_as(self, name: &'static str, x: Variable, w: Variable, b: Option<Variable>) -> Variable {
        let conv = Conv {
            stride: self.stride.spatial(),
            pad: self.pad.spatial(),
            dilate: self.dilate.spatial(),
            groups: self.groups,
        };
        let y =
            apply(Convolution { name, axes: 2, conv, cover_all: self.cover_all, may_be_empty: false }, [x, w]).one();
        with_bias(name, y, b, "W.shape[0]")
    }
}

/// Two-dimensional convolution (cross-correlation) of images x (N, C, height, width) with filters W (O, C, window height, window width)
/// and optionally a bias b (O,): (N, O, out height, out width), where out is `(size + 2 pad - window) / stride + 1`, rounded down.
/// [`Convolution2D`] has settings: stride, padding, dilation, groups, and windows that reach beyond the end (`cover_all`).
///
/// # Errors
/// The result fails if ranks, channels or dtypes do not fit, or the window is larger than the padded image.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from_vec((0..9).map(|i| i as f32).collect(), [1, 1, 3, 3]));
/// let w = Variable::new(Array::from_vec(vec![1.0f32, 0.0, 0.0, 1.0], [1, 1, 2, 2]));
/// assert_eq!(F::convolution_2d(&x, &w, None).to_vec::<f32>()?, [4.0, 6.0, 10.0, 12.0]);
/// let y = F::Convolution2D::new().stride(2).pad((1, 0)).call(&x, &w, Array::from([0.5f32]));
/// assert_eq!(y.shape(), &[1, 1, 2, 1].into());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn convolution_2d(x: impl AsVariable, w: impl AsVariable, b: impl AsOptVariable) -> Variable {
    Convolution2D::new().call(x, w, b)
}
