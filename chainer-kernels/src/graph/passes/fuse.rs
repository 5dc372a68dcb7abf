//! Elementwise work over one space becomes one kernel, whatever once stood between; a reduction of it takes it in as its prologue.
//!
//! Operations are put into clusters: elementwise operations of one index space and at most one reduction over it. Two clusters may become
//! one if one reads, element by element, what the other writes, and nothing else leads from the one to the other.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::super::ir::{Graph, Operand, Operation, TensorId};
use super::super::program::{Builder, Code};
use super::report::{Apart, Reason, Report};
use crate::kernel::{Kernel, Map, Reduce};
use crate::program::Value;
use crate::shape::Shape;

/// Instructions of a fused program at most.
const INSTRUCTIONS: usize = 64;
/// Arrays that a fused program reads and writes at most: beyond that its blocks no longer fit the first cache.
const ARRAYS: usize = 24;

pub(super) fn run(graph: &mut Graph, report: &mut Report) {
    let mut clusters = Clusters::new(graph);
    // What stands between two clusters may have become part of one of them.
    while clusters.merge(graph) {}
    report.apart = clusters.apart(graph);
    let before = graph.ops.clone();
    let mut ops: Vec<Operation> = Vec::with_capacity(before.len());
    let readers = readers(graph);
    for cluster in 0..before.len() {
        let members = &clusters.members[cluster];
        match members[..] {
            [] => {}
            [single] => ops.push(before[single].clone()),
            _ => {
                let op = clusters.emit(graph, members, &readers);
                report.parts.extend(op.outputs.iter().map(|output| (output.tensor, members.len())));
                ops.push(op);
            }
        }
    }
    graph.ops = ops;
    if !graph.sort() {
        // Cannot be: merging keeps the graph free of circles.
        graph.ops = before;
    }
}

/// For each tensor the operations that read it.
fn readers(graph: &Graph) -> Vec<Vec<usize>> {
    let mut readers = vec![Vec::new(); graph.tensors.len()];
    for (i, op) in graph.ops.iter().enumerate() {
        for input in &op.inputs {
            readers[input.tensor.index()].push(i);
        }
    }
    readers
}

/// The index space of an elementwise operation or a reduction.
fn space(op: &Operation) -> Option<&Shape> {
    match &op.kernel {
        Kernel::Map(map) => Some(&map.shape),
        Kernel::Reduce(reduce) => Some(&reduce.shape),
        _ => None,
    }
}

/// A set of clusters, a bit for each.
type Bits = Vec<u64>;

fn has(bits: &Bits, i: usize) -> bool {
    bits[i / 64] >> (i % 64) & 1 == 1
}

struct Clusters {
    /// The cluster of each operation: the smallest of its members.
    of: Vec<usize>,
    /// The operations of each cluster, ascending; empty if it became part of another.
    members: Vec<Vec<usize>>,
    /// The clusters that each stands behind, at any distance.
    behind: Vec<Bits>,
    /// The clusters that each reads directly.
    reads: Vec<Vec<usize>>,
    reduces: Vec<bool>,
    /// Instructions and arrays, roughly.
    size: Vec<(usize, usize)>,
}

impl Clusters {
    fn new(graph: &Graph) -> Self {
        let n = graph.ops.len();
        let writers = graph.writers();
        let reads: Vec<Vec<usize>> = graph
            .ops
            .iter()
            .map(|op| {
                let writers = op.inputs.iter().filter_map(|input| writers[input.tensor.index()]);
                writers.map(|writer| writer.0 as usize).collect()
            })
            .collect();
        let mut behind: Vec<Bits> = Vec::with_capacity(n);
        for reads in &reads {
            let mut bits = vec![0; n.div_ceil(64)];
            for &read in reads {
                bits.iter_mut().zip(&behind[read]).for_each(|(own, theirs)| *own |= theirs);
                bits[read / 64] |= 1 << (read % 64);
            }
            behind.push(bits);
        }
        let size = |op: &Operation| match &op.kernel {
            Kernel::Map(Map { program, .. }) | Kernel::Reduce(Reduce { program, .. }) => {
                (program.instrs.len(), op.inputs.len() + op.outputs.len())
            }
            _ => (0, 0),
        };
        Clusters {
            of: (0..n).collect(),
            members: (0..n).map(|i| vec![i]).collect(),
            behind,
            reads,
            reduces: graph.ops.iter().map(|op| matches!(op.kernel, Kernel::Reduce(_))).collect(),
            size: graph.ops.iter().map(size).collect(),
        }
    }

