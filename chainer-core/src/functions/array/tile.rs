//! [`tile`].

use std::panic::Location;

use super::{broadcast_to, reshape, result_shape};
use crate::functions::{checked, composed};
use crate::{AsVariable, Shape, Variable};

/// x repeated as a whole `reps[i]` times along axis i. A single number is for the last axis; where `reps` has more numbers than x has
/// axes, x gets axes in front, and where it has fewer, the axes in front are not repeated. The gradients of the copies add up.
///
/// # Errors
/// The result fails if it would have more elements than can be counted.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0]]));
/// assert_eq!(F::tile(&x, 2).to_vec::<f32>()?, [1.0, 2.0, 1.0, 2.0]);
/// assert_eq!(F::tile(&x, [2, 1]).shape(), &[2, 2].into());
/// assert_eq!(F::tile(&x, [3, 1, 1]).shape(), &[3, 1, 2].into());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn tile(x: impl AsVariable, reps: impl Into<Shape>) -> Variable {
    let (x, reps) = (x.as_variable(), reps.into());
    composed(Location::caller(), || {
        x.check()?;
        let ndim = x.ndim().max(reps.ndim());
        let aligned = |sizes: &Shape, axis: usize| (axis + sizes.ndim()).checked_sub(ndim).map_or(1, |i| sizes[i]);
        let mut shape = Shape::default();
        checked("tile", || {
            shape = result_shape((0..ndim).map(|axis| aligned(x.shape(), axis).checked_mul(aligned(&reps, axis))))?;
            Ok(())
        })?;
        // Each axis becomes two: the copies, and the elements of one.
        let apart: Vec<usize> = (0..ndim).flat_map(|axis| [1, aligned(x.shape(), axis)]).collect();
        let copied: Vec<usize> = (0..ndim).flat_map(|axis| [aligned(&reps, axis), aligned(x.shape(), axis)]).collect();
        Ok(reshape(broadcast_to(reshape(x, apart), copied), shape))
    })
}
