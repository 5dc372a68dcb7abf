//! [`binary_accuracy`].

use std::panic::Location;

use chainer_kernels::ArrayOps;

use crate::functions::{check_indices, checked};
use crate::type_check;
use crate::{Array, AsVariable, Dtype, Result, Variable};

const NAME: &str = "binary_accuracy";

/// The share of labels t (0 or 1; -1 does not count) that agree with the sign of the scores y: 1 where y is at least 0, 0 where it is
/// below. A number of y's dtype, 0 if no label counts. It has no gradient.
///
/// # Errors
/// The result fails unless y has a float and t an integer dtype and the same shape, and if a label is none of -1, 0 and 1.
///
/// ```
/// use chainer::{functions as F, Array};
/// let y = Array::from([2.0f32, -1.0, 0.0, -3.0, 1.0]);
/// let t = Array::from([1i32, 1, 1, 0, -1]);
/// assert_eq!(F::binary_accuracy(&y, &t).item::<f32>()?, 0.75);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn binary_accuracy(y: impl AsVariable, t: impl AsVariable) -> Variable {
    let at = Location::caller();
    let computed = computed(y.as_variable().into_data(), t.as_variable().into_data());
    computed.map_err(|error| error.at(at)).map(Variable::constant).into()
}

fn computed(y: Array, t: Array) -> Result<Array> {
    y.check()?;
    t.check()?;
    checked(NAME, || {
        type_check::float("y", &y)?;
        type_check::integer("t", &t)?;
        type_check::same_shape("y", &y, "t", &t)
    })?;
    let counted = check_indices(NAME, "t", &t, 2, Some(-1))?;
    let dtype = y.dtype();
    let right = y.greater_equal(0.0).equal(t).sum(None, false).astype(Dtype::F64);
    Ok((right / counted.max(1) as f64).astype(dtype))
}
