//! Running a graph: no tape, no planning, no allocation but for results that somebody still holds.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use smallvec::SmallVec;

use super::ir::{Graph, Leaf, Operand, TensorId};
use super::memory::{self, Layout, MemoryReport};
use super::number::NumberSource;
use crate::array::Array;
use crate::backend::{self, Device};
use crate::buffer::Buffer;
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::random::default_generator;
use crate::scalar::Scalar;
use crate::view::View;

/// An array that a run binds to a leaf.
pub struct Bound {
    view: View,
    /// Nobody but its owner sees it: it may be overwritten.
    free: bool,
}

impl Bound {
    /// Binds an array; its elements are computed if they were pending, and copied if they do not lie in row-major order.
    ///
    /// # Errors
    /// The array has failed.
    pub fn new(array: &Array) -> Result<Bound> {
        let view = array.ready_view()?;
        if !view.is_contiguous() {
            let view = crate::expr::contiguous_copy(&view)?;
            return Ok(Bound { view, free: false });
        }
        let node = array.node();
        let free = array.fill_value().is_none()
            && Arc::strong_count(node) == 1
            // The node's own, and the view's.
            && Arc::strong_count(&view.buffer) == 2;
        Ok(Bound { view, free })
    }

    /// Stands for a leaf that no kernel reads.
    ///
    /// # Errors
    /// There is no memory at all.
    pub fn unread() -> Result<Bound> {
        static NOTHING: OnceLock<Arc<Buffer>> = OnceLock::new();
        let buffer = match NOTHING.get() {
            Some(buffer) => buffer.clone(),
            None => NOTHING
                .get_or_init({
                    let buffer = backend::backend(Device::Cpu).allocate(0)?;
                    || buffer
                })
                .clone(),
        };
        Ok(Bound { view: View::contiguous(buffer, Dtype::F32, [0].into()), free: false })
    }

    /// A window on what is bound.
    pub fn window(&self, window: &Operand) -> Array {
        let Operand { shape, strides, offset, .. } = window.clone();
        Array::from_view(View { shape, strides, offset: self.view.offset + offset, ..self.view.clone() })
    }
}

/// What a run made of a result.
pub enum Outcome {
    /// The new value was written over the leaf that it replaces: whoever holds that holds it.
    InPlace,
    /// The value.
    Array(Array),
}

/// What a kernel of a graph has taken so far.
#[derive(Clone, Debug)]
pub struct KernelTime {
    /// The kernel and its shapes.
    pub description: String,
    /// Floating-point operations of a run.
    pub flops: u64,
    /// Bytes that a run reads and writes.
    pub bytes: u64,
    /// The time of all runs that were measured.
    pub time: Duration,
}

/// A graph that is ready to run.
pub struct Executable {
    steps: Vec<Step>,
    /// For each bound leaf, what reads it, and its first element's place is added to theirs.
    leaves: Vec<LeafUse>,
    escapes: Vec<Escape>,
    results: Vec<ResultPlan>,
    numbers: Vec<Number>,
    draws: u64,
    place: (u64, u64),
    externals: usize,
    report: MemoryReport,
    /// Stands where nothing is bound.
    arena: Arc<Buffer>,
    timed: bool,
    runs: u32,
}

struct Step {
    kernel: Kernel,
    inputs: SmallVec<[View; 4]>,
    outputs: SmallVec<[View; 2]>,
    time: Duration,
}

struct LeafUse {
    dtype: Dtype,
    size: usize,
    /// Whether a run returns it.
    returned: bool,
    /// (step, input, the operand's first element).
    reads: Vec<(u32, u16, usize)>,
}

/// A tensor that outlives the run.
struct Escape {
    tensor: TensorId,
    bytes: usize,
    /// The leaf whose memory it may take.
    in_place: Option<u32>,
    /// The memory of the last two runs, which may be free again: one may still be what the next run reads. What is written over its leaf
    /// needs none.
    spares: SmallVec<[Arc<Buffer>; 2]>,
    /// (step, whether it is an output, its place, the operand's first element).
    uses: Vec<(u32, bool, u16, usize)>,
}

