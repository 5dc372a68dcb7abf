//! The graph: tensors in single-assignment form and operations on windows of them.

use std::sync::Arc;

use petgraph::graph::DiGraph;
use smallvec::SmallVec;

use super::number::LiveSlots;
use crate::buffer::Buffer;
use crate::dtype::Dtype;
use crate::kernel::Kernel;
use crate::shape::{Shape, Strides};

/// Names a tensor of a graph.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TensorId(pub(crate) u32);

/// Names an operation of a graph by its place in the schedule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpId(pub(crate) u32);

impl TensorId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Memory that is written once in a run, or bound before it.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// The elements' type.
    pub dtype: Dtype,
    /// The number of elements.
    pub size: usize,
    /// What binds it; `None`: an operation writes it.
    pub leaf: Option<Leaf>,
}

impl Tensor {
    /// The memory that it takes.
    pub fn bytes(&self) -> usize {
        self.size * self.dtype.size()
    }
}

/// A tensor that no operation writes.
#[derive(Clone, Debug)]
pub enum Leaf {
    /// Bound by every run: the leaf of this number.
    Bound(u32),
    /// The same in every run.
    Constant(Arc<Buffer>),
}

/// A strided window on a tensor.
#[derive(Clone, PartialEq, Debug)]
pub struct Operand {
    /// What it lies on.
    pub tensor: TensorId,
    /// The sizes of its axes.
    pub shape: Shape,
    /// Steps in elements.
    pub strides: Strides,
    /// The first element.
    pub offset: usize,
}

impl Operand {
    /// The whole of a tensor in row-major order.
    pub fn whole(tensor: TensorId, shape: Shape) -> Self {
        Operand { tensor, strides: shape.strides(), shape, offset: 0 }
    }

    /// Whether it is all of a tensor of `size` elements, in row-major order.
    pub fn is_whole(&self, size: usize) -> bool {
        self.offset == 0 && self.shape.size() == size && self.strides == self.shape.strides()
    }
}

/// A kernel with what it reads and writes.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What is computed.
    pub kernel: Kernel,
    /// The scalars of its program that change from run to run.
    pub(crate) live: LiveSlots,
    /// What it reads.
    pub inputs: SmallVec<[Operand; 4]>,
    /// What it writes: each a whole tensor in row-major order.
    pub outputs: SmallVec<[Operand; 2]>,
}

/// The new value of a bound leaf: whoever runs the graph puts the result in its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Update {
    /// The number of the leaf.
    pub leaf: u32,
    /// The number of the result.
    pub result: u32,
}

/// A captured piece of work. The operations stand in an order in which they can run.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// All tensors; some may be unused.
    pub tensors: Vec<Tensor>,
    /// The operations, what they read before them.
    pub ops: Vec<Operation>,
    /// The tensors of the bound leaves, by number.
    pub bound: Vec<TensorId>,
    /// What a run returns.
    pub results: Vec<Operand>,
    /// Which results replace leaves.
    pub updates: Vec<Update>,
    /// How many places of the process's generator a run takes.
    pub draws: u64,
    /// How many external numbers a run is given.
    pub externals: u32,
}

impl Graph {
    /// Adds a tensor.
    pub(crate) fn tensor(&mut self, dtype: Dtype, size: usize, leaf: Option<Leaf>) -> TensorId {
        self.tensors.push(Tensor { dtype, size, leaf });
        TensorId(self.tensors.len() as u32 - 1)
    }

    /// For each tensor the operation that writes it.
    pub fn writers(&self) -> Vec<Option<OpId>> {
        let mut writers = vec![None; self.tensors.len()];
        for (i, op) in self.ops.iter().enumerate() {
            for output in &op.outputs {
                writers[output.tensor.index()] = Some(OpId(i as u32));
            }
        }
        writers
    }

    /// For each tensor how many operands and results read it.
    pub fn readers(&self) -> Vec<usize> {
        let mut readers = vec![0; self.tensors.len()];
        for operand in self.ops.iter().flat_map(|op| &op.inputs).chain(&self.results) {
            readers[operand.tensor.index()] += 1;
        }
        readers
    }

    /// Whether a run returns a tensor, or what lies on it.
    pub fn escapes(&self) -> Vec<bool> {
        let mut escapes = vec![false; self.tensors.len()];
        for result in &self.results {
            escapes[result.tensor.index()] = true;
        }
        escapes
    }

    /// The operations as a DAG: an edge for each operand that one operation writes and another reads.
    pub fn dag(&self) -> DiGraph<OpId, TensorId> {
        let mut dag = DiGraph::with_capacity(self.ops.len(), 2 * self.ops.len());
        let nodes: Vec<_> = (0..self.ops.len()).map(|i| dag.add_node(OpId(i as u32))).collect();
        let writers = self.writers();
        for (i, op) in self.ops.iter().enumerate() {
            for input in &op.inputs {
                if let Some(writer) = writers[input.tensor.index()] {
                    dag.add_edge(nodes[writer.0 as usize], nodes[i], input.tensor);
                }
            }
        }
        dag
    }

    /// Brings the operations into an order in which what is read was written before, keeping to the present order where that is one:
    /// passes that move operations together end with it.
    ///
    /// Returns whether there is such an order; otherwise nothing changes.
    pub(crate) fn sort(&mut self) -> bool {
        use petgraph::visit::EdgeRef;
        let dag = self.dag();
        let mut missing: Vec<usize> =
            dag.node_indices().map(|n| dag.edges_directed(n, petgraph::Direction::Incoming).count()).collect();
        let mut ready: std::collections::BTreeSet<usize> = (0..missing.len()).filter(|&i| missing[i] == 0).collect();
        let mut order = Vec::with_capacity(missing.len());
        while let Some(i) = ready.pop_first() {
            order.push(i);
            for edge in dag.edges(petgraph::graph::NodeIndex::new(i)) {
                let to = edge.target().index();
                missing[to] -= 1;
                if missing[to] == 0 {
                    ready.insert(to);
                }
            }
        }
        if order.len() != self.ops.len() {
            return false;
        }
        let mut ops: Vec<Option<Operation>> = std::mem::take(&mut self.ops).into_iter().map(Some).collect();
        self.ops = order.into_iter().filter_map(|i| ops[i].take()).collect();
        true
    }
}

impl Graph {
    /// The first operation whose program has another constant than that of `other`, a graph of the same operations.
    pub fn changed_scalar(&self, other: &Graph) -> Option<(usize, String)> {
        let constants = |op: &Operation| -> Vec<u64> {
            let scalars = match &op.kernel {
                Kernel::Map(map) => &map.scalars,
                Kernel::Reduce(reduce) => &reduce.scalars,
                _ => return Vec::new(),
            };
            let live = |i: usize| op.live.iter().any(|(slot, _)| *slot as usize == i);
            scalars.iter().enumerate().filter(|(i, _)| !live(*i)).map(|(_, bits)| *bits).collect()
        };
        let mut pairs = self.ops.iter().zip(&other.ops).enumerate();
        let (i, (op, _)) = pairs.find(|(_, (a, b))| constants(a) != constants(b))?;
        Some((i, op.kernel.describe(&[], &[])))
    }
}
