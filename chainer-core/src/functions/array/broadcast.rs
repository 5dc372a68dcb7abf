//! [`broadcast`].

use std::panic::Location;

use chainer_kernels::Position;

use super::broadcast_to;
use crate::{AsVariables, Error, Result, Shape, Variable};

const NAME: &str = "broadcast";

/// The variables stretched to the shape that they have in common by NumPy's broadcasting rule. Nothing is copied. (A single one stays as
/// it is.)
///
/// # Errors
/// All results fail if the shapes do not broadcast.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32], [2.0]]));
/// let z = Variable::new(Array::from([3.0f32, 4.0]));
/// let ys = F::broadcast([&x, &z]);
/// assert_eq!(ys[0].to_vec::<f32>()?, [1.0, 1.0, 2.0, 2.0]);
/// assert_eq!(ys[1].to_vec::<f32>()?, [3.0, 4.0, 3.0, 4.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn broadcast(xs: impl AsVariables) -> Vec<Variable> {
    let (xs, at) = (xs.as_variables(), Location::caller());
    let _position = Position::enter(at);
    match common_shape(&xs) {
        Ok(shape) => xs.into_iter().map(|x| broadcast_to(x, &shape)).collect(),
        Err(error) => vec![Variable::failed(error.at(at)); xs.len()],
    }
}

fn common_shape(xs: &[Variable]) -> Result<Shape> {
    let mut shape = Shape::default();
    for x in xs {
        x.check()?;
        shape = shape.broadcast(x.shape()).ok_or_else(|| {
            let shapes: Vec<String> =
                xs.iter().filter(|x| x.error().is_none()).map(|x| format!("{:?}", x.shape())).collect();
            Error::mismatch(NAME, "shapes that broadcast", shapes.join(" and "))
        })?;
    }
    Ok(shape)
}
