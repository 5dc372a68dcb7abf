//! [`softmax`].

use chainer_kernels::ArrayOps;

use crate::functions::settings;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

settings! {
    /// [`softmax`] along another axis.
    Softmax() {
        /// The axis along which the results add up to 1; `None` (the default) is the second one, or the only one.
        axis: into Option<isize> = None,
    }
}

/// The axis that classes lie on.
pub(super) fn class_axis(axis: Option<isize>, ndim: usize) -> isize {
    axis.unwrap_or(if ndim < 2 { 0 } else { 1 })
}

/// A float dtype and an axis that exists.
pub(super) fn check_class_axis(axis: Option<isize>, x: &Array) -> Checked {
    type_check::float("x", x)?;
    let (axis, ndim) = (class_axis(axis, x.ndim()), x.ndim() as isize);
    let actual = format!("axis = {axis}, x.ndim = {ndim}");
    type_check::expect((-ndim..ndim).contains(&axis), "-x.ndim <= axis < x.ndim", actual)
}

impl Function for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_class_axis(self.axis, &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let x = &inputs[0];
        let axis = class_axis(self.axis, x.ndim());
        if x.size() == 0 {
            return x.clone().into();
        }
        let exponentials = (x - x.max(axis, true)).exp();
        let sum = (&exponentials).sum(axis, true);
        (exponentials / sum).into()
    }
    fn retain(&self) -> Retain {
        Retain::outputs()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (y, gy) = (c.output(0), c.gy(0));
        let axis = class_axis(self.axis, c.output_shape(0).ndim());
        let weighted = y * gy;
        let sum = weighted.sum_axes(axis, true);
        (weighted - y * sum).into()
    }
}

impl Softmax {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        apply(self, [x.as_variable()]).one()
    }
}

/// `exp(x)`, scaled so that the results along the second axis add up to 1 ([`Softmax`] takes another axis; of a vector it is the only
/// one). It does not overflow.
///
/// # Errors
/// The result fails unless x has a float dtype and the axis exists.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[0.0f32, 0.0], [1000.0, 0.0]]));
/// assert_eq!(F::softmax(&x).to_vec::<f32>()?, [0.5, 0.5, 1.0, 0.0]);
/// let columns = F::Softmax::new().axis(0).call(&x).to_vec::<f32>()?;
/// assert_eq!(columns, [0.0, 0.5, 1.0, 0.5]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn softmax(x: impl AsVariable) -> Variable {
    Softmax::new().call(x)
}