struct ResultPlan {
    source: Source,
    view: Operand,
    dtype: Dtype,
}

#[derive(Clone)]
enum Source {
    Leaf(u32),
    Constant(Arc<Buffer>),
    Escape(u32),
}

/// A scalar that every run sets.
struct Number {
    step: u32,
    slot: u16,
    dtype: Dtype,
    source: NumberSource,
}

impl Executable {
    /// Plans the memory of a graph and binds what stays the same.
    ///
    /// # Errors
    /// There is no memory.
    pub fn new(graph: &Graph) -> Result<Executable> {
        let Layout { offsets, in_place, report } = memory::plan(graph);
        let arena = backend::backend(Device::Cpu).allocate(report.arena)?;
        let mut escapes: Vec<Escape> = Vec::new();
        let mut results = Vec::with_capacity(graph.results.len());
        for result in &graph.results {
            let tensor = &graph.tensors[result.tensor.index()];
            let source = match &tensor.leaf {
                Some(Leaf::Bound(number)) => Source::Leaf(*number),
                Some(Leaf::Constant(buffer)) => Source::Constant(buffer.clone()),
                None => {
                    let known = escapes.iter().position(|escape| escape.tensor == result.tensor);
                    Source::Escape(known.unwrap_or_else(|| {
                        let bytes = tensor.bytes();
                        escapes.push(Escape {
                            tensor: result.tensor,
                            bytes,
                            in_place: None,
                            spares: SmallVec::new(),
                            uses: vec![],
                        });
                        escapes.len() - 1
                    }) as u32)
                }
            };
            results.push(ResultPlan { source, view: result.clone(), dtype: tensor.dtype });
        }
        for (update, _) in graph.updates.iter().zip(&in_place).filter(|(_, allowed)| **allowed) {
            if let Source::Escape(at) = results[update.result as usize].source {
                escapes[at as usize].in_place = Some(update.leaf);
            }
        }
        let mut leaves: Vec<LeafUse> = graph
            .bound
            .iter()
            .map(|id| {
                let tensor = &graph.tensors[id.index()];
                let returned = graph.results.iter().any(|result| result.tensor == *id);
                LeafUse { dtype: tensor.dtype, size: tensor.size, returned, reads: Vec::new() }
            })
            .collect();
        let mut numbers = Vec::new();
        let mut steps = Vec::with_capacity(graph.ops.len());
        for (i, op) in graph.ops.iter().enumerate() {
            let i = i as u32;
            let mut view = |operand: &Operand, output: bool, place: u16| {
                let tensor = &graph.tensors[operand.tensor.index()];
                let mut view = View {
                    buffer: arena.clone(),
                    dtype: tensor.dtype,
                    shape: operand.shape.clone(),
                    strides: operand.strides.clone(),
                    offset: operand.offset,
                };
                match &tensor.leaf {
                    Some(Leaf::Bound(number)) => {
                        leaves[*number as usize].reads.push((i, place, operand.offset));
                        view.offset = 0;
                    }
                    Some(Leaf::Constant(buffer)) => view.buffer = buffer.clone(),
                    None => match escapes.iter_mut().find(|escape| escape.tensor == operand.tensor) {
                        Some(escape) => escape.uses.push((i, output, place, operand.offset)),
                        None => {
                            let start = offsets[operand.tensor.index()].unwrap_or(0);
                            view.offset += start / tensor.dtype.size();
                        }
                    },
                }
                view
            };
            let inputs = op.inputs.iter().enumerate().map(|(k, o)| view(o, false, k as u16)).collect();
            let outputs = op.outputs.iter().enumerate().map(|(k, o)| view(o, true, k as u16)).collect();
            for (slot, source) in &op.live {
                let dtype = super::passes::scalar_dtype(&op.kernel, *slot);
                numbers.extend(dtype.map(|dtype| Number { step: i, slot: *slot, dtype, source: *source }));
            }
            steps.push(Step { kernel: op.kernel.clone(), inputs, outputs, time: Duration::ZERO });
        }
        Ok(Executable {
            steps,
            leaves,
            escapes,
            results,
            numbers,
            draws: graph.draws,
            place: (0, 0),
            externals: graph.externals as usize,
            report,
            arena,
            timed: false,
            runs: 0,
        })
    }

