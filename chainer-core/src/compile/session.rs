//! What a captured call reads and changes beside its arguments: parameters, gradients, states, optimizers.
//!
//! Every cell that can change announces itself when it is touched first. Its arrays become leaves of the graph; what it holds at the end
//! becomes results that replace them.

use std::any::Any;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chainer_kernels::graph::{self, Operand};

use super::traced::Slot;
use crate::{Array, Dtype, Parameter, Result, Scalar, Shape};

/// Something that outlives a call and may hold other arrays afterwards.
pub(crate) trait Cell: Send + Sync {
    /// Shows each array, always in the same order.
    fn arrays(&self, visit: &mut dyn FnMut(Slot<'_>));

    /// What beside the arrays has to be the same in each call.
    fn mode(&self) -> u8 {
        0
    }

    /// What it holds now without the arrays, for [`restore`](Self::restore).
    fn template(&self) -> Option<Box<dyn Any + Send + Sync>> {
        None
    }

    /// Makes it hold what `template` says, with arrays that have to be filled in.
    fn restore(&self, template: &(dyn Any + Send + Sync)) {
        let _ = template;
    }

    /// The parameter whose gradient it is.
    fn gradient_of(&self) -> Option<usize> {
        None
    }

    /// The parameter whose value it is, if it takes gradients.
    fn trained(&self) -> Option<Parameter> {
        None
    }

    /// What messages call it.
    fn label(&self) -> String;
}

/// Shapes and dtypes of a cell's arrays, and its mode.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Signature {
    pub(super) arrays: Vec<(Shape, Dtype)>,
    pub(super) mode: u8,
}

impl Signature {
    pub(super) fn of(cell: &dyn Cell) -> Signature {
        let mut arrays = Vec::new();
        cell.arrays(&mut |mut slot| {
            let array = slot.array();
            arrays.push((if array.is_failed() { Shape::default() } else { array.shape().clone() }, array.dtype()));
        });
        Signature { arrays, mode: cell.mode() }
    }
}

/// A cell that the call has touched.
pub(super) struct Touched {
    pub(super) cell: Arc<dyn Cell>,
    /// What it was at the first touch.
    pub(super) signature: Signature,
    pub(super) before: Vec<Array>,
    /// The leaf of its first array; the others follow.
    pub(super) first_leaf: u32,
    /// It was replaced before it was read: what it was does not matter.
    pub(super) overwritten: bool,
}

/// Something that happens in each call beside kernels: an optimizer counts and says the numbers of its update.
pub(crate) trait Effect: Send + Sync {
    /// Whether it is as it was when the call was captured.
    fn is_current(&self) -> bool;

    /// Appends its external numbers for the next run.
    fn numbers(&self, numbers: &mut Vec<Scalar>) -> Result<()>;

