//! Decides for one elementwise region what is computed, what is written and where.
//!
//! The region below the roots is collected (nodes of the roots' shape that have no value), its nodes are numbered operands first,
//! and walked backwards once to learn which of them anybody still needs:
//!
//! - *written*: a root, a node that somebody wants, or one that is computed for the second time and that somebody beyond this
//!   region still refers to (nothing is computed three times);
//! - *dying*: not written, and all who refer to it are themselves written or dying. A leaf that dies lends its buffer to an output.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use smallvec::SmallVec;

use super::cache::{Known, ProgramCache};
use super::draft::{Code, Draft, Seen};
use super::node::{Arg, Expr, Node};
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::graph::LiveSlots;
use crate::op::Op;
use crate::program::{Program, ScalarBits, Value};
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::view::View;

/// No operand.
const NONE: u16 = u16::MAX;

/// A node of the region.
struct Entry {
    node: *const Node,
    args: [u16; 3],
    leaf: bool,
    written: bool,
    /// References from nodes of the region that give theirs up (they are written, or nobody reads them any more).
    refs: u32,
    /// The same without nodes that retired references still hold: what really is dropped afterwards.
    dropped_refs: u32,
    /// No strong reference is left afterwards.
    dies: bool,
    value: Code,
}

/// What the planner remembers between plans: its scratch memory and the programs.
#[derive(Default)]
pub(super) struct Planner {
    epoch: u64,
    entries: Vec<Entry>,
    stack: Vec<(*const Node, bool)>,
    draft: Draft,
    seen: Seen,
    cache: ProgramCache,
}

// SAFETY: the raw pointers are scratch of one `plan` call, during which the roots keep every node alive; they are not read afterwards.
unsafe impl Send for Planner {}

/// What `plan` found.
pub(super) enum Planned {
    /// These have to be computed first.
    Needs(SmallVec<[Arc<Node>; 4]>),
    /// Another thread computes a node of the region: wait.
    Busy,
    /// An operand failed, or memory ran out.
    Failed(Error),
    /// The region is ready to run.
    Ready,
}

/// An elementwise region, ready to run. Its written nodes are marked busy. It is filled in place, and its memory is used again.
#[derive(Default)]
pub(super) struct Region {
    pub(super) program: Option<Arc<Program>>,
    pub(super) scalars: SmallVec<[ScalarBits; 8]>,
    /// The scalars that change from run to run of a captured graph.
    pub(super) live: LiveSlots,
    pub(super) inputs: SmallVec<[View; 4]>,
    /// The program's outputs.
    pub(super) outputs: SmallVec<[View; 2]>,
    /// The nodes that get them: (node, number of the output).
    pub(super) written: SmallVec<[(Arc<Node>, usize); 2]>,
    /// The value of the top node (what a reduction reduces).
    pub(super) top: Option<Value>,
}

impl Region {
    pub(super) fn clear(&mut self) {
        self.program = None;
        self.scalars.clear();
        self.live.clear();
        self.inputs.clear();
        self.outputs.clear();
        self.written.clear();
        self.top = None;
    }
}

impl Planner {
    /// Plans the region below `roots`, elementwise nodes of one shape. With `reduced`, the one root is only a reduction's operand: it
    /// is written only if it would be without being a root. What is ready is put into `region`, which is empty.
    pub(super) fn plan(&mut self, roots: &[&Arc<Node>], reduced: bool, region: &mut Region) -> Planned {
        let space = &roots[0].shape;
        match self.collect(roots, space) {
            Ok(needs) if needs.is_empty() => {}
            Ok(needs) => return Planned::Needs(needs),
            Err(Stop::Busy) => return Planned::Busy,
            Err(Stop::Failed(error)) => return Planned::Failed(error),
        }
        self.decide(roots, reduced);
        self.emit(&mut region.scalars, &mut region.live);
        match self.bind(roots, reduced, space, region) {
            Ok(()) => Planned::Ready,
            Err(error) => {
                region.clear();
                Planned::Failed(error)
            }
        }
    }

