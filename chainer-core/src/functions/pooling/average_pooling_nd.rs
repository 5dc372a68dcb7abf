//! [`average_pooling_nd`].

use chainer_kernels::kernel::{AveragePool, Divisor};
use chainer_kernels::ops;

use super::{check_pooled, pool_nd};
use crate::functions::{Sizes, Strides, named, settings};
use crate::type_check::Checked;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

/// x → the mean or sum of each window.
#[derive(Clone)]
pub(super) struct AveragePooling {
    pub(super) name: &'static str,
    pub(super) pool: AveragePool,
    pub(super) cover_all: bool,
}

impl Function for AveragePooling {
    fn name(&self) -> &'static str {
        self.name
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_pooled(&inputs[0], &self.pool.pool)
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        named(self.name, ops::average_pooling(&inputs[0], &self.pool, self.cover_all)).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let size = c.input_shape(0)[2..].to_vec();
        apply(Spread { name: "average_pooling_grad", of: self.clone(), size }, [c.gy(0)]).one().into()
    }
}

/// gy → gx: each gradient goes to all elements of its window.
pub(super) struct Spread {
    pub(super) name: &'static str,
    pub(super) of: AveragePooling,
    /// The spatial sizes of gx.
    pub(super) size: Vec<usize>,
}

impl Function for Spread {
    fn name(&self) -> &'static str {
        self.name
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        named(self.name, ops::average_pooling_backward(&inputs[0], &self.of.pool, &self.size)).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        apply(self.of.clone(), [c.gy(0)]).one().into()
    }
}

settings! {
    /// [`average_pooling_nd`] with settings.
    AveragePoolingND(ksize: Sizes) {
        /// How far the window moves (default: by its own size).
        stride: into Strides = Strides(None),
        /// Zeros around x (default 0). They count in the mean.
        pad: into Sizes = Sizes::All(0),
    }
}

impl AveragePoolingND {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        let x = x.as_variable();
        let pool = pool_nd(&x, &self.ksize, &self.stride, &self.pad);
        let pool = AveragePool { pool, divisor: Divisor::Window };
        apply(AveragePooling { name: "average_pooling_nd", pool, cover_all: false }, [x]).one()
    }
}

/// The mean of each window of `ksize` (a number, or one for each axis) in x (N, C, spatial…), with any number of spatial axes. The windows
/// lie side by side, and what does not fill one is left out; [`AveragePoolingND`] has other strides and padding (whose zeros count).
///
/// # Errors
/// The result fails if x has no float dtype or no spatial axis, the window has another number of axes, or it does not fit.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[[1.0f32, 3.0, 5.0, 7.0, 9.0]]]));
/// assert_eq!(F::average_pooling_nd(&x, 2).to_vec::<f32>()?, [2.0, 6.0]);
/// let y = F::AveragePoolingND::new(2).pad([1]).call(&x);
/// assert_eq!(y.to_vec::<f32>()?, [0.5, 4.0, 8.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn average_pooling_nd(x: impl AsVariable, ksize: impl Into<Sizes>) -> Variable {
    AveragePoolingND::new(ksize).call(x)
}
