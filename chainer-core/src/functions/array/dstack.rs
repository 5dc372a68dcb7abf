//! [`dstack`].

use std::panic::Location;

use super::join::{Join, join};
use crate::{AsVariables, Shape, Variable};

/// The inputs one behind the other: joined along the third axis, after vectors (N,) have become (1, N, 1) and matrices (M, N) have become
/// (M, N, 1). They have one dtype and number of axes, and the same sizes on all other axes.
///
/// # Errors
/// The result fails if the inputs do not fit, or there is none.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let (x, y) = (Array::from([1.0f32, 2.0]), Array::from([3.0f32, 4.0]));
/// let z = F::dstack([&x, &y]);
/// assert_eq!(z.shape(), &[1, 2, 2].into());
/// assert_eq!(z.to_vec::<f32>()?, [1.0, 3.0, 2.0, 4.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn dstack(xs: impl AsVariables) -> Variable {
    let raised = |shape: &Shape| match shape[..] {
        [] => Shape::new(&[1, 1, 1]),
        [n] => Shape::new(&[1, n, 1]),
        [m, n] => Shape::new(&[m, n, 1]),
        _ => shape.clone(),
    };
    let how = |ndim| Join { axis: 2, free: (ndim >= 3).then_some(2), raised };
    join("dstack", xs.as_variables(), how, Location::caller())
}
