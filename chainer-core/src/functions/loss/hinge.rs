//! [`hinge`].

use super::labels::one_hot;
use super::{Reduction, positioned};
use crate::functions::{check_indices, checked, relu, settings};
use crate::{AsVariable, Error, Result, Variable, type_check};

/// What [`hinge`] makes of the amount by which a margin is missed. In text (`"L1".parse()`) the names are Chainer's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum HingeNorm {
    /// The amount itself.
    #[default]
    L1,
    /// Its square.
    L2,
}

impl std::str::FromStr for HingeNorm {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "L1" => Ok(HingeNorm::L1),
            "L2" => Ok(HingeNorm::L2),
            other => Err(Error::value("hinge", "norm is \"L1\" or \"L2\"", format_args!("{other:?}"))),
        }
    }
}

settings! {
    /// [`hinge`] with settings.
    Hinge() {
        /// Whether the amounts are squared (default: no).
        norm: HingeNorm = HingeNorm::L1,
        /// What becomes of the single losses, (N, classes) (default: the mean over the batch of each sample's sum).
        reduce: Reduction = Reduction::Mean,
    }
}

impl Hinge {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, t: impl AsVariable) -> Variable {
        positioned(|| self.loss(x.as_variable(), t.as_variable()))
    }

    fn loss(self, x: Variable, t: Variable) -> Result<Variable> {
        const NAME: &str = "hinge";
        x.check()?;
        t.check()?;
        let t = t.into_data();
        checked(NAME, || {
            type_check::float("x", x.data())?;
            type_check::integer("t", &t)?;
            type_check::ndim("x", x.data(), 2)?;
            type_check::ndim("t", &t, 1)?;
            type_check::same_size("x", x.data(), 0, "t", &t, 0)
        })?;
        check_indices(NAME, "t", &t, x.shape()[1], None)?;
        let batch = x.len();
        let missed = relu(one_hot(&t, x.shape()).select(-&x, x) + 1.0);
        let losses = match self.norm {
            HingeNorm::L1 => missed,
            HingeNorm::L2 => missed.square(),
        };
        Ok(self.reduce.over(losses, batch))
    }
}

/// The hinge loss of scores x (N, classes) and labels t (N,): the score of the label should be at least 1, all others at most -1. The
/// loss is `max(0, 1 - x)` for the label and `max(0, 1 + x)` for the other classes, summed over the classes; the mean over the batch is
/// returned. Where a margin is just met the gradient is 0. [`Hinge`] has settings: squares (L2), other reductions. It is differentiable
/// with respect to x only.
///
/// # Errors
/// The result fails unless x is a float matrix and t a vector of integers of as many rows, and if a label lies outside the classes.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[2.0f32, -0.5], [0.5, 0.5]]));
/// let t = Array::from([0i32, 0]);
/// assert_eq!(F::hinge(&x, &t).item::<f32>()?, 1.25);
/// let squares = F::Hinge::new().norm(F::HingeNorm::L2).reduce(F::Reduction::No).call(&x, &t);
/// assert_eq!(squares.to_vec::<f32>()?, [0.0, 0.25, 0.25, 2.25]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn hinge(x: impl AsVariable, t: impl AsVariable) -> Variable {
    Hinge::new().call(x, t)
}