    /// Returns whether anything has become one.
    fn merge(&mut self, graph: &Graph) -> bool {
        let writers = graph.writers();
        let mut merged = false;
        for (i, op) in graph.ops.iter().enumerate() {
            let Some(space) = space(op) else { continue };
            for input in &op.inputs {
                let Some(writer) = writers[input.tensor.index()] else { continue };
                let writer = writer.0 as usize;
                let (a, b) = (self.of[writer], self.of[i]);
                if a != b && elementwise(graph, writer, input, space) && self.obstacle(graph, a, b).is_none() {
                    self.unite(a, b);
                    merged = true;
                }
            }
        }
        // What reads the same over the same space is read once, also where nothing leads from one to the other.
        for readers in readers(graph) {
            for pair in readers.windows(2) {
                let (a, b) = (self.of[pair[0]], self.of[pair[1]]);
                let same =
                    space(&graph.ops[pair[0]]).is_some() && space(&graph.ops[pair[0]]) == space(&graph.ops[pair[1]]);
                let large = space(&graph.ops[pair[0]]).is_some_and(|shape| shape.size() >= SHARED);
                if a != b && same && large && self.obstacle(graph, a, b).is_none() {
                    self.unite(a, b);
                    merged = true;
                }
            }
        }
        merged
    }

    /// For each two clusters of which one reads the other, why they are two.
    fn apart(&self, graph: &Graph) -> Vec<Apart> {
        let writers = graph.writers();
        let mut apart: Vec<Apart> = Vec::new();
        let mut seen: FxHashSet<(usize, usize)> = FxHashSet::default();
        for (i, op) in graph.ops.iter().enumerate() {
            let Some(space) = space(op) else { continue };
            for input in &op.inputs {
                let Some(writer) = writers[input.tensor.index()].map(|writer| writer.0 as usize) else { continue };
                let (a, b) = (self.of[writer], self.of[i]);
                if a == b || self::space(&graph.ops[writer]).is_none() || !seen.insert((a, b)) {
                    continue;
                }
                let why = misfit(graph, writer, input, space).or_else(|| self.obstacle(graph, a, b));
                let reader = op.outputs[0].tensor;
                apart.extend(why.map(|why| Apart { tensor: input.tensor, reader, why }));
            }
        }
        apart
    }

    /// Why two clusters cannot be one kernel: it would be too large, or something leads out of it and back in.
    fn obstacle(&self, graph: &Graph, a: usize, b: usize) -> Option<Reason> {
        let instructions = self.size[a].0 + self.size[b].0;
        let arrays = self.size[a].1 + self.size[b].1;
        if self.reduces[a] && self.reduces[b] {
            return Some(Reason::Reductions);
        }
        if instructions > INSTRUCTIONS {
            return Some(Reason::Instructions(instructions));
        }
        if arrays > ARRAYS {
            return Some(Reason::Arrays(arrays));
        }
        // From one to the other through a third.
        let detour = |from: usize, to: usize| {
            self.reads[to].iter().find(|&&read| read != from && has(&self.behind[read], from)).map(|&read| (read, to))
        };
        if let Some((from, to)) = detour(a, b).or_else(|| detour(b, a)) {
            return self.tensor_between(graph, from, to).map(Reason::Detour).or(Some(Reason::Space));
        }
        // Directly: every edge has to be elementwise.
        let direct = |from: usize, to: usize| {
            self.members[to].iter().find_map(|&reader| {
                let op = &graph.ops[reader];
                op.inputs.iter().find_map(|input| {
                    let writes = |w: &&usize| graph.ops[**w].outputs.iter().any(|o| o.tensor == input.tensor);
                    let writer = *self.members[from].iter().find(writes)?;
                    space(op).map_or(Some(Reason::Space), |space| misfit(graph, writer, input, space))
                })
            })
        };
        direct(a, b).or_else(|| direct(b, a))
    }

    /// What a cluster reads of another one.
    fn tensor_between(&self, graph: &Graph, from: usize, to: usize) -> Option<TensorId> {
        let written = |id: TensorId| {
            self.members[from].iter().any(|&op| graph.ops[op].outputs.iter().any(|output| output.tensor == id))
        };
        let mut read = self.members[to].iter().flat_map(|&op| &graph.ops[op].inputs).map(|input| input.tensor);
        read.find(|&id| written(id))
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (a.min(b), a.max(b));
        let moved = std::mem::take(&mut self.members[b]);
        for &op in &moved {
            self.of[op] = a;
        }
        self.members[a].extend(moved);
        self.members[a].sort_unstable();
        let reads = std::mem::take(&mut self.reads[b]);
        self.reads[a].extend(reads);
        for reads in &mut self.reads {
            reads.iter_mut().filter(|r| **r == b).for_each(|r| *r = a);
            reads.sort_unstable();
            reads.dedup();
        }
        self.reads[a].retain(|&r| r != a);
        self.reduces[a] |= self.reduces[b];
        self.size[a] = (self.size[a].0 + self.size[b].0, self.size[a].1 + self.size[b].1);
        let other = std::mem::take(&mut self.behind[b]);
        let mut joined = std::mem::take(&mut self.behind[a]);
        joined.iter_mut().zip(&other).for_each(|(own, theirs)| *own |= theirs);
        for i in [a, b] {
            joined[i / 64] &= !(1 << (i % 64));
        }
        for (i, behind) in self.behind.iter_mut().enumerate() {
            if !behind.is_empty() && i != a && (has(behind, a) || has(behind, b)) {
                behind.iter_mut().zip(&joined).for_each(|(own, more)| *own |= more);
                behind[a / 64] |= 1 << (a % 64);
                behind[b / 64] &= !(1 << (b % 64));
            }
        }
        self.behind[b] = vec![0; joined.len()];
        self.behind[a] = joined;
    }

