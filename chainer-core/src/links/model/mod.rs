//! Links that make models of other links.

mod classifier;

pub use classifier::Classifier;
