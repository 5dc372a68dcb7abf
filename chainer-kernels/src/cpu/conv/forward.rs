//! y = x ∗ w.

use super::panel::{Image, Tile};
use super::{Failure, Operand, Problem, pixel_step};
use crate::cpu::epilogue::{After, BLOCK_BYTES};
use crate::cpu::gemm::{FLOPS_GRAIN, Matrix, gemm};
use crate::cpu::numeric::{Real, with_real};
use crate::cpu::strided::{Ptr, Scratch, convert, pieces, split};
use crate::cpu::{unsupported, wrong_arity};
use crate::error::Result;
use crate::kernel::{Conv, Epilogue};
use crate::view::View;

/// x (N, C, …), w (O, C/groups, …) → y (N, O, …), which is row-major.
pub(in crate::cpu) fn execute(conv: &Conv, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([x, w], [y]) = (inputs, outputs) else { return Err(wrong_arity("convolution")) };
    run([x, w, y], conv, None)
}

/// The same with an epilogue; the outputs are row-major.
pub(in crate::cpu) fn execute_with(conv: &Conv, epilogue: &Epilogue, inputs: &[View], outputs: &[View]) -> Result<()> {
    let [x, w, others @ ..] = inputs else { return Err(wrong_arity("convolution_map")) };
    let after = After::new("convolution_map", epilogue, others, outputs)?;
    run([x, w, after.product()], conv, Some(&after))
}

fn run([x, w, y]: [&View; 3], conv: &Conv, after: Option<&After>) -> Result<()> {
    with_real!(y.dtype, T => run_as::<T>([x, w, y], conv, after), Err(unsupported("convolution", y.dtype)))
}

fn run_as<T: Real>([x, w, y]: [&View; 3], conv: &Conv, after: Option<&After>) -> Result<()> {
    if y.shape.size() == 0 {
        return Ok(());
    }
    let problem = Problem::new(conv, x, w, y)?;
    let (geometry, positions) = (&problem.geometry, problem.geometry.positions());
    let weights = Operand::<T::Acc>::new::<T>(w)?;
    let tiles = problem.tiles(problem.depth, size_of::<T::Acc>());
    // A pointwise window reads x itself as the matrix, unless images are so small that they share a panel.
    let direct = if T::EXACT && geometry.is_pointwise() && tiles.images == 1 { pixel_step(x) } else { None };
    let in_place = T::EXACT && tiles.images == 1;
    let batches = problem.images.div_ceil(tiles.images);
    let plans: Vec<Tile> = match direct {
        Some(_) => Vec::new(),
        None => tiles.ranges(positions).map(|range| Tile::new(geometry, range, &x.strides[2..])).collect(),
    };
    let (out, input) = (Ptr(y.ptr_as::<T>()), Ptr(x.ptr_as::<T>()));
    let failure = Failure::default();
    let all = batches * problem.groups * tiles.per_image;
    let grain = |more: usize| {
        let flops = problem.flops() + problem.filters * positions * more;
        FLOPS_GRAIN.div_ceil((flops * tiles.images / tiles.per_image).max(1))
    };
    let more = after.map_or(0, After::flops);
    let blocks = after.and_then(|after| after.blocks(1, 2, pieces(all, grain(more))));
    split(all, grain(if blocks.is_some() { more } else { 0 }), |range| {
        let task = || -> Result<()> {
            let panel = Scratch::<T::Acc>::new(if direct.is_some() { 0 } else { problem.depth * tiles.row() })?;
            let apart = Scratch::<T::Acc>::new(if in_place { 0 } else { problem.filters * tiles.row() })?;
            let last = range.end - 1;
            // The first column whose epilogue has not run.
            let mut waiting = None;
            for piece in range {
                let (rest, tile) = (piece / tiles.per_image, piece % tiles.per_image);
                let (batch, group) = (rest / problem.groups, rest % problem.groups);
                let (first, end) = (tile * tiles.width, positions.min((tile + 1) * tiles.width));
                let images = batch * tiles.images..problem.images.min((batch + 1) * tiles.images);
                let (each, row) = (end - first, (end - first) * images.len());
                let source = |image: usize| Image {
                    ptr: Ptr(
                        input.at(image as isize * x.strides[0] + (group * problem.channels) as isize * x.strides[1])
                    ),
                    channel: x.strides[1],
                };
                let target = |image: usize| {
                    out.at((((image * problem.groups + group) * problem.filters) * positions + first) as isize)
                };
                let size = [problem.filters, row, problem.depth];
                // SAFETY: views bound their elements; the panel and `apart` are this task's own and large enough; tiles of y are
                // disjoint. `EXACT` means that `T::Acc` is `T`.
                unsafe {
                    let columns = if let Some(step) = direct {
                        let source = source(images.start);
                        Matrix::new(source.ptr.at(first as isize * step).cast_const().cast(), source.channel, step)
                    } else {
                        for (n, image) in images.clone().enumerate() {
                            plans[tile].gather(problem.channels, source(image), panel.ptr().add(n * each), row);
                        }
                        Matrix::new(panel.ptr(), row as isize, 1)
                    };
                    let filters = weights.ptr.at((group * problem.filters * problem.depth) as isize);
                    let filters = Matrix::new(filters, problem.depth as isize, 1);
                    if in_place {
                        let to = Matrix::new(target(images.start).cast(), positions as isize, 1);
                        gemm(size, to, filters, columns, false);
                    } else {
                        gemm(size, Matrix::new(apart.ptr(), row as isize, 1), filters, columns, false);
                        for (n, image) in images.clone().enumerate() {
                            let from = apart.ptr().add(n * each);
                            let shape = [problem.filters, each];
                            convert(&shape, from, &[row as isize, 1], target(image), &[positions as isize, 1], T::down);
                        }
                    }
                    let Some(blocks) = &blocks else { continue };
                    // Rows of several tiles: those of one may be short.
                    let from = *waiting.get_or_insert(first);
                    let bytes = (end - from) * images.len() * problem.filters * size_of::<T>();
                    if bytes >= BLOCK_BYTES || tile + 1 == tiles.per_image || piece == last {
                        let filters = group * problem.filters..(group + 1) * problem.filters;
                        blocks.run(images, filters, from..end);
                        waiting = None;
                    }
                }
            }
            Ok(())
        };
        failure.note(task());
    });
    failure.result()?;
    if let (Some(after), None) = (after, &blocks) {
        after.run_whole();
    }
    Ok(())
}
