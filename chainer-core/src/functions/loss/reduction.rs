//! [`Reduction`].

use super::wide;
use crate::{Error, Variable};

/// What becomes of the losses of single samples. In text (`"mean".parse()`) the names are Chainer's: `mean`, `sum` and `no`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reduction {
    /// Their mean. The mean of nothing is NaN.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// They stay as they are.
    No,
}

impl Reduction {
    /// The losses, reduced.
    pub(super) fn of(self, losses: Variable) -> Variable {
        let count = if losses.error().is_some() { 0 } else { losses.size() };
        self.over(losses, count)
    }

    /// The losses, reduced; their mean is the sum over `count`.
    pub(super) fn over(self, losses: Variable, count: usize) -> Variable {
        match self {
            Reduction::No => losses,
            Reduction::Sum => losses.sum(),
            Reduction::Mean => {
                // A sum can lie beyond float16 where the mean does not.
                let dtype = losses.dtype();
                (losses.cast(wide(dtype)).sum() / count as f64).cast(dtype)
            }
        }
    }
}

impl std::str::FromStr for Reduction {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "mean" => Ok(Reduction::Mean),
            "sum" => Ok(Reduction::Sum),
            "no" => Ok(Reduction::No),
            other => Err(Error::value("reduce", "reduce is \"mean\", \"sum\" or \"no\"", format_args!("{other:?}"))),
        }
    }
}
