//! Chainer's ternary volatile flag.

use crate::{Error, ErrorKind, Result};

/// Whether applications of functions to a variable are remembered for `backward`.
///
/// ```
/// use chainer::Flag;
/// assert_eq!("on".parse::<Flag>().unwrap(), Flag::On);
/// assert_eq!(Flag::from(false), Flag::Off);
/// assert_eq!(Flag::from(None), Flag::Auto);
/// assert!(bool::try_from(Flag::Auto).is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
#[repr(u8)]
pub enum Flag {
    /// Not volatile: a graph is recorded.
    #[default]
    Off,
    /// Volatile: nothing is recorded.
    On,
    /// As the other inputs say; if all say `auto`, a graph is recorded unless [`no_backprop_mode`](crate::no_backprop_mode) is on.
    Auto,
}

impl Flag {
    /// `on`, `off` or `auto`.
    pub const fn name(self) -> &'static str {
        match self {
            Flag::Off => "off",
            Flag::On => "on",
            Flag::Auto => "auto",
        }
    }

    /// The flag of an operation over inputs with these two flags; `None` where one is `on` and the other `off`.
    pub(crate) const fn join(self, other: Flag) -> Option<Flag> {
        match (self, other) {
            (Flag::Auto, flag) | (flag, Flag::Auto) => Some(flag),
            (Flag::On, Flag::On) => Some(Flag::On),
            (Flag::Off, Flag::Off) => Some(Flag::Off),
            _ => None,
        }
    }
}

impl std::fmt::Display for Flag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl From<bool> for Flag {
    fn from(on: bool) -> Self {
        if on { Flag::On } else { Flag::Off }
    }
}

impl From<Option<bool>> for Flag {
    fn from(flag: Option<bool>) -> Self {
        flag.map_or(Flag::Auto, Flag::from)
    }
}

impl TryFrom<Flag> for bool {
    type Error = Error;

    /// `auto` is neither.
    fn try_from(flag: Flag) -> Result<bool> {
        match flag {
            Flag::On => Ok(true),
            Flag::Off => Ok(false),
            Flag::Auto => Err(Error::value("Flag", "on or off", "auto, which is neither true nor false")),
        }
    }
}

impl std::str::FromStr for Flag {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "on" | "ON" => Ok(Flag::On),
            "off" | "OFF" => Ok(Flag::Off),
            "auto" | "AUTO" => Ok(Flag::Auto),
            other => Err(Error::value("Flag", "\"on\", \"off\" or \"auto\"", format_args!("{other:?}"))),
        }
    }
}

/// The flag of an operation over inputs with these flags: `on` or `off`, whichever appears; `auto` if all are `auto`. Both `on` and
/// `off` is an error.
///
/// ```
/// use chainer::{flag::aggregate_flags, Flag};
/// assert_eq!(aggregate_flags([Flag::Auto, Flag::On]).unwrap(), Flag::On);
/// assert!(aggregate_flags([Flag::Off, Flag::On]).is_err());
/// ```
pub fn aggregate_flags(flags: impl IntoIterator<Item = Flag>) -> Result<Flag> {
    flags.into_iter().try_fold(Flag::Auto, |all, flag| all.join(flag).ok_or_else(mixed))
}

#[cold]
pub(crate) fn mixed() -> Error {
    Error::new(
        ErrorKind::InvalidValue,
        "aggregate_flags",
        "Expect: no variable with volatile = on beside one with volatile = off\n\
         Actual: both are among the inputs (make one of them auto)",
    )
}