    /// Whether a run reads the leaf of this number.
    pub fn reads(&self, leaf: u32) -> bool {
        self.leaves.get(leaf as usize).is_some_and(|leaf| leaf.returned || !leaf.reads.is_empty())
    }

    /// The memory that a run takes.
    pub fn memory(&self) -> MemoryReport {
        self.report
    }

    /// How many kernels a run has.
    pub fn kernels(&self) -> usize {
        self.steps.len()
    }

    /// Whether runs measure the time of each kernel.
    pub fn set_timed(&mut self, timed: bool) {
        self.timed = timed;
    }

    /// The kernels with their times, and how many runs were measured.
    pub fn times(&self) -> (Vec<KernelTime>, u32) {
        let of = |step: &Step| KernelTime {
            description: step.kernel.describe(&step.inputs, &step.outputs),
            flops: step.kernel.flops(&step.inputs, &step.outputs),
            bytes: step.kernel.bytes(&step.inputs, &step.outputs),
            time: step.time,
        };
        (self.steps.iter().map(of).collect(), self.runs)
    }

    /// Runs the graph: `leaves` and `externals` by their numbers, the results in their order.
    ///
    /// # Errors
    /// A leaf is of another size or dtype than in the graph; a kernel failed (an index out of range); there is no memory.
    pub fn run(&mut self, leaves: &[Bound], externals: &[Scalar]) -> Result<Vec<Outcome>> {
        self.place = default_generator().advance(self.draws);
        self.run_here(leaves, externals)
    }

