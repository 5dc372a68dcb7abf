//! Max and average pooling over any number of spatial axes, and what their gradients need.
//!
//! Each task takes whole channels of images, so gradients are summed in one order. The inner loops run along a line of output
//! positions, one element of the window at a time.

use super::conv::geometry::{Geometry, Segment};
use super::numeric::{Number, Real, with_real};
use super::strided::{Ptr, Rows, split};
use super::{unsupported, wrong_arity};
use crate::error::Result;
use crate::kernel::{AveragePool, Divisor, Pool, Spatial};
use crate::view::View;

mod unfold;

pub(super) use unfold::{fold, unfold};

/// Window elements that a task should have at least.
const GRAIN: usize = 1 << 15;

/// The window over images shaped like `x`, with outputs shaped like `y`.
struct Windows {
    geometry: Geometry,
    taps: Vec<Spatial>,
    /// Images times channels.
    planes: usize,
    grain: usize,
}

impl Windows {
    fn new(pool: &Pool, x: &View, y: &View) -> Self {
        let geometry = Geometry {
            input: x.shape[2..].into(),
            output: y.shape[2..].into(),
            kernel: pool.ksize.clone(),
            stride: pool.stride.clone(),
            pad: pool.pad.clone(),
            dilate: pool.ksize.iter().map(|_| 1).collect(),
        };
        Windows::of(geometry, x.shape[0] * x.shape[1])
    }

    fn of(geometry: Geometry, planes: usize) -> Self {
        let taps = geometry.taps();
        let grain = GRAIN.div_ceil((geometry.positions() * taps.len()).max(1));
        Windows { taps, planes, grain, geometry }
    }

    /// Calls `f` with the offsets of each plane in the given views, on several threads.
    fn planes<const N: usize>(&self, views: [&View; N], f: impl Fn([isize; N]) + Sync) {
        if self.planes == 0 {
            return;
        }
        let rows = Rows::new(&views[0].shape[..2], views.map(|v| &v.strides[..2]));
        let len = rows.len;
        split(self.planes, self.grain, |range| {
            let mut plane = range.start / len * len;
            rows.walk(range.start / len..range.end.div_ceil(len), |offsets| {
                for i in 0..len {
                    if range.contains(&plane) {
                        f(std::array::from_fn(|k| offsets[k] + i as isize * rows.steps[k]));
                    }
                    plane += 1;
                }
            });
        });
    }

    /// Calls `f(position, place)` for the output positions of a plane in order: `index` gives the number of the window's element that
    /// each position names, `place` is its offset in the input, if it lies inside.
    fn named(
        &self,
        segments: &[Segment],
        strides: &[isize],
        mut index: impl FnMut(usize) -> i32,
        mut f: impl FnMut(usize, Option<isize>),
    ) {
        let (g, last) = (&self.geometry, strides.len() - 1);
        let mut lines: Vec<Option<isize>> = Vec::with_capacity(self.taps.len());
        for segment in segments {
            lines.clear();
            lines.extend(self.taps.iter().map(|tap| g.line(segment, tap, strides)));
            for j in segment.first..segment.end {
                let position = segment.at + j - segment.first;
                let tap = index(position) as usize;
                let place = lines.get(tap).copied().flatten().and_then(|line| {
                    let at = (j * g.stride[last] + self.taps[tap][last]).wrapping_sub(g.pad[last]);
                    (at < g.input[last]).then(|| line + at as isize * strides[last])
                });
                f(position, place);
            }
        }
    }
}

/// The offset of a segment's line in an array of the outputs' shape. The segment is one of all positions.
fn output_line(g: &Geometry, segment: &Segment, strides: &[isize]) -> isize {
    let last = g.output.len() - 1;
    let mut rest = segment.at / g.output[last].max(1);
    let mut offset = 0;
    for axis in (0..last).rev() {
        offset += (rest % g.output[axis]) as isize * strides[axis];
        rest /= g.output[axis];
    }
    offset
}

/// The offsets of a plane's elements in row-major order.
fn plane_offsets(view: &View) -> Vec<isize> {
    let rows = Rows::new(&view.shape[2..], [&view.strides[2..]]);
    let mut offsets = Vec::with_capacity(rows.count() * rows.len);
    rows.walk(0..rows.count(), |[offset]| {
        offsets.extend((0..rows.len as isize).map(|n| offset + n * rows.steps[0]));
    });
    offsets
}

/// x → y, index (both row-major).
pub(super) fn max(pool: &Pool, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([x], [y, index]) = (inputs, outputs) else { return Err(wrong_arity("max_pooling")) };
    with_real!(x.dtype, T => run_max::<T>(pool, x, y, index), return Err(unsupported("max_pooling", x.dtype)));
    Ok(())
}

