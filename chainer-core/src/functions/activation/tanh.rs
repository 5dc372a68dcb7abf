//! [`tanh`].

use std::panic::Location;

use chainer_kernels::Op;

use crate::functions::float_unary;
use crate::{AsVariable, Variable};

/// The hyperbolic tangent.
///
/// # Errors
/// The result fails unless x has a float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([0.0f32, 1000.0]));
/// assert_eq!(F::tanh(&x).to_vec::<f32>()?, [0.0, 1.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn tanh(x: impl AsVariable) -> Variable {
    float_unary(Op::Tanh, x.as_variable(), Location::caller())
}
