//! From a captured graph to a better one. Each pass is a file; each leaves a graph that computes the same bits.

mod common;
mod dead;
mod epilogue;
mod fold;
mod fuse;
mod group;
mod inline;
mod report;
mod schedule;
mod squeeze;

pub use report::{Apart, Reason, Report};

use super::ir::Graph;
use crate::dtype::Dtype;
use crate::kernel::{Epilogue, Kernel, Map, Reduce};
use crate::program::ScalarBits;

/// Which passes run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Passes {
    /// What nobody needs is not computed.
    pub dead: bool,
    /// What is computed twice is computed once.
    pub common: bool,
    /// Elementwise work over one space becomes one kernel, also as the prologue of a reduction.
    pub fuse: bool,
    /// What depends on constants alone is computed once, when the graph is made.
    pub fold: bool,
    /// Elementwise work on a product is done where the product is computed.
    pub epilogue: bool,
    /// The elementwise kernels that only make results, such as the updates of all parameters, become one kernel.
    pub group: bool,
    /// The operations run in an order in which little memory is needed at one time.
    pub schedule: bool,
}

impl Default for Passes {
    fn default() -> Self {
        Passes { dead: true, common: true, fold: true, fuse: true, epilogue: true, group: true, schedule: true }
    }
}

impl Passes {
    /// No pass: the kernels as they were captured.
    pub const NONE: Passes =
        Passes { dead: false, common: false, fold: false, fuse: false, epilogue: false, group: false, schedule: false };

    /// Runs them over a graph. Returns what they did.
    pub fn run(self, graph: &mut Graph) -> Report {
        let mut report = Report { captured: graph.ops.len(), ..Report::default() };
        if self.dead {
            report.dead = fewer(graph, dead::run);
        }
        if self.common {
            report.common = fewer(graph, common::run);
        }
        if self.fold {
            report.folded = fewer(graph, fold::run);
        }
        if self.fuse {
            squeeze::run(graph);
            inline::run(graph);
            if self.dead {
                // What was inlined stands in its readers now.
                report.inlined = fewer(graph, dead::run);
            }
            let before = graph.ops.len();
            fuse::run(graph, &mut report);
            report.fused = before - graph.ops.len();
        }
        if self.dead {
            report.dead += fewer(graph, dead::run);
        }
        if self.epilogue {
            report.on_products = fewer(graph, epilogue::run);
        }
        if self.group {
            report.grouped = fewer(graph, group::run);
        }
        if self.schedule {
            schedule::run(graph);
        }
        report
    }
}

/// How many operations a pass takes away.
fn fewer(graph: &mut Graph, pass: impl FnOnce(&mut Graph)) -> usize {
    let before = graph.ops.len();
    pass(graph);
    before - graph.ops.len()
}

/// The dtype of a scalar of a kernel's program.
pub(super) fn scalar_dtype(kernel: &Kernel, slot: u16) -> Option<Dtype> {
    match kernel {
        Kernel::Map(Map { program, .. }) | Kernel::Reduce(Reduce { program, .. }) => {
            program.scalars.get(slot as usize).copied()
        }
        Kernel::MatMulMap(Epilogue { program, .. }) | Kernel::ConvMap(_, Epilogue { program, .. }) => {
            program.scalars.get(slot as usize).copied()
        }
        Kernel::MapGroup(maps) => maps.iter().flat_map(|map| &map.program.scalars).nth(slot as usize).copied(),
        _ => None,
    }
}

/// Sets a scalar of a kernel's program.
pub(super) fn set_scalar(kernel: &mut Kernel, slot: u16, bits: ScalarBits) {
    let scalar = match kernel {
        Kernel::Map(Map { scalars, .. }) | Kernel::Reduce(Reduce { scalars, .. }) => scalars.get_mut(slot as usize),
        Kernel::MatMulMap(Epilogue { scalars, .. }) | Kernel::ConvMap(_, Epilogue { scalars, .. }) => {
            scalars.get_mut(slot as usize)
        }
        Kernel::MapGroup(maps) => maps.iter_mut().flat_map(|map| &mut map.scalars).nth(slot as usize),
        _ => return,
    };
    if let Some(scalar) = scalar {
        *scalar = bits;
    }
}
