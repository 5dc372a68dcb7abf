//! What most programs use: `use chainer::prelude::*;`.

pub use crate::{
    Array, ArrayOps, AsVariable, Error, Forward, Link, Parameter, Result, State, UpdateRule, Variable, attempt, chain,
    elementwise, fallible, function, seq, tri,
};

pub use crate::iterators::SerialIterator;
pub use crate::reporter::report;
pub use crate::training::{Context, Epoch, Iteration, StandardUpdater, Trainer};
