//! The elementwise kernels whose results nothing in the graph reads, such as the updates of all parameters, become one kernel at the end.

use super::super::ir::{Graph, Operation};
use super::super::number::LiveSlots;
use crate::kernel::Kernel;

pub(super) fn run(graph: &mut Graph) {
    let readers = {
        // Results are read outside.
        let mut readers = vec![0; graph.tensors.len()];
        for input in graph.ops.iter().flat_map(|op| &op.inputs) {
            readers[input.tensor.index()] += 1;
        }
        readers
    };
    let ends = |op: &Operation| {
        matches!(op.kernel, Kernel::Map(_)) && op.outputs.iter().all(|output| readers[output.tensor.index()] == 0)
    };
    if graph.ops.iter().filter(|op| ends(op)).count() < 2 {
        return;
    }
    let (last, mut ops): (Vec<Operation>, Vec<Operation>) = std::mem::take(&mut graph.ops).into_iter().partition(ends);
    let (mut maps, mut live) = (Vec::with_capacity(last.len()), LiveSlots::new());
    let (mut inputs, mut outputs) = (smallvec::SmallVec::new(), smallvec::SmallVec::new());
    let mut scalars = 0;
    for op in last {
        let Kernel::Map(map) = op.kernel else { continue };
        live.extend(op.live.iter().map(|(slot, source)| (scalars + slot, *source)));
        scalars += map.scalars.len() as u16;
        inputs.extend(op.inputs);
        outputs.extend(op.outputs);
        maps.push(map);
    }
    ops.push(Operation { kernel: Kernel::MapGroup(maps), live, inputs, outputs });
    graph.ops = ops;
}
