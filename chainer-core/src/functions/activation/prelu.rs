//! [`prelu`].

use chainer_kernels::ArrayOps;

use crate::functions::normalization::{channel_axes, check_channels};
use crate::functions::refused;
use crate::type_check::Checked;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Variable, apply};

struct PRelu;

impl Function for PRelu {
    fn name(&self) -> &'static str {
        "prelu"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_channels(&inputs[0], &[("W", &inputs[1])])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(failed) = refused(self, inputs) {
            return failed;
        }
        let (x, w) = (&inputs[0], &inputs[1]);
        let (shape, _) = channel_axes(x.shape(), w.ndim());
        x.greater_equal(0.0).select(x, x * w.reshape(shape)).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (x, w, gy) = (c.input(0), c.input(1), c.gy(0));
        let (shape, axes) = channel_axes(c.input_shape(0), c.input_shape(1).ndim());
        let positive = x.greater_equal(0.0);
        let gx = c.wants(0).then(|| positive.select(gy, gy * w.reshape(shape)));
        let gw = c.wants(1).then(|| positive.select(0.0, gy * x).sum_axes(&axes, false).reshape(c.input_shape(1)));
        [gx, gw].into()
    }
}

/// The rectified linear unit with learned slopes: x from 0 on, `W * x` below. The gradient at 0 is 1.
///
/// W has the shape of the channels, which are the axes of x from the second on: (3,) for x (B, 3, …), (3, 4) for x (B, 3, 4, …), () for
/// one slope in all (He et al., arXiv:1502.01852).
///
/// # Errors
/// The result fails if shapes or dtypes do not fit; both have the same float dtype, and x has more axes than W.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[-1.0f32, -1.0], [2.0, -3.0]]));
/// let w = Variable::new(Array::from([0.5f32, 2.0]));
/// let y = F::prelu(&x, &w);
/// assert_eq!(y.to_vec::<f32>()?, [-0.5, -2.0, 2.0, -6.0]);
/// y.sum().backward()?;
/// assert_eq!(w.grad().unwrap().to_vec::<f32>()?, [-1.0, -4.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn prelu(x: impl AsVariable, w: impl AsVariable) -> Variable {
    apply(PRelu, [x.as_variable(), w.as_variable()]).one()
}
