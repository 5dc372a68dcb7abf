//! What most programs use: `use chainer::prelude::*;`.

pub use crate::{
    Array, ArrayOps, Forward, Link, Parameter, State, UpdateRule, Variable, attempt, chain, elementwise, fallible,
    function, seq, tri,
};
