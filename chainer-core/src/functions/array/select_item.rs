//! [`select_item`].

use std::panic::Location;

use super::{reshape, take_along_axis};
use crate::functions::{check_indices, checked, composed};
use crate::{AsVariable, Variable, type_check};

/// Of each row of x (N, C) the element that t (N,) names: `y[i] = x[i, t[i]]`. It is differentiable with respect to x.
///
/// # Errors
/// The result fails unless x has two axes, t has one of as many elements as x has rows and an integer dtype, and every index names a
/// column (the message names the place and value of one that does not).
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]));
/// let y = F::select_item(&x, Array::from([2i32, 0]));
/// assert_eq!(y.to_vec::<f32>()?, [3.0, 4.0]);
/// let error = F::select_item(&x, Array::from([2i32, 3])).check().unwrap_err();
/// assert!(error.to_string().contains("t[1] = 3"));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn select_item(x: impl AsVariable, t: impl AsVariable) -> Variable {
    const NAME: &str = "select_item";
    let (x, t) = (x.as_variable(), t.as_variable().into_data());
    composed(Location::caller(), || {
        x.check()?;
        t.check()?;
        checked(NAME, || {
            type_check::integer("t", &t)?;
            type_check::ndim("x", x.data(), 2)?;
            type_check::ndim("t", &t, 1)?;
            type_check::same_size("x", x.data(), 0, "t", &t, 0)
        })?;
        check_indices(NAME, "t", &t, x.shape()[1], None)?;
        let rows = t.size();
        Ok(reshape(take_along_axis(x, t.reshape([rows, 1]), 1), rows))
    })
}
