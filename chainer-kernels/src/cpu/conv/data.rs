//! gx: the gradient of a convolution with respect to its input, which is also transposed convolution.

use super::panel::{Image, Tile};
use super::{Failure, Operand, Problem};
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
    let weights = Operand::<T::Acc>::new::<T>(w)?;
    let gradient = Operand::<T::Acc>::new::<T>(gy)?;
    let taps = geometry.taps();
    let pieces = problem.images * problem.groups;
    let blocks = PIECES.div_ceil(pieces.max(1)).clamp(1, problem.channels.max(1));
    let block = problem.channels.div_ceil(blocks);
    let blocks = problem.channels.div_ceil(block);
    let pointwise = geometry.is_pointwise();
    let width = problem.tile(block * taps.len(), size_of::<T::Acc>()).max(1);
    let out = Ptr(gx.ptr_as::<T>());
    let strides = gx.shape.strides();
    let failure = Failure::default();
    let grain = FLOPS_GRAIN.div_ceil((problem.flops() / blocks).max(1));
    split(pieces * blocks, grain, |range| {
        let task = || -> Result<()> {
            let panel = Scratch::<T::Acc>::new(if pointwise { 0 } else { block * taps.len() * width })?;
            let rounded = Scratch::<T::Acc>::new(if T::EXACT { 0 } else { block * pixels })?;
            for piece in range {
                let (image, part) = (piece / blocks, piece % blocks);
                let group = image % problem.groups;
                let (channel, end) = (part * block, problem.channels.min((part + 1) * block));
                let channels = end - channel;
                let to = out.at(((image * problem.channels + channel) * pixels) as isize);
                let wide = if T::EXACT { to.cast::<T::Acc>() } else { rounded.ptr() };
                // SAFETY: views bound their elements; the panel and the rounding buffer are this task's own and large enough;
                // pieces of gx are disjoint. `EXACT` means that `T::Acc` is `T`.
                unsafe {
                    let filters = weights.ptr.at((group * problem.filters * problem.depth) as isize);
                    // (channel and tap, filter)
                    let filters = Matrix::new(filters, 1, problem.depth as isize).from(channel * taps.len(), 0);
                    let from = gradient.ptr.at((image * problem.filters * positions) as isize);
                    let from = Matrix::new(from, positions as isize, 1);
                    if pointwise {
                        let size = [channels, positions, problem.filters];
                        gemm(size, Matrix::new(wide, pixels as isize, 1), filters, from, false);
                    } else {
                        std::slice::from_raw_parts_mut(wide, channels * pixels).fill(<T::Acc as Number>::ZERO);
                        let target = Image { ptr: Ptr(wide), channel: pixels as isize, strides: &strides[2..] };
                        for first in (0..positions).step_by(width) {
                            let last = positions.min(first + width);
                            let size = [channels * taps.len(), last - first, problem.filters];
                            let columns = Matrix::new(panel.ptr(), (last - first) as isize, 1);
                            gemm(size, columns, filters, from.from(0, first), false);
                            let segments = geometry.segments(first..last);
                            Tile { geometry, taps: &taps, segments: &segments, channels, width: last - first }
                                .scatter(panel.ptr().cast_const(), target);
                        }
                    }
                    if !T::EXACT {
                        convert(&[channels * pixels], rounded.ptr(), &[1], to, &[1], T::down);
                    }
                }
            }
            Ok(())
        };
        failure.note(task());
    });
    failure.result()
}
