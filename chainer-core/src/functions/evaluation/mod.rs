//! Evaluation: numbers that have no gradient.

mod accuracy;

pub use accuracy::{Accuracy, accuracy};
