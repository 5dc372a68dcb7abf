//! Algorithms of general use: drawing from a discrete distribution.

mod walker_alias;

pub use walker_alias::{Sampler, WalkerAlias};
