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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Array, Dtype};

    #[test]
    fn a_mean_of_halves_neither_overflows_nor_stalls() {
        for (count, value) in [(4096, 1000.0), (70_000, 0.25)] {
            let losses = Variable::constant(Array::full(count, value, Dtype::F16));
            let mean = Reduction::Mean.of(losses);
            assert_eq!((mean.dtype(), mean.item::<f64>().unwrap()), (Dtype::F16, value));
        }
    }

    #[test]
    fn names_are_chainers() {
        let parsed: Vec<Reduction> = ["mean", "sum", "no"].iter().map(|name| name.parse().unwrap()).collect();
        assert_eq!(parsed, [Reduction::Mean, Reduction::Sum, Reduction::No]);
        assert!("none".parse::<Reduction>().unwrap_err().to_string().contains("\"none\""));
    }
}
