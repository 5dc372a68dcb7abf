//! [`Kernel::Reduce`](crate::kernel::Kernel::Reduce) on the CPU: the program runs block by block, and each block is folded into
//! accumulators before the next is computed.
//!
//! How the space is cut into tasks depends on its shape only, never on the number of threads; partial results are combined in
//! order. Sums of float32 and less are accumulated in float64, sums of float64 in pairs of float64, so that the cut does not show.

mod extremes;
mod reducers;
mod sums;

use smallvec::SmallVec;

use self::reducers::Functions;
use super::compiled::Compiled;
use super::map::{PARALLEL, work};
use super::simd::{Call, SimdLevel};
use super::space::{Operand, Rows, Space, split};
use super::{pool, run};
use crate::dtype::Dtype;
use crate::error::Result;
use crate::kernel::Reduce;
use crate::program::ScalarBits;
use crate::shape::Strides;
use crate::view::View;

/// Elements of a task: some microseconds, several tasks for a thread, so that none has to wait long for the last one.
const CHUNK: usize = 16 << 10;
/// The most tasks along one axis.
const MOST: usize = 64;
/// Results up to this many are accumulated once for each chunk of the reduced axis.
const FEW_RESULTS: usize = 16 << 10;
/// Values of each result that such a chunk has at least: its results are written, and read again, for that.
const LEAST_REDUCED: usize = 16;

pub(super) fn execute(reduce: &Reduce, inputs: &[View], outputs: &[View]) -> Result<()> {
    let program = reduce.program.compiled_for(reduce.value)?;
    let dtype = reduce.program.dtype(reduce.value);
    let functions = reducers::functions(reduce.op, dtype, SimdLevel::current())?;
    execute_compiled(&Work { program: &program, scalars: &reduce.scalars, functions, dtype }, reduce, inputs, outputs);
    Ok(())
}

/// What every task needs to know.
struct Work<'a> {
    program: &'a Compiled,
    scalars: &'a [ScalarBits],
    functions: Functions,
    dtype: Dtype,
}

/// Accumulators, whatever their type: 16-byte units keep them aligned.
type Accumulators = SmallVec<[u128; 4]>;

fn execute_compiled(job: &Work, reduce: &Reduce, inputs: &[View], outputs: &[View]) {
    let is_reduced = |axis: usize| reduce.axes.contains(&axis);
    let mut result_strides: Strides = SmallVec::from_slice(outputs[0].strides());
    reduce.axes.iter().for_each(|&axis| result_strides[axis] = 0);
    let views = inputs.iter().chain(&outputs[1..]).map(|view| (view, view.strides()));
    let views = views.chain([(&outputs[0], &result_strides[..])]);
    let mut space = Space::new(&reduce.shape, views, |axis| axis > 0 && is_reduced(axis) != is_reduced(axis - 1));
    // A merged axis is reduced where the result does not move along it.
    let result = space.operands.pop();
    let Some(result) = result else { return };
    let reduced: SmallVec<[bool; 4]> = result.strides.iter().map(|&s| s == 0).collect();
    space.add_counter(|_| true);
    space.add_counter(|axis| !reduced[axis]);
    space.add_counter(|axis| reduced[axis]);
    space.operands.push(result);

    let cut = Cut::new(&space, &reduced);
    let parallel = work(job.program, &space) >= PARALLEL;
    let (tasks, partials) = (cut.kept_parts * cut.reduced_parts, cut.reduced_parts > 1);
    if !partials {
        let task = |k: usize| {
            let part = cut.kept(&space, &reduced, k);
            let accumulators = job.fold(&part, &reduced);
            job.finish(&part, &reduced, &accumulators);
        };
        if parallel {
            pool::parallel_for(tasks, &task)
        } else {
            (0..tasks).for_each(task)
        }
        return;
    }
    let results: Vec<std::sync::OnceLock<Accumulators>> = (0..tasks).map(|_| Default::default()).collect();
    let task = |k: usize| {
        let part = cut.kept(&space, &reduced, k / cut.reduced_parts);
        let part = cut.reduced(&part, k % cut.reduced_parts);
        let _ = results[k].set(job.fold(&part, &reduced));
    };
    if parallel {
        pool::parallel_for(tasks, &task)
    } else {
        (0..tasks).for_each(task)
    }
    for (k, partials) in results.chunks(cut.reduced_parts).enumerate() {
        let part = cut.kept(&space, &reduced, k);
        let mut total = job.start(&part, &reduced);
        for partial in partials.iter().filter_map(|p| p.get()) {
            // SAFETY: both hold this part's accumulators.
            unsafe {
                (job.functions.combine)(total.as_mut_ptr().cast(), partial.as_ptr().cast(), count(&part, &reduced));
            }
        }
        job.finish(&part, &reduced, &total);
    }
}

/// The number of results of a space.
fn count(space: &Space, reduced: &[bool]) -> usize {
    space.dims.iter().zip(reduced).filter(|(_, reduced)| !**reduced).map(|(dim, _)| dim).product()
}

/// How a space is cut into tasks.
struct Cut {
    kept_axis: usize,
    kept_parts: usize,
    kept_grain: usize,
    reduced_axis: usize,
    reduced_parts: usize,
    reduced_grain: usize,
}

