//! [`im2col`].

use chainer_kernels::kernel::Window;
use chainer_kernels::ops;

use crate::functions::{Pair, named, settings};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

settings! {
    /// [`im2col`] with settings.
    Im2Col(ksize: Pair) {
        /// How far the window moves (default 1).
        stride: into Pair = Pair([1, 1]),
        /// Zeros around x (default 0).
        pad: into Pair = Pair([0, 0]),
        /// Whether the last window may reach beyond the padding, so that every element is in one (default false).
        cover_all: bool = false,
        /// Steps between the elements of the window (default 1).
        dilate: into Pair = Pair([1, 1]),
    }
}

/// x (N, C, height, width) → (N, C kh kw, out height, out width).
#[derive(Clone)]
struct Patches {
    window: Window,
    cover_all: bool,
}

impl Function for Patches {
    fn name(&self) -> &'static str {
        "im2col"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])?;
        type_check::ndim("x", &inputs[0], 4)
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let columns = named("im2col", ops::unfold(&inputs[0], &self.window, self.cover_all));
        if columns.is_failed() {
            return columns.into();
        }
        let shape = columns.shape();
        columns.reshape([shape[0], shape[1] * shape[2] * shape[3], shape[4], shape[5]]).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let shape = c.input_shape(0);
        let sum = PatchSum { of: self.clone(), channels: shape[1], size: [shape[2], shape[3]] };
        apply(sum, [c.gy(0)]).one().into()
    }
}

/// gy → gx: each element is in several patches.
struct PatchSum {
    of: Patches,
    channels: usize,
    size: [usize; 2],
}

impl Function for PatchSum {
    fn name(&self) -> &'static str {
        "im2col_grad"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let (gy, shape, ksize) = (&inputs[0], inputs[0].shape(), &self.of.window.ksize);
        let columns = gy.reshape([shape[0], self.channels, ksize[0], ksize[1], shape[2], shape[3]]);
        ops::fold(&columns, &self.of.window, &self.size).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        apply(self.of.clone(), [c.gy(0)]).one().into()
    }
}

impl Im2Col {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        let window = Window {
            ksize: self.ksize.spatial(),
            stride: self.stride.spatial(),
            pad: self.pad.spatial(),
            dilate: self.dilate.spatial(),
        };
        apply(Patches { window, cover_all: self.cover_all }, [x.as_variable()]).one()
    }
}

/// The patches of images x (N, C, height, width) under a window of `ksize` (a number, or a pair of height and width) that moves by one
/// element: (N, C kh kw, out height, out width), where channel `(c kh + i) kw + j` holds what row i and column j of the window meet in
/// channel c. [`Im2Col`] has other strides, padding and dilated windows.
///
/// # Errors
/// The result fails if x has no float dtype or not four axes, or the window does not fit.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from_vec((0..9).map(|i| i as f32).collect(), [1, 1, 3, 3]));
/// let y = F::im2col(&x, 2);
/// assert_eq!(y.shape(), &[1, 4, 2, 2].into());
/// assert_eq!(y.to_vec::<f32>()?[..4], [0.0, 1.0, 3.0, 4.0]);
/// assert_eq!(F::Im2Col::new(2).dilate(2).call(&x).to_vec::<f32>()?, [0.0, 2.0, 6.0, 8.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn im2col(x: impl AsVariable, ksize: impl Into<Pair>) -> Variable {
    Im2Col::new(ksize).call(x)
}
