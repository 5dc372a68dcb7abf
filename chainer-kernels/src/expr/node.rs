//! Nodes of the lazy graph.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock, Weak};

use smallvec::SmallVec;

use crate::array::Array;
use crate::backend::Device;
use crate::buffer::Buffer;
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::graph::Number;
use crate::kernel::{Kernel, ReduceOp};
use crate::op::Op;
use crate::scalar::Scalar;
use crate::shape::{Shape, Strides};
use crate::view::View;

/// Where a computed node's elements lie.
#[derive(Clone)]
pub(crate) struct Memory {
    pub(crate) buffer: Arc<Buffer>,
    pub(crate) strides: Strides,
    pub(crate) offset: usize,
}

/// One array, computed or not.
///
/// A node is shared by the arrays that its user holds (`Array`: they *want* its value), by expressions above it and by what the tape
/// saved (`Saved`: they may be content with recomputing it). Both counts are hints for the planner, never correctness: a stale one
/// costs a write or a recomputation.
pub(crate) struct Node {
    pub(crate) shape: Shape,
    pub(crate) dtype: Dtype,
    pub(crate) device: Device,
    /// What the node was made as.
    pub(crate) kind: Kind,
    /// All elements are this number (of dtype `dtype`): such a node is a scalar operand wherever it meets another.
    pub(crate) fill: Option<Scalar>,
    /// Kernels that must run one after the other before this node can be computed, at least. Bounds recursion.
    pub(crate) depth: u8,
    /// Instructions that computing this node takes, at most (shared ones may be counted twice).
    pub(crate) estimate: AtomicU8,
    /// How many kernels have computed this node without writing it.
    pub(crate) used: AtomicU8,
    /// A kernel that writes this node is running. Read and written under the planner's lock.
    pub(crate) busy: AtomicBool,
    /// `Array` handles.
    pub(crate) wants: AtomicU32,
    /// Strong references that are known not to be read again (see [`Saved::retire`]).
    pub(crate) idle: AtomicU32,
    /// The planner's note: plan number and index in the plan.
    pub(crate) mark: AtomicU64,
    /// The value, once there is one; never changes afterwards.
    pub(crate) ready: OnceLock<Result<Memory>>,
    expr: ExprCell,
}

/// What a node was made as; unlike the expression it is read without the lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Done,
    Map,
    View,
    Reduce,
    Call,
}

/// What a node that has no value is made of.
pub(crate) enum Expr {
    /// Nothing: the node has its value (or fails).
    Done,
    /// An elementwise operation; operands are converted to `dtype` before (but for those that `Instr` excepts).
    Map { op: Op, dtype: Dtype, args: [Arg; 3] },
    /// Another window on an array's memory.
    View { arg: Arc<Node>, change: ViewChange },
    /// A reduction over `axes` (ascending) of `arg`.
    Reduce { arg: Arc<Node>, op: ReduceOp, axes: SmallVec<[usize; 4]> },
    /// One of the outputs of a call, which knows its outputs.
    Call(Arc<Call>),
}

/// An operand of an elementwise operation.
#[derive(Clone)]
pub(crate) enum Arg {
    None,
    Node(Arc<Node>),
    Scalar(Scalar),
    /// A scalar of a capture that changes from run to run.
    Number(Arc<Number>),
}

/// How a view's layout follows from its argument's; the new shape is the node's.
pub(crate) enum ViewChange {
    /// The same elements in row-major order.
    Reshape,
    /// Axis `i` of the view is axis `.0[i]` of the argument.
    Permute(SmallVec<[usize; 4]>),
    /// Stretched to the node's shape.
    Broadcast,
    /// For each axis of the view: the axis of the argument (`None`: a new axis of size 1), the first element and the step; and for
    /// axes of the argument that vanish: the element.
    Slice(Box<SliceChange>),
}

/// See [`ViewChange::Slice`].
pub(crate) struct SliceChange {
    /// (argument's axis, start, step) for each axis of the view.
    pub(crate) axes: SmallVec<[(Option<usize>, usize, isize); 4]>,
    /// (argument's axis, element) for each axis that vanishes.
    pub(crate) fixed: SmallVec<[(usize, usize); 4]>,
}

/// A kernel that has not run yet, with all its outputs.
pub(crate) struct Call {
    pub(crate) kernel: Kernel,
    pub(crate) inputs: SmallVec<[Arc<Node>; 3]>,
    /// The outputs' shapes and dtypes.
    pub(crate) shapes: SmallVec<[(Shape, Dtype); 2]>,
    pub(crate) device: Device,
    /// The outputs' nodes, as long as anybody holds them.
    pub(crate) outputs: OnceLock<SmallVec<[Weak<Node>; 2]>>,
}