    /// The one operation that a cluster becomes.
    fn emit(&self, graph: &Graph, members: &[usize], readers: &[Vec<usize>]) -> Operation {
        let escapes = graph.escapes();
        let mut builder = Builder::default();
        let mut inputs: Vec<(Operand, Value)> = Vec::new();
        // What the cluster has computed: tensor, its value in the program, its operand.
        let mut made: Vec<(Operand, Value)> = Vec::new();
        let mut reduction: Option<(usize, Value)> = None;
        let mut shape = Shape::default();
        for &i in members {
            let op = &graph.ops[i];
            let (program, scalars) = match &op.kernel {
                Kernel::Map(map) => (&map.program, &map.scalars),
                Kernel::Reduce(reduce) => (&reduce.program, &reduce.scalars),
                _ => continue,
            };
            shape = space(op).cloned().unwrap_or_default();
            let code = Code { program: program.clone(), scalars: scalars.clone(), live: op.live.clone() };
            let values: Vec<Value> = op
                .inputs
                .iter()
                .zip(&program.inputs)
                .map(|(input, &dtype)| {
                    let inside = made.iter().find(|(operand, _)| operand.tensor == input.tensor);
                    if let Some((_, value)) = inside {
                        return *value;
                    }
                    if let Some((_, value)) = inputs.iter().find(|(operand, _)| operand == input) {
                        return *value;
                    }
                    let value = builder.input(dtype);
                    inputs.push((input.clone(), value));
                    value
                })
                .collect();
            let instrs = builder.append(&code, &values);
            let own = match &op.kernel {
                Kernel::Reduce(reduce) => {
                    reduction = Some((
                        i,
                        match reduce.value {
                            Value::Input(k) => values[k as usize],
                            Value::Instr(k) => instrs[k as usize],
                            scalar => scalar,
                        },
                    ));
                    &op.outputs[1..]
                }
                _ => &op.outputs[..],
            };
            for (output, at) in own.iter().zip(&program.outputs) {
                made.push((output.clone(), instrs[*at as usize]));
            }
        }
        // Written is what somebody else reads.
        let outside = |operand: &Operand| {
            let at = operand.tensor.index();
            escapes[at] || readers[at].iter().any(|reader| !members.contains(reader))
        };
        let mut written: Vec<(Operand, Value)> = made.into_iter().filter(|(operand, _)| outside(operand)).collect();
        for i in 0..written.len() {
            // An instruction writes one array.
            if written[..i].iter().any(|(_, value)| *value == written[i].1) {
                written[i].1 = builder.copy(written[i].1, graph.tensors[written[i].0.tensor.index()].dtype);
            }
        }
        written.sort_by_key(|(_, value)| if let Value::Instr(i) = value { *i } else { u16::MAX });
        let outputs: Vec<Value> = written.iter().map(|(_, value)| *value).collect();
        let reduced: Vec<Value> = reduction.iter().map(|(_, value)| *value).collect();
        let built = builder.finish(&reduced, &outputs);
        let inputs = inputs.into_iter().zip(&built.kept_inputs).filter(|(_, kept)| **kept).map(|((o, _), _)| o);
        let mut outputs: SmallVec<[Operand; 2]> = written.into_iter().map(|(operand, _)| operand).collect();
        let (program, scalars) = (built.code.program, built.code.scalars);
        let kernel = match reduction {
            Some((i, _)) => {
                outputs.insert(0, graph.ops[i].outputs[0].clone());
                match &graph.ops[i].kernel {
                    Kernel::Reduce(reduce) => {
                        Kernel::Reduce(Reduce { program, scalars, value: built.values[0], ..reduce.clone() })
                    }
                    other => other.clone(),
                }
            }
            None => Kernel::Map(Map { program, scalars, shape }),
        };
        Operation { kernel, live: built.code.live, inputs: inputs.collect(), outputs }
    }
}

/// Elements from which it pays to join kernels that only read the same.
const SHARED: usize = 4096;

/// Whether `input`, of an operation over `space`, is element by element what `writer`, an operation over the same space, makes.
fn elementwise(graph: &Graph, writer: usize, input: &Operand, target: &Shape) -> bool {
    misfit(graph, writer, input, target).is_none()
}

/// Why `input`, of an operation over `target`, is not element by element what `writer` makes.
fn misfit(graph: &Graph, writer: usize, input: &Operand, target: &Shape) -> Option<Reason> {
    let op = &graph.ops[writer];
    if matches!(op.kernel, Kernel::Reduce(_)) && op.outputs[0].tensor == input.tensor {
        return Some(Reason::Reduced);
    }
    if space(op) != Some(target) || input.shape != *target {
        return Some(Reason::Space);
    }
    (!input.is_whole(graph.tensors[input.tensor.index()].size)).then_some(Reason::Window)
}
