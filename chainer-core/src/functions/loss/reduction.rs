//! [`Reduction`].

use crate::{Error, ErrorKind};

/// What becomes of the losses of single samples. In text (`"mean".parse()`) the names are Chainer's: `mean`, `sum` and `no`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reduction {
    /// Their mean.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// They stay as they are.
    No,
}

impl std::str::FromStr for Reduction {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "mean" => Ok(Reduction::Mean),
            "sum" => Ok(Reduction::Sum),
            "no" => Ok(Reduction::No),
            other => {
                let message = format!("Expect: reduce is \"mean\", \"sum\" or \"no\"\nActual: {other:?}");
                Err(Error::new(ErrorKind::InvalidValue, "reduce", message))
            }
        }
    }
}