/// The expression, which only the holder of the planner's lock touches.
struct ExprCell(UnsafeCell<Expr>);
// SAFETY: `Node::expr` and `Node::take_expr` demand the planner's lock, so accesses never overlap; an `Expr` may move between threads
// because all it holds may.
unsafe impl Sync for ExprCell {}

impl Node {
    /// A node to be computed.
    #[inline(always)]
    pub(crate) fn pending(shape: Shape, dtype: Dtype, device: Device, expr: Expr, estimate: u8, depth: u8) -> Node {
        let kind = match &expr {
            Expr::Done => Kind::Done,
            Expr::Map { .. } => Kind::Map,
            Expr::View { .. } => Kind::View,
            Expr::Reduce { .. } => Kind::Reduce,
            Expr::Call(_) => Kind::Call,
        };
        Node {
            shape,
            dtype,
            device,
            kind,
            fill: None,
            depth,
            estimate: AtomicU8::new(estimate),
            used: AtomicU8::new(0),
            busy: AtomicBool::new(false),
            wants: AtomicU32::new(0),
            idle: AtomicU32::new(0),
            mark: AtomicU64::new(0),
            ready: OnceLock::new(),
            expr: ExprCell(UnsafeCell::new(expr)),
        }
    }

    /// A node with its value.
    pub(crate) fn ready(view: View) -> Node {
        let View { buffer, dtype, shape, strides, offset } = view;
        let device = buffer.device();
        let node = Node::pending(shape, dtype, device, Expr::Done, 0, 0);
        let _ = node.ready.set(Ok(Memory { buffer, strides, offset }));
        node
    }

    /// A node that failed.
    pub(crate) fn failed(error: Error) -> Node {
        let node = Node::pending(Shape::default(), Dtype::F32, Device::Cpu, Expr::Done, 0, 0);
        let _ = node.ready.set(Err(error));
        node
    }

    /// The error, if this node is known to have failed.
    pub(crate) fn error(&self) -> Option<&Error> {
        match self.ready.get() {
            Some(Err(error)) => Some(error),
            _ => None,
        }
    }

    /// Whether there is no value yet.
    pub(crate) fn is_pending(&self) -> bool {
        self.ready.get().is_none()
    }

    /// The value's memory, if the node is computed and did not fail.
    pub(crate) fn memory(&self) -> Option<&Memory> {
        match self.ready.get() {
            Some(Ok(memory)) => Some(memory),
            _ => None,
        }
    }

    /// The value as a view, if the node is computed and did not fail.
    pub(crate) fn view(&self) -> Option<View> {
        self.memory().map(|m| View {
            buffer: m.buffer.clone(),
            dtype: self.dtype,
            shape: self.shape.clone(),
            strides: m.strides.clone(),
            offset: m.offset,
        })
    }

    /// Kernels below this node that have yet to run.
    pub(crate) fn pending_depth(&self) -> u8 {
        if self.is_pending() { self.depth } else { 0 }
    }

    /// Instructions that an expression over this node adds.
    pub(crate) fn pending_estimate(&self) -> u8 {
        if self.is_pending() { self.estimate.load(Relaxed) } else { 0 }
    }

    /// The expression.
    ///
    /// # Safety
    /// The caller holds the planner's lock for as long as the reference lives and does not call `take_expr` meanwhile.
    pub(crate) unsafe fn expr(&self) -> &Expr {
        // SAFETY: see above.
        unsafe { &*self.expr.0.get() }
    }

    /// Takes the expression out, to be dropped after the lock is released.
    ///
    /// # Safety
    /// The caller holds the planner's lock and no reference from `expr` lives.
    pub(crate) unsafe fn take_expr(&self) -> Expr {
        // SAFETY: see above.
        unsafe { std::mem::replace(&mut *self.expr.0.get(), Expr::Done) }
    }
}

/// A reference to an array's node that does not want its value written: what a tape keeps for the backward pass.
pub struct Saved {
    node: Arc<Node>,
    retired: AtomicBool,
}

impl Saved {
    pub(crate) fn new(node: Arc<Node>) -> Self {
        Saved { node, retired: AtomicBool::new(false) }
    }

    /// The array; the handle wants its value as any array does.
    pub fn array(&self) -> Array {
        Array::from_node(self.node.clone())
    }

    /// Says that this reference is not going to be read again (as far as one knows: reading it again is still right, only slower).
    /// The planner then does not write the value for its sake.
    pub fn retire(&self) {
        if !self.retired.swap(true, Relaxed) {
            self.node.idle.fetch_add(1, Relaxed);
        }
    }
}

impl Clone for Saved {
    fn clone(&self) -> Self {
        Saved::new(self.node.clone())
    }
}

impl Drop for Saved {
    fn drop(&mut self) {
        if *self.retired.get_mut() {
            self.node.idle.fetch_sub(1, Relaxed);
        }
    }
}

impl std::fmt::Debug for Saved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Saved({}{:?})", self.node.dtype, self.node.shape)
    }
}
