//! Convolution, transposed convolution and their gradients over any number of spatial axes. Each is linear in both its inputs, and the
//! gradients of each are the other two.

use std::panic::Location;

use chainer_kernels::kernel::Conv;
use chainer_kernels::ops::{self, get_conv_outsize};

use crate::functions::{checked, named};
use crate::type_check::{self, Checked};
use crate::{Array, BackwardContext, Error, Function, Gradients, Outputs, Result, Variable, apply};

/// x (N, C, spatial…), W (O, C/groups, window…) → y (N, O, out…).
#[derive(Clone, Debug)]
pub(super) struct Convolution {
    pub(super) name: &'static str,
    /// The number of spatial axes.
    pub(super) axes: usize,
    pub(super) conv: Conv,
    pub(super) cover_all: bool,
    /// Whether there may be no place for a window. Nobody asks for such a convolution, but the gradient of a transposed one of nothing
    /// is one.
    pub(super) may_be_empty: bool,
}

impl Convolution {
    /// The result where that is allowed to be empty, and is.
    fn nothing(&self, x: &Array, w: &Array) -> Option<Array> {
        let Conv { stride, pad, dilate, .. } = &self.conv;
        if !self.may_be_empty {
            return None;
        }
        let places = |i: usize| {
            get_conv_outsize(x.shape()[i + 2], w.shape()[i + 2], stride[i], pad[i], self.cover_all, dilate[i])
        };
        let shape: Vec<usize> = [x.shape()[0], w.shape()[0]].into_iter().chain((0..self.axes).map(places)).collect();
        shape[2..].contains(&0).then(|| Array::zeros(shape, x.dtype()))
    }
}

/// The spatial axes of the input x of a convolution over any number of them; at least one, so that an x without is refused.
pub(super) fn spatial_axes(x: &Variable) -> usize {
    if x.error().is_some() { 1 } else { x.ndim().saturating_sub(2).max(1) }
}

/// Adds b (O,) to the channels of y (N, O, …). `channels` is what b's size is compared with, as an expression.
#[track_caller]
pub(super) fn with_bias(name: &'static str, y: Variable, b: Option<Variable>, channels: &str) -> Variable {
    let Some(b) = b else { return y };
    if y.error().is_some() {
        return y;
    }
    if b.error().is_some() {
        return b;
    }
    let check = || {
        type_check::same_dtype("b", b.data(), "W", y.data())?;
        type_check::ndim("b", b.data(), 1)?;
        type_check::equal("b.shape[0]", b.size(), channels, y.shape()[1])
    };
    if let Err(error) = checked(name, check) {
        return Variable::failed(error.at(Location::caller()));
    }
    let mut shape = vec![1; y.ndim()];
    shape[1] = b.size();
    y + b.reshape(shape)
}

/// Two float arrays of one dtype and the rank of so many spatial axes.
fn check_ranks(inputs: &[Array], axes: usize) -> Checked {
    let (x, w) = (&inputs[0], &inputs[1]);
    type_check::float("x", x)?;
    type_check::same_dtype("x", x, "W", w)?;
    type_check::ndim("x", x, axes + 2)?;
    type_check::ndim("W", w, axes + 2)
}

impl Function for Convolution {
    fn name(&self) -> &'static str {
        self.name
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_ranks(inputs, self.axes)?;
        let (x, w) = (&inputs[0], &inputs[1]);
        match self.conv.groups {
            1 => type_check::same_size("x", x, 1, "W", w, 1),
            groups => {
                let channels = w.shape()[1].saturating_mul(groups);
                type_check::equal("x.shape[1]", x.shape()[1], "W.shape[1] * groups", channels)
            }
        }
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let (x, w) = (&inputs[0], &inputs[1]);
        match self.nothing(x, w) {
            Some(zeros) => zeros.into(),
            None => named(self.name, ops::convolution(x, w, &self.conv, self.cover_all)).into(),
        }
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
        transposed_gradients(&self.of, c)
    }
}

/// The gradients of what maps gy and W to gx.
fn transposed_gradients(of: &Convolution, c: &BackwardContext<'_>) -> Gradients {
    let (gy, w, ggx) = (c.input(0), c.input(1), c.gy(0));
    [
        c.wants(0).then(|| apply(of.clone(), [ggx, w]).one()),
        c.wants(1).then(|| filter(of, ggx, gy, &c.input_shape(1)[2..])),
    ]
    .into()
}

/// x (N, C, spatial…), W (C, O/groups, window…) → y (N, O, out…), whose convolution has the sizes of x.
pub(super) struct Deconvolution {
    pub(super) name: &'static str,
    /// The convolution whose gradient this is; without `cover_all`.
    pub(super) of: Convolution,
    /// The spatial sizes of y, if they are not those that the sizes of x give.
    pub(super) outsize: Option<Vec<usize>>,
}

impl Deconvolution {
    fn deconvolved(&self, x: &Array, w: &Array) -> Result<Array> {
        let Conv { stride, pad, dilate, .. } = &self.of.conv;
        // This checks ranks and settings, too.
        let y = named(self.name, ops::deconvolution(x, w, &self.of.conv, self.outsize.as_deref()));
        y.check()?;
        for (i, &size) in y.shape()[2..].iter().enumerate() {
            if size == 0 {
                return Err(Error::value(self.name, format_args!("outsize[{i}] >= 1"), size));
            }
            // The operation also takes sizes that only windows beyond the end (`cover_all`) would cover.
            let (want, window) = (x.shape()[i + 2], w.shape()[i + 2]);
            let convolved = get_conv_outsize(size, window, stride[i], pad[i], false, dilate[i]);
            if convolved != want {
                let expect = format!("an output size whose convolution has size {want} on axis {}", i + 2);
                return Err(Error::mismatch(self.name, expect, format_args!("{size} (convolved: {convolved})")));
            }
        }
        Ok(y)
    }
}

impl Function for Deconvolution {
    fn name(&self) -> &'static str {
        self.name
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_ranks(inputs, self.of.axes)?;
        type_check::same_size("x", &inputs[0], 1, "W", &inputs[1], 0)
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        self.deconvolved(&inputs[0], &inputs[1]).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        transposed_gradients(&self.of, c)
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
