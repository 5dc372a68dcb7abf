//! [`cumprod`].

use chainer_kernels::ops::{self, flip};

use super::along_axis;
use super::recurrence::{Neighbour, Recurrence, neighbours};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

/// Of each element the product of itself and all on one side of it.
pub(super) struct CumProd {
    pub(super) axis: isize,
    pub(super) from: Neighbour,
}

impl Function for CumProd {
    fn name(&self) -> &'static str {
        "cumprod"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])?;
        along_axis::check_axis(self.axis, &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        match self.from {
            Neighbour::Before => ops::cumprod(&inputs[0], self.axis).into(),
            Neighbour::After => flip(&ops::cumprod(&flip(&inputs[0], self.axis), self.axis), self.axis).into(),
        }
    }
    fn retain(&self) -> Retain {
        Retain::none().input(0).output(0)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        // The derivative of a product by one of its factors is the product of the others: those before it, times what follows, which
        // a recurrence sums up. Nothing is divided by the factor, which may be zero.
        let axis = self.axis.rem_euclid(c.input_shape(0).ndim() as isize) as usize;
        let next = self.from.opposite();
        let before = neighbours(c.output(0), self.from, axis, 1.0);
        let factors = neighbours(c.input(0), next, axis, 0.0);
        let after = apply(Recurrence { axis, from: next }, [&factors, c.gy(0)]).one();
        (before * after).into()
    }
}

/// The running product along `axis`; of the flattened variable for `None`. Its gradients are right also where elements are zero.
///
/// # Errors
/// The result fails unless x has a float dtype and the axis exists.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([2.0f32, 0.0, 3.0]));
/// let y = F::cumprod(&x, 0);
/// assert_eq!(y.to_vec::<f32>()?, [2.0, 0.0, 0.0]);
/// y.sum().backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [1.0, 8.0, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn cumprod(x: impl AsVariable, axis: impl Into<Option<isize>>) -> Variable {
    let (x, axis) = along_axis::flat_or(x.as_variable(), axis.into());
    apply(CumProd { axis, from: Neighbour::Before }, [x]).one()
}
