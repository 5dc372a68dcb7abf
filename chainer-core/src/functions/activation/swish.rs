//! [`swish`].

use chainer_kernels::ArrayOps;

use super::silu::FLAT;
use crate::functions::normalization::{channel_axes, check_channels};
use crate::functions::refused;
use crate::type_check::Checked;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Variable, apply};

struct Swish;

impl Function for Swish {
    fn name(&self) -> &'static str {
        "swish"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_channels(&inputs[0], &[("beta", &inputs[1])])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(failed) = refused(self, inputs) {
            return failed;
        }
        let (x, beta) = (&inputs[0], &inputs[1]);
        let (shape, _) = channel_axes(x.shape(), beta.ndim());
        let share = (x * beta.reshape(shape)).sigmoid();
        (&share).equal(0.0).select(0.0, x * share).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (x, beta, gy) = (c.input(0), c.input(1), c.gy(0));
        let (shape, axes) = channel_axes(c.input_shape(0), c.input_shape(1).ndim());
        let scaled = (x * beta.reshape(shape)).maximum(-FLAT).minimum(FLAT);
        let share = scaled.sigmoid();
        let slope = &share * (1.0 - &share);
        let gx = c.wants(0).then(|| gy * (&share + scaled * &slope));
        let gbeta = c.wants(1).then(|| {
            // Where the sigmoid is flat, beta does not matter.
            let of_each = slope.equal(0.0).select(0.0, gy * x * (x * &slope));
            of_each.sum_axes(&axes, false).reshape(c.input_shape(1))
        });
        [gx, gbeta].into()
    }
}

/// `x * sigmoid(beta * x)` with a learned beta; [`silu`](super::silu()) is the same with a number.
///
/// beta has the shape of the channels, which are the axes of x from the second on: (3,) for x (B, 3, …), () for one beta in all
/// (Ramachandran et al., arXiv:1710.05941).
///
/// # Errors
/// The result fails if shapes or dtypes do not fit; both have the same float dtype, and x has more axes than beta.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, -1.0], [2.0, -2.0]]));
/// let beta = Variable::new(Array::from([0.0f32, 1.0]));
/// let y = F::swish(&x, &beta).to_vec::<f32>()?;
/// assert!(y[0] == 0.5 && (y[1] + 0.268941).abs() < 1e-6 && y[2] == 1.0 && (y[3] + 0.238406).abs() < 1e-6);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn swish(x: impl AsVariable, beta: impl AsVariable) -> Variable {
    apply(Swish, [x.as_variable(), beta.as_variable()]).one()
}
