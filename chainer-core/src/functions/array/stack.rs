//! [`stack`].

use chainer_kernels::ops;

use super::separate::Separate;
use super::single_gradient;
use crate::functions::settings;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariables, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

settings! {
    /// [`stack`] along another axis.
    Stack() {
        /// Which axis of the result is the new one (default 0); negative ones count from its end.
        axis: isize = 0,
    }
}

impl Function for Stack {
    fn name(&self) -> &'static str {
        "stack"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::expect(!inputs.is_empty(), "at least one input", "none")?;
        let (first, ndim, axis) = (&inputs[0], inputs[0].ndim() as isize, self.axis);
        let actual = format_args!("axis = {axis}, ndim = {ndim}");
        type_check::expect((-ndim - 1..=ndim).contains(&axis), "-xs[0].ndim - 1 <= axis <= xs[0].ndim", actual)?;
        for (i, x) in inputs.iter().enumerate().skip(1) {
            let other = format!("xs[{i}]");
            type_check::same_dtype("xs[0]", first, &other, x)?;
            type_check::same_shape("xs[0]", first, &other, x)?;
        }
        Ok(())
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        ops::stack(&inputs.iter().collect::<Vec<_>>(), self.axis).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        match single_gradient(c) {
            Some(gy) => vec![gy; c.input_count()].into(),
            None => Separate::new().axis(self.axis).call(c.gy(0)).into(),
        }
    }
}

impl Stack {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, xs: impl AsVariables) -> Variable {
        apply(self, xs).one()
    }
}

/// The inputs, all of one shape and dtype, side by side on a new first axis ([`Stack`] puts it elsewhere).
/// [`separate`](super::separate()) takes them apart again.
///
/// # Errors
/// The result fails if the inputs do not fit, or there is none.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, 2.0]));
/// let y = Variable::new(Array::from([3.0f32, 4.0]));
/// assert_eq!(F::stack([&x, &y]).to_vec::<f32>()?, [1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(F::Stack::new().axis(-1).call([&x, &y]).to_vec::<f32>()?, [1.0, 3.0, 2.0, 4.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn stack(xs: impl AsVariables) -> Variable {
    Stack::new().call(xs)
}
