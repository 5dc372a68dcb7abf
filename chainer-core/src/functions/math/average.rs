//! [`mean`] and [`average`].

use std::panic::Location;

use chainer_kernels::Axes;

use super::sum;
use crate::functions::{at_least_f32, checked, reshape};
use crate::{AsOptVariable, AsVariable, Error, Result, Variable, type_check};

/// The arithmetic mean over `axes` (one, several, or `None` for all). With `keepdims` the axes stay with size 1. The mean of nothing is
/// NaN. With weights it is called [`average`].
///
/// # Errors
/// The result fails if x is not of a float dtype or an axis does not exist.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 5.0]]));
/// assert_eq!(F::mean(&x, 0, false).to_vec::<f32>()?, [2.0, 3.5]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn mean(x: impl AsVariable, axes: impl Into<Axes>, keepdims: bool) -> Variable {
    let at = Location::caller();
    averaged("mean", x.as_variable(), axes.into(), None, keepdims).map_err(|e| e.at(at)).into()
}

/// The weighted mean over `axes`: `sum(x * weights) / sum(weights)`; all weights are 1 if none are given. Weights have the shape of x,
/// or, with one axis, its size. With `keepdims` the axes stay with size 1.
///
/// # Errors
/// The result fails if x is not of a float dtype, an axis does not exist, or the weights have another shape.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 5.0]]));
/// let weights = Array::from([3.0f32, 1.0]);
/// assert_eq!(F::average(&x, 0, weights, false).to_vec::<f32>()?, [1.5, 2.75]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn average(x: impl AsVariable, axes: impl Into<Axes>, weights: impl AsOptVariable, keepdims: bool) -> Variable {
    let at = Location::caller();
    averaged("average", x.as_variable(), axes.into(), weights.as_opt_variable(), keepdims).map_err(|e| e.at(at)).into()
}

#[track_caller]
fn averaged(
    name: &'static str,
    x: Variable,
    axes: Axes,
    weights: Option<Variable>,
    keepdims: bool,
) -> Result<Variable> {
    x.check()?;
    checked(name, || type_check::float("x", x.data()))?;
    let resolved = axes.resolve(x.shape(), name)?;
    // A sum may be larger than what float16 holds, where the mean is not.
    let dtype = x.dtype();
    let wide = at_least_f32(dtype);
    let x = if wide == dtype { x } else { x.cast(wide) };
    let Some(weights) = weights else {
        let count: usize = resolved.iter().map(|&axis| x.shape()[axis]).product();
        return Ok((sum(x, axes, keepdims) / count as f64).cast(dtype));
    };
    weights.check()?;
    let dtype = dtype.promote(weights.dtype());
    let weights = weights.cast(at_least_f32(weights.dtype()));
    let shape = x.shape().clone();
    let weights = match resolved[..] {
        _ if weights.shape() == &shape => weights,
        [axis] if weights.ndim() == 1 && weights.size() == shape[axis] => {
            let mut sizes = vec![1; shape.ndim()];
            sizes[axis] = shape[axis];
            reshape(weights, sizes).broadcast_to(&shape)
        }
        _ => {
            let expect = format!("weights.shape == x.shape, or (x.shape[axis],) for one axis; x.shape = {shape:?}");
            return Err(Error::mismatch(name, expect, format_args!("{:?}", weights.shape())));
        }
    };
    Ok((sum(x * &weights, axes.clone(), keepdims) / sum(weights, axes, keepdims)).cast(dtype))
}

#[cfg(test)]
mod tests {
    use crate::{Array, Dtype, Variable, functions as F};

    #[test]
    fn means_of_halves_are_finite_where_their_sums_are_not() {
        let x = Variable::new(Array::full(4096, 100.0, Dtype::F16));
        let weights = Array::full(4096, 100.0, Dtype::F16);
        for y in [F::mean(&x, None, false), F::average(&x, 0, weights, false)] {
            assert_eq!((y.dtype(), y.item::<f32>().unwrap()), (Dtype::F16, 100.0));
            x.cleargrad();
            y.backward().unwrap();
            assert_eq!(x.grad().unwrap().cast(Dtype::F32).to_vec::<f32>().unwrap(), [1.0 / 4096.0; 4096]);
        }
    }
}
