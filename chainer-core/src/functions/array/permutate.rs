//! [`permutate`].

use std::panic::Location;

use chainer_kernels::{ArrayOps, ops};

use super::{axis_of, single_gradient};
use crate::functions::{check_indices, checked, composed, settings};
use crate::{
    Array, AsVariable, BackwardContext, Dtype, Error, Function, Gradients, Outputs, Result, Retain, Variable, apply,
    type_check,
};

settings! {
    /// [`permutate`] with settings.
    Permutate() {
        /// The axis along which the elements change places (default 0).
        axis: isize = 0,
        /// Whether the indices are those of the reverse: `y[indices[i]] = x[i]` (default false).
        inv: bool = false,
    }
}

/// x → its slices along an axis in another order.
struct Reorder {
    axis: usize,
    order: Array,
    /// The order that puts them back.
    inverse: Array,
}

impl Function for Reorder {
    fn name(&self) -> &'static str {
        NAME
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        ops::take(&inputs[0], &self.order, self.axis as isize).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        if let Some(gx) = single_gradient(c) {
            return gx.into();
        }
        let back = Reorder { axis: self.axis, order: self.inverse.clone(), inverse: self.order.clone() };
        apply(back, [c.gy(0)]).one().into()
    }
}

const NAME: &str = "permutate";

/// The permutation that undoes `indices`, all of which exist.
fn inverse(indices: &Array) -> Result<Array> {
    let order = indices.astype(Dtype::I64).to_vec::<i64>()?;
    let mut inverse = vec![-1i64; order.len()];
    for (i, &index) in order.iter().enumerate() {
        let place = &mut inverse[index as usize];
        if *place >= 0 {
            let actual = format!("indices[{place}] = indices[{i}] = {index}");
            return Err(Error::value(NAME, "indices that are a permutation", actual));
        }
        *place = i as i64;
    }
    Ok(Array::from(inverse))
}

impl Permutate {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, indices: impl AsVariable) -> Variable {
        let (x, indices) = (x.as_variable(), indices.as_variable().into_data());
        composed(Location::caller(), || {
            x.check()?;
            indices.check()?;
            let mut axis = 0;
            checked(NAME, || {
                axis = axis_of(x.data(), self.axis)?;
                type_check::integer("indices", &indices)?;
                type_check::ndim("indices", &indices, 1)?;
                type_check::same_size("x", x.data(), axis, "indices", &indices, 0)
            })?;
            check_indices(NAME, "indices", &indices, indices.size(), None)?;
            let inverse = inverse(&indices)?;
            let function = match self.inv {
                false => Reorder { axis, order: indices, inverse },
                true => Reorder { axis, order: inverse, inverse: indices },
            };
            Ok(apply(function, [x]).one())
        })
    }
}

/// The slices of x along its first axis in another order: `y[i] = x[indices[i]]`. [`Permutate`] takes another axis, or the indices of the
/// reverse permutation.
///
/// # Errors
/// The result fails unless the indices (one axis, any integer dtype) are a permutation of `0..x.shape[axis]`.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([10.0f32, 20.0, 30.0]));
/// let indices = Array::from([1i32, 2, 0]);
/// let y = F::permutate(&x, &indices);
/// assert_eq!(y.to_vec::<f32>()?, [20.0, 30.0, 10.0]);
/// assert_eq!(F::Permutate::new().inv(true).call(y, &indices).to_vec::<f32>()?, [10.0, 20.0, 30.0]);
/// assert!(F::permutate(&x, Array::from([1i32, 1, 0])).check().is_err());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn permutate(x: impl AsVariable, indices: impl AsVariable) -> Variable {
    Permutate::new().call(x, indices)
}
