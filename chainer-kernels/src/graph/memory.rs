//! Where tensors lie during a run: lifetimes become places in one arena.

use super::ir::{Graph, Operand, Operation, TensorId};
use crate::kernel::{Kernel, Map, Reduce, ScatterMode};
use crate::program::{Program, Value};

/// Places begin at multiples of this many bytes.
const ALIGNMENT: usize = 64;

/// What a graph takes beside its leaves and results.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MemoryReport {
    /// Bytes of the arena in which all temporary tensors lie.
    pub arena: usize,
    /// The most bytes of temporary tensors that live at one time: no arena can be smaller.
    pub lower_bound: usize,
    /// Bytes of all temporary tensors together.
    pub temporaries: usize,
    /// Bytes of results that take memory of their own. (Others may be written over what they replace.)
    pub results: usize,
}

/// The memory plan of a graph.
pub(super) struct Layout {
    /// The first byte in the arena, for temporary tensors.
    pub(super) offsets: Vec<Option<usize>>,
    /// For each update of the graph, whether the result may be written over the leaf.
    pub(super) in_place: Vec<bool>,
    pub(super) report: MemoryReport,
}

pub(super) fn plan(graph: &Graph) -> Layout {
    let lives = lifetimes(graph);
    let temporary: Vec<bool> = {
        let escapes = graph.escapes();
        (0..graph.tensors.len()).map(|t| lives[t].is_some() && !escapes[t] && graph.tensors[t].leaf.is_none()).collect()
    };
    let rounded = |t: usize| graph.tensors[t].bytes().next_multiple_of(ALIGNMENT);

    // Tensors that take over the memory of an operand share an allocation.
    let mut first: Vec<usize> = (0..graph.tensors.len()).collect();
    let mut spans: Vec<Option<(usize, usize)>> = lives.clone();
    for (at, op) in graph.ops.iter().enumerate() {
        let mut lent: Vec<TensorId> = Vec::new();
        for (k, output) in op.outputs.iter().enumerate() {
            let own = output.tensor.index();
            if !temporary[own] {
                continue;
            }
            let lender = op.inputs.iter().find(|input| {
                let t = input.tensor.index();
                temporary[t]
                    && lives[t].is_some_and(|(_, last)| last == at)
                    && rounded(t) == rounded(own)
                    && !lent.contains(&input.tensor)
                    && may_overwrite(graph, op, input.tensor, k)
            });
            if let Some(lender) = lender {
                lent.push(lender.tensor);
                let root = first[lender.tensor.index()];
                first[own] = root;
                spans[root] = spans[root].zip(lives[own]).map(|((from, to), (_, last))| (from, to.max(last)));
            }
        }
    }

    // The largest first, each as low as what lives at the same time allows.
    let mut order: Vec<usize> =
        (0..graph.tensors.len()).filter(|&t| temporary[t] && first[t] == t && rounded(t) > 0).collect();
    order.sort_by_key(|&t| (std::cmp::Reverse(rounded(t)), t));
    let mut offsets: Vec<Option<usize>> = vec![None; graph.tensors.len()];
    let mut placed: Vec<(usize, usize, (usize, usize))> = Vec::with_capacity(order.len());
    let mut arena = 0;
    for t in order {
        let Some((from, to)) = spans[t] else { continue };
        let mut neighbours: Vec<(usize, usize)> = placed
            .iter()
            .filter(|(_, _, (other_from, other_to))| *other_from <= to && from <= *other_to)
            .map(|(start, end, _)| (*start, *end))
            .collect();
        neighbours.sort_unstable();
        let mut start = 0;
        for (other_start, other_end) in neighbours {
            if start + rounded(t) <= other_start {
                break;
            }
            start = start.max(other_end);
        }
        placed.push((start, start + rounded(t), (from, to)));
        arena = arena.max(start + rounded(t));
        offsets[t] = Some(start);
    }
    for t in 0..graph.tensors.len() {
        if temporary[t] {
            offsets[t] = offsets[first[t]].or(Some(0));
        }
    }
    let mut load = vec![0isize; graph.ops.len() + 2];
    let mut temporaries = 0;
    for t in (0..graph.tensors.len()).filter(|&t| temporary[t]) {
        temporaries += graph.tensors[t].bytes();
        if first[t] == t
            && let Some((from, to)) = spans[t]
        {
            load[from] += graph.tensors[t].bytes() as isize;
            load[to + 1] -= graph.tensors[t].bytes() as isize;
        }
    }
    let mut now = 0;
    let lower_bound = load.iter().map(|change| {
        now += change;
        now
    });
    let lower_bound = lower_bound.max().unwrap_or(0) as usize;
    let in_place: Vec<bool> =
        graph.updates.iter().map(|update| may_replace(graph, update.leaf, update.result)).collect();
    let mut own = graph.escapes();
    for (update, _) in graph.updates.iter().zip(&in_place).filter(|(_, in_place)| **in_place) {
        own[graph.results[update.result as usize].tensor.index()] = false;
    }
    let own = (0..graph.tensors.len()).filter(|&t| own[t] && lives[t].is_some());
    let results = own.map(|t| graph.tensors[t].bytes()).sum();
    Layout { offsets, in_place, report: MemoryReport { arena, lower_bound, temporaries, results } }
}

