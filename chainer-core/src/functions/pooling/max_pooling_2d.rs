//! [`max_pooling_2d`].

use chainer_kernels::kernel::Pool;
use chainer_kernels::ops;

use crate::functions::{Pair, Stride, named, settings};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

/// x → the maximum of each window, and its place in the window.
struct MaxPooling {
    name: &'static str,
    pool: Pool,
    cover_all: bool,
}

impl Function for MaxPooling {
    fn name(&self) -> &'static str {
        self.name
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])?;
        type_check::ndim("x", &inputs[0], self.pool.ksize.len() + 2)
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let (y, index) = ops::max_pooling(&inputs[0], &self.pool, self.cover_all);
        (named(self.name, y), index).into()
    }
    fn retain(&self) -> Retain {
        Retain::none().output(1)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let index = c.output(1).data().clone();
        let windows = Windows { pool: self.pool.clone(), size: c.input_shape(0)[2..].to_vec(), index };
        apply(Spread(windows), [c.gy(0)]).one().into()
    }
}

/// Where the maxima lie.
#[derive(Clone)]
struct Windows {
    pool: Pool,
    /// The spatial sizes of x.
    size: Vec<usize>,
    index: Array,
}

/// gy → gx: each gradient goes to the place of the maximum.
struct Spread(Windows);

impl Function for Spread {
    fn name(&self) -> &'static str {
        "max_pooling_backward"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        ops::max_pooling_backward(&inputs[0], &self.0.index, &self.0.pool, &self.0.size).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        apply(Gather(self.0.clone()), [c.gy(0)]).one().into()
    }
}

/// ggx → ggy: what stands at the place of the maximum.
struct Gather(Windows);

impl Function for Gather {
    fn name(&self) -> &'static str {
        "max_pooling_gather"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        ops::max_pooling_gather(&inputs[0], &self.0.index, &self.0.pool).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        apply(Spread(self.0.clone()), [c.gy(0)]).one().into()
    }
}

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
        let pool =
            Pool { ksize: self.ksize.spatial(), stride: self.stride.or(self.ksize).spatial(), pad: self.pad.spatial() };
        let function = MaxPooling { name: "max_pooling_2d", pool, cover_all: self.cover_all };
        let [y, _index] = apply(function, [x.as_variable()]).many();
        y
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
