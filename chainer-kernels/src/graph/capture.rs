//! From a run to a graph: kernels are noted as they pass the door, with the memory that they read and write.
//!
//! Memory is known again by its address. What a kernel writes is a new tensor, whatever lay there before; what was never written is a
//! leaf that was announced ([`leaf`]) or else a constant. The memory of leaves is held until the capture ends, so that nothing else can
//! come to lie there.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::ir::{Graph, Leaf, Operand, Operation, TensorId, Update};
use super::number::LiveSlots;
use crate::array::Array;
use crate::buffer::Buffer;
use crate::cpu::memory_statistics;
use crate::error::{Error, Loc, Result};
use crate::expr::contiguous_copy;
use crate::kernel::Kernel;
use crate::random::default_generator;
use crate::scalar::Scalar;
use crate::view::View;

/// Why a piece of work cannot be a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it did.
    pub what: String,
    /// Where.
    pub at: Option<Loc>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{} at {}:{}:{}", self.what, at.file(), at.line(), at.column()),
            None => f.write_str(&self.what),
        }
    }
}

/// What is noted so far.
struct Recorder {
    graph: Graph,
    places: FxHashMap<usize, Place>,
    /// Holds memory whose address means something.
    held: Vec<Arc<Buffer>>,
    /// Tensors that replace leaves.
    owned: Vec<TensorId>,
    /// The values of the external numbers.
    externals: Vec<Scalar>,
    /// The process's generator at the beginning.
    generator: (u64, u64),
    refusal: Option<Refusal>,
    /// Bytes that arrays held before, with the leaves.
    before: usize,
    /// How many more they held after each operation.
    held_after: Vec<usize>,
}

/// What lies in a buffer.
struct Place {
    tensor: TensorId,
    /// The tensor's first byte.
    start: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Off,
    On,
    /// Kernels pass unnoted.
    Paused,
}

thread_local! {
    static STATE: Cell<State> = const { Cell::new(State::Off) };
    static HOST_READS: Cell<bool> = const { Cell::new(false) };
    static RECORDER: RefCell<Option<Box<Recorder>>> = const { RefCell::new(None) };
}

/// Whether this thread is capturing.
#[inline]
pub fn is_capturing() -> bool {
    STATE.get() != State::Off
}

/// Notes all kernels of this thread until it is finished or dropped.
#[must_use = "the capture ends when this value is dropped"]
pub struct Capture {
    // What is captured belongs to the thread.
    _not_send: PhantomData<*const ()>,
}

/// What a capture found.
pub struct Captured {
    /// The graph as it was run.
    pub graph: Graph,
    /// The external numbers' values in this run.
    pub externals: Vec<Scalar>,
    /// The most bytes that the run held at one time beyond what was there before. What other threads take counts too; old values of
    /// updates do not, which only the capture holds.
    pub peak_bytes: usize,
}

impl Capture {
    /// Starts a capture; `None` if this thread is capturing already.
    pub fn start() -> Option<Capture> {
        if is_capturing() {
            return None;
        }
        RECORDER.set(Some(Box::new(Recorder {
            graph: Graph::default(),
            places: FxHashMap::default(),
            held: Vec::new(),
            owned: Vec::new(),
            externals: Vec::new(),
            generator: default_generator().state(),
            refusal: None,
            before: memory_statistics().bytes_in_use,
            held_after: Vec::new(),
        })));
        STATE.set(State::On);
        Some(Capture { _not_send: PhantomData })
    }

    /// Ends the capture. `results` are what a run returns (they are computed now, if they were not); `updates` says which of them
    /// replace leaves (leaf, result).
    ///
    /// # Errors
    /// Why there is no graph.
    pub fn finish(self, results: &[Array], updates: Vec<Update>) -> std::result::Result<Captured, Refusal> {
        for array in results {
            if let Err(error) = array.force() {
                refuse(format!("failed: {error}"), None);
            }
        }
        with(|recorder| {
            for array in results {
                if let Some(view) = array.node().view() {
                    let operand = recorder.operand(&view);
                    recorder.graph.results.extend(operand);
                }
            }
        });
        let recorder = RECORDER.take();
        drop(self);
        let Some(mut recorder) = recorder else {
            return Err(Refusal { what: "the capture was ended already".into(), at: None });
        };
        if let Some(refusal) = recorder.refusal {
            return Err(refusal);
        }
        let (seed, position) = default_generator().state();
        if seed != recorder.generator.0 || position < recorder.generator.1 {
            return Err(Refusal { what: "the generator of random numbers was set".into(), at: None });
        }
        recorder.graph.draws = position - recorder.generator.1;
        recorder.graph.externals = recorder.externals.len() as u32;
        recorder.graph.updates = updates;
        let peak_bytes = recorder.peak_bytes();
        Ok(Captured { graph: recorder.graph, externals: recorder.externals, peak_bytes })
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        STATE.set(State::Off);
        drop(RECORDER.take());
    }
}

