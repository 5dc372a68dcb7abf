//! [`separate`].

use std::panic::Location;

use chainer_kernels::ops::Index;

use super::{Stack, along, axis_of};
use crate::functions::{checked, refused, settings};
use crate::type_check::Checked;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

settings! {
    /// [`separate`] along another axis.
    Separate() {
        /// The axis along which the variable is taken apart (default 0).
        axis: isize = 0,
    }
}

impl Function for Separate {
    fn name(&self) -> &'static str {
        "separate"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        axis_of(&inputs[0], self.axis).map(|_| ())
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(failed) = refused(self, inputs) {
            return failed;
        }
        let x = &inputs[0];
        let axis = self.axis.rem_euclid(x.ndim().max(1) as isize) as usize;
        (0..x.shape()[axis]).map(|i| x.slice(along(axis, Index::Int(i as isize)))).collect()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let parts: Vec<Variable> = (0..c.output_count()).map(|i| c.gy(i).clone()).collect();
        Stack::new().axis(self.axis).call(parts).into()
    }
}

impl Separate {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Vec<Variable> {
        let (x, mut count) = (x.as_variable(), 1);
        if x.error().is_none() {
            match checked("separate", || axis_of(x.data(), self.axis).map(|axis| count = x.shape()[axis])) {
                Ok(()) if count == 0 => return Vec::new(),
                Ok(()) => {}
                Err(error) => return vec![Variable::failed(error.at(Location::caller()))],
            }
        }
        apply(self, [x]).list(count)
    }
}

/// The parts of x along its first axis ([`Separate`] takes another one), each without that axis. They are views; nothing is copied. The
/// reverse of [`stack`](super::stack()).
///
/// # Errors
/// If the axis does not exist, there is one part, which fails.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]]));
/// let rows = F::separate(&x);
/// assert_eq!((rows.len(), rows[1].to_vec::<f32>()?), (3, vec![3.0, 4.0]));
/// let columns = F::Separate::new().axis(1).call(&x);
/// assert_eq!(columns[1].to_vec::<f32>()?, [2.0, 4.0, 6.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn separate(x: impl AsVariable) -> Vec<Variable> {
    Separate::new().call(x)
}
