//! [`Kernel::Map`](crate::kernel::Kernel::Map) on the CPU.

use super::compiled::Compiled;
use super::flat::Flat;
use super::space::{Space, split};
use super::{pool, run};
use crate::error::Result;
use crate::kernel::Map;
use crate::program::ScalarBits;
use crate::view::View;

/// Work below this many nanoseconds stays on the calling thread.
pub(super) const PARALLEL: f32 = 20_000.0;
/// Nanoseconds that a byte read or written takes.
const BYTE: f32 = 0.02;
/// Tasks along a row begin at multiples of this many elements.
const GRAIN: usize = 1024;

pub(super) fn execute(map: &Map, inputs: &[View], outputs: &[View]) -> Result<()> {
    execute_compiled(map.program.compiled()?, &map.scalars, &map.shape, inputs, outputs);
    Ok(())
}

pub(super) fn execute_compiled(
    program: &Compiled,
    scalars: &[ScalarBits],
    shape: &[usize],
    inputs: &[View],
    outputs: &[View],
) {
    let total = shape.iter().product();
    if total == 0 {
        return;
    }
    if let Some(flat) = Flat::new(total, inputs, outputs) {
        let work = total as f32 * (program.cost + flat.bytes() as f32 * BYTE);
        let tasks = if work < PARALLEL { 1 } else { tasks(work).min(total.div_ceil(GRAIN)) };
        if tasks == 1 {
            // SAFETY: whoever built the kernel has checked shapes and dtypes; views lie inside their buffers; outputs are
            // written by this call only.
            return unsafe { flat.run(program, scalars, 0..total) };
        }
        return pool::parallel_for(tasks, &|k| {
            // SAFETY: as above; the ranges do not overlap.
            unsafe { flat.run(program, scalars, split(total, tasks, GRAIN, k)) };
        });
    }
    let views = inputs.iter().chain(outputs).map(|view| (view, view.strides()));
    let mut space = Space::new(shape, views, |_| false);
    if program.uses_index {
        space.add_counter(|_| true);
    }
    let work = work(program, &space);
    let tasks = if work < PARALLEL { 1 } else { tasks(work) };
    if tasks == 1 {
        // SAFETY: whoever built the kernel has checked shapes and dtypes; views lie inside their buffers; outputs are written
        // by this call only.
        return unsafe { run::run(&space, program, scalars, |_| {}) };
    }
    // Along the first axis if it is long enough, else along the longest.
    let longest = (0..space.dims.len()).max_by_key(|&axis| (space.dims[axis], usize::MAX - axis)).unwrap_or(0);
    let axis = if space.dims[0] >= 2 * tasks { 0 } else { longest };
    let grain = if axis + 1 == space.dims.len() { GRAIN } else { 1 };
    let tasks = tasks.min(space.dims[axis].div_ceil(grain));
    pool::parallel_for(tasks, &|k| {
        let part = space.part(axis, split(space.dims[axis], tasks, grain, k));
        // SAFETY: as above; parts do not overlap.
        unsafe { run::run(&part, program, scalars, |_| {}) };
    });
}

/// Estimated nanoseconds on one thread: computing and moving memory.
pub(super) fn work(program: &Compiled, space: &Space) -> f32 {
    let bytes: usize = space.operands.iter().filter(|o| o.strides.iter().any(|&s| s != 0)).map(|o| o.size).sum();
    space.size() as f32 * (program.cost + bytes as f32 * BYTE)
}

/// How many pieces to cut that much work into: a few for each thread, none too small.
pub(super) fn tasks(work: f32) -> usize {
    let threads = pool::threads();
    if threads == 1 { 1 } else { ((work / (PARALLEL / 4.0)) as usize).clamp(1, threads * 4) }
}