    /// Numbers the nodes of the region, operands first. Returns what must be computed before.
    fn collect(&mut self, roots: &[&Arc<Node>], space: &Shape) -> Result<SmallVec<[Arc<Node>; 4]>, Stop> {
        self.epoch += 1;
        let epoch = self.epoch << 16;
        self.entries.clear();
        self.stack.clear();
        let mut needs: SmallVec<[Arc<Node>; 4]> = SmallVec::new();
        self.stack.extend(roots.iter().rev().map(|root| (Arc::as_ptr(root), false)));
        while let Some((pointer, visited)) = self.stack.pop() {
            // SAFETY: the roots hold every node of the region through expressions that nobody takes while we hold the lock.
            let node = unsafe { &*pointer };
            if node.mark.load(Relaxed) & !0xffff == epoch {
                continue;
            }
            let leaf = match node.ready.get() {
                Some(Ok(_)) => true,
                Some(Err(error)) => return Err(Stop::Failed(error.clone())),
                None => false,
            };
            let mut args = [NONE; 3];
            if !leaf {
                if node.busy.load(Relaxed) {
                    return Err(Stop::Busy);
                }
                // SAFETY: we hold the planner's lock.
                let map = match unsafe { node.expr() } {
                    Expr::Map { args, .. } if node.shape == *space => args,
                    _ => {
                        // SAFETY: the pointer came from an `Arc` that is alive (see above).
                        needs.push(unsafe { clone_arc(pointer) });
                        continue;
                    }
                };
                if !visited {
                    self.stack.push((pointer, true));
                    for arg in map.iter().rev() {
                        if let Arg::Node(arg) = arg
                            && arg.mark.load(Relaxed) & !0xffff != epoch
                        {
                            self.stack.push((Arc::as_ptr(arg), false));
                        }
                    }
                    continue;
                }
                if !needs.is_empty() {
                    continue;
                }
                for (index, arg) in args.iter_mut().zip(map) {
                    if let Arg::Node(arg) = arg {
                        *index = arg.mark.load(Relaxed) as u16;
                    }
                }
            }
            node.mark.store(epoch | self.entries.len() as u64, Relaxed);
            self.entries.push(Entry {
                node: pointer,
                args,
                leaf,
                written: false,
                refs: 0,
                dropped_refs: 0,
                dies: false,
                value: Code::NONE,
            });
        }
        Ok(needs)
    }

    /// Walks users before operands and decides what is written and what dies.
    fn decide(&mut self, roots: &[&Arc<Node>], reduced: bool) {
        for root in roots {
            let entry = &mut self.entries[root.mark.load(Relaxed) as u16 as usize];
            if reduced {
                // The reduction's own reference goes with it, and that of whoever computes it.
                entry.refs += 2;
                entry.dropped_refs += 2;
            } else {
                entry.written = true;
            }
        }
        for i in (0..self.entries.len()).rev() {
            let entry = &mut self.entries[i];
            // SAFETY: see `collect`.
            let node = unsafe { &*entry.node };
            // SAFETY: the pointer came from a live `Arc`; the borrow is given back unchanged.
            let strong = unsafe { strong_count(entry.node) } as u32;
            let read_by = strong.saturating_sub(node.idle.load(Relaxed));
            if entry.leaf {
                entry.dies = strong == entry.dropped_refs;
                continue;
            }
            let second_use = node.used.load(Relaxed) > 0 && read_by > entry.refs;
            entry.written |= node.wants.load(Relaxed) > 0 || second_use;
            let gives_up = entry.written || read_by <= entry.refs;
            entry.dies = !entry.written && strong == entry.dropped_refs;
            let drops = entry.written || entry.dies;
            node.used.store(node.used.load(Relaxed).saturating_add(1), Relaxed);
            for arg in entry.args {
                if arg != NONE {
                    let arg = &mut self.entries[arg as usize];
                    arg.refs += gives_up as u32;
                    arg.dropped_refs += drops as u32;
                }
            }
        }
    }

    /// Writes the program, without computing anything twice.
    fn emit(&mut self, scalars: &mut SmallVec<[ScalarBits; 8]>, live: &mut LiveSlots) {
        self.draft.clear();
        self.seen.start();
        for i in 0..self.entries.len() {
            // SAFETY: see `collect`.
            let node = unsafe { &*self.entries[i].node };
            if self.entries[i].leaf {
                self.entries[i].value = self.draft.input(node.dtype);
                continue;
            }
            // SAFETY: we hold the planner's lock.
            let Expr::Map { op, dtype, args } = (unsafe { node.expr() }) else { continue };
            let mut operand = |k: usize| {
                let wanted = match op {
                    Op::Select if k == 0 => Dtype::Bool,
                    Op::Uniform | Op::Normal => Dtype::U64,
                    _ => *dtype,
                };
                match &args[k] {
                    Arg::Scalar(s) => self.scalar(*s, wanted, scalars, live),
                    Arg::Number(number) => {
                        // A slot of its own: what happens to be equal now will not be in the next run.
                        live.push((scalars.len() as u16, number.source));
                        scalars.push(number.value.to_bits(wanted));
                        self.draft.scalar(wanted)
                    }
                    Arg::Node(_) => {
                        let value = self.entries[self.entries[i].args[k] as usize].value;
                        self.converted(value, wanted)
                    }
                    Arg::None => Code::NONE,
                }
            };
            let operands = [operand(0), operand(1), operand(2)];
            self.entries[i].value = self.draft.instr(&mut self.seen, *op, *dtype, node.dtype, operands);
        }
    }

    fn scalar(&mut self, scalar: Scalar, dtype: Dtype, bits: &mut SmallVec<[ScalarBits; 8]>, live: &LiveSlots) -> Code {
        let wanted = scalar.to_bits(dtype);
        let constant = |at: usize| live.iter().all(|(slot, _)| *slot as usize != at);
        let mut known = bits.iter().zip(&self.draft.scalars).enumerate();
        let known = known.find(|(at, (b, d))| **b == wanted && **d == dtype && constant(*at)).map(|(at, _)| at);
        match known {
            Some(at) => self.draft.scalar_at(at),
            None => {
                bits.push(wanted);
                self.draft.scalar(dtype)
            }
        }
    }

