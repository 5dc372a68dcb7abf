//! [`cumsum`].

use chainer_kernels::ops::{self, flip};

use super::along_axis;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

struct CumSum {
    axis: isize,
    /// From the end backwards.
    reverse: bool,
}

impl Function for CumSum {
    fn name(&self) -> &'static str {
        "cumsum"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        type_check::float("x", &inputs[0])?;
        along_axis::check_axis(self.axis, &inputs[0])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        match self.reverse {
            false => ops::cumsum(&inputs[0], self.axis).into(),
            true => flip(&ops::cumsum(&flip(&inputs[0], self.axis), self.axis), self.axis).into(),
        }
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        apply(CumSum { axis: self.axis, reverse: !self.reverse }, [c.gy(0)]).one().into()
    }
}

/// The running sum along `axis`; of the flattened variable for `None`.
///
/// # Errors
/// The result fails unless x has a float dtype and the axis exists.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// assert_eq!(F::cumsum(&x, 0).to_vec::<f32>()?, [1.0, 2.0, 4.0, 6.0]);
/// assert_eq!(F::cumsum(&x, None).to_vec::<f32>()?, [1.0, 3.0, 6.0, 10.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn cumsum(x: impl AsVariable, axis: impl Into<Option<isize>>) -> Variable {
    let (x, axis) = along_axis::flat_or(x.as_variable(), axis.into());
    apply(CumSum { axis, reverse: false }, [x]).one()
}
