//! [`average_pooling_2d`].

use chainer_kernels::kernel::{AveragePool, Divisor, Pool};
use chainer_kernels::ops;

use crate::functions::{Pair, Stride, named, settings};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

/// x → the mean of each window.
#[derive(Clone)]
struct AveragePooling {
    name: &'static str,
    pool: AveragePool,
}

impl Function for AveragePooling {
    fn name(&self) -> &'static str {
        self.name
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])?;
        type_check::ndim("x", &inputs[0], self.pool.pool.ksize.len() + 2)
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        named(self.name, ops::average_pooling(&inputs[0], &self.pool, false)).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        apply(Spread { of: self.clone(), size: c.input_shape(0)[2..].to_vec() }, [c.gy(0)]).one().into()
    }
}

/// gy → gx.
struct Spread {
    of: AveragePooling,
    size: Vec<usize>,
}

impl Function for Spread {
    fn name(&self) -> &'static str {
        "average_pooling_backward"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        ops::average_pooling_backward(&inputs[0], &self.of.pool, &self.size).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        apply(self.of.clone(), [c.gy(0)]).one().into()
    }
}

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
        let pool =
            Pool { ksize: self.ksize.spatial(), stride: self.stride.or(self.ksize).spatial(), pad: self.pad.spatial() };
        let pool = AveragePool { pool, divisor: Divisor::Window };
        apply(AveragePooling { name: "average_pooling_2d", pool }, [x.as_variable()]).one()
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
