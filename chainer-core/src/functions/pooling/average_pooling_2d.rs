//! [`average_pooling_2d`].

use chainer_kernels::kernel::{AveragePool, Divisor};

use super::average_pooling_nd::AveragePooling;
use super::pool_2d;
use crate::functions::{Pair, Stride, settings};
use crate::{AsVariable, Variable, apply};

settings! {
    /// [`average_pooling_2d`] with settings.
    AveragePooling2D(ksize: Pair) {
        /// How far the window moves (default: by its own size).
        stride: into Stride = Stride(None),
        /// Zeros around x (default 0). They count in the mean.
        pad: into Pair = Pair([0, 0]),
    }
}

impl AveragePooling2D {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        let pool = AveragePool { pool: pool_2d(self.ksize, self.stride, self.pad), divisor: Divisor::Window };
        apply(AveragePooling { name: "average_pooling_2d", pool, cover_all: false }, [x.as_variable()]).one()
    }
}

/// The mean of each window of `ksize` (a number, or a pair of height and width) in images x (N, C, height, width). The windows lie side by
/// side, and what does not fill one is left out; [`AveragePooling2D`] has other strides and padding (whose zeros count).
///
/// # Errors
/// The result fails if x has no float dtype or not four axes, or the window does not fit.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from_vec((0..9).map(|i| i as f32).collect(), [1, 1, 3, 3]));
/// assert_eq!(F::average_pooling_2d(&x, 2).to_vec::<f32>()?, [2.0]);
/// let y = F::AveragePooling2D::new((3, 1)).stride(1).call(&x);
/// assert_eq!(y.to_vec::<f32>()?, [3.0, 4.0, 5.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn average_pooling_2d(x: impl AsVariable, ksize: impl Into<Pair>) -> Variable {
    AveragePooling2D::new(ksize).call(x)
}
