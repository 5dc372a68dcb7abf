//! [`linear`].

use chainer_kernels::ops;

use crate::functions::{MatMul, refused, reshape, sum_to};
use crate::type_check::{self, Checked};
use crate::{
    Array, AsOptVariable, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Shape, Variable,
    Variables, apply,
};

struct Linear;

/// Axes after the first as one.
fn rows(x: &Shape) -> [usize; 2] {
    [x[0], x[1..].iter().product()]
}

impl Function for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        let (x, w) = (&inputs[0], &inputs[1]);
        type_check::float("x", x)?;
        type_check::min_ndim("x", x, 2)?;
        type_check::same_dtype("x", x, "W", w)?;
        type_check::ndim("W", w, 2)?;
        let left = if x.ndim() == 2 { "x.shape[1]" } else { "prod(x.shape[1:])" };
        type_check::equal(left, rows(x.shape())[1], "W.shape[1]", w.shape()[1])?;
        if let Some(b) = inputs.get(2) {
            type_check::same_dtype("x", x, "b", b)?;
            type_check::ndim("b", b, 1)?;
            type_check::same_size("b", b, 0, "W", w, 0)?;
        }
        Ok(())
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(failed) = refused(self, inputs) {
            return failed;
        }
        let x = &inputs[0];
        let y = ops::matmul(&x.reshape(rows(x.shape())), &inputs[1].transpose());
        match inputs.get(2) {
            Some(b) => (y + b).into(),
            None => y.into(),
        }
    }
    fn retain(&self) -> Retain {
        Retain::none().input(0).input(1)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (x, w, gy) = (c.input(0), c.input(1), c.gy(0));
        let gx = c.wants(0).then(|| reshape(MatMul::new().call(gy, w), c.input_shape(0)));
        let gw = c.wants(1).then(|| MatMul::new().transa(true).call(gy, reshape(x, rows(c.input_shape(0)))));
        let gb = c.wants(2).then(|| sum_to(gy, c.input_shape(2)));
        [gx, gw, gb].into_iter().take(c.input_count()).collect()
    }
}

/// The affine map `x W^T + b` of each row: x (B, …) whose axes after the first count as one of size N, W (M, N), and optionally b (M,)
/// give (B, M).
///
/// # Errors
/// The result fails if ranks, sizes or dtypes do not fit; all have the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0]]));
/// let w = Variable::new(Array::from([[1.0f32, 0.0], [1.0, 1.0], [0.0, -1.0]]));
/// let b = Variable::new(Array::from([0.0f32, 10.0, 0.0]));
/// assert_eq!(F::linear(&x, &w, &b).to_vec::<f32>()?, [1.0, 13.0, -2.0]);
/// assert_eq!(F::linear(&x, &w, None).to_vec::<f32>()?, [1.0, 3.0, -2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn linear(x: impl AsVariable, w: impl AsVariable, b: impl AsOptVariable) -> Variable {
    let mut inputs = Variables::new();
    inputs.push(x.as_variable());
    inputs.push(w.as_variable());
    inputs.extend(b.as_opt_variable());
    apply(Linear, inputs).one()
}
