//! [`Kernel::Map`](crate::kernel::Kernel::Map) on the CPU.

use super::compiled::Compiled;
use super::copy::copy_view;
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
        let tasks = if work < PARALLEL { 1 } else { tasks(work).min(most_pieces(total)) };
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
    if let (true, [x], [y]) = (program.copies, inputs, outputs)
        && x.ptr() != y.ptr()
    {
        // SAFETY: whoever built the kernel has checked shapes and dtypes; the output, which has not taken the input's memory, is
        // written by this call only.
        return unsafe { copy_view(x, y) };
    }
    let space = strided(program, shape, inputs, outputs);
    let work = work(program, &space);
    let tasks = if work < PARALLEL { 1 } else { tasks(work) };
    if tasks == 1 {
        // SAFETY: whoever built the kernel has checked shapes and dtypes; views lie inside their buffers; outputs are written
        // by this call only.
        return unsafe { run::run(&space, program, scalars, |_| {}) };
    }
    let (axis, grain) = cut(&space, tasks);
    let tasks = tasks.min(space.dims[axis].div_ceil(grain));
    pool::parallel_for(tasks, &|k| {
        let part = space.part(axis, split(space.dims[axis], tasks, grain, k));
        // SAFETY: as above; parts do not overlap.
        unsafe { run::run(&part, program, scalars, |_| {}) };
    });
}

/// Runs piece `piece` of `pieces` of a map on this thread. Together the pieces are the map.
///
/// # Safety
/// The views have the shape and the program's dtypes, inputs are initialised, and nobody else writes to them or uses this piece of
/// the outputs meanwhile; aliasing is as `Kernel::Map` allows.
pub(super) unsafe fn run_piece(
    program: &Compiled,
    scalars: &[ScalarBits],
    shape: &[usize],
    [inputs, outputs]: [&[View]; 2],
    [piece, pieces]: [usize; 2],
) {
    let total = shape.iter().product();
    if let Some(flat) = Flat::new(total, inputs, outputs) {
        let range = split(total, pieces, GRAIN, piece);
        if !range.is_empty() {
            // SAFETY: the caller's promise.
            unsafe { flat.run(program, scalars, range) };
        }
        return;
    }
    let space = strided(program, shape, inputs, outputs);
    let (axis, grain) = cut(&space, pieces);
    let part = space.part(axis, split(space.dims[axis], pieces, grain, piece));
    // SAFETY: as above.
    unsafe { run::run(&part, program, scalars, |_| {}) };
}

/// The most pieces that a map of `total` elements is cut into.
pub(super) fn most_pieces(total: usize) -> usize {
    total.div_ceil(GRAIN)
}

/// The index space over the operands' strides.
fn strided(program: &Compiled, shape: &[usize], inputs: &[View], outputs: &[View]) -> Space {
    let views = inputs.iter().chain(outputs).map(|view| (view, view.strides()));
    let mut space = Space::new(shape, views, |_| false);
    if program.uses_index {
        space.add_counter(|_| true);
    }
    space
}

/// The axis that a space is cut along, and what pieces are multiples of: the first axis if it is long enough, else the longest.
fn cut(space: &Space, pieces: usize) -> (usize, usize) {
    let longest = (0..space.dims.len()).max_by_key(|&axis| (space.dims[axis], usize::MAX - axis)).unwrap_or(0);
    let axis = if space.dims[0] >= 2 * pieces { 0 } else { longest };
    (axis, if axis + 1 == space.dims.len() { GRAIN } else { 1 })
}

/// Estimated nanoseconds of a map on one thread, by its operands alone.
pub(super) fn estimate(program: &Compiled, total: usize, operands: &[&[View]]) -> f32 {
    let moves = |view: &View| view.shape.iter().zip(&view.strides).any(|(&d, &s)| d != 1 && s != 0);
    let bytes: usize =
        operands.iter().copied().flatten().filter(|view| moves(view)).map(|view| view.dtype.size()).sum();
    total as f32 * (program.cost + bytes as f32 * BYTE)
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
