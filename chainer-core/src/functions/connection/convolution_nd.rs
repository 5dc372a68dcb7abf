//! [`convolution_nd`].

use chainer_kernels::kernel::Conv;

use super::convolution::{Convolution, spatial_axes, with_bias};
use crate::functions::{Sizes, settings};
use crate::{AsOptVariable, AsVariable, Variable, apply};

const NAME: &str = "convolution_nd";

settings! {
    /// [`convolution_nd`] with settings. Each takes a number for all spatial axes, or one for each.
    ConvolutionND() {
        /// How far the window moves (default 1).
        stride: into Sizes = Sizes::All(1),
        /// Zeros before and after x on each axis (default 0).
        pad: into Sizes = Sizes::All(0),
        /// Steps inside the window (default 1: neighbours).
        dilate: into Sizes = Sizes::All(1),
        /// Groups of channels that do not mix (default 1).
        groups: usize = 1,
        /// Whether the last window may reach beyond the padding, so that every element is covered (default false).
        cover_all: bool = false,
    }
}

impl ConvolutionND {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, w: impl AsVariable, b: impl AsOptVariable) -> Variable {
        let x = x.as_variable();
        let axes = spatial_axes(&x);
        let conv = Conv {
            stride: self.stride.spatial(axes),
            pad: self.pad.spatial(axes),
            dilate: self.dilate.spatial(axes),
            groups: self.groups,
        };
        let function = Convolution { name: NAME, axes, conv, cover_all: self.cover_all, may_be_empty: false };
        let y = apply(function, [x, w.as_variable()]).one();
        with_bias(NAME, y, b.as_opt_variable(), "W.shape[0]")
    }
}

/// Convolution (cross-correlation) over any number of spatial axes: x (N, C, sizes…) with filters W (O, C, windows…) and optionally a
/// bias b (O,) gives (N, O, outs…), where out is `(size + 2 pad - window) / stride + 1`, rounded down. [`ConvolutionND`] has settings:
/// stride, padding, dilation, groups, and windows that reach beyond the end (`cover_all`).
///
/// # Errors
/// The result fails if ranks, channels or dtypes do not fit, x has no spatial axis, a setting has another number of entries, or a window
/// is larger than the padded input.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let x = Variable::new(Array::from([[[1.0f32, 2.0, 4.0, 8.0]]]));
/// let w = Variable::new(Array::from([[[1.0f32, -1.0]]]));
/// assert_eq!(F::convolution_nd(&x, &w, None).to_vec::<f32>()?, [-1.0, -2.0, -4.0]);
/// let volume = Variable::new(Array::ones([1, 2, 5, 6, 7], Dtype::F32));
/// let w = Variable::new(Array::ones([3, 2, 2, 2, 2], Dtype::F32));
/// let y = F::ConvolutionND::new().stride([1, 2, 2]).pad(1).call(&volume, &w, None);
/// assert_eq!(y.shape(), &[1, 3, 6, 4, 4].into());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn convolution_nd(x: impl AsVariable, w: impl AsVariable, b: impl AsOptVariable) -> Variable {
    ConvolutionND::new().call(x, w, b)
}