    /// The run is complete.
    fn commit(&self);
}

/// From the elements of an argument to a number that the captured work depends on.
type Observe = Arc<dyn Fn(&Array) -> Result<usize> + Send + Sync>;

/// What the host found in an argument's elements: a run in which it finds something else needs another graph.
pub(super) struct Guard {
    pub(super) leaf: u32,
    pub(super) window: Operand,
    pub(super) observe: Observe,
    pub(super) found: usize,
}

#[derive(Default)]
pub(super) struct Session {
    pub(super) cells: Vec<Touched>,
    known: HashSet<(usize, u8)>,
    pub(super) effects: Vec<Arc<dyn Effect>>,
    pub(super) guards: Vec<Guard>,
    /// Parameters whose gradients an optimizer has used.
    pub(super) consumed: HashMap<usize, Parameter>,
    /// Parameters whose gradients were forgotten before anything read them.
    pub(super) cleared: HashSet<usize>,
    /// The call did what happens once only, such as giving parameters their first values.
    pub(super) once: bool,
    /// A backward pass ran.
    pub(super) walked: bool,
}

thread_local! {
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// Ends the session also where the call panics.
pub(super) struct Running(());

impl Running {
    pub(super) fn start() -> Running {
        SESSION.set(Some(Session::default()));
        Running(())
    }

    pub(super) fn finish(self) -> Session {
        SESSION.take().unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(SESSION.take());
    }
}

fn with<R>(f: impl FnOnce(&mut Session) -> R) -> Option<R> {
    SESSION.with_borrow_mut(|session| session.as_mut().map(f))
}

/// Whether a call is being captured on this thread.
#[inline]
pub(crate) fn is_active() -> bool {
    graph::is_capturing()
}

/// A cell is about to be replaced, whatever it holds.
#[cold]
pub(crate) fn overwrite(address: usize, kind: u8, cell: impl FnOnce() -> Arc<dyn Cell>) {
    if with(|session| session.known.insert((address, kind))) == Some(true) {
        let cell = cell();
        let signature = Signature { arrays: Vec::new(), mode: cell.mode() };
        let touched = Touched { cell, signature, before: Vec::new(), first_leaf: 0, overwritten: true };
        with(|session| session.cells.push(touched));
    }
}

/// A cell is about to be read or changed. `kind` tells cells of one address apart.
#[cold]
pub(crate) fn touch(address: usize, kind: u8, cell: impl FnOnce() -> Arc<dyn Cell>) {
    if with(|session| session.known.insert((address, kind))) != Some(true) {
        return;
    }
    let cell = cell();
    let signature = Signature::of(&*cell);
    let mut before = Vec::with_capacity(signature.arrays.len());
    let mut first_leaf = None;
    cell.arrays(&mut |mut slot| {
        if slot.has_history() {
            let what = format!("{} holds the history of earlier calls (call `unchain_backward` on it)", cell.label());
            graph::refuse(what, None);
        }
        match graph::leaf(slot.array()) {
            Ok(leaf) => {
                first_leaf.get_or_insert(leaf);
                let array = slot.array().clone();
                before.push(array.clone());
                slot.set(array);
            }
            Err(error) => graph::refuse(format!("{} has failed: {error}", cell.label()), None),
        }
    });
    let touched = Touched { cell, signature, before, first_leaf: first_leaf.unwrap_or(0), overwritten: false };
    with(|session| session.cells.push(touched));
}

/// The call does what later calls will not do.
pub(crate) fn only_once() {
    with(|session| session.once = true);
}

/// Whether a backward pass ran in the call.
pub(super) fn has_walked() -> bool {
    with(|session| session.walked).unwrap_or(false)
}

/// The parameters that the call has used and that take gradients.
pub(super) fn trained() -> Vec<Parameter> {
    with(|session| session.cells.iter().filter_map(|touched| touched.cell.trained()).collect()).unwrap_or_default()
}

/// A backward pass runs.
pub(crate) fn walked() {
    with(|session| session.walked = true);
}

/// The gradient of a parameter is forgotten. (Noted only if nothing of it was read before.)
pub(crate) fn cleared(id: usize) {
    with(|session| session.cleared.insert(id));
}

/// An optimizer has used the gradient of a parameter.
pub(crate) fn consumed(parameter: &Parameter) {
    with(|session| session.consumed.insert(parameter.id(), parameter.clone()));
}

/// Something that every run has to do.
pub(crate) fn effect(effect: Arc<dyn Effect>) {
    with(|session| session.effects.push(effect));
}

/// Lets the host look at the elements of an array that the call was given, at once and before each later run. What it finds decides which
/// graph is run.
pub(crate) fn observe(array: &Array, observe: Observe, name: &str) -> Result<usize> {
    let found = graph::host_reads_allowed(|| observe(array))?;
    if array.force()?.size() > 0 {
        match graph::observed_leaf(array) {
            Some((leaf, window)) => {
                with(|session| session.guards.push(Guard { leaf, window, observe, found }));
            }
            None => graph::refuse_computed(array, name),
        }
    }
    Ok(found)
}