fn with<R>(f: impl FnOnce(&mut Recorder) -> R) -> Option<R> {
    RECORDER.with_borrow_mut(|recorder| recorder.as_mut().map(|r| f(r)))
}

/// Says that what runs now cannot be captured. The first reason stays.
pub fn refuse(what: impl Into<String>, at: Option<Loc>) {
    with(|recorder| recorder.refusal.get_or_insert_with(|| Refusal { what: what.into(), at }).clone());
}

/// Makes an array a leaf, which later runs bind anew, and returns the leaf's number. The array must not have been read in this capture.
/// It may become a copy of itself: in memory of its own, in row-major order.
///
/// # Errors
/// The array has failed, or memory ran out.
pub fn leaf(array: &mut Array) -> Result<u32> {
    STATE.set(State::Paused);
    let before = memory_statistics().bytes_in_use;
    let prepared = prepare(array);
    STATE.set(State::On);
    let view = prepared?;
    let number = with(|recorder| {
        // States that were not in memory yet are nothing that a run takes.
        recorder.before += memory_statistics().bytes_in_use.saturating_sub(before);
        let number = recorder.graph.bound.len() as u32;
        let tensor = recorder.graph.tensor(view.dtype, view.shape.size(), Some(Leaf::Bound(number)));
        recorder.graph.bound.push(tensor);
        if view.shape.size() > 0 {
            let start = view.offset * view.dtype.size();
            recorder.places.insert(view.buffer.ptr().addr(), Place { tensor, start });
            recorder.held.push(view.buffer.clone());
        }
        number
    });
    number.ok_or_else(|| Error::new(crate::ErrorKind::State, "capture", "nothing is being captured"))
}

fn prepare(array: &mut Array) -> Result<View> {
    let view = array.ready_view()?;
    let known = with(|recorder| recorder.places.contains_key(&view.buffer.ptr().addr())).unwrap_or(false);
    if !known && array.fill_value().is_none() && view.is_contiguous() {
        return Ok(view);
    }
    let copy = contiguous_copy(&view)?;
    *array = Array::from_view(copy.clone());
    Ok(copy)
}

/// The number of the leaf that an array is a window on, as long as nothing has been computed in between: its elements are known
/// before a run.
pub fn observed_leaf(array: &Array) -> Option<(u32, Operand)> {
    let view = array.node().view()?;
    with(|recorder| {
        let operand = recorder.known(&view)?;
        match recorder.graph.tensors[operand.tensor.index()].leaf {
            Some(Leaf::Bound(number)) => Some((number, operand)),
            _ => None,
        }
    })?
}

/// Prepares an array to be a result that replaces a leaf: in memory of its own, in row-major order. It may become a copy of itself.
///
/// # Errors
/// The array has failed, or memory ran out.
pub fn result(array: &mut Array) -> Result<()> {
    let view = array.ready_view()?;
    let own = with(|recorder| {
        let operand = recorder.known(&view)?;
        let tensor = &recorder.graph.tensors[operand.tensor.index()];
        let fresh = tensor.leaf.is_none() && operand.is_whole(tensor.size) && !recorder.owned.contains(&operand.tensor);
        fresh.then(|| recorder.owned.push(operand.tensor))
    });
    if own.flatten().is_none() {
        let copy = contiguous_copy(&view)?;
        with(|recorder| recorder.known(&copy).map(|operand| recorder.owned.push(operand.tensor)));
        *array = Array::from_view(copy);
    }
    Ok(())
}

/// The host has looked at an array that is not an argument: where the call computed it, later runs would have to do so again.
pub fn refuse_computed(array: &Array, name: &str) {
    let Some(view) = array.node().view() else { return };
    let varies = with(|recorder| match recorder.known(&view) {
        Some(operand) => !matches!(recorder.graph.tensors[operand.tensor.index()].leaf, Some(Leaf::Constant(_))),
        None => false,
    });
    if varies == Some(true) {
        refuse(format!("`{name}` is computed in the call, and its values are checked on the host"), None);
    }
}

/// Runs `f`, which may read arrays on the host: it answers for what it makes of them.
pub fn host_reads_allowed<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            HOST_READS.set(self.0);
        }
    }
    let _restore = Restore(HOST_READS.replace(true));
    f()
}

/// The host reads an array's elements: later runs would not, so this cannot be captured, but for constants.
#[inline]
pub(crate) fn host_read(operation: &'static str, view: &View, at: Option<Loc>) {
    if STATE.get() == State::On && !HOST_READS.get() {
        refuse_host_read(operation, view, at);
    }
}

