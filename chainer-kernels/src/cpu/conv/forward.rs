//! y = x ∗ w.

use super::panel::{Image, Tile};
use super::{Failure, Operand, Problem, pixel_step};
use crate::cpu::gemm::{FLOPS_GRAIN, Matrix, gemm};
use crate::cpu::numeric::{Real, with_real};
use crate::cpu::strided::{Ptr, Scratch, convert, split};
use crate::cpu::{unsupported, wrong_arity};
use crate::error::Result;
use crate::kernel::Conv;
use crate::view::View;

/// x (N, C, …), w (O, C/groups, …) → y (N, O, …), which is row-major.
pub(in crate::cpu) fn execute(conv: &Conv, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([x, w], [y]) = (inputs, outputs) else { return Err(wrong_arity("convolution")) };
    with_real!(y.dtype, T => run::<T>(conv, x, w, y), Err(unsupported("convolution", y.dtype)))
}

fn run<T: Real>(conv: &Conv, x: &View, w: &View, y: &View) -> Result<()> {
    if y.shape.size() == 0 {
        return Ok(());
    }
    let problem = Problem::new(conv, x, w, y)?;
    let (geometry, positions) = (&problem.geometry, problem.geometry.positions());
    let weights = Operand::<T::Acc>::new::<T>(w)?;
    // A pointwise window reads x itself as the matrix.
    let direct = if T::EXACT && geometry.is_pointwise() { pixel_step(x) } else { None };
    let width = problem.tile(problem.depth, size_of::<T::Acc>());
    let tiles = positions.div_ceil(width);
    let taps = geometry.taps();
    let (out, input) = (Ptr(y.ptr_as::<T>()), Ptr(x.ptr_as::<T>()));
    let failure = Failure::default();
    let grain = FLOPS_GRAIN.div_ceil((problem.flops() / tiles).max(1));
    split(problem.images * problem.groups * tiles, grain, |range| {
        let task = || -> Result<()> {
            let panel = Scratch::<T::Acc>::new(if direct.is_some() { 0 } else { problem.depth * width })?;
            let rounded = Scratch::<T::Acc>::new(if T::EXACT { 0 } else { problem.filters * width })?;
            for piece in range {
                let (image, tile) = (piece / tiles, piece % tiles);
                let (image, group) = (image / problem.groups, image % problem.groups);
                let (first, end) = (tile * width, positions.min((tile + 1) * width));
                let source = Image {
                    ptr: Ptr(
                        input.at(image as isize * x.strides[0] + (group * problem.channels) as isize * x.strides[1])
                    ),
                    channel: x.strides[1],
                    strides: &x.strides[2..],
                };
                // SAFETY: views bound their elements; the panel and the rounding buffer are this task's own and large enough; tiles
                // of y are disjoint. `EXACT` means that `T::Acc` is `T`.
                unsafe {
                    let columns = match direct {
                        Some(step) => {
                            Matrix::new(source.ptr.at(first as isize * step).cast_const().cast(), source.channel, step)
                        }
                        None => {
                            let segments = geometry.segments(first..end);
                            let channels = problem.channels;
                            Tile { geometry, taps: &taps, segments: &segments, channels, width: end - first }
                                .gather(source, panel.ptr());
                            Matrix::new(panel.ptr(), (end - first) as isize, 1)
                        }
                    };
                    let filters = weights.ptr.at((group * problem.filters * problem.depth) as isize);
                    let filters = Matrix::new(filters, problem.depth as isize, 1);
                    let to =
                        out.at((((image * problem.groups + group) * problem.filters) * positions + first) as isize);
                    let size = [problem.filters, end - first, problem.depth];
                    if T::EXACT {
                        gemm(size, Matrix::new(to.cast(), positions as isize, 1), filters, columns, false);
                    } else {
                        let wide = Matrix::new(rounded.ptr(), (end - first) as isize, 1);
                        gemm(size, wide, filters, columns, false);
                        let steps = [(end - first) as isize, 1];
                        convert(&size[..2], rounded.ptr(), &steps, to, &[positions as isize, 1], T::down);
                    }
                }
            }
            Ok(())
        };
        failure.note(task());
    });
    failure.result()
}
