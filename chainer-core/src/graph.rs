//! The tape: what a variable's history is made of.
//!
//! A [`GraphNode`] stands for a variable in the graph; handles ([`Variable`]) and the records above share it. The record of the
//! operation that made it lies inside the node, so that recording an elementwise operation costs one allocation. Nodes refer to
//! their inputs only, so a graph lives exactly as long as somebody holds its end.
//!
//! Invariants: a node's rank is above the ranks of its creator's inputs; nobody holds the lock of one node while taking another's.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use chainer_kernels::{Loc, Op, Saved, Scalar, Shape};
use smallvec::SmallVec;

use crate::flag::Flag;
use crate::row_gradient::RowGradient;
use crate::{Array, Dtype, Function, Variable};

/// A variable's place in the graph.
pub(crate) struct GraphNode {
    /// 0 for leaves, else one more than the highest rank among the creator's inputs.
    pub(crate) rank: u32,
    pub(crate) dtype: Dtype,
    flag: AtomicU8,
    pub(crate) shape: Shape,
    state: Mutex<State>,
}

/// What changes in a node's life.
pub(crate) struct State {
    /// The gradient that the user sees.
    pub(crate) grad: Option<Variable>,
    /// The rows of `grad`, if all others are zero.
    pub(crate) rows: Option<Box<RowGradient>>,
    /// Whether `grad` was set by hand: a backward pass reads it if it does not compute it.
    pub(crate) given: bool,
    /// What the walk `walk` has collected for this node so far.
    pub(crate) collected: Option<Variable>,
    pub(crate) walk: u64,
    pub(crate) name: Option<Box<str>>,
    pub(crate) creator: Creator,
}

/// The operation that made a variable.
#[derive(Default)]
pub(crate) enum Creator {
    /// None: a leaf.
    #[default]
    None,
    /// An elementwise operation whose derivative stands in the table.
    Map(MapRecord),
    /// Output number `.1` of a function.
    Call(Arc<Call>, usize),
    /// A function whose backward was written over arrays: the gradient it returned cannot be differentiated.
    FirstOrderOnly { name: &'static str, at: Loc },
}

/// An elementwise operation as the tape keeps it. For `Select`, the inputs are the two values; the condition is `saved[0]`.
pub(crate) struct MapRecord {
    pub(crate) op: Op,
    /// The operands that need a gradient.
    pub(crate) inputs: [Option<Arc<GraphNode>>; 2],
    /// The operands that the derivative reads.
    pub(crate) saved: [SavedOperand; 2],
    /// The result, if the derivative reads it.
    pub(crate) result: Option<Saved>,
    pub(crate) at: Loc,
}

/// What a derivative reads of an operand.
#[derive(Default)]
pub(crate) enum SavedOperand {
    #[default]
    None,
    Array(Saved),
    Scalar(Scalar),
}

/// A function as the tape keeps it; shared by its outputs.
pub(crate) struct Call {
    pub(crate) function: Box<dyn Function>,
    /// The inputs that need a gradient.
    pub(crate) inputs: SmallVec<[Option<Arc<GraphNode>>; 4]>,
    pub(crate) input_types: SmallVec<[(Shape, Dtype); 4]>,
    /// What backward reads.
    pub(crate) saved_inputs: SmallVec<[Option<Saved>; 4]>,
    pub(crate) saved_outputs: SmallVec<[Option<Saved>; 2]>,
    pub(crate) output_types: SmallVec<[(Shape, Dtype); 2]>,
    pub(crate) rank: u32,
    pub(crate) at: Loc,
    outputs: Mutex<SmallVec<[Weak<GraphNode>; 2]>>,
}

/// Values of a node's flag byte: the three flags, and `off` as set by hand, which holds in `no_backprop_mode` too.
const OFF_BY_HAND: u8 = 3;

impl GraphNode {
    /// A node without a creator.
    pub(crate) fn leaf(data: &Array, flag: Flag) -> Arc<GraphNode> {
        GraphNode::new(data, 0, flag, Creator::None)
    }