fn run_max<T: Real>(pool: &Pool, x: &View, y: &View, index: &View) {
    let windows = Windows::new(pool, x, y);
    let (g, taps) = (&windows.geometry, &windows.taps);
    let segments = g.segments(0..g.positions());
    let last = g.input.len() - 1;
    let strides = &x.strides[2..];
    let (from, to, places) = (Ptr(x.ptr_as::<T>()), Ptr(y.ptr_as::<T>()), Ptr(index.ptr_as::<i32>()));
    let step = strides[last] * g.stride[last] as isize;
    windows.planes([x, y, index], |[i, j, k]| {
        for segment in &segments {
            let len = segment.end - segment.first;
            // SAFETY: a segment is part of the plane of the row-major outputs, which belongs to this task.
            let (best, place) = unsafe {
                (
                    std::slice::from_raw_parts_mut(to.at(j + segment.at as isize), len),
                    std::slice::from_raw_parts_mut(places.at(k + segment.at as isize), len),
                )
            };
            best.fill(T::NEG_INFINITY);
            place.fill(0);
            for (number, tap) in taps.iter().enumerate() {
                let Some(line) = g.line(segment, tap, strides) else { continue };
                let (low, high, at) = g.inside(segment.first, segment.end, tap[last]);
                let source = from.at(i + line + at as isize * strides[last]);
                let range = low - segment.first..high - segment.first;
                let candidates = best[range.clone()].iter_mut().zip(&mut place[range]);
                for (n, (best, place)) in candidates.enumerate() {
                    // SAFETY: `line` and `inside` bound the element.
                    let value = unsafe { *source.offset(n as isize * step) };
                    // Greater, or the first NaN.
                    #[allow(clippy::eq_op, clippy::neg_cmp_op_on_partial_ord)]
                    let better = !(value <= *best) && *best == *best;
                    *best = if better { value } else { *best };
                    *place = if better { number as i32 } else { *place };
                }
            }
        }
    });
}

/// gy, index → gx (row-major).
pub(super) fn max_backward(pool: &Pool, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([gy, index], [gx]) = (inputs, outputs) else { return Err(wrong_arity("max_pooling_backward")) };
    with_real!(gy.dtype, T => {
        let windows = Windows::new(pool, gx, gy);
        let (from, places, to) = (Ptr(gy.ptr_as::<T>()), Ptr(index.ptr_as::<i32>()), Ptr(gx.ptr_as::<T>()));
        let (pixels, strides) = (windows.geometry.pixels(), gx.shape.strides());
        let segments = windows.geometry.segments(0..windows.geometry.positions());
        let (of_gy, of_index) = (plane_offsets(gy), plane_offsets(index));
        windows.planes([gx, gy, index], |[i, j, k]| {
            // SAFETY: gx is row-major, and this plane belongs to this task.
            let plane = unsafe { std::slice::from_raw_parts_mut(to.at(i), pixels) };
            plane.fill(T::ZERO);
            // SAFETY: inside the index's plane.
            let named = |position: usize| unsafe { *places.at(k + of_index[position]) };
            windows.named(&segments, &strides[2..], named, |position, place| {
                // Windows without an element inside the input have no gradient to give.
                if let Some(target) = place {
                    let target = &mut plane[target as usize];
                    // SAFETY: inside gy's plane.
                    *target = target.plus(unsafe { *from.at(j + of_gy[position]) });
                }
            });
        });
    }, return Err(unsupported("max_pooling_backward", gy.dtype)));
    Ok(())
}

/// ggx, index → ggy (row-major): what each window's maximum names; 0 where it lies in the padding.
pub(super) fn max_gather(pool: &Pool, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([ggx, index], [ggy]) = (inputs, outputs) else { return Err(wrong_arity("max_pooling_gather")) };
    with_real!(ggx.dtype, T => {
        let windows = Windows::new(pool, ggx, ggy);
        let (from, places, to) = (Ptr(ggx.ptr_as::<T>()), Ptr(index.ptr_as::<i32>()), Ptr(ggy.ptr_as::<T>()));
        let segments = windows.geometry.segments(0..windows.geometry.positions());
        let of_index = plane_offsets(index);
        windows.planes([ggx, index, ggy], |[i, k, j]| {
            // SAFETY: inside the index's plane.
            let named = |position: usize| unsafe { *places.at(k + of_index[position]) };
            windows.named(&segments, &ggx.strides[2..], named, |position, place| {
                // SAFETY: the place lies inside ggx's plane; ggy is row-major, and this plane belongs to this task.
                unsafe { *to.at(j + position as isize) = place.map_or(T::ZERO, |offset| *from.at(i + offset)) };
            });
        });
    }, return Err(unsupported("max_pooling_gather", ggx.dtype)));
    Ok(())
}

