//! [`inv`] and [`batch_inv`].

use chainer_kernels::ops::linalg;

use super::{check_batch, transposed};
use crate::functions::{matmul, refused};
use crate::type_check::Checked;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

pub(super) struct Inverse {
    pub(super) name: &'static str,
    pub(super) batch: bool,
}

impl Function for Inverse {
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
        linalg::inverse(self.name, &inputs[0]).into()
    }
    fn retain(&self) -> Retain {
        Retain::outputs()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let y = transposed(c.output(0));
        (-matmul(matmul(&y, c.gy(0)), &y)).into()
    }
}

/// The inverse of a square matrix (n, n).
///
/// # Errors
/// The result fails unless a has a float dtype and is one square matrix. That it is singular is an error when the inverse is computed.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let a = Variable::new(Array::from([[2.0f32, 1.0], [1.0, 1.0]]));
/// assert_eq!(F::inv(&a).to_vec::<f32>()?, [1.0, -1.0, -1.0, 2.0]);
/// let error = F::inv(Array::from([[1.0f32, 1.0], [2.0, 2.0]])).to_vec::<f32>().unwrap_err();
/// assert!(error.to_string().contains("regular matrix"));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn inv(a: impl AsVariable) -> Variable {
    apply(Inverse { name: "inv", batch: false }, [a.as_variable()]).one()
}

/// The inverse of each square matrix of a batch (…, n, n).
///
/// # Errors
/// The result fails unless a has a float dtype, at least three axes, and square matrices along the last two. That one is singular is an
/// error when the inverses are computed.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let a = Variable::new(Array::from([[[2.0f32, 1.0], [1.0, 1.0]], [[0.5, 0.0], [0.0, 4.0]]]));
/// assert_eq!(F::batch_inv(&a).to_vec::<f32>()?, [1.0, -1.0, -1.0, 2.0, 2.0, 0.0, 0.0, 0.25]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn batch_inv(a: impl AsVariable) -> Variable {
    apply(Inverse { name: "batch_inv", batch: true }, [a.as_variable()]).one()
}
