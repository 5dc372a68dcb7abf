//! gw: the gradient of a convolution with respect to its filters.

use std::ops::Range;

use super::panel::{Image, Tile};
use super::{Failure, Operand, Problem, pixel_step};
use crate::cpu::gemm::{FLOPS_GRAIN, Matrix, gemm};
use crate::cpu::numeric::{Number, Real, with_real};
use crate::cpu::strided::{Ptr, Scratch, split};
use crate::cpu::{unsupported, wrong_arity};
use crate::error::Result;
use crate::kernel::Conv;
use crate::view::View;

/// At least so many pieces of work where channels allow it, otherwise by parts of the images.
const PIECES: usize = 16;
/// Columns of gw that a product needs to run well.
const COLUMNS: usize = 64;

/// x (N, C, …), gy (N, O, …) → gw (O, C/groups, …), which is row-major.
pub(in crate::cpu) fn execute(conv: &Conv, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([x, gy], [gw]) = (inputs, outputs) else { return Err(wrong_arity("convolution_backward_filter")) };
    with_real!(gw.dtype, T => run::<T>(conv, x, gy, gw), Err(unsupported("convolution_backward_filter", gw.dtype)))
}

fn run<T: Real>(conv: &Conv, x: &View, gy: &View, gw: &View) -> Result<()> {
    let total = gw.shape.size();
    if total == 0 {
        return Ok(());
    }
    let problem = Problem::new(conv, x, gw, gy)?;
    let (geometry, positions) = (&problem.geometry, problem.geometry.positions());
    let gradient = Operand::<T::Acc>::new::<T>(gy)?;
    let direct = if T::EXACT && geometry.is_pointwise() { pixel_step(x) } else { None };
    let taps = geometry.window();
    if problem.images == 0 || positions == 0 {
        // SAFETY: gw is row-major and belongs to the kernel.
        unsafe { std::slice::from_raw_parts_mut(gw.ptr_as::<T>(), total).fill(T::ZERO) };
        return Ok(());
    }
    // Blocks of channels write disjoint parts of gw; parts of the images need a sum of their own each.
    let block = COLUMNS.div_ceil(taps).max(problem.channels.div_ceil(PIECES)).min(problem.channels);
    let blocks = problem.channels.div_ceil(block);
    let parts = PIECES.div_ceil(problem.groups * blocks).clamp(1, problem.images);
    let tiles = problem.tiles(block * taps, size_of::<T::Acc>());
    let width = tiles.width;
    let plans: Vec<(Range<usize>, Tile)> =
        tiles.ranges(positions).map(|range| (range.clone(), Tile::new(geometry, range, &x.strides[2..]))).collect();
    // The product repacks the operand that lies across its columns: better the smaller one.
    let flipped = block * taps > problem.filters;
    let (row, column) = if flipped { (1, problem.filters) } else { (problem.depth, 1) };
    let in_place = T::EXACT && parts == 1 && !flipped;
    let sums = Scratch::<T::Acc>::new(if in_place { 0 } else { parts * total })?;
    let sum = if in_place { Ptr(gw.ptr().cast::<T::Acc>()) } else { Ptr(sums.ptr()) };
    let input = Ptr(x.ptr_as::<T>());
    let failure = Failure::default();
    let pieces = parts * problem.groups * blocks;
    let grain = FLOPS_GRAIN.div_ceil((problem.flops() * problem.images * problem.groups / pieces).max(1));
    split(pieces, grain, |range| {
        let task = || -> Result<()> {
            let panel = Scratch::<T::Acc>::new(if direct.is_some() { 0 } else { block * taps * width })?;
            for piece in range {
                let (part, rest) = (piece / (problem.groups * blocks), piece % (problem.groups * blocks));
                let (group, chunk) = (rest / blocks, rest % blocks);
                let (channel, end) = (chunk * block, problem.channels.min((chunk + 1) * block));
                let columns = (end - channel) * taps;
                let images = part * problem.images / parts..(part + 1) * problem.images / parts;
                let place = part * total + group * problem.filters * problem.depth + channel * taps * column;
                let to = Matrix::new(sum.at(place as isize), row as isize, column as isize);
                let mut started = false;
                for image in images {
                    let first_channel = (group * problem.channels + channel) as isize;
                    let source = Image {
                        ptr: Ptr(input.at(image as isize * x.strides[0] + first_channel * x.strides[1])),
                        channel: x.strides[1],
                    };
                    let from = ((image * problem.groups + group) * problem.filters * positions) as isize;
                    let from = Matrix::new(gradient.ptr.at(from), positions as isize, 1);
                    for (range, tile) in &plans {
                        // SAFETY: views bound their elements; the panel is this task's own and large enough; pieces write disjoint
                        // places of the sums, of which the first product sets each. `EXACT` means that `T::Acc` is `T`.
                        unsafe {
                            let transposed = match direct {
                                Some(step) => Matrix::new(
                                    source.ptr.at(range.start as isize * step).cast_const().cast(),
                                    step,
                                    source.channel,
                                ),
                                None => {
                                    tile.gather(end - channel, source, panel.ptr(), range.len());
                                    Matrix::new(panel.ptr(), 1, range.len() as isize)
                                }
                            };
                            let size = [problem.filters, columns, range.len()];
                            gemm(size, to, from.from(0, range.start), transposed, started);
                        }
                        started = true;
                    }
                }
            }
            Ok(())
        };
        failure.note(task());
    });
    failure.result()?;
    if !in_place {
        // The parts in order, and back to the layout of gw.
        let out = Ptr(gw.ptr_as::<T>());
        let (filters, depth) = (problem.filters, problem.depth);
        split(problem.groups * filters, (1usize << 15).div_ceil(depth), |range| {
            for filter in range {
                let from = filter / filters * filters * depth + filter % filters * row;
                for element in 0..depth {
                    let mut value = <T::Acc as Number>::ZERO;
                    for part in 0..parts {
                        // SAFETY: every sum was written above.
                        value += unsafe { *sum.at((part * total + from + element * column) as isize) };
                    }
                    // SAFETY: one place of gw, which no other task writes.
                    unsafe { *out.at((filter * depth + element) as isize) = T::down(value) };
                }
            }
        });
    }
    Ok(())
}