/// By how much the window of each output position of a line is divided.
fn divisors<A: Real<Acc = A>>(g: &Geometry, pool: &AveragePool, segment: &Segment) -> Vec<A> {
    let last = g.input.len() - 1;
    let overlap = |start: isize, kernel: usize, size: usize| {
        let end = (start + kernel as isize).min(size as isize);
        (end - start.max(0)).max(0) as usize
    };
    let outer: usize =
        segment.outer.iter().enumerate().map(|(axis, &start)| overlap(start, g.kernel[axis], g.input[axis])).product();
    (segment.first..segment.end)
        .map(|j| {
            let start = (j * g.stride[last]) as isize - g.pad[last] as isize;
            let count = match pool.divisor {
                Divisor::Window => g.window(),
                // A window of padding alone: its sum of nothing is 0 by whatever it is divided.
                Divisor::Inside => (outer * overlap(start, g.kernel[last], g.input[last])).max(1),
                Divisor::One => 1,
            };
            A::from_count(count)
        })
        .collect()
}

/// x → y (row-major).
pub(super) fn average(pool: &AveragePool, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([x], [y]) = (inputs, outputs) else { return Err(wrong_arity("average_pooling")) };
    with_real!(x.dtype, T => run_average::<T>(pool, x, y), return Err(unsupported("average_pooling", x.dtype)));
    Ok(())
}

fn run_average<T: Real>(pool: &AveragePool, x: &View, y: &View) {
    let windows = Windows::new(&pool.pool, x, y);
    let (g, taps) = (&windows.geometry, &windows.taps);
    let last = g.input.len() - 1;
    let strides = &x.strides[2..];
    let lines: Vec<_> = g
        .segments(0..g.positions())
        .into_iter()
        .map(|segment| {
            let by = divisors::<T::Acc>(g, pool, &segment);
            (segment, by)
        })
        .collect();
    let (from, to) = (Ptr(x.ptr_as::<T>()), Ptr(y.ptr_as::<T>()));
    let step = strides[last] * g.stride[last] as isize;
    windows.planes([x, y], |[i, j]| {
        let mut sums: Vec<T::Acc> = Vec::new();
        for (segment, by) in &lines {
            sums.clear();
            sums.resize(by.len(), <T::Acc as Number>::ZERO);
            for tap in taps {
                let Some(line) = g.line(segment, tap, strides) else { continue };
                let (low, high, at) = g.inside(segment.first, segment.end, tap[last]);
                let source = from.at(i + line + at as isize * strides[last]);
                for (n, sum) in sums[low - segment.first..high - segment.first].iter_mut().enumerate() {
                    // SAFETY: `line` and `inside` bound the element.
                    *sum += unsafe { (*source.offset(n as isize * step)).up() };
                }
            }
            for (n, (&sum, &by)) in sums.iter().zip(by).enumerate() {
                // SAFETY: y is row-major, and this plane belongs to this task.
                unsafe { *to.at(j + (segment.at + n) as isize) = T::down(T::divide(sum, by)) };
            }
        }
    });
}

/// gy → gx (row-major).
pub(super) fn average_backward(pool: &AveragePool, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([gy], [gx]) = (inputs, outputs) else { return Err(wrong_arity("average_pooling_backward")) };
    with_real!(gy.dtype, T => run_average_backward::<T>(pool, gy, gx), {
        return Err(unsupported("average_pooling_backward", gy.dtype));
    });
    Ok(())
}

fn run_average_backward<T: Real>(pool: &AveragePool, gy: &View, gx: &View) {
    let windows = Windows::new(&pool.pool, gx, gy);
    let (g, taps) = (&windows.geometry, &windows.taps);
    let last = g.input.len() - 1;
    let lines: Vec<_> = g
        .segments(0..g.positions())
        .into_iter()
        .map(|segment| {
            let by = divisors::<T::Acc>(g, pool, &segment);
            let offset = output_line(g, &segment, &gy.strides[2..]);
            (segment, by, offset)
        })
        .collect();
    let (from, to) = (Ptr(gy.ptr_as::<T>()), Ptr(gx.ptr_as::<T>()));
    let strides = gx.shape.strides();
    let (step, stride) = (gy.strides[2 + last], g.stride[last]);
    windows.planes([gy, gx], |[i, j]| {
        let mut plane = vec![<T::Acc as Number>::ZERO; g.pixels()];
        let mut line_gradient: Vec<T::Acc> = Vec::new();
        for (segment, by, offset) in &lines {
            line_gradient.clear();
            line_gradient.extend(by.iter().enumerate().map(|(n, &by)| {
                // SAFETY: inside gy's plane.
                let gradient = unsafe { *from.at(i + offset + n as isize * step) };
                T::divide(gradient.up(), by)
            }));
            for tap in taps {
                let Some(line) = g.line(segment, tap, &strides[2..]) else { continue };
                let (low, high, at) = g.inside(segment.first, segment.end, tap[last]);
                if low == high {
                    continue;
                }
                let target = &mut plane[line as usize + at..];
                for (sum, &gradient) in target.iter_mut().step_by(stride).zip(&line_gradient[low..high]) {
                    *sum += gradient;
                }
            }
        }
        for (n, &sum) in plane.iter().enumerate() {
            // SAFETY: gx is row-major, and this plane belongs to this task.
            unsafe { *to.at(j + n as isize) = T::down(sum) };
        }
    });
}

#[cfg(test)]
mod tests;
