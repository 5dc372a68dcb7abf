//! [`matmul`].

use chainer_kernels::ops;

use crate::functions::{reshape, settings};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Shape, Variable, apply};

settings! {
    /// [`matmul`] of transposed operands.
    MatMul() {
        /// Whether the last two axes of `a` change places first.
        transa: bool = false,
        /// Whether the last two axes of `b` change places first.
        transb: bool = false,
    }
}

fn transposed(x: &Array, transpose: bool) -> Array {
    if transpose && x.ndim() >= 2 { x.swap_axes(-1, -2) } else { x.clone() }
}

impl Function for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        let (a, b) = (&inputs[0], &inputs[1]);
        type_check::float("a", a)?;
        type_check::float("b", b)?;
        let (i, j) = (if self.transa { 2 } else { 1 }, if self.transb { 1 } else { 2 });
        let (k, l) = (a.shape()[a.ndim() - i], b.shape()[b.ndim() - j]);
        type_check::equal(format_args!("a.shape[-{i}]"), k, format_args!("b.shape[-{j}]"), l)?;
        let (a_batch, b_batch) = (Shape::new(&a.shape()[..a.ndim() - 2]), Shape::new(&b.shape()[..b.ndim() - 2]));
        let actual = format!("{:?} and {:?}", a.shape(), b.shape());
        type_check::expect(a_batch.broadcast(&b_batch).is_some(), "leading axes that broadcast", actual)
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        ops::matmul(&transposed(&inputs[0], self.transa), &transposed(&inputs[1], self.transb)).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (a, b, gy) = (c.input(0), c.input(1), c.gy(0));
        let product = |transa, transb, a: &Variable, b: &Variable| apply(MatMul { transa, transb }, [a, b]).one();
        // Sums over broadcast leading axes are the walk's affair.
        let ga = c.wants(0).then(|| match self.transa {
            false => product(false, !self.transb, gy, b),
            true => product(self.transb, true, b, gy),
        });
        let gb = c.wants(1).then(|| match self.transb {
            false => product(!self.transa, false, a, gy),
            true => product(true, self.transa, gy, a),
        });
        [ga, gb].into()
    }
}

impl MatMul {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, a: impl AsVariable, b: impl AsVariable) -> Variable {
        let (a, b) = (a.as_variable(), b.as_variable());
        if let Some(error) = a.error().or(b.error()) {
            return Variable::failed(error.clone());
        }
        let (row, column) = (a.ndim() == 1, b.ndim() == 1);
        if a.ndim() == 0 || b.ndim() == 0 {
            let actual = format!("{} and {}", a.ndim(), b.ndim());
            let error = crate::Error::mismatch("matmul", "a.ndim >= 1 and b.ndim >= 1", actual);
            return Variable::failed(error.at(std::panic::Location::caller()));
        }
        if !row && !column {
            return apply(self, [a, b]).one();
        }
        // A vector is a row on the left and a column on the right; transposing it changes nothing.
        let left = if row { reshape(&a, [1, a.size()]) } else { a };
        let right = if column { reshape(&b, [b.size(), 1]) } else { b };
        let y = apply(MatMul { transa: self.transa && !row, transb: self.transb && !column }, [left, right]).one();
        if y.error().is_some() {
            return y;
        }
        let mut shape = y.shape().to_vec();
        if column {
            shape.pop();
        }
        if row {
            shape.remove(shape.len() - if column { 1 } else { 2 });
        }
        reshape(y, shape)
    }
}

/// The matrix product of the last two axes, by NumPy's rule for `@`: leading axes broadcast, and a vector is a row on the left, a column
/// on the right. [`MatMul`] transposes operands first.
///
/// # Errors
/// The result fails unless both have a float dtype, at least one axis, and sizes that fit.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let a = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// let x = Variable::new(Array::from([1.0f32, -1.0]));
/// assert_eq!(F::matmul(&a, &x).to_vec::<f32>()?, [-1.0, -1.0]);
/// assert_eq!(F::MatMul::new().transa(true).call(&a, &x).to_vec::<f32>()?, [-2.0, -2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn matmul(a: impl AsVariable, b: impl AsVariable) -> Variable {
    MatMul::new().call(a, b)
}