    fn converted(&mut self, value: Code, dtype: Dtype) -> Code {
        let from = self.draft.dtype(value);
        if from == dtype {
            return value;
        }
        self.draft.instr(&mut self.seen, Op::Cast, from, dtype, [value, Code::NONE, Code::NONE])
    }

    /// Finds memory for the outputs and marks their nodes busy.
    fn bind(&mut self, roots: &[&Arc<Node>], reduced: bool, space: &Shape, region: &mut Region) -> Result<()> {
        // Which instruction each written node is; several nodes may be the same value.
        let mut outputs: SmallVec<[u16; 2]> = SmallVec::new();
        for entry in self.entries.iter().filter(|e| e.written) {
            outputs.extend(entry.value.instruction());
        }
        outputs.sort_unstable();
        outputs.dedup();
        self.draft.outputs.extend_from_slice(&outputs);
        let top = self.entries[roots[0].mark.load(Relaxed) as u16 as usize].value;
        let Known { program, last_reads } = self.cache.get(&self.draft);

        let device = roots[0].device;
        // A capture notes what kernels read: constants of the host among it must not be overwritten.
        let lends = !crate::graph::is_capturing();
        let mut lent: SmallVec<[bool; 8]> = SmallVec::from_elem(false, last_reads.len());
        for &at in &outputs {
            let dtype = self.draft.out(at);
            let borrowed = self.entries.iter().filter(|e| lends && e.leaf && e.dies).find_map(|e| {
                let input = e.value.input()?;
                // SAFETY: see `collect`.
                let node = unsafe { &*e.node };
                let memory = node.memory()?;
                let fits = node.shape == *space
                    && node.dtype.size() == dtype.size()
                    && memory.offset == 0
                    && memory.strides == space.strides()
                    && Arc::strong_count(&memory.buffer) == 1
                    && !lent[input]
                    && !(reduced && e.value == top)
                    && last_reads[input].is_none_or(|read| read <= at);
                fits.then(|| (input, memory.buffer.clone()))
            });
            let buffer = match borrowed {
                Some((input, buffer)) => {
                    lent[input] = true;
                    buffer
                }
                None => crate::backend::backend(device).allocate(space.size() * dtype.size())?,
            };
            region.outputs.push(View::contiguous(buffer, dtype, space.clone()));
        }

        for entry in &self.entries {
            // SAFETY: see `collect`.
            let node = unsafe { &*entry.node };
            if entry.leaf {
                if let Some(view) = node.view() {
                    region.inputs.push(if view.shape == *space { view } else { view.broadcast(space) });
                }
            } else if entry.written
                && let Some(at) = entry.value.instruction()
                && let Ok(output) = outputs.binary_search(&at)
            {
                node.busy.store(true, Relaxed);
                // SAFETY: the pointer came from an `Arc` that is alive.
                region.written.push((unsafe { clone_arc(entry.node) }, output));
            }
        }
        region.program = Some(program.clone());
        region.top = Some(top.value());
        Ok(())
    }

    /// Instructions of the region below `roots`, which have one shape, exactly (but for conversions): what they share counts once.
    pub(super) fn count(&mut self, roots: &[&Arc<Node>]) -> usize {
        self.epoch += 1;
        let epoch = self.epoch << 16;
        self.stack.clear();
        self.stack.extend(roots.iter().map(|root| (Arc::as_ptr(root), false)));
        let mut count = 0;
        while let Some((pointer, _)) = self.stack.pop() {
            // SAFETY: the roots hold every node below them while we hold the lock.
            let node = unsafe { &*pointer };
            if node.mark.load(Relaxed) == epoch || !node.is_pending() || node.shape != roots[0].shape {
                continue;
            }
            node.mark.store(epoch, Relaxed);
            // SAFETY: we hold the planner's lock.
            if let Expr::Map { args, .. } = unsafe { node.expr() } {
                count += 1;
                let nodes =
                    args.iter().filter_map(|arg| if let Arg::Node(n) = arg { Some(Arc::as_ptr(n)) } else { None });
                self.stack.extend(nodes.map(|n| (n, false)));
            }
        }
        count
    }
}

enum Stop {
    Busy,
    Failed(Error),
}

/// # Safety
/// `pointer` came from `Arc::as_ptr` of an `Arc` that is alive.
unsafe fn clone_arc(pointer: *const Node) -> Arc<Node> {
    // SAFETY: see above.
    unsafe {
        Arc::increment_strong_count(pointer);
        Arc::from_raw(pointer)
    }
}

/// # Safety
/// As for [`clone_arc`].
unsafe fn strong_count(pointer: *const Node) -> usize {
    // SAFETY: `ManuallyDrop` gives the borrowed reference back.
    let arc = std::mem::ManuallyDrop::new(unsafe { Arc::from_raw(pointer) });
    Arc::strong_count(&arc)
}
