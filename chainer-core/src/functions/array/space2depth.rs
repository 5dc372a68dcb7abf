//! [`space2depth`].

use std::panic::Location;

use super::depth2space::check_image;
use super::{reshape, transpose};
use crate::functions::{checked, composed};
use crate::type_check;
use crate::{AsVariable, Variable};

/// Space laid out in channels: from X (N, C, height r, width r) to (N, C r², height, width). The reverse of
/// [`depth2space`](super::depth2space()).
///
/// # Errors
/// The result fails if X has no float dtype or not four axes, or r does not divide its height and width.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from_vec((0..8).map(|i| i as f32).collect(), [1, 1, 2, 4]));
/// let y = F::space2depth(&x, 2);
/// assert_eq!(y.shape(), &[1, 4, 1, 2].into());
/// assert_eq!(y.to_vec::<f32>()?, [0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
#[allow(non_snake_case)]
pub fn space2depth(X: impl AsVariable, r: usize) -> Variable {
    let x = X.as_variable();
    composed(Location::caller(), || {
        x.check()?;
        checked("space2depth", || {
            check_image(x.data(), r)?;
            for axis in [2, 3] {
                let size = x.shape()[axis];
                let expect = format_args!("X.shape[{axis}] % r == 0");
                type_check::expect(size.is_multiple_of(r), expect, format_args!("X.shape[{axis}] = {size}, r = {r}"))?;
            }
            Ok(())
        })?;
        let [images, channels, height, width] = x.dims()?;
        let apart = reshape(x, [images, channels, height / r, r, width / r, r]);
        Ok(reshape(transpose(apart, &[0, 3, 5, 1, 2, 4]), [images, channels * r * r, height / r, width / r]))
    })
}
