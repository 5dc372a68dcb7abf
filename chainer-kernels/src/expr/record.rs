//! Operations become nodes. Recording takes no lock and touches no data.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use smallvec::SmallVec;

use super::force::{count_instructions, force};
use super::node::{Arg, Call, Expr, Node, ViewChange};
use crate::backend::Device;
use crate::dtype::Dtype;
use crate::error::{Error, Loc};
use crate::graph;
use crate::kernel::{Kernel, ReduceOp};
use crate::op::{Op, Rule};
use crate::scalar::Scalar;
use crate::shape::Shape;

/// Instructions after which a chain is computed rather than recorded further: longer programs no longer pay, and the planner's work
/// stays linear.
const CHAIN_CAP: u8 = 64;
/// Kernels that may pend below one node: bounds the recursion of `force` and of dropping a graph.
const DEPTH_CAP: u8 = 32;

/// An operand as the recorder gets it.
#[derive(Clone, Copy)]
pub(crate) enum Operand<'a> {
    Node(&'a Arc<Node>),
    Scalar(Scalar),
}

/// A node whose elements all are `value`, rounded to `dtype`.
pub(crate) fn fill(value: Scalar, shape: Shape, dtype: Dtype, device: Device) -> Node {
    let value = value.cast(dtype);
    let expr = Expr::Map { op: Op::Identity, dtype, args: [Arg::Scalar(value), Arg::None, Arg::None] };
    let mut node = Node::pending(shape, dtype, device, expr, 1, 0);
    node.fill = Some(value);
    node
}

/// A node that an operation without array operands makes: an index or random numbers.
pub(crate) fn source(op: Op, scalars: [Option<Scalar>; 2], shape: Shape, dtype: Dtype, device: Device) -> Node {
    let [a, b] = scalars.map(|s| s.map_or(Arg::None, Arg::Scalar));
    Node::pending(shape, dtype, device, Expr::Map { op, dtype, args: [a, b, Arg::None] }, 1, 0)
}

/// Random numbers from a place in a stream. `general` says that the stream is the process's, which captured work goes on with in each run.
pub(crate) fn random(op: Op, (seed, position): (u64, u64), general: bool, shape: Shape, dtype: Dtype) -> Node {
    if general && let Some([seed, position]) = graph::draw(seed, position) {
        let args = [Arg::Number(seed), Arg::Number(position), Arg::None];
        return Node::pending(shape, dtype, Device::Cpu, Expr::Map { op, dtype, args }, 1, 0);
    }
    source(op, [seed, position].map(|word| Some(Scalar::UInt(word))), shape, dtype, Device::Cpu)
}

