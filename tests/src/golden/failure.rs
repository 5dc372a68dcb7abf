//! Why a case did not pass.

use std::fmt::{self, Display};

use chainer_kernels::Error;

/// Why a case did not pass.
#[derive(Debug)]
pub enum Failure {
    /// No adapter has this name: counted, not failed.
    NotImplemented(String),
    /// The library answered with an error.
    Refused(Error),
    /// A wrong value, or a case that the adapter cannot read.
    Wrong(String),
}

/// What an adapter or a check returns.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// The same failure with the place where it happened in front.
    pub fn at(self, place: impl Display) -> Self {
        match self {
            Failure::NotImplemented(name) => Failure::NotImplemented(name),
            Failure::Refused(error) => Failure::Wrong(format!("{place}: {error}")),
            Failure::Wrong(message) => Failure::Wrong(format!("{place}: {message}")),
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotImplemented(name) => write!(f, "{name} is not implemented"),
            Failure::Refused(error) => write!(f, "refused: {error}"),
            Failure::Wrong(message) => f.write_str(message),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Refused(error)
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure::Wrong(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Failure::Wrong(message.to_owned())
    }
}
