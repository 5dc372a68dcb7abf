//! [`repeat`].

use std::panic::Location;

use super::{along, axis_of, broadcast_to, flatten, get_item, reshape, result_shape};
use crate::functions::{checked, composed};
use crate::{Array, AsVariable, Shape, Variable, type_check};

/// How often [`repeat`] repeats elements: a number for all, or one for each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Repeats {
    /// All as often.
    All(usize),
    /// As many numbers as the axis has elements.
    Each(Vec<usize>),
}

impl From<usize> for Repeats {
    fn from(all: usize) -> Self {
        Repeats::All(all)
    }
}
impl<const N: usize> From<[usize; N]> for Repeats {
    fn from(each: [usize; N]) -> Self {
        Repeats::from(&each[..])
    }
}
impl From<&[usize]> for Repeats {
    fn from(each: &[usize]) -> Self {
        match each {
            // As NumPy: a list of one number stands for any number of elements.
            [all] => Repeats::All(*all),
            each => Repeats::Each(each.to_vec()),
        }
    }
}
impl From<Vec<usize>> for Repeats {
    fn from(each: Vec<usize>) -> Self {
        Repeats::from(&each[..])
    }
}

/// Each element along an axis (`None`: of the flattened variable) repeated, all as often or each as often as a list says. The gradients of
/// repeated elements add up.
///
/// # Errors
/// The result fails if the axis does not exist or a list has another length.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// assert_eq!(F::repeat(&x, 2, 1).to_vec::<f32>()?, [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]);
/// assert_eq!(F::repeat(&x, [2, 0], 0).to_vec::<f32>()?, [1.0, 2.0, 1.0, 2.0]);
/// assert_eq!(F::repeat(&x, 2, None).shape(), &[8].into());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn repeat(x: impl AsVariable, repeats: impl Into<Repeats>, axis: impl Into<Option<isize>>) -> Variable {
    let (x, repeats, axis) = (x.as_variable(), repeats.into(), axis.into());
    composed(Location::caller(), || {
        x.check()?;
        let x = if axis.is_none() { flatten(x) } else { x };
        let (mut axis, mut shape) = (axis.unwrap_or(0), Shape::default());
        checked("repeat", || {
            let along = axis_of(x.data(), axis)?;
            axis = along as isize;
            let count = match &repeats {
                Repeats::All(repeats) => x.shape()[along].checked_mul(*repeats),
                Repeats::Each(each) => {
                    type_check::equal("len(repeats)", each.len(), format_args!("x.shape[{along}]"), x.shape()[along])?;
                    each.iter().try_fold(0usize, |sum, &n| sum.checked_add(n))
                }
            };
            let sizes = x.shape().iter().enumerate();
            shape = result_shape(sizes.map(|(i, &size)| if i == along { count } else { Some(size) }))?;
            Ok(())
        })?;
        let axis = axis as usize;
        match repeats {
            Repeats::All(repeats) => {
                let mut apart = x.shape().to_vec();
                apart.insert(axis + 1, 1);
                let apart = reshape(x, &apart[..]);
                let mut stretched = apart.shape().to_vec();
                stretched[axis + 1] = repeats;
                Ok(reshape(broadcast_to(apart, stretched), shape))
            }
            Repeats::Each(each) => {
                let places: Vec<i64> =
                    each.iter().enumerate().flat_map(|(i, &n)| std::iter::repeat_n(i as i64, n)).collect();
                Ok(get_item(x, along(axis, Array::from(places))))
            }
        }
    })
}
