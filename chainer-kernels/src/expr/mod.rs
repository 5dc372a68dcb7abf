//! The lazy graph: what an array that has no value yet is made of, and how it gets one.
//!
//! - `node`: nodes and the two kinds of handles on them;
//! - `record`: operations become nodes (no lock, no work);
//! - `force`: from "this value is needed" to kernels; `plan` decides for one elementwise region what is computed and what is written;
//! - `draft`: the program that a plan writes; `cache`: programs by structure.
//!
//! Architecture invariant: nothing outside this folder reads or writes a node's expression.

mod cache;
mod draft;
mod force;
mod node;
mod plan;
mod record;

pub(crate) use force::{contiguous_copy, force, force_all};
pub use node::Saved;
pub(crate) use node::{Node, SliceChange, ViewChange};
pub(crate) use record::{Operand, call, fill, map, random, reduce, source, view_of};

#[cfg(test)]
mod tests;
