//! [`deconvolution_nd`].

use chainer_kernels::kernel::Conv;

use super::convolution::{Convolution, Deconvolution, spatial_axes, with_bias};
use crate::functions::{Sizes, settings};
use crate::{AsOptVariable, AsVariable, Variable, apply};

const NAME: &str = "deconvolution_nd";

settings! {
    /// [`deconvolution_nd`] with settings. Each takes a number for all spatial axes, or one for each.
    DeconvolutionND() {
        /// How far the window moves (default 1).
        stride: into Sizes = Sizes::All(1),
        /// Elements that are cut off the result before and after each axis (default 0).
        pad: into Sizes = Sizes::All(0),
        /// The spatial sizes of the result (default: the smallest whose convolution has the sizes of x).
        outsize: into Option<Vec<usize>> = None,
        /// Steps inside the window (default 1: neighbours).
        dilate: into Sizes = Sizes::All(1),
        /// Groups of channels that do not mix (default 1).
        groups: usize = 1,
    }
}

impl DeconvolutionND {
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
        let of = Convolution { name: "convolution_nd", axes, conv, cover_all: false, may_be_empty: true };
        let y = apply(Deconvolution { name: NAME, of, outsize: self.outsize }, [x, w.as_variable()]).one();
        with_bias(NAME, y, b.as_opt_variable(), if self.groups == 1 { "W.shape[1]" } else { "W.shape[1] * groups" })
    }
}

/// Transposed convolution over any number of spatial axes, which the literature also calls deconvolution: the map that
/// [`convolution_nd`](super::convolution_nd) with the same W multiplies gradients by. x (N, C, sizes…) with filters W (C, O, windows…)
/// and optionally a bias b (O,) gives (N, O, outs…), where out is `stride (size - 1) + window - 2 pad`. [`DeconvolutionND`] has settings:
/// stride, padding, other output sizes, dilation, groups.
///
/// # Errors
/// The result fails if ranks, channels or dtypes do not fit, x has no spatial axis, a setting has another number of entries, or the
/// convolution of a result of the sizes asked for would not have the sizes of x.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[[1.0f32, 10.0]]]));
/// let w = Variable::new(Array::from([[[1.0f32, 2.0]]]));
/// assert_eq!(F::deconvolution_nd(&x, &w, None).to_vec::<f32>()?, [1.0, 12.0, 20.0]);
/// let y = F::DeconvolutionND::new().stride(2).outsize(vec![5]).call(&x, &w, Array::from([0.5f32]));
/// assert_eq!(y.to_vec::<f32>()?, [1.5, 2.5, 10.5, 20.5, 0.5]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn deconvolution_nd(x: impl AsVariable, w: impl AsVariable, b: impl AsOptVariable) -> Variable {
    DeconvolutionND::new().call(x, w, b)
}
