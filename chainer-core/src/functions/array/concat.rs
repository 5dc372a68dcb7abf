//! [`concat()`].

use chainer_kernels::ops;

use super::split_axis::cut;
use crate::functions::settings;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariables, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

settings! {
    /// [`concat()`] along another axis.
    Concat() {
        /// The axis along which the inputs follow each other (default 1).
        axis: isize = 1,
    }
}

impl Function for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::expect(!inputs.is_empty(), "at least one input", "none")?;
        let (first, ndim) = (&inputs[0], inputs[0].ndim() as isize);
        let exists = (-ndim..ndim).contains(&self.axis);
        type_check::expect(
            exists,
            "-xs[0].ndim <= axis < xs[0].ndim",
            format_args!("axis = {}, ndim = {ndim}", self.axis),
        )?;
        let axis = self.axis.rem_euclid(ndim) as usize;
        for (i, x) in inputs.iter().enumerate().skip(1) {
            let name = format!("xs[{i}]");
            type_check::same_dtype("xs[0]", first, &name, x)?;
            type_check::equal("xs[0].ndim", first.ndim(), format_args!("{name}.ndim"), x.ndim())?;
            for d in (0..first.ndim()).filter(|&d| d != axis) {
                type_check::same_size("xs[0]", first, d, &name, x, d)?;
            }
        }
        Ok(())
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        ops::concatenate(&inputs.iter().collect::<Vec<_>>(), self.axis).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let axis = self.axis.rem_euclid(c.output_shape(0).ndim() as isize) as usize;
        let sizes = (0..c.input_count()).map(|i| c.input_shape(i)[axis]);
        cut(c.gy(0), sizes, axis).into()
    }
}

impl Concat {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, xs: impl AsVariables) -> Variable {
        apply(self, xs).one()
    }
}

/// The inputs one after the other along the second axis ([`Concat`] takes another one). They have one dtype and the same sizes on all
/// other axes.
///
/// # Errors
/// The result fails if the inputs do not fit, or there is none.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// let y = Variable::new(Array::from([[5.0f32], [6.0]]));
/// assert_eq!(F::concat([&x, &y]).to_vec::<f32>()?, [1.0, 2.0, 5.0, 3.0, 4.0, 6.0]);
/// assert_eq!(F::Concat::new().axis(0).call([&x, &x]).shape(), &[4, 2].into());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn concat(xs: impl AsVariables) -> Variable {
    Concat::new().call(xs)
}
