//! Convolution and its two gradients over any number of spatial axes. Each is linear in both its inputs, and the gradients of each are
//! the other two.

use chainer_kernels::kernel::Conv;
use chainer_kernels::ops;

use crate::functions::named;
use crate::type_check::{self, Checked};
use crate::{Array, BackwardContext, Function, Gradients, Outputs, Variable, apply};

/// x (N, C, spatial…), W (O, C/groups, window…) → y (N, O, out…).
#[derive(Clone, Debug)]
pub(super) struct Convolution {
    pub(super) name: &'static str,
    /// The number of spatial axes.
    pub(super) axes: usize,
    pub(super) conv: Conv,
    pub(super) cover_all: bool,
}

impl Function for Convolution {
    fn name(&self) -> &'static str {
        self.name
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        let (x, w, groups) = (&inputs[0], &inputs[1], self.conv.groups);
        type_check::float("x", x)?;
        type_check::same_dtype("x", x, "W", w)?;
        type_check::ndim("x", x, self.axes + 2)?;
        type_check::ndim("W", w, self.axes + 2)?;
        match groups {
            1 => type_check::same_size("x", x, 1, "W", w, 1),
            _ => type_check::equal("x.shape[1]", x.shape()[1], "W.shape[1] * groups", w.shape()[1] * groups),
        }
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        named(self.name, ops::convolution(&inputs[0], &inputs[1], &self.conv, self.cover_all)).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (x, w, gy) = (c.input(0), c.input(1), c.gy(0));
        [
            c.wants(0).then(|| data(self, gy, w, &c.input_shape(0)[2..])),
            c.wants(1).then(|| filter(self, x, gy, &c.input_shape(1)[2..])),
        ]
        .into()
    }
}

/// gy, W → gx: the gradient with respect to x, whose spatial sizes are `size`.
struct BackwardData {
    of: Convolution,
    size: Vec<usize>,
}

fn data(of: &Convolution, gy: &Variable, w: &Variable, size: &[usize]) -> Variable {
    apply(BackwardData { of: of.clone(), size: size.to_vec() }, [gy, w]).one()
}

impl Function for BackwardData {
    fn name(&self) -> &'static str {
        "convolution_backward_data"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        ops::convolution_backward_data(&inputs[0], &inputs[1], &self.of.conv, &self.size).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (gy, w, ggx) = (c.input(0), c.input(1), c.gy(0));
        [
            c.wants(0).then(|| apply(self.of.clone(), [ggx, w]).one()),
            c.wants(1).then(|| filter(&self.of, ggx, gy, &c.input_shape(1)[2..])),
        ]
        .into()
    }
}

/// x, gy → gW: the gradient with respect to W, whose windows have the sizes `window`.
struct BackwardFilter {
    of: Convolution,
    window: Vec<usize>,
}

fn filter(of: &Convolution, x: &Variable, gy: &Variable, window: &[usize]) -> Variable {
    apply(BackwardFilter { of: of.clone(), window: window.to_vec() }, [x, gy]).one()
}

impl Function for BackwardFilter {
    fn name(&self) -> &'static str {
        "convolution_backward_filter"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        ops::convolution_backward_filter(&inputs[0], &inputs[1], &self.of.conv, &self.window).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (x, gy, ggw) = (c.input(0), c.input(1), c.gy(0));
        [
            c.wants(0).then(|| data(&self.of, gy, ggw, &c.input_shape(0)[2..])),
            c.wants(1).then(|| apply(self.of.clone(), [x, ggw]).one()),
        ]
        .into()
    }
}
