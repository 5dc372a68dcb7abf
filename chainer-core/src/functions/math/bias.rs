//! [`bias`].

use std::panic::Location;

use crate::functions::{checked, reshape, settings};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, Result, Variable};

settings! {
    /// [`bias`] along other axes.
    Bias() {
        /// The axis of x that the first one of y belongs to (default 1).
        axis: isize = 1,
    }
}

/// y with axes of size 1 behind its own, so that it broadcasts to x with its first axis at `axis` of x.
#[track_caller]
pub(super) fn aligned(name: &'static str, x: &Variable, y: Variable, axis: isize) -> Result<Variable> {
    x.check()?;
    y.check()?;
    checked(name, || fits(x.data(), y.data(), axis))?;
    let behind = x.ndim() - y.ndim() - axis.rem_euclid(x.ndim().max(1) as isize) as usize;
    let mut shape = y.shape().to_vec();
    shape.extend(std::iter::repeat_n(1, behind));
    Ok(reshape(y, shape))
}

fn fits(x: &Array, y: &Array, axis: isize) -> Checked {
    type_check::float("x", x)?;
    type_check::float("y", y)?;
    let ndim = x.ndim() as isize;
    let exists = (-ndim..ndim).contains(&axis) || (axis == 0 && ndim == 0);
    type_check::expect(exists, "-x.ndim <= axis < x.ndim", format_args!("axis = {axis}, x.ndim = {ndim}"))?;
    let first = axis.rem_euclid(ndim.max(1)) as usize;
    let end = first + y.ndim();
    type_check::expect(end <= x.ndim(), "axis + y.ndim <= x.ndim", format_args!("{first} + {} > {ndim}", y.ndim()))?;
    let spread = x.shape()[first..end].iter().zip(y.shape().iter()).all(|(x, y)| x == y || *y == 1);
    let expect = format!("x.shape[{first}:{end}] == y.shape");
    type_check::expect(spread, expect, format_args!("{:?} and {:?}", x.shape(), y.shape()))
}

impl Bias {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, y: impl AsVariable) -> Variable {
        let x = x.as_variable();
        match aligned("bias", &x, y.as_variable(), self.axis) {
            Ok(y) => x + y,
            Err(error) => Variable::failed(error.at(Location::caller())),
        }
    }
}

/// `x + y`, with the axes of y along those of x from the second one on ([`Bias`] has another first axis): x (N, C, …) and y (C,) add
/// one number to each channel.
///
/// # Errors
/// The result fails unless both have float dtypes and y has the sizes of x along its axes (or 1).
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// let y = Variable::new(Array::from([10.0f32, 20.0]));
/// assert_eq!(F::bias(&x, &y).to_vec::<f32>()?, [11.0, 22.0, 13.0, 24.0]);
/// assert_eq!(F::Bias::new().axis(0).call(&x, &y).to_vec::<f32>()?, [11.0, 12.0, 23.0, 24.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn bias(x: impl AsVariable, y: impl AsVariable) -> Variable {
    Bias::new().call(x, y)
}