    /// As [`run`](Self::run), with the random numbers of another graph's run ([`place`](Self::place)): what is computed again is the same.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub fn run_at(&mut self, place: (u64, u64), leaves: &[Bound]) -> Result<Vec<Outcome>> {
        self.place = place;
        self.run_here(leaves, &[])
    }

    /// The seed and the position of the generator at the beginning of the last run.
    pub fn place(&self) -> (u64, u64) {
        self.place
    }

    fn run_here(&mut self, leaves: &[Bound], externals: &[Scalar]) -> Result<Vec<Outcome>> {
        if leaves.len() != self.leaves.len() || externals.len() != self.externals {
            let expect = format!("{} leaves and {} numbers", self.leaves.len(), self.externals);
            return Err(Error::mismatch("replay", expect, format!("{} and {}", leaves.len(), externals.len())));
        }
        for (bound, leaf) in leaves.iter().zip(&self.leaves) {
            let used = leaf.returned || !leaf.reads.is_empty();
            if used && (bound.view.dtype != leaf.dtype || bound.view.shape.size() != leaf.size) {
                let expect = format!("{} elements of {}", leaf.size, leaf.dtype);
                return Err(Error::mismatch("replay", expect, format!("{:?}", bound.view)));
            }
        }
        self.set_numbers(externals);
        for (bound, leaf) in leaves.iter().zip(&self.leaves) {
            for (step, input, first) in &leaf.reads {
                let view = &mut self.steps[*step as usize].inputs[*input as usize];
                view.buffer = bound.view.buffer.clone();
                view.offset = bound.view.offset + first;
            }
        }
        let ran = self.place_results(leaves).and_then(|buffers| {
            self.execute()?;
            Ok(buffers)
        });
        self.unbind();
        let buffers = ran?;
        let outcome = |result: &ResultPlan| {
            let (buffer, start) = match &result.source {
                Source::Leaf(leaf) => {
                    let view = &leaves[*leaf as usize].view;
                    (view.buffer.clone(), view.offset)
                }
                Source::Constant(buffer) => (buffer.clone(), 0),
                Source::Escape(at) => match &buffers[*at as usize] {
                    Some(buffer) => (buffer.clone(), 0),
                    None => return Outcome::InPlace,
                },
            };
            let Operand { shape, strides, offset, .. } = result.view.clone();
            Outcome::Array(Array::from_view(View {
                buffer,
                dtype: result.dtype,
                shape,
                strides,
                offset: start + offset,
            }))
        };
        let outcomes = self.results.iter().map(outcome).collect();
        // Kept for the next run, if the caller lets go of them until then.
        for (escape, buffer) in self.escapes.iter_mut().zip(buffers) {
            if let Some(buffer) = buffer
                && escape.in_place.is_none()
            {
                escape.spares.truncate(1);
                escape.spares.insert(0, buffer);
            }
        }
        Ok(outcomes)
    }

    fn set_numbers(&mut self, externals: &[Scalar]) {
        let (seed, position) = self.place;
        for number in &self.numbers {
            let value = match number.source {
                NumberSource::Seed => Scalar::UInt(seed),
                NumberSource::Position(offset) => Scalar::UInt(position.wrapping_add(offset)),
                NumberSource::External(index) => externals[index as usize],
            };
            let bits = value.to_bits(number.dtype);
            super::passes::set_scalar(&mut self.steps[number.step as usize].kernel, number.slot, bits);
        }
    }

    /// Finds memory for what outlives the run; `None`: it is written over its leaf.
    fn place_results(&mut self, leaves: &[Bound]) -> Result<SmallVec<[Option<Arc<Buffer>>; 8]>> {
        let mut buffers = SmallVec::with_capacity(self.escapes.len());
        for escape in &mut self.escapes {
            let over = escape.in_place.map(|leaf| &leaves[leaf as usize]).filter(|bound| bound.free);
            let (buffer, start, taken) = match over {
                Some(bound) => (bound.view.buffer.clone(), bound.view.offset, None),
                None => {
                    let free = escape.spares.iter().position(|buffer| Arc::strong_count(buffer) == 1);
                    let buffer = match free {
                        Some(at) => escape.spares.remove(at),
                        None => backend::backend(Device::Cpu).allocate(escape.bytes)?,
                    };
                    (buffer.clone(), 0, Some(buffer))
                }
            };
            for (step, output, place, first) in &escape.uses {
                let step = &mut self.steps[*step as usize];
                let view = if *output { &mut step.outputs[*place as usize] } else { &mut step.inputs[*place as usize] };
                view.buffer = buffer.clone();
                view.offset = start + first;
            }
            buffers.push(taken);
        }
        Ok(buffers)
    }

    fn execute(&mut self) -> Result<()> {
        if !self.timed {
            for step in &self.steps {
                backend::execute(Device::Cpu, &step.kernel, &step.inputs, &step.outputs)?;
            }
            return Ok(());
        }
        for step in &mut self.steps {
            let start = Instant::now();
            backend::execute(Device::Cpu, &step.kernel, &step.inputs, &step.outputs)?;
            step.time += start.elapsed();
        }
        self.runs += 1;
        Ok(())
    }

    /// Lets go of the memory of this run.
    fn unbind(&mut self) {
        for leaf in &self.leaves {
            for (step, input, _) in &leaf.reads {
                self.steps[*step as usize].inputs[*input as usize].buffer = self.arena.clone();
            }
        }
        for escape in &self.escapes {
            for (step, output, place, _) in &escape.uses {
                let step = &mut self.steps[*step as usize];
                let view = if *output { &mut step.outputs[*place as usize] } else { &mut step.inputs[*place as usize] };
                view.buffer = self.arena.clone();
            }
        }
    }
}

impl std::fmt::Debug for Executable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Executable({} kernels, {} bytes)", self.steps.len(), self.report.arena)
    }
}