    /// The node of a value that `creator` made. `data` has not failed.
    #[inline(always)]
    pub(crate) fn new(data: &Array, rank: u32, flag: Flag, creator: Creator) -> Arc<GraphNode> {
        let shape = if data.error().is_some() { Shape::default() } else { data.shape().clone() };
        GraphNode::typed(shape, data.dtype(), rank, flag, creator)
    }

    // Inlined, because a node made elsewhere would be moved here word by word, for every operation.
    #[inline(always)]
    fn typed(shape: Shape, dtype: Dtype, rank: u32, flag: Flag, creator: Creator) -> Arc<GraphNode> {
        let state =
            Mutex::new(State { grad: None, rows: None, given: false, collected: None, walk: 0, name: None, creator });
        Arc::new(GraphNode { rank, dtype, flag: AtomicU8::new(flag as u8), shape, state })
    }

    /// Locks what changes. A panic elsewhere (in a user's function) leaves it consistent.
    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The volatile flag.
    #[inline]
    pub(crate) fn flag(&self) -> Flag {
        match self.flag.load(Relaxed) {
            1 => Flag::On,
            2 => Flag::Auto,
            _ => Flag::Off,
        }
    }

    /// Whether operations on this variable are recorded even in `no_backprop_mode`.
    pub(crate) fn is_off_by_hand(&self) -> bool {
        self.flag.load(Relaxed) == OFF_BY_HAND
    }

    /// Sets the volatile flag by hand.
    pub(crate) fn set_flag(&self, flag: Flag) {
        self.flag.store(if flag == Flag::Off { OFF_BY_HAND } else { flag as u8 }, Relaxed);
    }

    /// Whether a gradient is to be computed for this node.
    #[inline]
    pub(crate) fn wants_gradient(&self) -> bool {
        self.dtype.is_float() && self.flag.load(Relaxed) != Flag::On as u8
    }
}

impl Call {
    /// The record of a function, and the nodes of its outputs (`None` for outputs of integer or bool dtype).
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn record(
        function: Box<dyn Function>,
        inputs: SmallVec<[Option<Arc<GraphNode>>; 4]>,
        input_types: SmallVec<[(Shape, Dtype); 4]>,
        saved_inputs: SmallVec<[Option<Saved>; 4]>,
        saved_outputs: SmallVec<[Option<Saved>; 2]>,
        outputs: &[Array],
        flag: Flag,
        at: Loc,
    ) -> SmallVec<[Option<Arc<GraphNode>>; 2]> {
        let rank = 1 + inputs.iter().flatten().map(|n| n.rank).max().unwrap_or(0);
        let output_types = outputs.iter().map(|y| (y.shape().clone(), y.dtype())).collect();
        let slots = Mutex::new(SmallVec::from_elem(Weak::new(), outputs.len()));
        let call =
            Call { function, inputs, input_types, saved_inputs, saved_outputs, output_types, rank, at, outputs: slots };
        let call = Arc::new(call);
        (0..outputs.len()).map(|i| call.output_types[i].1.is_float().then(|| call.output_node(i, flag))).collect()
    }

    /// The node of an output: the one that lives, or a new one.
    pub(crate) fn output_node(self: &Arc<Self>, i: usize, flag: Flag) -> Arc<GraphNode> {
        let mut slots = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(node) = slots[i].upgrade() {
            return node;
        }
        let (shape, dtype) = self.output_types[i].clone();
        let node = GraphNode::typed(shape, dtype, self.rank, flag, Creator::Call(self.clone(), i));
        slots[i] = Arc::downgrade(&node);
        node
    }

    /// The nodes of the outputs that still live.
    pub(crate) fn living_outputs(&self) -> SmallVec<[Option<Arc<GraphNode>>; 2]> {
        let slots = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        slots.iter().map(Weak::upgrade).collect()
    }

