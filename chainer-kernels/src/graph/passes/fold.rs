//! What depends on constants alone is computed once, when the graph is made.

use smallvec::SmallVec;

use super::super::ir::{Graph, Leaf, Operation};
use crate::backend::{self, Device};
use crate::kernel::Kernel;
use crate::view::View;

pub(super) fn run(graph: &mut Graph) {
    let ops = std::mem::take(&mut graph.ops);
    for op in ops {
        if !(foldable(graph, &op) && compute(graph, &op)) {
            graph.ops.push(op);
        }
    }
}

/// Constants in, and small enough to be kept: a source of numbers without inputs costs less to compute anew than to read.
fn foldable(graph: &Graph, op: &Operation) -> bool {
    let constant = |leaf: &Option<Leaf>| matches!(leaf, Some(Leaf::Constant(_)));
    let source = op.inputs.is_empty();
    let written: usize = op.outputs.iter().map(|o| graph.tensors[o.tensor.index()].bytes()).sum();
    op.live.is_empty()
        && !matches!(op.kernel, Kernel::Host(_))
        && op.inputs.iter().all(|input| constant(&graph.tensors[input.tensor.index()].leaf))
        && (!source || written <= LARGEST_SOURCE)
}

/// Bytes of a constant without inputs that are worth keeping.
const LARGEST_SOURCE: usize = 64 << 10;

/// Computes an operation and makes constants of what it writes. If that fails, it is left to the run.
fn compute(graph: &mut Graph, op: &Operation) -> bool {
    let inputs: Option<SmallVec<[View; 4]>> = op
        .inputs
        .iter()
        .map(|input| {
            let tensor = &graph.tensors[input.tensor.index()];
            let Some(Leaf::Constant(buffer)) = &tensor.leaf else { return None };
            Some(View {
                buffer: buffer.clone(),
                dtype: tensor.dtype,
                shape: input.shape.clone(),
                strides: input.strides.clone(),
                offset: input.offset,
            })
        })
        .collect();
    let Some(inputs) = inputs else { return false };
    let mut outputs: SmallVec<[View; 2]> = SmallVec::new();
    for output in &op.outputs {
        let tensor = &graph.tensors[output.tensor.index()];
        let Ok(buffer) = backend::backend(Device::Cpu).allocate(tensor.bytes()) else { return false };
        outputs.push(View::contiguous(buffer, tensor.dtype, output.shape.clone()));
    }
    if backend::backend(Device::Cpu).execute(&op.kernel, &inputs, &outputs).is_err() {
        return false;
    }
    for (output, view) in op.outputs.iter().zip(outputs) {
        graph.tensors[output.tensor.index()].leaf = Some(Leaf::Constant(view.buffer));
    }
    true
}
