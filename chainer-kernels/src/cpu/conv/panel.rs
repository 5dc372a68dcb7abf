//! Panels: the columns of a convolution as a matrix, built a tile at a time.

use super::geometry::{Geometry, Segment};
use crate::cpu::numeric::Real;
use crate::cpu::strided::Ptr;

/// One image's channels: where they begin and how to step through them.
#[derive(Clone, Copy)]
pub(super) struct Image<'a, T> {
    pub ptr: Ptr<T>,
    /// Step between channels.
    pub channel: isize,
    /// Steps along the spatial axes.
    pub strides: &'a [isize],
}

/// The tile of a panel: which channels, which output positions.
pub(super) struct Tile<'a> {
    pub geometry: &'a Geometry,
    pub taps: &'a [crate::kernel::Spatial],
    pub segments: &'a [Segment],
    /// Channels of the image, from its first.
    pub channels: usize,
    /// Elements of a panel row.
    pub width: usize,
}

impl Tile<'_> {
    /// Fills the panel: row (channel, tap), column position; zero outside the image.
    ///
    /// # Safety
    /// `image` is valid for the geometry and `channels`; `panel` holds `channels · taps · width` elements of the caller's own.
    pub unsafe fn gather<T: Real>(&self, image: Image<'_, T>, panel: *mut T::Acc) {
        let last = image.strides.len() - 1;
        let (step, stride) = (image.strides[last], self.geometry.stride[last]);
        let step = step * stride as isize;
        let mut row = panel;
        for channel in 0..self.channels {
            let base = image.ptr.at(channel as isize * image.channel);
            for tap in self.taps {
                for segment in self.segments {
                    // SAFETY (of the writes below): a segment's places lie inside the row of `width`, rows inside the panel; reads
                    // are bounded by `line` and `inside`.
                    let to = unsafe { row.add(segment.at) };
                    let len = segment.end - segment.first;
                    let Some(line) = self.geometry.line(segment, tap, image.strides) else {
                        // SAFETY: as above.
                        unsafe { zero::<T>(to, len) };
                        continue;
                    };
                    let (low, high, at) = self.geometry.inside(segment.first, segment.end, tap[last]);
                    let (before, inside) = (low - segment.first, high - low);
                    let from = base.wrapping_offset(line + at as isize * image.strides[last]).cast_const();
                    // SAFETY: as above.
                    unsafe {
                        zero::<T>(to, before);
                        let to = to.add(before);
                        if step == 1 {
                            for i in 0..inside {
                                *to.add(i) = (*from.add(i)).up();
                            }
                        } else {
                            for i in 0..inside {
                                *to.add(i) = (*from.offset(i as isize * step)).up();
                            }
                        }
                        zero::<T>(to.add(inside), len - before - inside);
                    }
                }
                // SAFETY: one row on, at most to the panel's end.
                row = unsafe { row.add(self.width) };
            }
        }
    }

    /// Adds each element of the panel to the place of the image that [`Tile::gather`] reads it from.
    ///
    /// # Safety
    /// As [`Tile::gather`]; the image is this task's own and initialised.
    pub unsafe fn scatter<T: Real<Acc = T> + std::ops::AddAssign>(&self, panel: *const T, image: Image<'_, T>) {
        let last = image.strides.len() - 1;
        let step = image.strides[last] * self.geometry.stride[last] as isize;
        let mut row = panel;
        for channel in 0..self.channels {
            let base = image.ptr.at(channel as isize * image.channel);
            for tap in self.taps {
                for segment in self.segments {
                    if let Some(line) = self.geometry.line(segment, tap, image.strides) {
                        let (low, high, at) = self.geometry.inside(segment.first, segment.end, tap[last]);
                        let to = base.wrapping_offset(line + at as isize * image.strides[last]);
                        // SAFETY: reads inside the row, writes bounded by `line` and `inside`.
                        unsafe {
                            let from = row.add(segment.at + low - segment.first);
                            if step == 1 {
                                for i in 0..high - low {
                                    *to.add(i) += *from.add(i);
                                }
                            } else {
                                for i in 0..high - low {
                                    *to.offset(i as isize * step) += *from.add(i);
                                }
                            }
                        }
                    }
                }
                // SAFETY: one row on, at most to the panel's end.
                row = unsafe { row.add(self.width) };
            }
        }
    }
}

/// # Safety
/// `to` is valid for `len` elements.
#[inline(always)]
unsafe fn zero<T: Real>(to: *mut T::Acc, len: usize) {
    for i in 0..len {
        // SAFETY: the caller's promise.
        unsafe { *to.add(i) = <T::Acc as crate::cpu::numeric::Number>::ZERO };
    }
}
