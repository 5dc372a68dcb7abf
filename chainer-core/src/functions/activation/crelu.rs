//! [`crelu`].

use chainer_kernels::ArrayOps;
use chainer_kernels::ops::Index;

use crate::functions::{get_item, refused, settings};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Shape, Variable, apply};

settings! {
    /// [`crelu`] along another axis.
    Crelu() {
        /// The axis along which both halves follow each other (default 1).
        axis: isize = 1,
    }
}

impl Crelu {
    /// The shape of x with an axis for the two signs before the one that grows, which is number `.1`.
    fn signed(&self, x: &Shape) -> (Vec<usize>, usize) {
        let axis = self.axis.rem_euclid(x.ndim() as isize) as usize;
        let mut shape = x.to_vec();
        shape.insert(axis, 2);
        (shape, axis)
    }
}

impl Function for Crelu {
    fn name(&self) -> &'static str {
        "crelu"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        let (x, ndim) = (&inputs[0], inputs[0].ndim() as isize);
        type_check::float("x", x)?;
        let actual = format_args!("axis = {}, x.ndim = {ndim}", self.axis);
        type_check::expect((-ndim..ndim).contains(&self.axis), "-x.ndim <= axis < x.ndim", actual)
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(failed) = refused(self, inputs) {
            return failed;
        }
        let x = &inputs[0];
        let (mut shape, axis) = self.signed(x.shape());
        let mut of_signs = vec![1; shape.len()];
        of_signs[axis] = 2;
        let positive = Array::from([true, false]).reshape(of_signs);
        let x = x.expand_dims(axis as isize);
        // x and -x by one kernel, which writes them where they belong: nothing is joined, and -x is nowhere by itself.
        let halves = ((&positive).select(&x, 0.0) - positive.select(0.0, x)).maximum(0.0);
        shape.remove(axis);
        shape[axis] *= 2;
        halves.reshape(shape).into()
    }
    fn retain(&self) -> Retain {
        Retain::outputs()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (shape, axis) = self.signed(c.input_shape(0));
        let half = |of: &Variable, sign: isize| {
            let mut entries = vec![Index::Slice(None, None, None); axis];
            entries.push(Index::Int(sign));
            get_item(of.reshape(&shape[..]), entries)
        };
        let part = |sign: isize| half(c.output(0), sign).greater(0.0).select(half(c.gy(0), sign), 0.0);
        (part(0) - part(1)).into()
    }
}

impl Crelu {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        apply(self, [x.as_variable()]).one()
    }
}

/// The concatenated rectified linear unit: `max(0, x)`, followed by `max(0, -x)` along the second axis, which becomes twice as long
/// ([`Crelu`] takes another axis). The gradient at 0 is 0 (Shang et al., arXiv:1603.05201).
///
/// # Errors
/// The result fails unless x has a float dtype and the axis exists.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[-1.0f32, 0.0], [2.0, -3.0]]));
/// assert_eq!(F::crelu(&x).to_vec::<f32>()?, [0.0, 0.0, 1.0, 0.0, 2.0, 0.0, 0.0, 3.0]);
/// assert_eq!(F::Crelu::new().axis(0).call(&x).to_vec::<f32>()?, [0.0, 0.0, 2.0, 0.0, 1.0, 0.0, 0.0, 3.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn crelu(x: impl AsVariable) -> Variable {
    Crelu::new().call(x)
}
