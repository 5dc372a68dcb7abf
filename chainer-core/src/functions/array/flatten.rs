//! [`flatten`].

use super::reshape;
use crate::{AsVariable, Variable};

/// The elements in row-major order on a single axis. Copies only where the memory layout does not allow a view.
///
/// # Errors
/// Every shape can be flattened, so the result fails only if x has failed.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// let y = F::flatten(&x);
/// assert_eq!(y.shape(), &[4].into());
/// assert_eq!(y.to_vec::<f32>()?, [1.0, 2.0, 3.0, 4.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn flatten(x: impl AsVariable) -> Variable {
    let x = x.as_variable();
    if x.error().is_some() {
        return x;
    }
    let size = x.size();
    reshape(x, size)
}