/// An elementwise operation over operands that broadcast. `cast` is the result's dtype for `Op::Cast`. Errors are at `at`.
pub(crate) fn map<const N: usize>(op: Op, operands: [Operand<'_>; N], cast: Option<Dtype>, at: Loc) -> Arc<Node> {
    let mut first: Option<&Arc<Node>> = None;
    let mut alike = true;
    let mut dtype: Option<Dtype> = None;
    for (i, operand) in operands.iter().enumerate() {
        let Operand::Node(node) = *operand else { continue };
        if node.error().is_some() {
            return node.clone();
        }
        if !(op == Op::Select && i == 0) {
            dtype = Some(dtype.map_or(node.dtype, |d| d.promote(node.dtype)));
        }
        match first {
            None => first = Some(node),
            Some(first) => alike &= first.shape == node.shape,
        }
    }
    for (i, operand) in operands.iter().enumerate() {
        if let Operand::Scalar(s) = operand
            && !(op == Op::Select && i == 0)
        {
            dtype = Some(dtype.map_or(s.dtype(), |d| s.promote(d)));
        }
    }
    // The exponent is a whole number: it does not decide the result's dtype.
    if let (Op::Ldexp, Some(Operand::Node(x))) = (op, operands.first()) {
        dtype = Some(x.dtype);
    }
    let joined;
    let shape = match first {
        Some(first) if alike => &first.shape,
        _ => match broadcast(&operands) {
            Some(shape) => {
                joined = shape;
                &joined
            }
            None => return broadcast_error(op, &operands, at),
        },
    };
    let device = first.map_or(Device::Cpu, |node| node.device);
    let mut dtype = dtype.unwrap_or(Dtype::F32);
    if !dtype.is_float() && op.rule() == Rule::Float {
        dtype = float_of_integers(op, &operands, dtype);
    }
    let (compute, out) = match op {
        Op::Cast => (dtype, cast.unwrap_or(dtype)),
        Op::Select => (dtype, dtype),
        Op::FrexpExponent => (dtype.to_float(), Dtype::I32),
        _ => match op.dtypes(dtype) {
            Some(pair) => pair,
            None => return Arc::new(Node::failed(refused(op, dtype).at(at))),
        },
    };
    if op == Op::Mul
        && let Some(same) = times_one(&operands, shape, out)
    {
        return same;
    }

    let mut size = Size { estimate: 1, depth: 0 };
    let a = argument(operands.first(), shape, &mut size);
    let b = argument(operands.get(1), shape, &mut size);
    let c = argument(operands.get(2), shape, &mut size);
    let Size { estimate, depth } = size;
    // Written where it stays: a node is too large to be moved for every operation.
    let node = Arc::<Node>::new_uninit();
    let expr = Expr::Map { op, dtype: compute, args: [a, b, c] };
    // SAFETY: nobody else knows the new memory; it is initialised afterwards.
    let node = unsafe {
        let place = Arc::as_ptr(&node).cast_mut().cast::<Node>();
        place.write(Node::pending(shape.clone(), out, device, expr, estimate, depth));
        node.assume_init()
    };
    if estimate >= CHAIN_CAP {
        cap(&node);
    }
    node
}

/// What an operation with its operands amounts to: see [`Node`].
struct Size {
    estimate: u8,
    depth: u8,
}

/// An operand as the expression keeps it, and what it adds.
#[inline(always)]
fn argument(operand: Option<&Operand<'_>>, shape: &Shape, size: &mut Size) -> Arg {
    match operand {
        None => Arg::None,
        Some(Operand::Scalar(s)) => match graph::number_operand(*s) {
            None => Arg::Scalar(*s),
            Some(number) => Arg::Number(number),
        },
        Some(Operand::Node(node)) => {
            size.depth = size.depth.max(node.pending_depth());
            if let Some(value) = node.fill {
                return Arg::Scalar(value);
            }
            if node.shape == *shape {
                size.estimate = size.estimate.saturating_add(node.pending_estimate());
            }
            Arg::Node((*node).clone())
        }
    }
}

/// Multiplying by one changes no bit: the seed of a backward pass costs nothing.
#[inline]
fn times_one<const N: usize>(operands: &[Operand<'_>; N], shape: &Shape, out: Dtype) -> Option<Arc<Node>> {
    let [Operand::Node(a), Operand::Node(b)] = operands[..] else { return None };
    for (one, other) in [(a, b), (b, a)] {
        if one.fill.is_some_and(|s| s.as_f64() == 1.0) && other.dtype == out {
            return Some(if other.shape == *shape {
                other.clone()
            } else {
                Arc::new(view_of(other, shape.clone(), ViewChange::Broadcast))
            });
        }
    }
    None
}

/// The common shape of operands whose shapes differ; numbers have none.
#[cold]
fn broadcast(operands: &[Operand<'_>]) -> Option<Shape> {
    operands.iter().try_fold(Shape::default(), |shape, operand| match operand {
        Operand::Node(node) => shape.broadcast(&node.shape),
        Operand::Scalar(_) => Some(shape),
    })
}

/// The estimate counts shared nodes twice: count exactly before cutting.
#[cold]
fn cap(node: &Arc<Node>) {
    let exact = count_instructions(node);
    if exact >= CHAIN_CAP as usize {
        force(node);
    } else {
        node.estimate.store(exact as u8, Relaxed);
    }
}

/// The float in which integers, promoted to `dtype`, are computed: the one that holds each of the arrays (int8 with uint8 fit float16,
/// though no integer of their size holds both); a quotient is always float64, as in NumPy.
#[cold]
fn float_of_integers(op: Op, operands: &[Operand<'_>], dtype: Dtype) -> Dtype {
    if op == Op::Div {
        return Dtype::F64;
    }
    let dtypes = operands.iter().filter_map(|operand| match operand {
        Operand::Node(node) => Some(node.dtype),
        Operand::Scalar(_) => None,
    });
    let promoted = dtypes.clone().reduce(Dtype::promote);
    match dtypes.map(Dtype::to_float).reduce(Dtype::promote) {
        Some(float) if promoted == Some(dtype) => float,
        _ => dtype.to_float(),
    }
}

#[cold]
fn broadcast_error(op: Op, operands: &[Operand<'_>], at: Loc) -> Arc<Node> {
    let shapes: Vec<String> = operands
        .iter()
        .filter_map(|o| match o {
            Operand::Node(n) => Some(format!("{:?}", n.shape)),
            Operand::Scalar(_) => None,
        })
        .collect();
    Arc::new(Node::failed(
        Error::mismatch(op.name(), "operands whose shapes broadcast together", shapes.join(" and ")).at(at),
    ))
}

#[cold]
fn refused(op: Op, dtype: Dtype) -> Error {
    let expect = match op.rule() {
        Rule::Integer => "an integer or bool dtype",
        _ => "a numeric dtype",
    };
    Error::mismatch(op.name(), expect, dtype)
}

/// Another window on `arg`, of shape `shape`.
pub(crate) fn view_of(arg: &Arc<Node>, shape: Shape, change: ViewChange) -> Node {
    if let Some(value) = arg.fill {
        return fill(value, shape, arg.dtype, arg.device);
    }
    if let Some(view) = arg.view() {
        if let Some(view) = super::force::change_view(&view, &shape, &change) {
            return Node::ready(view);
        }
        // A reshape that the layout does not allow: copy first, when it is needed.
        let copy =
            Expr::Map { op: Op::Identity, dtype: arg.dtype, args: [Arg::Node(arg.clone()), Arg::None, Arg::None] };
        let copy = Arc::new(Node::pending(arg.shape.clone(), arg.dtype, arg.device, copy, 1, 0));
        return Node::pending(shape, arg.dtype, arg.device, Expr::View { arg: copy, change }, 0, 1);
    }
    let depth = bounded_depth([arg].into_iter());
    Node::pending(shape, arg.dtype, arg.device, Expr::View { arg: arg.clone(), change }, 0, depth)
}

/// A reduction of `arg`, whose dtype is already the result's where the operation asks for that, to `shape`.
pub(crate) fn reduce(arg: &Arc<Node>, op: ReduceOp, axes: SmallVec<[usize; 4]>, shape: Shape, dtype: Dtype) -> Node {
    let depth = bounded_depth([arg].into_iter());
    Node::pending(shape, dtype, arg.device, Expr::Reduce { arg: arg.clone(), op, axes }, 0, depth)
}

/// A kernel over `inputs`; one node for each output.
pub(crate) fn call(
    kernel: Kernel,
    inputs: SmallVec<[Arc<Node>; 3]>,
    outputs: &[(Shape, Dtype)],
    device: Device,
) -> SmallVec<[Arc<Node>; 2]> {
    let depth = bounded_depth(inputs.iter());
    let call = Arc::new(Call {
        kernel,
        inputs,
        shapes: outputs.iter().cloned().collect(),
        device,
        outputs: Default::default(),
    });
    let nodes: SmallVec<[Arc<Node>; 2]> = outputs
        .iter()
        .map(|(shape, dtype)| {
            Arc::new(Node::pending(shape.clone(), *dtype, device, Expr::Call(call.clone()), 0, depth))
        })
        .collect();
    let _ = call.outputs.set(nodes.iter().map(Arc::downgrade).collect());
    nodes
}

/// One more than the deepest argument; arguments that lie too deep are computed now.
fn bounded_depth<'a>(args: impl Iterator<Item = &'a Arc<Node>>) -> u8 {
    let mut depth = 0;
    for arg in args {
        if arg.pending_depth() >= DEPTH_CAP {
            force(arg);
        }
        depth = depth.max(arg.pending_depth());
    }
    depth + 1
}
