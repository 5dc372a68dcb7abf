//! What the passes did, and why kernels that could have been one are not.

use rustc_hash::FxHashMap;

use super::super::ir::TensorId;

/// What the passes did to a graph. The captured operations are those that are left, and those that the counts of the passes name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Operations before the first pass.
    pub captured: usize,
    /// Operations that nobody needed.
    pub dead: usize,
    /// Operations that another one had computed.
    pub common: usize,
    /// Operations that depend on constants alone.
    pub folded: usize,
    /// Small operations that are done in the kernels that read them.
    pub inlined: usize,
    /// Operations that became a part of another one.
    pub fused: usize,
    /// Operations on a product that are done where the product is computed.
    pub on_products: usize,
    /// Operations that only make results and run together with others of the kind.
    pub grouped: usize,
    /// Neighbours that are two kernels, although elementwise work may be one.
    pub apart: Vec<Apart>,
    /// For each tensor that a fused operation writes, how many operations that was.
    pub(crate) parts: FxHashMap<TensorId, usize>,
}

/// Two elementwise operations or reductions of which one reads what the other writes, and that are two kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apart {
    /// What the one writes and the other reads.
    pub tensor: TensorId,
    /// A tensor that the reader writes.
    pub reader: TensorId,
    /// Why they are two.
    pub why: Reason,
}

/// Why two operations cannot be one kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// They work over different index spaces.
    Space,
    /// The reader's elements lie elsewhere than the writer's: a slice, a transposed or a stretched view.
    Window,
    /// The reader needs the result of a reduction, which is complete only after the last element.
    Reduced,
    /// Both reduce: a kernel has one reduction.
    Reductions,
    /// The reader also needs what a third kernel makes of the writer's result: this tensor.
    Detour(TensorId),
    /// Together they have so many instructions.
    Instructions(usize),
    /// Together they read and write so many arrays.
    Arrays(usize),
}
