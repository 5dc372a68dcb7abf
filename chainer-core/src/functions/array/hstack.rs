//! [`hstack`].

use std::panic::Location;

use super::join::{Join, join};
use crate::{AsVariables, Shape, Variable};

/// The inputs side by side: joined along the second axis, vectors along their only axis. They have one dtype and number of axes, and the
/// same sizes on all other axes; numbers become a vector.
///
/// # Errors
/// The result fails if the inputs do not fit, or there is none.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// let y = Variable::new(Array::from([[5.0f32], [6.0]]));
/// assert_eq!(F::hstack([&x, &y]).to_vec::<f32>()?, [1.0, 2.0, 5.0, 3.0, 4.0, 6.0]);
/// let vectors = [Array::from([1.0f32, 2.0]), Array::from([3.0f32])];
/// assert_eq!(F::hstack(&vectors[..]).to_vec::<f32>()?, [1.0, 2.0, 3.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn hstack(xs: impl AsVariables) -> Variable {
    let how = |ndim| {
        let axis = if ndim < 2 { 0 } else { 1 };
        Join {
            axis,
            free: Some(axis as usize),
            raised: |shape| if shape.ndim() == 0 { Shape::new(&[1]) } else { shape.clone() },
        }
    };
    join("hstack", xs.as_variables(), how, Location::caller())
}