impl Cut {
    fn new(space: &Space, reduced: &[bool]) -> Cut {
        let total = space.size();
        let want = (total / CHUNK).clamp(1, MOST);
        let last = space.dims.len() - 1;
        // Pieces of a row are not made shorter than this.
        let grain = |axis: usize| if axis == last { 1024 } else { 1 };
        let first = |kind: bool| reduced.iter().position(|&r| r == kind);
        let parts = |axis: Option<usize>, want: usize| {
            axis.map_or(1, |axis| want.min(space.dims[axis].div_ceil(grain(axis))).max(1))
        };
        let (kept, gone) = (first(false), first(true));
        let results = count(space, reduced);
        let most = total / results.max(1) / LEAST_REDUCED;
        let (kept_parts, reduced_parts) = if want == 1 {
            (1, 1)
        } else if reduced[0] && results <= FEW_RESULTS {
            let reduced_parts = parts(gone, want.min(most));
            (parts(kept, want / reduced_parts), reduced_parts)
        } else {
            let kept_parts = parts(kept, want);
            // Many results and a partial copy of them for each chunk would be more memory than the input.
            let share = if results <= FEW_RESULTS { (want / kept_parts).min(most) } else { 1 };
            (kept_parts, parts(gone, share))
        };
        let (kept_axis, reduced_axis) = (kept.unwrap_or(0), gone.unwrap_or(0));
        Cut {
            kept_axis,
            kept_parts,
            kept_grain: grain(kept_axis),
            reduced_axis,
            reduced_parts,
            reduced_grain: grain(reduced_axis),
        }
    }

    /// The `k`th part along the kept axis, its results counted from 0.
    fn kept(&self, space: &Space, reduced: &[bool], k: usize) -> Space {
        if self.kept_parts == 1 {
            return space.clone();
        }
        let axis = self.kept_axis;
        let mut part = space.part(axis, split(space.dims[axis], self.kept_parts, self.kept_grain, k));
        // Of the last four operands (index, kept, reduced, result) the second counts the results.
        let place = part.operands.len() - 3;
        part.operands[place] = part.counter(|axis| !reduced[axis]);
        part
    }

    /// The `k`th part along the reduced axis.
    fn reduced(&self, space: &Space, k: usize) -> Space {
        let axis = self.reduced_axis;
        space.part(axis, split(space.dims[axis], self.reduced_parts, self.reduced_grain, k))
    }
}

impl Work<'_> {
    /// Accumulators of nothing.
    fn start(&self, space: &Space, reduced: &[bool]) -> Accumulators {
        let n = count(space, reduced);
        let mut accumulators: Accumulators = SmallVec::from_elem(0, (n * self.functions.size).div_ceil(16));
        // SAFETY: room for `n` accumulators.
        unsafe { (self.functions.start)(accumulators.as_mut_ptr().cast(), n) };
        accumulators
    }

    /// Runs the program over a space and folds its value.
    fn fold(&self, space: &Space, reduced: &[bool]) -> Accumulators {
        let mut accumulators = self.start(space, reduced);
        let base: *mut u8 = accumulators.as_mut_ptr().cast();
        let value = self.program.value.map_or(0, usize::from);
        let size = self.dtype.size();
        let along_row = reduced[reduced.len() - 1];
        let function = if along_row { self.functions.fold } else { self.functions.each };
        let sink = |done: run::Done| {
            let values = done.places[value];
            for (k, &[_, kept, place]) in done.rows.iter().enumerate() {
                let call = Call {
                    out: base.wrapping_add(kept * self.functions.size),
                    args: [values.wrapping_add(k * done.row * size).cast_const(), std::ptr::null(), std::ptr::null()],
                    n: done.row,
                    index: place as u64,
                };
                // SAFETY: the block holds the row's values; `kept` counts the results of this space, and along a row that is
                // kept there are `done.row` of them from there.
                unsafe { function(&call) };
            }
        };
        // SAFETY: whoever built the kernel has checked shapes and dtypes; views lie inside their buffers; outputs are written
        // by this call only, and parts do not overlap.
        unsafe { run::run(space, self.program, self.scalars, sink) };
        accumulators
    }

    /// Writes the results of a space.
    fn finish(&self, space: &Space, reduced: &[bool], accumulators: &Accumulators) {
        let Some(result) = space.operands.last() else { return };
        let mut dims: SmallVec<[usize; 4]> = SmallVec::new();
        let mut strides = Strides::new();
        for axis in (0..space.dims.len()).filter(|&axis| !reduced[axis]) {
            dims.push(space.dims[axis]);
            strides.push(result.strides[axis]);
        }
        if dims.is_empty() {
            dims.push(1);
            strides.push(0);
        }
        let step = strides[strides.len() - 1];
        let kept = Space {
            dims,
            operands: SmallVec::from_iter([Operand { base: result.base, strides, size: result.size }]),
            consecutive: true,
        };
        let (row, rows) = (kept.row(), kept.size() / kept.row().max(1));
        let mut cursor = Rows::new(&kept);
        let mut from: *const u8 = accumulators.as_ptr().cast();
        for _ in 0..rows {
            for k in 0..row {
                // SAFETY: there is an accumulator for each result, in row-major order.
                unsafe { (self.functions.finish)(from, cursor.at[0].wrapping_offset(k as isize * step)) };
                from = from.wrapping_add(self.functions.size);
            }
            cursor.advance();
        }
    }
}
