//! [`sigmoid`].

use std::panic::Location;

use chainer_kernels::Op;

use crate::functions::float_unary;
use crate::{AsVariable, Variable};

/// The logistic function: `1 / (1 + exp(-x))`. It neither overflows nor loses small values.
///
/// # Errors
/// The result fails unless x has a float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([0.0f32, 1000.0]));
/// assert_eq!(F::sigmoid(&x).to_vec::<f32>()?, [0.5, 1.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn sigmoid(x: impl AsVariable) -> Variable {
    float_unary(Op::Sigmoid, x.as_variable(), Location::caller())
}
