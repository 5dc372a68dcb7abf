//! [`max_pooling_nd`].

use chainer_kernels::kernel::Pool;
use chainer_kernels::ops;

use super::{check_pooled, pool_nd};
use crate::functions::{Sizes, Strides, named, settings};
use crate::type_check::Checked;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

/// x → the maximum of each window, and its place in the window.
pub(super) struct MaxPooling {
    pub(super) name: &'static str,
    pub(super) pool: Pool,
    pub(super) cover_all: bool,
}

impl Function for MaxPooling {
    fn name(&self) -> &'static str {
        self.name
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_pooled(&inputs[0], &self.pool)
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
        let size = c.input_shape(0)[2..].to_vec();
        let windows = Windows { name: "max_pooling_grad", pool: self.pool.clone(), size, index };
        apply(Spread(windows), [c.gy(0)]).one().into()
    }
}

/// Which element of each window is meant.
#[derive(Clone)]
pub(super) struct Windows {
    pub(super) name: &'static str,
    pub(super) pool: Pool,
    /// The spatial sizes of what the windows lie on.
    pub(super) size: Vec<usize>,
    /// int32: the element's number in its window.
    pub(super) index: Array,
}

/// gy → gx: each gradient goes to the element that is meant.
pub(super) struct Spread(pub(super) Windows);

impl Function for Spread {
    fn name(&self) -> &'static str {
        self.0.name
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

/// ggx → ggy: the elements that are meant.
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
    /// [`max_pooling_nd`] with settings.
    MaxPoolingND(ksize: Sizes) {
        /// How far the window moves (default: by its own size).
        stride: into Strides = Strides(None),
        /// The padding around x (default 0). It never is the maximum.
        pad: into Sizes = Sizes::All(0),
        /// Whether the last window may reach beyond the padding, so that every element is in one (default true).
        cover_all: bool = true,
    }
}

impl MaxPoolingND {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        self.call_with_indexes(x).0
    }

    /// Applies the function, and gives the int32 number of each maximum in its window as well.
    #[track_caller]
    pub fn call_with_indexes(self, x: impl AsVariable) -> (Variable, Variable) {
        let x = x.as_variable();
        let pool = pool_nd(&x, &self.ksize, &self.stride, &self.pad);
        let [y, indexes] = apply(MaxPooling { name: "max_pooling_nd", pool, cover_all: self.cover_all }, [x]).many();
        (y, indexes)
    }
}

/// The maximum of each window of `ksize` (a number, or one for each axis) in x (N, C, spatial…), with any number of spatial axes. The
/// windows lie side by side and cover everything; [`MaxPoolingND`] has other strides, padding, and windows that do not reach beyond the
/// end. The gradient goes to the first of equal maxima. A window wholly outside x gives -inf.
///
/// # Errors
/// The result fails if x has no float dtype or no spatial axis, the window has another number of axes, or it does not fit.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[[1.0f32, 4.0, 2.0, 3.0, 0.0]]]));
/// assert_eq!(F::max_pooling_nd(&x, 2).to_vec::<f32>()?, [4.0, 3.0, 0.0]);
/// let y = F::MaxPoolingND::new([3]).stride(1).cover_all(false).call(&x);
/// assert_eq!(y.to_vec::<f32>()?, [4.0, 4.0, 3.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn max_pooling_nd(x: impl AsVariable, ksize: impl Into<Sizes>) -> Variable {
    MaxPoolingND::new(ksize).call(x)
}
