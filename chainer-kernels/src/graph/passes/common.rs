//! What is computed twice is computed once.

use super::super::ir::{Graph, Operation, TensorId};
use crate::kernel::Kernel;

pub(super) fn run(graph: &mut Graph) {
    // What each tensor is replaced by.
    let mut instead: Vec<TensorId> = (0..graph.tensors.len() as u32).map(TensorId).collect();
    let mut kept: Vec<Operation> = Vec::with_capacity(graph.ops.len());
    for mut op in std::mem::take(&mut graph.ops) {
        for input in &mut op.inputs {
            input.tensor = instead[input.tensor.index()];
        }
        match kept.iter().find(|known| same(known, &op)) {
            Some(known) => {
                for (own, theirs) in op.outputs.iter().zip(&known.outputs) {
                    instead[own.tensor.index()] = theirs.tensor;
                }
            }
            None => kept.push(op),
        }
    }
    graph.ops = kept;
    for result in &mut graph.results {
        result.tensor = instead[result.tensor.index()];
    }
}

/// Whether two operations compute the same of the same.
fn same(a: &Operation, b: &Operation) -> bool {
    a.inputs == b.inputs && a.live == b.live && a.outputs.len() == b.outputs.len() && {
        let shapes = |op: &Operation| op.outputs.iter().map(|o| o.shape.clone()).collect::<Vec<_>>();
        same_kernel(&a.kernel, &b.kernel) && shapes(a) == shapes(b)
    }
}

fn same_kernel(a: &Kernel, b: &Kernel) -> bool {
    match (a, b) {
        (Kernel::Map(a), Kernel::Map(b)) => a.shape == b.shape && a.scalars == b.scalars && (a.program == b.program),
        (Kernel::Reduce(a), Kernel::Reduce(b)) => {
            (&a.shape, &a.axes, a.op, a.value, &a.scalars) == (&b.shape, &b.axes, b.op, b.value, &b.scalars)
                && a.program == b.program
        }
        (Kernel::MatMul, Kernel::MatMul) => true,
        (Kernel::Conv(a), Kernel::Conv(b))
        | (Kernel::ConvBackwardData(a), Kernel::ConvBackwardData(b))
        | (Kernel::ConvBackwardFilter(a), Kernel::ConvBackwardFilter(b)) => a == b,
        (Kernel::MaxPool(a), Kernel::MaxPool(b)) => a == b,
        (Kernel::Take { axis: a }, Kernel::Take { axis: b }) => a == b,
        (Kernel::TakeAlongAxis { axis: a }, Kernel::TakeAlongAxis { axis: b }) => a == b,
        (Kernel::Concat { axis: a }, Kernel::Concat { axis: b }) => a == b,
        // The others are rarely repeated.
        _ => false,
    }
}
