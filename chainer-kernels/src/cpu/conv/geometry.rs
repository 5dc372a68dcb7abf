//! Where a window meets its input, for any number of spatial axes.

use smallvec::SmallVec;

use crate::kernel::Spatial;

/// One line of output positions (a range along the last spatial axis) and where its windows begin.
pub(in crate::cpu) struct Segment {
    /// The input coordinate of the window's first element, on each spatial axis but the last.
    pub outer: SmallVec<[isize; 3]>,
    /// Output positions along the last axis.
    pub first: usize,
    /// One past the last.
    pub end: usize,
    /// The place of `first` in its tile.
    pub at: usize,
}

/// The sizes of a sliding window over an image.
#[derive(Clone, Debug)]
pub(in crate::cpu) struct Geometry {
    /// Sizes of the input's spatial axes.
    pub input: Spatial,
    /// Sizes of the output's.
    pub output: Spatial,
    /// Sizes of the window's.
    pub kernel: Spatial,
    pub stride: Spatial,
    pub pad: Spatial,
    pub dilate: Spatial,
}

impl Geometry {
    /// Output positions of an image.
    pub fn positions(&self) -> usize {
        self.output.iter().product()
    }

    /// Elements of the window in one channel.
    pub fn window(&self) -> usize {
        self.kernel.iter().product()
    }

    /// Elements of an image in one channel.
    pub fn pixels(&self) -> usize {
        self.input.iter().product()
    }

    /// Whether the window is one element that visits every pixel.
    pub fn is_pointwise(&self) -> bool {
        self.kernel.iter().all(|&k| k == 1)
            && self.stride.iter().all(|&s| s == 1)
            && self.pad.iter().all(|&p| p == 0)
            && self.input == self.output
    }

    fn last(&self) -> usize {
        self.input.len() - 1
    }

    /// The lines of the output positions `range` (row-major).
    pub fn segments(&self, range: std::ops::Range<usize>) -> Vec<Segment> {
        let width = self.output[self.last()];
        let mut segments = Vec::with_capacity(range.len().div_ceil(width.max(1)) + 1);
        let mut place = range.start;
        while place < range.end {
            let (mut line, first) = (place / width, place % width);
            let end = width.min(first + range.end - place);
            let mut outer: SmallVec<[isize; 3]> = SmallVec::from_elem(0, self.last());
            for axis in (0..self.last()).rev() {
                let at = line % self.output[axis];
                line /= self.output[axis];
                outer[axis] = (at * self.stride[axis]) as isize - self.pad[axis] as isize;
            }
            segments.push(Segment { outer, first, end, at: place - range.start });
            place += end - first;
        }
        segments
    }

    /// The elements of the window, row-major: their displacement on each axis.
    pub fn taps(&self) -> Vec<Spatial> {
        (0..self.window())
            .map(|mut tap| {
                let mut offset: Spatial = SmallVec::from_elem(0, self.kernel.len());
                for axis in (0..self.kernel.len()).rev() {
                    offset[axis] = tap % self.kernel[axis] * self.dilate[axis];
                    tap /= self.kernel[axis];
                }
                offset
            })
            .collect()
    }

    /// The offset of a segment's input line for a tap (the coordinate on the last axis left out), or `None` where it lies outside.
    #[inline]
    pub fn line(&self, segment: &Segment, tap: &[usize], strides: &[isize]) -> Option<isize> {
        let mut offset = 0;
        for (axis, &start) in segment.outer.iter().enumerate() {
            let at = start + tap[axis] as isize;
            if at < 0 || at >= self.input[axis] as isize {
                return None;
            }
            offset += at * strides[axis];
        }
        Some(offset)
    }

    /// The output positions of `first..end` whose tap lies inside the input on the last axis, and the input coordinate of the first.
    #[inline]
    pub fn inside(&self, first: usize, end: usize, tap: usize) -> (usize, usize, usize) {
        let last = self.last();
        let (stride, pad, size) = (self.stride[last], self.pad[last], self.input[last]);
        // j · stride + tap − pad in 0..size
        let low = if pad > tap { (pad - tap).div_ceil(stride) } else { 0 };
        let high = if size + pad > tap { (size + pad - tap - 1) / stride + 1 } else { 0 };
        let low = low.clamp(first, end);
        let high = high.clamp(low, end);
        (low, high, (low * stride + tap).wrapping_sub(pad))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smallvec::smallvec;

    #[test]
    fn inside_agrees_with_a_scan() {
        for (stride, pad, dilate, kernel) in [(1, 0, 1, 3), (2, 1, 1, 3), (3, 4, 2, 3), (1, 5, 1, 2)] {
            let size = 7usize;
            let out = (size + 2 * pad + stride - (kernel - 1) * dilate - 1) / stride;
            let g = Geometry {
                input: smallvec![size],
                output: smallvec![out],
                kernel: smallvec![kernel],
                stride: smallvec![stride],
                pad: smallvec![pad],
                dilate: smallvec![dilate],
            };
            for tap in g.taps() {
                for first in 0..out {
                    let (low, high, at) = g.inside(first, out, tap[0]);
                    let want: Vec<usize> = (first..out)
                        .filter(|j| (0..size as isize).contains(&((j * stride + tap[0]) as isize - pad as isize)))
                        .collect();
                    assert_eq!((low..high).collect::<Vec<_>>(), want);
                    if low < high {
                        assert_eq!(at + pad, low * stride + tap[0]);
                    }
                }
            }
        }
    }

    #[test]
    fn segments_cover_the_tile() {
        let g = Geometry {
            input: smallvec![5, 6],
            output: smallvec![3, 4],
            kernel: smallvec![3, 3],
            stride: smallvec![1, 1],
            pad: smallvec![0, 0],
            dilate: smallvec![1, 1],
        };
        let parts: Vec<_> = g.segments(2..11).iter().map(|s| (s.outer[0], s.first, s.end, s.at)).collect();
        assert_eq!(parts, [(0, 2, 4, 0), (1, 0, 4, 2), (2, 0, 3, 6)]);
    }
}
