//! [`where_`].

use std::panic::Location;

use crate::{AsVariable, Dtype, Error, Operand, Variable, elementwise};

/// Where `condition` (of dtype bool) is true the element of `x`, elsewhere that of `y`. Shapes broadcast as NumPy's do. The gradient goes
/// to the element that was chosen.
///
/// # Errors
/// The result fails if the condition is not of dtype bool or the shapes do not broadcast.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, 2.0]));
/// let y = F::where_(Array::from([true, false]), &x, 0);
/// assert_eq!(y.to_vec::<f32>()?, [1.0, 0.0]);
/// y.sum().backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [1.0, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn where_(condition: impl AsVariable, x: impl Operand, y: impl Operand) -> Variable {
    let (condition, at) = (condition.as_variable(), Location::caller());
    if condition.error().is_none() && condition.dtype() != Dtype::Bool {
        let actual = format!("{} != bool", condition.dtype());
        return Variable::failed(Error::mismatch("where", "condition.dtype == bool", actual).at(at));
    }
    elementwise::select(&condition, x.term(), y.term(), at)
}
