//! Chainer for Rust.

extern crate self as chainer;

pub mod dataset;
pub mod datasets;
pub mod iterators;
pub mod reporter;
pub mod serializers;
mod shuffle;
mod summary;
pub mod training;

pub use shuffle::set_seed;
pub use summary::{DictSummary, Summary};
