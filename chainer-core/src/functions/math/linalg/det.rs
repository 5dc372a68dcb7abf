//! [`det`] and [`batch_det`].

use chainer_kernels::ops::linalg;

use super::inv::Inverse;
use super::{check_batch, transposed};
use crate::functions::{matmul, refused};
use crate::type_check::Checked;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Shape, Variable, apply};

struct Determinant {
    name: &'static str,
    batch: bool,
}

impl Function for Determinant {
    fn name(&self) -> &'static str {
        self.name
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        check_batch(&inputs[0], self.batch)
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(refused) = refused(self, inputs) {
            return refused;
        }
        linalg::det(&inputs[0]).into()
    }
    fn retain(&self) -> Retain {
        Retain::inputs()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let cofactors = apply(Cofactors { name: self.name, batch: self.batch }, [c.input(0)]).one();
        (c.gy(0).reshape(stretched(c.output_shape(0))) * cofactors).into()
    }
}

/// The shape of one number for each matrix.
fn stretched(shape: &[usize]) -> Shape {
    shape.iter().copied().chain([1, 1]).collect()
}

/// a → the derivative of its determinant, also where a is singular.
struct Cofactors {
    name: &'static str,
    batch: bool,
}

impl Function for Cofactors {
    fn name(&self) -> &'static str {
        self.name
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        linalg::cofactors(&inputs[0]).into()
    }
    fn retain(&self) -> Retain {
        Retain::all()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        // Of y = det(a) w with w = inv(a)ᵀ: the change of the determinant, and that of the inverse. Here a has to be regular.
        let (y, gy) = (c.output(0), c.gy(0));
        let w = transposed(&apply(Inverse { name: self.name, batch: self.batch }, [c.input(0)]).one());
        let sums = (gy * y).sum_axes([-2, -1], true);
        (sums * &w - matmul(matmul(y, transposed(gy)), &w)).into()
    }
}

/// The determinant of a square matrix (n, n): a single number. Its gradient is right also where the matrix is singular; the second
/// derivative needs a regular one.
///
/// # Errors
/// The result fails unless a has a float dtype and is one square matrix.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let a = Variable::new(Array::from([[2.0f64, 1.0], [1.0, 3.0]]));
/// let y = F::det(&a);
/// assert_eq!(y.item::<f64>()?, 5.0);
/// y.backward()?;
/// let gradient = a.grad().unwrap().to_vec::<f64>()?;
/// assert!(gradient.iter().zip([3.0, -1.0, -1.0, 2.0]).all(|(got, want)| (got - want).abs() < 1e-12));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn det(a: impl AsVariable) -> Variable {
    apply(Determinant { name: "det", batch: false }, [a.as_variable()]).one()
}

/// The determinant of each square matrix of a batch (…, n, n): (…). Otherwise as [`det`].
///
/// # Errors
/// The result fails unless a has a float dtype, at least three axes, and square matrices along the last two.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let a = Variable::new(Array::from([[[2.0f32, 1.0], [1.0, 3.0]], [[0.5, 0.0], [0.0, 4.0]]]));
/// assert_eq!(F::batch_det(&a).to_vec::<f32>()?, [5.0, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn batch_det(a: impl AsVariable) -> Variable {
    apply(Determinant { name: "batch_det", batch: true }, [a.as_variable()]).one()
}
