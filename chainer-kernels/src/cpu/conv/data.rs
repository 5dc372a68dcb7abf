//! gx: the gradient of a convolution with respect to its input, which is also transposed convolution.

use std::ops::Range;

use super::panel::{Image, Tile};
use super::{Failure, Operand, Problem};
use crate::cpu::copy::copy;
use crate::cpu::gemm::{FLOPS_GRAIN, Matrix, gemm};
use crate::cpu::numeric::{Number, Real, with_real};
use crate::cpu::strided::{Ptr, Scratch, convert, split};
use crate::cpu::{unsupported, wrong_arity};
use crate::error::Result;
use crate::kernel::Conv;
use crate::view::View;

/// At least so many pieces of work, so that a few images keep several threads busy.
const PIECES: usize = 8;

/// gy (N, O, …), w (O, C/groups, …) → gx (N, C, …), which is row-major.
pub(in crate::cpu) fn execute(conv: &Conv, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([gy, w], [gx]) = (inputs, outputs) else { return Err(wrong_arity("convolution_backward_data")) };
    with_real!(gx.dtype, T => run::<T>(conv, gy, w, gx), Err(unsupported("convolution_backward_data", gx.dtype)))
}

fn run<T: Real>(conv: &Conv, gy: &View, w: &View, gx: &View) -> Result<()> {
    if gx.shape.size() == 0 {
        return Ok(());
    }
    let problem = Problem::new(conv, gx, w, gy)?;
    let (geometry, positions, pixels) = (&problem.geometry, problem.geometry.positions(), problem.geometry.pixels());
    let weights = transposed_filters::<T>(&problem, w)?;
    let gradient = Operand::<T::Acc>::new::<T>(gy)?;
    let taps = geometry.taps();
    // Blocks of channels, where images alone would leave threads idle.
    let blocks = PIECES.div_ceil((problem.images * problem.groups).max(1)).clamp(1, problem.channels.max(1));
    let block = problem.channels.div_ceil(blocks);
    let blocks = problem.channels.div_ceil(block);
    let tiles = problem.tiles(block * taps.len(), size_of::<T::Acc>());
    let pointwise = geometry.is_pointwise() && tiles.images == 1;
    let batches = problem.images.div_ceil(tiles.images);
    let out = Ptr(gx.ptr_as::<T>());
    let plans: Vec<(Range<usize>, Tile)> = if pointwise {
        Vec::new()
    } else {
        let strides = gx.shape.strides();
        tiles.ranges(positions).map(|range| (range.clone(), Tile::new(geometry, range, &strides[2..]))).collect()
    };
    let failure = Failure::default();
    let grain = FLOPS_GRAIN.div_ceil((problem.flops() * tiles.images / blocks).max(1));
    split(batches * problem.groups * blocks, grain, |range| {
        let task = || -> Result<()> {
            let panel = Scratch::<T::Acc>::new(if pointwise { 0 } else { block * taps.len() * tiles.row() })?;
            let joined = Scratch::<T::Acc>::new(if tiles.images > 1 { problem.filters * tiles.row() } else { 0 })?;
            let apart = Scratch::<T::Acc>::new(if T::EXACT { 0 } else { block * pixels * tiles.images })?;
            for piece in range {
                let (rest, part) = (piece / blocks, piece % blocks);
                let (batch, group) = (rest / problem.groups, rest % problem.groups);
                let images = batch * tiles.images..problem.images.min((batch + 1) * tiles.images);
                let (channel, end) = (part * block, problem.channels.min((part + 1) * block));
                let channels = end - channel;
                let target = |image: usize| {
                    let at = (image * problem.groups + group) * problem.channels + channel;
                    out.at((at * pixels) as isize)
                };
                let wide = |n: usize, image: usize| {
                    if T::EXACT { target(image).cast::<T::Acc>() } else { apart.ptr().wrapping_add(n * block * pixels) }
                };
                let gradient = |image: usize| {
                    let at = (image * problem.groups + group) * problem.filters * positions;
                    Matrix::new(gradient.ptr.at(at as isize), positions as isize, 1)
                };
                // SAFETY: views bound their elements; the scratch memory is this task's own and large enough; pieces of gx are
                // disjoint. `EXACT` means that `T::Acc` is `T`.
                unsafe {
                    // (channel and tap, filter)
                    let filters = weights.ptr().add((group * problem.depth + channel * taps.len()) * problem.filters);
                    let filters = Matrix::new(filters, problem.filters as isize, 1);
                    if pointwise {
                        let size = [channels, positions, problem.filters];
                        let to = Matrix::new(wide(0, images.start), pixels as isize, 1);
                        gemm(size, to, filters, gradient(images.start), false);
                    } else {
                        for (n, image) in images.clone().enumerate() {
                            std::slice::from_raw_parts_mut(wide(n, image), channels * pixels)
                                .fill(<T::Acc as Number>::ZERO);
                        }
                        for (range, tile) in &plans {
                            let (each, row) = (range.len(), range.len() * images.len());
                            let from = if tiles.images == 1 {
                                gradient(images.start).from(0, range.start)
                            } else {
                                for (n, image) in images.clone().enumerate() {
                                    let (from, to) = (gradient(image), joined.ptr().add(n * each));
                                    let (shape, steps) = ([problem.filters, each], [positions as isize, 1]);
                                    copy(&shape, from.ptr.0, &steps, to, &[row as isize, 1]);
                                }
                                Matrix::new(joined.ptr(), row as isize, 1)
                            };
                            let size = [channels * taps.len(), row, problem.filters];
                            gemm(size, Matrix::new(panel.ptr(), row as isize, 1), filters, from, false);
                            for (n, image) in images.clone().enumerate() {
                                let image = Image { ptr: Ptr(wide(n, image)), channel: pixels as isize };
                                tile.scatter(channels, panel.ptr().add(n * each).cast_const(), row, image);
                            }
                        }
                    }
                    if !T::EXACT {
                        for (n, image) in images.enumerate() {
                            convert(&[channels * pixels], wide(n, image), &[1], target(image), &[1], T::down);
                        }
                    }
                }
            }
            Ok(())
        };
        failure.note(task());
    });
    failure.result()
}

/// The filters of each group with their elements as rows: (channel and tap, filter). The product then reads them as they lie, tile after
/// tile.
fn transposed_filters<T: Real>(problem: &Problem, w: &View) -> Result<Scratch<T::Acc>> {
    let weights = Operand::<T::Acc>::new::<T>(w)?;
    let (depth, filters) = (problem.depth, problem.filters);
    let memory = Scratch::new(problem.groups * depth * filters)?;
    let (from, to) =
        ([(filters * depth) as isize, depth as isize, 1], [(filters * depth) as isize, 1, filters as isize]);
    // SAFETY: both hold an element for each of the filters'; the memory is fresh.
    unsafe { copy(&[problem.groups, filters, depth], weights.ptr.0, &from, memory.ptr(), &to) };
    Ok(memory)
}
