//! [`depth2space`].

use std::panic::Location;

use super::{reshape, transpose};
use crate::functions::{checked, composed};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, Variable};

/// What [`depth2space`] and [`space2depth`](super::space2depth) ask of their input.
pub(super) fn check_image(x: &Array, r: usize) -> Checked {
    type_check::float("X", x)?;
    type_check::ndim("X", x, 4)?;
    type_check::expect(r >= 1, "r >= 1", format_args!("r = {r}"))
}

/// Channels laid out in space: from X (N, C r², height, width) to (N, C, height r, width r), where channel `(C r i) + (C j) + c` becomes
/// row i and column j of each square of r by r elements of channel c. The reverse of [`space2depth`](super::space2depth()). (Shi et al.,
/// *Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural network*, arXiv:1609.05158)
///
/// # Errors
/// The result fails if X has no float dtype or not four axes, or r² does not divide its channels.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from_vec((0..8).map(|i| i as f32).collect(), [1, 4, 1, 2]));
/// let y = F::depth2space(&x, 2);
/// assert_eq!(y.shape(), &[1, 1, 2, 4].into());
/// assert_eq!(y.to_vec::<f32>()?, [0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
#[allow(non_snake_case)]
pub fn depth2space(X: impl AsVariable, r: usize) -> Variable {
    let x = X.as_variable();
    composed(Location::caller(), || {
        x.check()?;
        checked("depth2space", || {
            check_image(x.data(), r)?;
            let (channels, square) = (x.shape()[1], r.checked_mul(r));
            let divides = square.is_some_and(|square| channels % square == 0);
            type_check::expect(divides, "X.shape[1] % (r * r) == 0", format_args!("X.shape[1] = {channels}, r = {r}"))
        })?;
        let [images, channels, height, width] = x.dims()?;
        let channels = channels / (r * r);
        let apart = reshape(x, [images, r, r, channels, height, width]);
        Ok(reshape(transpose(apart, &[0, 3, 4, 1, 5, 2]), [images, channels, height * r, width * r]))
    })
}
