//! From "this value is needed" to kernels.
//!
//! Locking: one lock guards all expressions (the planner's). It is held while a region is planned and while results are published,
//! never while a kernel runs, memory is freed or another thread is waited for (but for the condition variable, which gives it up).
//! Nodes that a running kernel writes are marked busy under the lock; other threads that need them wait. A thread waits only while
//! it has nothing busy itself, so waiting cannot form a circle.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

use super::node::{Arg, Expr, Kind, Memory, Node, SliceChange, ViewChange};
use super::plan::{Planned, Planner, Region};
use crate::backend;
use crate::error::{Error, ErrorKind, Result};
use crate::kernel::{Kernel, Map, Reduce};
use crate::shape::{Shape, Strides};
use crate::view::View;

static PLANNER: LazyLock<Mutex<Planner>> = LazyLock::new(Mutex::default);
static PUBLISHED: Condvar = Condvar::new();
/// Threads that wait for `PUBLISHED`; changes under the planner's lock. Waking nobody would still be a system call.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Instructions after which a group of roots is cut.
const GROUP_CAP: usize = 48;

fn lock() -> MutexGuard<'static, Planner> {
    // A panic while planning leaves only scratch behind.
    PLANNER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives up the lock until values have been published.
fn wait(guard: MutexGuard<'static, Planner>) -> MutexGuard<'static, Planner> {
    WAITING.fetch_add(1, Relaxed);
    let guard = PUBLISHED.wait(guard).unwrap_or_else(PoisonError::into_inner);
    WAITING.fetch_sub(1, Relaxed);
    guard
}

thread_local! {
    /// Memory for a plan. Taken while in use, so that a nested flush gets its own.
    static REGION: Cell<Option<Box<Region>>> = const { Cell::new(None) };
}

/// This thread's plan memory, which goes back when dropped.
struct Plan(Option<Box<Region>>);

impl Plan {
    fn take() -> Plan {
        Plan(Some(REGION.try_with(Cell::take).ok().flatten().unwrap_or_default()))
    }

    fn region(&mut self) -> &mut Region {
        self.0.get_or_insert_default()
    }
}

impl Drop for Plan {
    fn drop(&mut self) {
        if let Some(mut region) = self.0.take() {
            region.clear();
            let _ = REGION.try_with(|kept| kept.set(Some(region)));
        }
    }
}

/// Instructions that computing `node` takes.
pub(super) fn count_instructions(node: &Arc<Node>) -> usize {
    lock().count(&[node])
}

/// Computes a node: afterwards it has its value or its error.
pub(crate) fn force(node: &Arc<Node>) {
    while node.is_pending() {
        match node.kind {
            Kind::Map => run_map(&[node]),
            Kind::Reduce => run_reduce(node),
            Kind::View => run_view(node),
            Kind::Call => run_call(node),
            // It was made with its value.
            Kind::Done => return,
        }
    }
}

/// Computes several nodes; elementwise ones of one shape by common kernels.
pub(crate) fn force_all(nodes: &[&Arc<Node>]) {
    let mut rest: SmallVec<[&Arc<Node>; 8]> = nodes.iter().copied().filter(|n| n.is_pending()).collect();
    while let Some(&first) = rest.first() {
        let mut group: SmallVec<[&Arc<Node>; 8]> = SmallVec::new();
        if first.kind == Kind::Map {
            let mut instructions = 0;
            rest.retain(|node| {
                // (Whether it still pends, `run_map` asks: at least the first one has to leave the list here.)
                let candidate = node.kind == Kind::Map && node.shape == first.shape && node.device == first.device;
                if !candidate {
                    return true;
                }
                group.push(*node);
                let mut together = instructions + node.estimate.load(Relaxed) as usize;
                if together > GROUP_CAP {
                    // Estimates count twice what the roots share, as a parameter and its moments do.
                    together = lock().count(&group);
                }
                let joins = together <= GROUP_CAP || group.len() == 1;
                if joins {
                    instructions = together;
                } else {
                    group.pop();
                }
                !joins
            });
            run_map(&group);
        } else {
            rest.remove(0);
            force(first);
        }
    }
}

/// Plans into `region` until nothing stands in the way. False: all roots have their values meanwhile, or failed.
fn planned(roots: &[&Arc<Node>], top: &[&Arc<Node>], reduced: bool, region: &mut Region) -> bool {
    loop {
        let mut planner = lock();
        if roots.iter().all(|root| !root.is_pending()) {
            return false;
        }
        if roots.iter().any(|root| root.busy.load(Relaxed) && root.is_pending()) {
            drop(wait(planner));
            continue;
        }
        match planner.plan(top, reduced, region) {
            Planned::Ready => {
                if reduced {
                    roots[0].busy.store(true, Relaxed);
                }
                return true;
            }
            Planned::Needs(needs) => {
                drop(planner);
                needs.iter().for_each(force);
            }
            Planned::Busy => drop(wait(planner)),
            Planned::Failed(error) => {
                drop(planner);
                let mut running = Running::default();
                running.nodes.extend(roots.iter().map(|r| ((*r).clone(), None)));
                running.publish(Err(error));
                return false;
            }
        }
    }
}

/// The nodes that a kernel is computing. If the kernel panics they fail instead of staying busy for ever.
#[derive(Default)]
struct Running {
    nodes: SmallVec<[(Arc<Node>, Option<Memory>); 2]>,
}

impl Running {
    fn add(&mut self, node: Arc<Node>, view: &View) {
        let memory = Memory { buffer: view.buffer.clone(), strides: view.strides.clone(), offset: view.offset };
        self.nodes.push((node, Some(memory)));
    }

    /// Gives the nodes their values, or the error, and frees what they were made of.
    fn publish(&mut self, result: Result<()>) {
        let mut old: SmallVec<[(Arc<Node>, Expr); 2]> = SmallVec::new();
        let guard = lock();
        for (node, memory) in self.nodes.drain(..) {
            let value = match (&result, memory) {
                (Ok(()), Some(memory)) => Ok(memory),
                (Ok(()), None) => Err(Error::new(ErrorKind::State, "force", "a node got no memory")),
                (Err(error), _) => Err(error.clone()),
            };
            let _ = node.ready.set(value);
            node.busy.store(false, Relaxed);
            // SAFETY: we hold the planner's lock and have no reference to an expression.
            let expr = unsafe { node.take_expr() };
            old.push((node, expr));
        }
        let waiting = WAITING.load(Relaxed) > 0;
        drop(guard);
        if waiting {
            PUBLISHED.notify_all();
        }
        // Only now: dropping frees whole graphs and their memory.
        drop(old);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.nodes.is_empty() {
            self.publish(Err(Error::new(ErrorKind::Device, "force", "the kernel that computes this value panicked")));
        }
    }
}

/// Computes elementwise nodes of one shape with one kernel.
fn run_map(roots: &[&Arc<Node>]) {
    // Roots that another thread has computed meanwhile are left out.
    let roots: SmallVec<[&Arc<Node>; 8]> = roots.iter().copied().filter(|r| r.is_pending()).collect();
    let mut plan = Plan::take();
    let region = plan.region();
    if roots.is_empty() || !planned(&roots, &roots, false, region) {
        return;
    }
    let mut running = Running::default();
    for (node, output) in region.written.drain(..) {
        running.add(node, &region.outputs[output]);
    }
    let Some(program) = region.program.take() else { return };
    let scalars = std::mem::take(&mut region.scalars);
    let kernel = Kernel::Map(Map { program, scalars, shape: roots[0].shape.clone() });
    let result = backend::execute_live(roots[0].device, &kernel, &region.inputs, &region.outputs, &region.live);
    // The buffers of what dies are free before the next flush asks for some.
    region.clear();
    running.publish(result);
}

/// Computes a reduction with its pending operand as prologue.
fn run_reduce(node: &Arc<Node>) {
    let (arg, op, axes) = {
        let guard = lock();
        // SAFETY: we hold the planner's lock.
        match unsafe { node.expr() } {
            Expr::Reduce { arg, op, axes } => (arg.clone(), *op, axes.clone()),
            // Another thread was faster.
            _ => return drop(guard),
        }
    };
    // What is no elementwise region of its own (a view, a product …) is an input.
    if arg.kind != Kind::Map {
        force(&arg);
    }
    let mut plan = Plan::take();
    let region = plan.region();
    if !planned(&[node], &[&arg], true, region) {
        return;
    }
    let mut running = Running::default();
    let (shape, dtype) = (arg.shape.clone(), node.dtype);
    // The planner counts references: this one is not among them any more.
    drop(arg);
    let kept: Shape = shape.iter().enumerate().map(|(i, &d)| if axes.contains(&i) { 1 } else { d }).collect();
    for (node, output) in region.written.drain(..) {
        running.add(node, &region.outputs[output]);
    }
    let (Some(program), Some(value)) = (region.program.take(), region.top) else { return };
    let result = backend::backend(node.device).allocate(kept.size() * dtype.size()).and_then(|buffer| {
        running.add(node.clone(), &View::contiguous(buffer.clone(), dtype, node.shape.clone()));
        region.outputs.insert(0, View::contiguous(buffer, dtype, kept));
        let scalars = std::mem::take(&mut region.scalars);
        let kernel = Kernel::Reduce(Reduce { program, scalars, shape, axes, op, value });
        backend::execute_live(node.device, &kernel, &region.inputs, &region.outputs, &region.live)
    });
    if result.is_err() && running.nodes.iter().all(|(n, _)| !Arc::ptr_eq(n, node)) {
        // There was no memory for it.
        running.nodes.push((node.clone(), None));
    }
    region.clear();
    running.publish(result);
}

/// Computes a view: its argument, then the layout.
fn run_view(node: &Arc<Node>) {
    let arg = {
        let guard = lock();
        // SAFETY: we hold the planner's lock.
        match unsafe { node.expr() } {
            Expr::View { arg, .. } => arg.clone(),
            // Another thread was faster.
            _ => return drop(guard),
        }
    };
    force(&arg);
    let mut guard = lock();
    if !node.is_pending() {
        return;
    }
    // SAFETY: we hold the planner's lock.
    let Expr::View { change, .. } = (unsafe { node.expr() }) else { return };
    let changed = match arg.view() {
        Some(view) => change_view(&view, &node.shape, change).map(Ok),
        None => Some(Err(arg.error().cloned().unwrap_or_else(|| Error::new(ErrorKind::State, "view", "no value")))),
    };
    let value = match changed {
        Some(value) => value,
        None => {
            // The layout does not allow the new shape: copy. Nobody else can be computing this node twice: the second one to
            // publish finds it done.
            drop(guard);
            let copied = arg
                .view()
                .map_or_else(|| Err(Error::new(ErrorKind::State, "view", "no value")), |v| contiguous_copy(&v));
            guard = lock();
            copied.map(|view| View { strides: node.shape.strides(), shape: node.shape.clone(), ..view })
        }
    };
    let _ = node.ready.set(value.map(|v| Memory { buffer: v.buffer, strides: v.strides, offset: v.offset }));
    // SAFETY: we hold the planner's lock; the reference `change` is no longer used.
    let old = unsafe { node.take_expr() };
    drop(guard);
    drop(old);
}

/// A row-major copy.
pub(crate) fn contiguous_copy(view: &View) -> Result<View> {
    let node = Arc::new(Node::ready(view.clone()));
    let args = [Arg::Node(node), Arg::None, Arg::None];
    let expr = Expr::Map { op: crate::op::Op::Identity, dtype: view.dtype, args };
    let copy = Arc::new(Node::pending(view.shape.clone(), view.dtype, view.buffer.device(), expr, 1, 0));
    force(&copy);
    match copy.view() {
        Some(view) => Ok(view),
        None => Err(copy.error().cloned().unwrap_or_else(|| Error::new(ErrorKind::State, "copy", "no value"))),
    }
}

/// Computes a call: its inputs, then the kernel, then all outputs that anybody still holds.
fn run_call(node: &Arc<Node>) {
    let call = {
        let _guard = lock();
        // SAFETY: we hold the planner's lock.
        match unsafe { node.expr() } {
            Expr::Call(call) => call.clone(),
            _ => return,
        }
    };
    force_all(&call.inputs.iter().collect::<SmallVec<[_; 4]>>());
    let nodes: SmallVec<[Option<Arc<Node>>; 2]> =
        call.outputs.get().map_or_else(SmallVec::new, |o| o.iter().map(|w| w.upgrade()).collect());
    let mut running = Running::default();
    {
        let mut guard = lock();
        while node.busy.load(Relaxed) && node.is_pending() {
            guard = wait(guard);
        }
        if !node.is_pending() {
            return;
        }
        for node in nodes.iter().flatten() {
            node.busy.store(true, Relaxed);
            running.nodes.push((node.clone(), None));
        }
    }
    let result = (|| {
        let inputs = call
            .inputs
            .iter()
            .map(|n| {
                n.view().ok_or_else(|| {
                    n.error().cloned().unwrap_or_else(|| Error::new(ErrorKind::State, "call", "no value"))
                })
            })
            .collect::<Result<SmallVec<[View; 4]>>>()?;
        let mut outputs: SmallVec<[View; 2]> = SmallVec::new();
        for (shape, dtype) in &call.shapes {
            // An output that nobody holds any more still needs memory: kernels write all of theirs.
            let buffer = backend::backend(call.device).allocate(shape.size() * dtype.size())?;
            outputs.push(View::contiguous(buffer, *dtype, shape.clone()));
        }
        backend::execute(call.device, &call.kernel, &inputs, &outputs)?;
        Ok(outputs)
    })();
    match result {
        Ok(outputs) => {
            let mut with_memory = Running::default();
            for (node, view) in nodes.into_iter().zip(&outputs) {
                if let Some(node) = node {
                    with_memory.add(node, view);
                }
            }
            running.nodes.clear();
            with_memory.publish(Ok(()));
        }
        Err(error) => running.publish(Err(error)),
    }
}

/// The view of shape `shape` that `change` makes of `view`; `None` where the layout does not allow it.
pub(super) fn change_view(view: &View, shape: &Shape, change: &ViewChange) -> Option<View> {
    match change {
        ViewChange::Reshape => view.reshape(shape),
        ViewChange::Broadcast => Some(view.broadcast(shape)),
        ViewChange::Permute(axes) => {
            let strides: Strides = axes.iter().map(|&a| view.strides[a]).collect();
            Some(View { shape: shape.clone(), strides, ..view.clone() })
        }
        ViewChange::Slice(slice) => Some(sliced(view, shape, slice)),
    }
}

fn sliced(view: &View, shape: &Shape, slice: &SliceChange) -> View {
    let mut offset = view.offset as isize;
    let mut strides = Strides::new();
    for (axis, start, step) in &slice.axes {
        match axis {
            Some(axis) => {
                offset += *start as isize * view.strides[*axis];
                strides.push(view.strides[*axis] * step);
            }
            None => strides.push(0),
        }
    }
    for (axis, element) in &slice.fixed {
        offset += *element as isize * view.strides[*axis];
    }
    // An empty view points nowhere: keep it inside its buffer.
    let offset = if shape.size() == 0 { view.offset } else { offset as usize };
    View { shape: shape.clone(), strides, offset, ..view.clone() }
}
