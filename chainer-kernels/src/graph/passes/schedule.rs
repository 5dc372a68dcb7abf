//! The order of operations in which the fewest bytes live at one time, as far as a greedy choice finds it: of those that can run, the one
//! that frees the most. The order that was traced stays where it needs no more.

use petgraph::Direction;
use petgraph::graph::NodeIndex;

use super::super::ir::{Graph, Operation};
use super::super::recompute::peak;

pub(super) fn run(graph: &mut Graph) {
    let order = greedy(graph);
    if order.len() != graph.ops.len() {
        return;
    }
    let mut ops: Vec<Option<Operation>> = graph.ops.iter().cloned().map(Some).collect();
    let sorted = order.into_iter().filter_map(|i| ops[i].take()).collect();
    let traced = std::mem::replace(&mut graph.ops, sorted);
    let new = peak(graph).0;
    let sorted = std::mem::replace(&mut graph.ops, traced);
    if new < peak(graph).0 {
        graph.ops = sorted;
    }
}

fn greedy(graph: &Graph) -> Vec<usize> {
    let dag = graph.dag();
    let escapes = graph.escapes();
    let mut missing: Vec<usize> =
        dag.node_indices().map(|n| dag.neighbors_directed(n, Direction::Incoming).count()).collect();
    let mut readers = vec![0; graph.tensors.len()];
    for op in &graph.ops {
        each_input(op, |tensor| readers[tensor] += 1);
    }
    let temporary = |tensor: usize| graph.tensors[tensor].leaf.is_none() && !escapes[tensor];
    let replaces = |op: &Operation| {
        let new = |tensor| graph.updates.iter().any(|update| graph.results[update.result as usize].tensor == tensor);
        op.outputs.iter().any(|output| new(output.tensor))
    };
    // Leaves are overwritten when everybody has read them: last.
    let last: Vec<bool> = graph.ops.iter().map(replaces).collect();
    let mut ready: Vec<usize> = (0..missing.len()).filter(|&i| missing[i] == 0).collect();
    let mut order = Vec::with_capacity(missing.len());
    while !ready.is_empty() {
        let frees = |i: usize| {
            let op = &graph.ops[i];
            let mut bytes = 0isize;
            each_input(op, |tensor| {
                if readers[tensor] == 1 && temporary(tensor) {
                    bytes += graph.tensors[tensor].bytes() as isize;
                }
            });
            for output in op.outputs.iter().filter(|output| temporary(output.tensor.index())) {
                bytes -= graph.tensors[output.tensor.index()].bytes() as isize;
            }
            bytes
        };
        let best = (0..ready.len()).max_by_key(|&k| {
            let i = ready[k];
            (!last[i], frees(i), std::cmp::Reverse(i))
        });
        let Some(best) = best else { break };
        let i = ready.swap_remove(best);
        order.push(i);
        each_input(&graph.ops[i], |tensor| readers[tensor] -= 1);
        for next in dag.neighbors(NodeIndex::new(i)) {
            missing[next.index()] -= 1;
            if missing[next.index()] == 0 {
                ready.push(next.index());
            }
        }
    }
    order
}

/// Calls `f` with each tensor that an operation reads, once.
fn each_input(op: &Operation, mut f: impl FnMut(usize)) {
    for (i, input) in op.inputs.iter().enumerate() {
        if op.inputs[..i].iter().all(|other| other.tensor != input.tensor) {
            f(input.tensor.index());
        }
    }
}
