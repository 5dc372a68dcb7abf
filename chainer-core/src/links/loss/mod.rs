//! Losses with parameters.

mod binary_hierarchical_softmax;
mod binary_tree;
mod black_out;
mod crf1d;
mod negative_sampling;
mod words;

pub use binary_hierarchical_softmax::BinaryHierarchicalSoftmax;
pub use binary_tree::BinaryTree;
pub use black_out::BlackOut;
pub use crf1d::CRF1d;
pub use negative_sampling::NegativeSampling;
