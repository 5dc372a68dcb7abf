//! Noise injection.

mod dropout;

pub use dropout::{Dropout, dropout};
