//! [`maxout`].

use std::panic::Location;

use crate::functions::{checked, composed, max, reshape};
use crate::type_check;
use crate::{AsVariable, Error, Result, Variable};

/// [`maxout`] along another axis.
#[derive(Clone, Debug)]
#[must_use = "the function is applied by `call`"]
pub struct Maxout {
    pool_size: usize,
    axis: isize,
}

impl Maxout {
    /// The function over groups of `pool_size` along the second axis.
    pub fn new(pool_size: usize) -> Self {
        Maxout { pool_size, axis: 1 }
    }

    /// The axis that is divided into groups (default 1).
    pub fn axis(mut self, axis: isize) -> Self {
        self.axis = axis;
        self
    }

    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        composed(Location::caller(), || self.largest(x.as_variable()))
    }

    fn largest(self, x: Variable) -> Result<Variable> {
        const NAME: &str = "maxout";
        x.check()?;
        let (axis, pool_size, ndim) = (self.axis, self.pool_size, x.ndim() as isize);
        if pool_size == 0 {
            return Err(Error::value(NAME, "pool_size >= 1", "pool_size = 0"));
        }
        checked(NAME, || {
            type_check::float("x", x.data())?;
            let actual = format_args!("axis = {axis}, x.ndim = {ndim}");
            type_check::expect((-ndim..ndim).contains(&axis), "-x.ndim <= axis < x.ndim", actual)?;
            let size = x.shape()[axis.rem_euclid(ndim) as usize];
            let actual = format_args!("{size} % {pool_size} != 0");
            type_check::expect(size.is_multiple_of(pool_size), format_args!("x.shape[{axis}] % pool_size == 0"), actual)
        })?;
        let axis = axis.rem_euclid(ndim) as usize;
        let mut shape = x.shape().to_vec();
        shape[axis] /= pool_size;
        shape.insert(axis + 1, pool_size);
        Ok(max(reshape(x, shape), axis as isize + 1, false))
    }
}

/// The largest of each group of `pool_size` neighbours along the second axis, whose size M `pool_size` becomes M ([`Maxout`] takes
/// another axis). All elements of a group that are equal to its largest get its gradient (Goodfellow et al., arXiv:1302.4389).
///
/// # Errors
/// The result fails unless x has a float dtype, the axis exists and its size is a multiple of `pool_size`, which is at least 1.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 3.0, 2.0, 0.0, 5.0, 4.0]]));
/// assert_eq!(F::maxout(&x, 3).to_vec::<f32>()?, [3.0, 5.0]);
/// assert_eq!(F::Maxout::new(2).axis(-1).call(&x).to_vec::<f32>()?, [3.0, 2.0, 5.0]);
/// assert!(F::maxout(&x, 4).check().is_err());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn maxout(x: impl AsVariable, pool_size: usize) -> Variable {
    Maxout::new(pool_size).call(x)
}
