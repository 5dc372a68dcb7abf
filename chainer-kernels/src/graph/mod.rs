//! Static graphs: what passes the door while a piece of work runs, as a graph that is optimised as a whole and run again.
//!
//! - `ir`: the graph: tensors, operations on windows of them, leaves that every run binds anew;
//! - `capture`: from a run to a graph; `number`: scalars that change from run to run;
//! - `program`: fused programs taken apart and put together;
//! - `passes`: graph to graph, one idea a file;
//! - `recompute`: what to make again rather than to keep;
//! - `memory`: lifetimes to places in one arena; `replay`: running the result;
//! - `split`: a graph in two, for gradients that are asked for later;
//! - `show`: a graph as text and as DOT; `explain`: what it costs, and what became of the kernels that were captured.
//!
//! Architecture invariant: a graph refers to no memory but that of constants. Passes change neither the values nor, bit for bit, the
//! results of a graph.

mod capture;
mod explain;
mod ir;
mod memory;
mod number;
pub mod passes;
mod program;
mod recompute;
mod replay;
mod show;
mod split;

pub use capture::{
    Capture, Captured, Refusal, host_reads_allowed, is_capturing, leaf, observed_leaf, refuse, refuse_computed, result,
};
pub(crate) use capture::{host_read, record};
pub use explain::{Explanation, short};
pub use ir::{Graph, Leaf, OpId, Operand, Operation, Tensor, TensorId, Update};
pub use memory::MemoryReport;
pub(crate) use number::{LiveSlots, Number, draw, operand as number_operand};
pub use number::{NumberSource, external_numbers, logged_numbers};
pub use recompute::{Recomputed, recompute};
pub use replay::{Bound, Executable, KernelTime, Outcome};
pub use split::{LaterLeaf, Split, split};

#[cfg(test)]
mod tests;