/// The first and the last operation of each tensor that an operation writes.
fn lifetimes(graph: &Graph) -> Vec<Option<(usize, usize)>> {
    let mut lives = vec![None; graph.tensors.len()];
    for (i, op) in graph.ops.iter().enumerate() {
        for output in &op.outputs {
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

/// Whether the result may be written over the leaf that it replaces.
fn may_replace(graph: &Graph, leaf: u32, result: u32) -> bool {
    let old = graph.bound[leaf as usize];
    let new = &graph.results[result as usize];
    let (from, to) = (&graph.tensors[old.index()], &graph.tensors[new.tensor.index()]);
    let returned = |tensor: TensorId| graph.results.iter().filter(|r| r.tensor == tensor).count();
    if to.leaf.is_some()
        || (from.dtype, from.size) != (to.dtype, to.size)
        || !new.is_whole(to.size)
        || returned(new.tensor) != 1
        || returned(old) != 0
    {
        return false;
    }
    let writes = |op: &Operation| op.outputs.iter().position(|o| o.tensor == new.tensor);
    let Some((at, k)) = graph.ops.iter().enumerate().find_map(|(i, op)| writes(op).map(|k| (i, k))) else {
        return false;
    };
    let reads = |op: &Operation| op.inputs.iter().any(|input| input.tensor == old);
    !graph.ops[at + 1..].iter().any(reads) && (!reads(&graph.ops[at]) || may_overwrite(graph, &graph.ops[at], old, k))
}

/// Whether output `k` of an operation may lie where one of its inputs does.
fn may_overwrite(graph: &Graph, op: &Operation, input: TensorId, k: usize) -> bool {
    let size = graph.tensors[input.index()].size;
    let output = &op.outputs[k];
    let places = || op.inputs.iter().enumerate().filter(|(_, operand)| operand.tensor == input);
    let aligned = |operand: &Operand| operand.is_whole(size) && operand.shape == output.shape;
    let same_width =
        |a: TensorId, b: TensorId| graph.tensors[a.index()].dtype.size() == graph.tensors[b.index()].dtype.size();
    if !same_width(input, output.tensor) || !places().all(|(_, operand)| aligned(operand)) {
        return false;
    }
    let in_time = |program: &Program, written: usize| {
        let last = program.last_reads();
        places().all(|(j, _)| last[j].is_none_or(|read| read <= program.outputs[written]))
    };
    match &op.kernel {
        Kernel::Map(Map { program, .. }) => in_time(program, k),
        Kernel::Reduce(Reduce { program, value, .. }) => {
            k > 0 && places().all(|(j, _)| *value != Value::Input(j as u16)) && in_time(program, k - 1)
        }
        Kernel::MapGroup(maps) => {
            // Only by the map that writes it.
            let (mut inputs, mut outputs) = (0, 0);
            let writer = maps.iter().find_map(|map| {
                let first = (inputs, outputs);
                inputs += map.program.inputs.len();
                outputs += map.program.outputs.len();
                (k < outputs).then_some((map, first))
            });
            let Some((map, (first_input, first_output))) = writer else { return false };
            let last = map.program.last_reads();
            let written = map.program.outputs[k - first_output];
            places().all(|(j, _)| {
                let own = j.checked_sub(first_input).and_then(|j| last.get(j));
                own.is_some_and(|read| read.is_none_or(|read| read <= written))
            })
        }
        Kernel::Scatter { mode: ScatterMode::Set | ScatterMode::Add, .. } => places().all(|(j, _)| j == 0),
        _ => false,
    }
}