#[cold]
fn refuse_host_read(operation: &'static str, view: &View, at: Option<Loc>) {
    let varies = with(|recorder| match recorder.known(view) {
        Some(operand) => !matches!(recorder.graph.tensors[operand.tensor.index()].leaf, Some(Leaf::Constant(_))),
        None => false,
    });
    if varies == Some(true) {
        refuse(format!("`{operation}` reads a value on the host"), at);
    }
}

/// Notes a kernel that has run.
#[inline]
pub(crate) fn record(kernel: &Kernel, inputs: &[View], outputs: &[View], live: &LiveSlots) {
    if STATE.get() == State::On {
        with(|recorder| recorder.record(kernel, inputs, outputs, live));
    }
}

impl Recorder {
    #[cold]
    fn record(&mut self, kernel: &Kernel, inputs: &[View], outputs: &[View], live: &LiveSlots) {
        let inputs = inputs.iter().filter_map(|view| self.operand(view)).collect();
        let mut written = smallvec::SmallVec::new();
        for view in outputs {
            if !view.is_contiguous() || view.offset != 0 {
                let what = format!("`{}` writes a part of an array in place", kernel.name());
                self.refusal.get_or_insert(Refusal { what, at: None });
            }
            let tensor = self.graph.tensor(view.dtype, view.shape.size(), None);
            self.places.insert(view.buffer.ptr().addr(), Place { tensor, start: 0 });
            written.push(Operand::whole(tensor, view.shape.clone()));
        }
        let operation = Operation { kernel: kernel.clone(), live: live.clone(), inputs, outputs: written };
        self.graph.ops.push(operation);
        self.held_after.push(memory_statistics().bytes_in_use.saturating_sub(self.before));
    }

    /// See [`Captured::peak_bytes`].
    fn peak_bytes(&self) -> usize {
        let graph = &self.graph;
        let writers = graph.writers();
        let mut freed = vec![0; graph.ops.len()];
        for update in &graph.updates {
            let (leaf, result) = (graph.bound[update.leaf as usize], &graph.results[update.result as usize]);
            if let Some(writer) = writers[result.tensor.index()] {
                freed[writer.0 as usize] += graph.tensors[leaf.index()].bytes();
            }
        }
        let mut free = 0;
        let held = self.held_after.iter().zip(freed).map(|(held, freed)| {
            free += freed;
            held.saturating_sub(free)
        });
        held.max().unwrap_or(0)
    }

    /// The window that a view is, if its memory is known.
    fn known(&self, view: &View) -> Option<Operand> {
        let place = self.places.get(&view.buffer.ptr().addr())?;
        let tensor = &self.graph.tensors[place.tensor.index()];
        if view.buffer.is_foreign() && tensor.leaf.is_none() {
            // What was computed here is gone, and the system has given its address to a value of the host.
            return None;
        }
        let from = (view.offset * view.dtype.size()).checked_sub(place.start)?;
        (tensor.dtype == view.dtype).then(|| Operand {
            tensor: place.tensor,
            shape: view.shape.clone(),
            strides: view.strides.clone(),
            offset: from / view.dtype.size(),
        })
    }

    /// The window that a view is; unknown memory is a constant.
    fn operand(&mut self, view: &View) -> Option<Operand> {
        if view.shape.size() > 0
            && let Some(operand) = self.known(view)
        {
            return Some(operand);
        }
        let size = view.buffer.bytes() / view.dtype.size();
        let tensor = self.graph.tensor(view.dtype, size, Some(Leaf::Constant(view.buffer.clone())));
        if view.shape.size() > 0 {
            self.places.insert(view.buffer.ptr().addr(), Place { tensor, start: 0 });
            self.held.push(view.buffer.clone());
        }
        Some(Operand { tensor, shape: view.shape.clone(), strides: view.strides.clone(), offset: view.offset })
    }
}

/// How many external numbers there are; `None` outside a capture.
pub(super) fn external_count() -> Option<u32> {
    with(|recorder| recorder.externals.len() as u32)
}

/// The values of the external numbers from `first` on.
pub(super) fn external_values(first: u32) -> Vec<Scalar> {
    with(|recorder| recorder.externals[first as usize..].to_vec()).unwrap_or_default()
}

/// One more external number.
pub(super) fn new_external(value: Scalar) -> Option<u32> {
    with(|recorder| {
        recorder.externals.push(value);
        recorder.externals.len() as u32 - 1
    })
}

/// How far a place in the process's generator lies behind its position at the beginning.
pub(super) fn drawn_at(seed: u64, position: u64) -> Option<u64> {
    let offset = with(|recorder| {
        let (start_seed, start) = recorder.generator;
        (seed == start_seed).then(|| position.wrapping_sub(start))
    })?;
    if offset.is_none() {
        refuse("random numbers are drawn after another seed was set", None);
    }
    offset
}
