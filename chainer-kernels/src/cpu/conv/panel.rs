//! Panels: the columns of a convolution as a matrix, built a tile at a time.

use super::geometry::Geometry;
use crate::cpu::numeric::{Number, Real};
use crate::cpu::strided::Ptr;

/// One image's channels: where they begin and how far apart they are.
#[derive(Clone, Copy)]
pub(super) struct Image<T> {
    pub ptr: Ptr<T>,
    /// Step between channels.
    pub channel: isize,
}

/// A run of panel elements: zeros, elements of the image, zeros.
#[derive(Clone, Copy)]
struct Run {
    /// The place in the panel's row.
    at: usize,
    before: usize,
    inside: usize,
    after: usize,
    /// The offset of the first element inside, in the image's channel.
    from: isize,
}

/// Where the elements of a tile come from: the same for every channel and image, so it is worked out once.
pub(super) struct Tile {
    /// For each window element, in order, the runs of its panel row.
    runs: Vec<Run>,
    taps: usize,
    /// Step between the image's elements of a run.
    step: isize,
}

impl Tile {
    /// The tile of the output positions `range`, over images with the given spatial strides.
    pub fn new(geometry: &Geometry, range: std::ops::Range<usize>, strides: &[isize]) -> Self {
        let (taps, segments) = (geometry.taps(), geometry.segments(range));
        let last = strides.len() - 1;
        let mut runs: Vec<Run> = Vec::with_capacity(taps.len() * segments.len());
        for tap in &taps {
            for segment in &segments {
                let len = segment.end - segment.first;
                runs.push(match geometry.line(segment, tap, strides) {
                    None => Run { at: segment.at, before: len, inside: 0, after: 0, from: 0 },
                    Some(line) => {
                        let (low, high, at) = geometry.inside(segment.first, segment.end, tap[last]);
                        let from = if low < high { line + at as isize * strides[last] } else { 0 };
                        let (before, inside) = (low - segment.first, high - low);
                        Run { at: segment.at, before, inside, after: len - before - inside, from }
                    }
                });
            }
        }
        Tile { runs, taps: taps.len(), step: strides[last] * geometry.stride[last] as isize }
    }

    /// Calls `f` with each run, the start of its panel row and that of its channel.
    fn each<T: Copy, P>(
        &self,
        channels: usize,
        image: Image<T>,
        panel: *mut P,
        width: usize,
        mut f: impl FnMut(&Run, *mut P, *mut T),
    ) {
        let segments = self.runs.len() / self.taps.max(1);
        let mut row = panel;
        for channel in 0..channels {
            let base = image.ptr.at(channel as isize * image.channel);
            for runs in self.runs.chunks_exact(segments.max(1)) {
                for run in runs {
                    f(run, row, base);
                }
                row = row.wrapping_add(width);
            }
        }
    }

    /// Fills panel rows (channel, tap) of `width` elements: zero outside the image.
    ///
    /// # Safety
    /// `image` is valid for the geometry and `channels`; `panel` holds the tile's elements of `channels · taps` rows that lie `width`
    /// apart, which are the caller's own.
    pub unsafe fn gather<T: Real>(&self, channels: usize, image: Image<T>, panel: *mut T::Acc, width: usize) {
        let step = self.step;
        self.each(channels, image, panel, width, |run, row, base| {
            // SAFETY: a run's places lie inside its panel row, and its elements inside the image (see `Tile::new`).
            unsafe {
                let to = row.add(run.at);
                zero::<T>(to, run.before);
                let to = to.add(run.before);
                let from = base.wrapping_offset(run.from).cast_const();
                if step == 1 && T::EXACT {
                    // `EXACT`: both types are one.
                    std::ptr::copy_nonoverlapping(from.cast::<T::Acc>(), to, run.inside);
                } else {
                    for i in 0..run.inside {
                        *to.add(i) = (*from.offset(i as isize * step)).up();
                    }
                }
                zero::<T>(to.add(run.inside), run.after);
            }
        });
    }

    /// Adds each element of the panel to the place of the image that [`Tile::gather`] reads it from.
    ///
    /// # Safety
    /// As [`Tile::gather`]; the image is this task's own and initialised.
    pub unsafe fn scatter<T: Real<Acc = T> + std::ops::AddAssign>(
        &self,
        channels: usize,
        panel: *const T,
        width: usize,
        image: Image<T>,
    ) {
        let step = self.step;
        self.each(channels, image, panel.cast_mut(), width, |run, row, base| {
            // SAFETY: a run's places lie inside its panel row, and its elements inside the image (see `Tile::new`).
            unsafe {
                let from = row.add(run.at + run.before).cast_const();
                let to = base.wrapping_offset(run.from);
                if step == 1 {
                    for i in 0..run.inside {
                        *to.add(i) += *from.add(i);
                    }
                } else {
                    for i in 0..run.inside {
                        *to.offset(i as isize * step) += *from.add(i);
                    }
                }
            }
        });
    }
}

/// # Safety
/// `to` is valid for `len` elements.
#[inline(always)]
unsafe fn zero<T: Real>(to: *mut T::Acc, len: usize) {
    for i in 0..len {
        // SAFETY: the caller's promise.
        unsafe { *to.add(i) = <T::Acc as Number>::ZERO };
    }
}