    /// Says to the engine that the saved values have been read.
    pub(crate) fn retire(&self) {
        self.saved_inputs.iter().flatten().chain(self.saved_outputs.iter().flatten()).for_each(Saved::retire);
    }
}

impl MapRecord {
    /// Says to the engine that the saved values have been read.
    #[inline]
    pub(crate) fn retire(&self) {
        for operand in &self.saved {
            if let SavedOperand::Array(saved) = operand {
                saved.retire();
            }
        }
        if let Some(result) = &self.result {
            result.retire();
        }
    }
}

impl Creator {
    /// The nodes that this operation read and that need gradients.
    pub(crate) fn take_inputs(self, into: &mut Vec<Arc<GraphNode>>) {
        match self {
            Creator::None | Creator::FirstOrderOnly { .. } => {}
            Creator::Map(record) => into.extend(record.inputs.into_iter().flatten()),
            Creator::Call(call, _) => into.extend(call.inputs.iter().flatten().cloned()),
        }
    }
}

/// The leaves that these nodes were computed from and that need gradients, each once.
pub(crate) fn leaves<'a>(ends: impl Iterator<Item = &'a Arc<GraphNode>>) -> Vec<Arc<GraphNode>> {
    let mut work: Vec<Arc<GraphNode>> = ends.filter(|node| node.wants_gradient()).cloned().collect();
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    while let Some(node) = work.pop() {
        if !seen.insert(Arc::as_ptr(&node)) {
            continue;
        }
        let state = node.lock();
        let inputs: &[_] = match &state.creator {
            Creator::None => {
                drop(state);
                found.push(node);
                continue;
            }
            Creator::FirstOrderOnly { .. } => &[],
            Creator::Map(record) => &record.inputs,
            Creator::Call(call, _) => &call.inputs,
        };
        work.extend(inputs.iter().flatten().cloned());
    }
    found
}

/// Removes the creators of `start` and of everything below it.
pub(crate) fn unchain(start: &Arc<GraphNode>) {
    let mut work = vec![start.clone()];
    while let Some(node) = work.pop() {
        let creator = std::mem::take(&mut node.lock().creator);
        if let Creator::Call(call, _) = &creator {
            // The function is gone for its other outputs too.
            for sibling in call.living_outputs().into_iter().flatten() {
                let own = std::mem::take(&mut sibling.lock().creator);
                drop(own);
            }
        }
        creator.take_inputs(&mut work);
    }
}

/// What a dying node leaves behind. Dropping it may kill further nodes.
// Held only to be dropped.
#[allow(dead_code)]
enum Remains {
    Input(Arc<GraphNode>),
    Call(Arc<Call>),
    Gradient(Variable),
}

/// How much room for them a thread keeps.
const KEPT: usize = 4096;

thread_local! {
    static BURYING: Cell<bool> = const { Cell::new(false) };
    // Without a destructor, so that it works to the very end of a thread.
    static WAITING: RefCell<ManuallyDrop<Vec<Remains>>> = const { RefCell::new(ManuallyDrop::new(Vec::new())) };
}

impl Drop for GraphNode {
    /// Nodes die one after the other, never inside each other: a chain of any length, also through gradients and through what user
    /// functions hold, needs no stack.
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        WAITING.with_borrow_mut(|waiting| {
            match &mut state.creator {
                Creator::None | Creator::FirstOrderOnly { .. } => {}
                Creator::Map(record) => {
                    waiting.extend(record.inputs.iter_mut().filter_map(Option::take).map(Remains::Input));
                }
                creator @ Creator::Call(..) => {
                    if let Creator::Call(call, _) = std::mem::take(creator) {
                        waiting.push(Remains::Call(call));
                    }
                }
            }
            waiting.extend([state.grad.take(), state.collected.take()].into_iter().flatten().map(Remains::Gradient));
        });
        if BURYING.replace(true) {
            return;
        }
        let _end = EndOfBurial;
        while let Some(next) = WAITING.with_borrow_mut(|waiting| waiting.pop()) {
            drop(next);
        }
    }
}

/// Resets the thread's state, also if dropping a user's function panicked.
struct EndOfBurial;

impl Drop for EndOfBurial {
    fn drop(&mut self) {
        BURYING.set(false);
        let rest = WAITING.with_borrow_mut(|waiting| {
            let keep = waiting.is_empty() && waiting.capacity() <= KEPT;
            if keep { Vec::new() } else { std::mem::take(&mut **waiting) }
        });
        drop(rest);
    }
}
