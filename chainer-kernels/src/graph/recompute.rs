//! Memory for work: what waits long and was cheap to make is forgotten and made again where it is read.
//!
//! While the graph needs more than its budget, the moment of the highest need is looked at: of the tensors that only wait then, the one
//! that gives back the most bytes for the least work is made a second time before its next use. Work is what its kernel reads, writes and
//! computes. Random numbers and work of products are never repeated.

use super::ir::{Graph, Operand, Operation, TensorId};
use crate::kernel::Kernel;
use crate::view::View;

/// What recomputation has done to a graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Recomputed {
    /// Kernels that run a second time.
    pub kernels: usize,
    /// The most bytes of temporary tensors that live at one time, before and afterwards.
    pub bytes: [usize; 2],
    /// Floating-point operations that are done again.
    pub flops: u64,
}

/// Brings the need of a graph down to `budget` bytes, as far as cheap work allows.
pub fn recompute(graph: &mut Graph, budget: usize) -> Recomputed {
    let mut done = Recomputed::default();
    let (mut need, _) = peak(graph);
    done.bytes = [need, need];
    // Each round frees something at the highest moment; a graph has finitely many.
    for _ in 0..4 * graph.ops.len() {
        let (now, at) = peak(graph);
        need = now;
        if now <= budget {
            break;
        }
        let Some((op, first_use)) = best(graph, at) else { break };
        done.kernels += 1;
        done.flops += flops(graph, &graph.ops[op]);
        repeat(graph, op, at, first_use);
    }
    let (now, _) = peak(graph);
    done.bytes[1] = now.min(need);
    done
}

/// For each temporary tensor: where it is written, and where it is read last.
fn lives(graph: &Graph) -> Vec<Option<(usize, usize)>> {
    let escapes = graph.escapes();
    let mut lives = vec![None; graph.tensors.len()];
    for (i, op) in graph.ops.iter().enumerate() {
        for output in op.outputs.iter().filter(|output| !escapes[output.tensor.index()]) {
            lives[output.tensor.index()] = Some((i, i));
        }
        for input in &op.inputs {
            if let Some((_, last)) = &mut lives[input.tensor.index()] {
                *last = i;
            }
        }
    }
    lives
}

/// The highest need and the operation during which it is.
pub(super) fn peak(graph: &Graph) -> (usize, usize) {
    let mut change = vec![0isize; graph.ops.len() + 1];
    for (t, life) in lives(graph).into_iter().enumerate() {
        if let Some((from, to)) = life {
            let bytes = graph.tensors[t].bytes() as isize;
            change[from] += bytes;
            change[to + 1] -= bytes;
        }
    }
    let mut now = 0;
    let needs = change.iter().enumerate().map(|(i, change)| {
        now += change;
        (now as usize, i)
    });
    needs.max_by_key(|&(need, i)| (need, std::cmp::Reverse(i))).unwrap_or((0, 0))
}

/// The operation that is best done again for the sake of the moment `at`, and before which one.
fn best(graph: &Graph, at: usize) -> Option<(usize, usize)> {
    let lives = lives(graph);
    let reads = |op: &Operation, tensor: TensorId| op.inputs.iter().any(|input| input.tensor == tensor);
    let candidate = |i: usize| {
        let op = &graph.ops[i];
        if !cheap(op) {
            return None;
        }
        // Its results that only wait at this moment.
        let waits = |output: &&Operand| {
            lives[output.tensor.index()].is_some_and(|(from, to)| from < at && at < to)
                && !reads(&graph.ops[at], output.tensor)
        };
        let waiting: Vec<TensorId> = op.outputs.iter().filter(waits).map(|output| output.tensor).collect();
        let bytes: usize = waiting.iter().map(|tensor| graph.tensors[tensor.index()].bytes()).sum();
        let next = (at + 1..graph.ops.len()).find(|&j| waiting.iter().any(|&tensor| reads(&graph.ops[j], tensor)))?;
        // What it reads has to be there anyway.
        let there = op.inputs.iter().all(|input| {
            let tensor = input.tensor.index();
            graph.tensors[tensor].leaf.is_some() || lives[tensor].is_some_and(|(_, last)| last >= next)
        });
        let work = work(graph, op);
        there.then_some((i, next, bytes as f64 / work))
    };
    let all = (0..at).filter_map(candidate).filter(|(_, _, gain)| *gain > 0.0);
    all.max_by(|a, b| a.2.total_cmp(&b.2)).map(|(op, next, _)| (op, next))
}

/// Elementwise work and reductions that draw no numbers.
pub(super) fn cheap(op: &Operation) -> bool {
    matches!(op.kernel, Kernel::Map(_) | Kernel::Reduce(_)) && op.live.is_empty()
}

/// Operations and bytes of an operation; a byte counts as much as a few operations.
pub(super) fn work(graph: &Graph, op: &Operation) -> f64 {
    let bytes: usize = op
        .inputs
        .iter()
        .chain(&op.outputs)
        .map(|o| o.shape.size() * graph.tensors[o.tensor.index()].dtype.size())
        .sum();
    flops(graph, op) as f64 / 4.0 + bytes as f64 + 1.0
}

fn flops(_: &Graph, op: &Operation) -> u64 {
    const NONE: &[View] = &[];
    // Of elementwise kernels and reductions the program and the space say it.
    op.kernel.flops(NONE, NONE)
}

/// Does an operation again before `next`; what is read from there on is the second result.
fn repeat(graph: &mut Graph, op: usize, at: usize, next: usize) {
    let mut again = graph.ops[op].clone();
    let mut instead = Vec::with_capacity(again.outputs.len());
    for output in &mut again.outputs {
        let old = output.tensor;
        let Operand { tensor, .. } = output;
        let kind = &graph.tensors[old.index()];
        *tensor = graph.tensor(kind.dtype, kind.size, None);
        instead.push((old, output.tensor));
    }
    for later in &mut graph.ops[at + 1..] {
        for input in &mut later.inputs {
            if let Some((_, new)) = instead.iter().find(|(old, _)| *old == input.tensor) {
                input.tensor = *new;
            }
        }
    }
    graph.ops.insert(next, again);
}
