//! [`prod`].

use chainer_kernels::{ArrayOps, Axes};

use super::cumprod::CumProd;
use super::recurrence::{Neighbour, neighbours};
use crate::functions::{keep_axes, reshape, transpose};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Result, Retain, Variable, apply};

struct Prod {
    axes: Axes,
    keepdims: bool,
}

impl Function for Prod {
    fn name(&self) -> &'static str {
        "prod"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        (&inputs[0]).prod(self.axes.clone(), self.keepdims).into()
    }
    fn retain(&self) -> Retain {
        Retain::none().input(0)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let gy = keep_axes(c.gy(0), c.input_shape(0), &self.axes, self.keepdims);
        let others = Variable::from(others(c.input(0), &self.axes));
        (others * gy).into()
    }
}

/// Of each element the product of all others that it is multiplied with. Nothing is divided, so that zeros do no harm.
fn others(x: &Variable, axes: &Axes) -> Result<Variable> {
    x.check()?;
    let axes = axes.resolve(x.shape(), "prod")?;
    if x.size() == 0 {
        return Ok(x.clone());
    }
    // The reduced axes as one, the last.
    let kept = (0..x.ndim()).filter(|axis| !axes.contains(axis));
    let order: Vec<isize> = kept.chain(axes.iter().copied()).map(|axis| axis as isize).collect();
    let count: usize = axes.iter().map(|&axis| x.shape()[axis]).product();
    let arranged = transpose(x, &order);
    let lines = reshape(&arranged, [x.size() / count, count]);
    let [before, after] = [Neighbour::Before, Neighbour::After].map(|from| {
        let shifted = neighbours(&lines, from, 1, 1.0);
        apply(CumProd { axis: 1, from }, [shifted]).one()
    });
    let mut inverse = vec![0; order.len()];
    order.iter().enumerate().for_each(|(i, &axis)| inverse[axis as usize] = i as isize);
    Ok(transpose(reshape(before * after, arranged.shape()), &inverse))
}

/// The product over `axes`: one (`0`, `-1`), several (`[0, 2]`) or all (`None`). With `keepdims` they stay with size 1. Its gradients
/// are right also where elements are zero. The product of nothing is 1.
///
/// # Errors
/// The result fails if x is not of a float dtype, or an axis does not exist or is named twice.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[2.0f32, 3.0], [0.0, 5.0]]));
/// let y = F::prod(&x, 1, false);
/// assert_eq!(y.to_vec::<f32>()?, [6.0, 0.0]);
/// y.sum().backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [3.0, 2.0, 5.0, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn prod(x: impl AsVariable, axes: impl Into<Axes>, keepdims: bool) -> Variable {
    apply(Prod { axes: axes.into(), keepdims }, [x.as_variable()]).one()
}
