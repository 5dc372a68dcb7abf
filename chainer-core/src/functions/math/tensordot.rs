//! [`tensordot`].

use std::panic::Location;

use chainer_kernels::Position;
use chainer_kernels::ops::TensordotAxes;

use super::matmul;
use crate::functions::{checked, reshape, transpose};
use crate::type_check;
use crate::{AsVariable, Error, Result, Shape, Variable};

const NAME: &str = "tensordot";

/// The sum of products over pairs of axes; the result has the other axes of `a`, then those of `b`. Axes are given as a number n (the
/// last n of `a` meet the first n of `b`) or as a pair of lists.
///
/// # Errors
/// The result fails unless both have float dtypes, the axes exist, none is named twice, and those that meet have the same size.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let a = Variable::new(Array::ones([2, 3, 4], Dtype::F32));
/// let b = Variable::new(Array::ones([4, 3, 5], Dtype::F32));
/// assert_eq!(F::tensordot(&a, &b, 1).shape(), &[2, 3, 3, 5].into());
/// assert_eq!(F::tensordot(&a, &b, ([1, 2], [1, 0])).shape(), &[2, 5].into());
/// ```
#[track_caller]
pub fn tensordot(a: impl AsVariable, b: impl AsVariable, axes: impl Into<TensordotAxes>) -> Variable {
    let at = Location::caller();
    let _position = Position::enter(at);
    contracted(a.as_variable(), b.as_variable(), axes.into()).map_err(|error| error.at(at)).into()
}

/// The pairs of axes, counted from the front.
fn pairs(a: &Shape, b: &Shape, axes: TensordotAxes) -> Result<Vec<(usize, usize)>> {
    match axes {
        TensordotAxes::Last(count) if count > a.ndim().min(b.ndim()) => {
            let actual = format!("{count} (a.ndim = {}, b.ndim = {})", a.ndim(), b.ndim());
            Err(Error::value(NAME, "axes <= min(a.ndim, b.ndim)", actual))
        }
        TensordotAxes::Last(count) => Ok((a.ndim() - count..a.ndim()).zip(0..count).collect()),
        TensordotAxes::Pairs(of_a, of_b) if of_a.len() != of_b.len() => {
            Err(Error::value(NAME, "as many axes of a as of b", format_args!("{of_a:?} and {of_b:?}")))
        }
        TensordotAxes::Pairs(of_a, of_b) => {
            // These refuse axes that are named twice.
            a.axes(&of_a, NAME)?;
            b.axes(&of_b, NAME)?;
            of_a.iter().zip(&of_b).map(|(&i, &j)| Ok((a.axis(i, NAME)?, b.axis(j, NAME)?))).collect()
        }
    }
}

fn contracted(a: Variable, b: Variable, axes: TensordotAxes) -> Result<Variable> {
    a.check()?;
    b.check()?;
    let pairs = pairs(a.shape(), b.shape(), axes)?;
    checked(NAME, || {
        type_check::float("a", a.data())?;
        type_check::float("b", b.data())?;
        pairs.iter().try_for_each(|&(i, j)| type_check::same_size("a", a.data(), i, "b", b.data(), j))
    })?;
    let (of_a, of_b): (Vec<usize>, Vec<usize>) = pairs.into_iter().unzip();
    let rest = |x: &Variable, axes: &[usize]| -> Vec<usize> { (0..x.ndim()).filter(|i| !axes.contains(i)).collect() };
    let (rest_a, rest_b) = (rest(&a, &of_a), rest(&b, &of_b));
    let size = |x: &Variable, axes: &[usize]| axes.iter().map(|&i| x.shape()[i]).product::<usize>();
    let (m, k, n) = (size(&a, &rest_a), size(&a, &of_a), size(&b, &rest_b));
    let shape: Shape = rest_a.iter().map(|&i| a.shape()[i]).chain(rest_b.iter().map(|&i| b.shape()[i])).collect();
    let arranged = |x: Variable, first: &[usize], second: &[usize], shape: [usize; 2]| {
        let order: Vec<isize> = first.iter().chain(second).map(|&axis| axis as isize).collect();
        // Without axes there is nothing to arrange; an empty order would turn all of them around.
        let x = if order.is_empty() { x } else { transpose(x, &order) };
        reshape(x, shape)
    };
    let (left, right) = (arranged(a, &rest_a, &of_a, [m, k]), arranged(b, &of_b, &rest_b, [k, n]));
    Ok(reshape(matmul(left, right), shape))
}
