//! [`deconvolution_2d`].

use chainer_kernels::kernel::Conv;

use super::convolution::{Convolution, Deconvolution, with_bias};
use crate::functions::{Pair, settings};
use crate::{AsOptVariable, AsVariable, Variable, apply};

const NAME: &str = "deconvolution_2d";

settings! {
    /// [`deconvolution_2d`] with settings.
    Deconvolution2D() {
        /// How far the window moves, vertically and horizontally (default 1).
        stride: into Pair = Pair([1, 1]),
        /// Elements that are cut off the result, above and below, left and right (default 0).
        pad: into Pair = Pair([0, 0]),
        /// Height and width of the result (default: the smallest whose convolution has the size of x).
        outsize: into Option<(usize, usize)> = None,
        /// Steps inside the window (default 1: neighbours).
        dilate: into Pair = Pair([1, 1]),
        /// Groups of channels that do not mix (default 1).
        groups: usize = 1,
    }
}

impl Deconvolution2D {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, w: impl AsVariable, b: impl AsOptVariable) -> Variable {
        let conv = Conv {
            stride: self.stride.spatial(),
            pad: self.pad.spatial(),
            dilate: self.dilate.spatial(),
            groups: self.groups,
        };
        let of = Convolution { name: "convolution_2d", axes: 2, conv, cover_all: false, may_be_empty: true };
        let outsize = self.outsize.map(|(height, width)| vec![height, width]);
        let y = apply(Deconvolution { name: NAME, of, outsize }, [x.as_variable(), w.as_variable()]).one();
        with_bias(NAME, y, b.as_opt_variable(), if self.groups == 1 { "W.shape[1]" } else { "W.shape[1] * groups" })
    }
}

/// Two-dimensional transposed convolution, which the literature also calls deconvolution: the map that
/// [`convolution_2d`](super::convolution_2d()) with the same W multiplies gradients by. Images x (N, C, height, width) with filters
/// W (C, O, window height, window width) and optionally a bias b (O,) give (N, O, out height, out width), where out is
/// `stride (size - 1) + window - 2 pad`. [`Deconvolution2D`] has settings: stride, padding, another output size, dilation, groups
/// (Zeiler et al., *Deconvolutional networks*, 2010).
///
/// # Errors
/// The result fails if ranks, channels or dtypes do not fit, or the convolution of a result of the size asked for would not have the size
/// of x.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let x = Variable::new(Array::from_vec(vec![1.0f32, 10.0], [1, 1, 1, 2]));
/// let w = Variable::new(Array::from_vec(vec![1.0f32, 2.0, 3.0, 4.0], [1, 1, 2, 2]));
/// assert_eq!(F::deconvolution_2d(&x, &w, None).to_vec::<f32>()?, [1.0, 12.0, 20.0, 3.0, 34.0, 40.0]);
/// let x = Variable::new(Array::ones([10, 1, 5, 10], Dtype::F32));
/// let w = Variable::new(Array::ones([1, 3, 10, 10], Dtype::F32));
/// let y = F::Deconvolution2D::new().stride(5).pad(5).call(&x, &w, None);
/// assert_eq!(y.shape(), &[10, 3, 20, 45].into());
/// let y = F::Deconvolution2D::new().stride(5).pad(5).outsize((24, 45)).call(&x, &w, None);
/// assert_eq!(y.shape(), &[10, 3, 24, 45].into());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn deconvolution_2d(x: impl AsVariable, w: impl AsVariable, b: impl AsOptVariable) -> Variable {
    Deconvolution2D::new().call(x, w, b)
}
