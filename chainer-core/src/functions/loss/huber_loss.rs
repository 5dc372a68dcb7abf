//! [`huber_loss`].

use super::{Reduction, check_alike, positioned};
use crate::functions::{checked, settings};
use crate::{AsVariable, Error, Result, Variable, type_check};

/// What becomes of the losses of single elements in [`huber_loss`]. In text (`"no".parse()`) the names are Chainer's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum HuberReduction {
    /// They are summed along the second axis: `sum_along_second_axis`.
    #[default]
    SumAlongSecondAxis,
    /// Their mean over all elements: `mean`.
    Mean,
    /// Their sum over all elements: `sum`.
    Sum,
    /// They stay as they are: `no`.
    No,
}

impl From<Reduction> for HuberReduction {
    fn from(reduce: Reduction) -> Self {
        match reduce {
            Reduction::Mean => HuberReduction::Mean,
            Reduction::Sum => HuberReduction::Sum,
            Reduction::No => HuberReduction::No,
        }
    }
}

impl std::str::FromStr for HuberReduction {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "sum_along_second_axis" => Ok(HuberReduction::SumAlongSecondAxis),
            "mean" => Ok(HuberReduction::Mean),
            "sum" => Ok(HuberReduction::Sum),
            "no" => Ok(HuberReduction::No),
            other => {
                let expect = "reduce is \"sum_along_second_axis\", \"mean\", \"sum\" or \"no\"";
                Err(Error::value("huber_loss", expect, format_args!("{other:?}")))
            }
        }
    }
}

settings! {
    /// [`huber_loss`] with settings.
    HuberLoss(delta: f64) {
        /// What becomes of the single losses (default: they are summed along the second axis).
        reduce: into HuberReduction = HuberReduction::SumAlongSecondAxis,
    }
}

impl HuberLoss {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, t: impl AsVariable) -> Variable {
        positioned(|| self.loss(x.as_variable(), t.as_variable()))
    }

    fn loss(self, x: Variable, t: Variable) -> Result<Variable> {
        const NAME: &str = "huber_loss";
        check_alike(NAME, &[("x", &x), ("t", &t)])?;
        let along_second = self.reduce == HuberReduction::SumAlongSecondAxis;
        checked(NAME, || if along_second { type_check::min_ndim("x", x.data(), 2) } else { Ok(()) })?;
        if self.delta.is_nan() || self.delta < 0.0 {
            return Err(Error::value(NAME, "delta >= 0", format_args!("delta = {}", self.delta)));
        }
        let losses = huber(x - t, self.delta);
        Ok(match self.reduce {
            HuberReduction::SumAlongSecondAxis => losses.sum_axes(1, false),
            HuberReduction::Mean => Reduction::Mean.of(losses),
            HuberReduction::Sum => losses.sum(),
            HuberReduction::No => losses,
        })
    }
}

/// `a^2 / 2` where `|a| <= delta`, `delta (|a| - delta / 2)` elsewhere.
pub(super) fn huber(a: Variable, delta: f64) -> Variable {
    // One expression for both: no square of what is large, and the curvature at 0 is right.
    let limited = a.maximum(-delta).minimum(delta);
    &limited * (a - &limited * 0.5)
}

/// The Huber loss of the differences `a = x - t`: `a^2 / 2` where `|a| <= delta`, `delta (|a| - delta / 2)` elsewhere, summed along the
/// second axis. It grows like the absolute value far from 0 and so heeds outliers less than a square (Huber, *Robust estimation of a
/// location parameter*, 1964). [`HuberLoss`] has other reductions.
///
/// # Errors
/// The result fails unless x and t have the same shape, of at least two axes, and the same float dtype, and if delta is below 0.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, -3.0]]));
/// let t = Array::from([[0.0f32, 0.0]]);
/// assert_eq!(F::huber_loss(&x, &t, 1.0).to_vec::<f32>()?, [3.0]);
/// let single = F::HuberLoss::new(1.0).reduce(F::HuberReduction::No).call(&x, &t);
/// assert_eq!(single.to_vec::<f32>()?, [0.5, 2.5]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn huber_loss(x: impl AsVariable, t: impl AsVariable, delta: f64) -> Variable {
    HuberLoss::new(delta).call(x, t)
}
