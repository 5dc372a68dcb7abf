//! [`vstack`].

use std::panic::Location;

use super::join::{Join, join};
use crate::{AsVariables, Shape, Variable};

/// The inputs one below the other: joined along the first axis, after vectors have become rows. They have one dtype and number of axes,
/// and the same sizes on all other axes.
///
/// # Errors
/// The result fails if the inputs do not fit, or there is none.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, 2.0]));
/// let y = F::vstack([&x, &x, &x]);
/// assert_eq!(y.shape(), &[3, 2].into());
/// assert_eq!(F::vstack([&y, &y]).shape(), &[6, 2].into());
/// ```
#[track_caller]
pub fn vstack(xs: impl AsVariables) -> Variable {
    let how = |ndim| Join {
        axis: 0,
        free: (ndim >= 2).then_some(0),
        raised: |shape| if shape.ndim() < 2 { Shape::new(&[1, shape.size()]) } else { shape.clone() },
    };
    join("vstack", xs.as_variables(), how, Location::caller())
}
