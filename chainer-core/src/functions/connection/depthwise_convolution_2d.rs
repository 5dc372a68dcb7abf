//! [`depthwise_convolution_2d`].

use super::Convolution2D;
use super::convolution::with_bias;
use crate::functions::{Pair, checked, reshape, settings, transpose};
use crate::type_check;
use crate::{AsOptVariable, AsVariable, Result, Variable};

const NAME: &str = "depthwise_convolution_2d";

settings! {
    /// [`depthwise_convolution_2d`] with settings.
    DepthwiseConvolution2D() {
        /// How far the window moves, vertically and horizontally (default 1).
        stride: into Pair = Pair([1, 1]),
        /// Zeros around x, above and below, left and right (default 0).
        pad: into Pair = Pair([0, 0]),
    }
}

impl DepthwiseConvolution2D {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, w: impl AsVariable, b: impl AsOptVariable) -> Variable {
        let at = std::panic::Location::caller();
        let y = self.convolved(x.as_variable(), w.as_variable()).map_err(|error| error.at(at)).into();
        with_bias(NAME, y, b.as_opt_variable(), "W.shape[0] * W.shape[1]")
    }

    #[track_caller]
    fn convolved(self, x: Variable, w: Variable) -> Result<Variable> {
        x.check()?;
        w.check()?;
        checked(NAME, || {
            type_check::float("x", x.data())?;
            type_check::same_dtype("x", x.data(), "W", w.data())?;
            type_check::ndim("x", x.data(), 4)?;
            type_check::ndim("W", w.data(), 4)?;
            type_check::same_size("x", x.data(), 1, "W", w.data(), 1)
        })?;
        // Each channel is a group of its own, with a filter for each multiple.
        let [multiplier, channels, height, width] = w.dims()?;
        let filters = reshape(transpose(w, &[1, 0, 2, 3]), [multiplier * channels, 1, height, width]);
        Ok(Convolution2D::new().stride(self.stride).pad(self.pad).groups(channels).call_as(NAME, x, filters, None))
    }
}

/// Two-dimensional convolution of each channel by itself: images x (N, C, height, width) with filters W (M, C, window height, window
/// width) and optionally a bias b (C M,) give (N, C M, out height, out width). Output channel `c M + m` is the convolution of channel c
/// with the filter `W[m, c]`; the output sizes are those of [`convolution_2d`](super::convolution_2d()). [`DepthwiseConvolution2D`] has
/// settings: stride and padding (Sifre, *Rigid-motion scattering for image classification*, 2014).
///
/// # Errors
/// The result fails if ranks, channels or dtypes do not fit, or the window is larger than the padded image.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from_vec(vec![1.0f32, 2.0, 3.0, 4.0], [1, 2, 1, 2]));
/// let w = Variable::new(Array::from_vec(vec![1.0f32, 10.0, -1.0, 0.5], [2, 2, 1, 1]));
/// let y = F::depthwise_convolution_2d(&x, &w, None);
/// assert_eq!(y.shape(), &[1, 4, 1, 2].into());
/// assert_eq!(y.to_vec::<f32>()?, [1.0, 2.0, -1.0, -2.0, 30.0, 40.0, 1.5, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn depthwise_convolution_2d(x: impl AsVariable, w: impl AsVariable, b: impl AsOptVariable) -> Variable {
    DepthwiseConvolution2D::new().call(x, w, b)
}
