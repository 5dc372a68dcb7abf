//! The index space of an elementwise computation: where each operand's elements lie, merged into as few axes as possible, cut
//! into boxes for threads, and walked row by row.

use smallvec::SmallVec;

use crate::shape::{Strides, collapse};
use crate::view::View;

/// An operand of a [`Space`]: memory walked by strides, or (with a null base) a number that counts along with the rows.
#[derive(Clone)]
pub(super) struct Operand {
    /// The first element.
    pub base: *mut u8,
    /// Steps along each axis in bytes (for counters, in whatever they count).
    pub strides: Strides,
    /// Bytes of an element.
    pub size: usize,
}

/// An index space and its operands.
#[derive(Clone)]
pub(super) struct Space {
    /// At least one axis; the last is the row.
    pub dims: SmallVec<[usize; 4]>,
    /// The operands' places.
    pub operands: SmallVec<[Operand; 8]>,
    /// Whether row-major order visits consecutive indices of the whole space.
    pub consecutive: bool,
}

// SAFETY: a space only says where memory lies; those who read and write through it answer for that.
unsafe impl Send for Space {}
// SAFETY: as above.
unsafe impl Sync for Space {}

impl Space {
    /// The space of `shape` over views of that shape. `cut[axis]` keeps a border before that axis.
    pub(super) fn new<'a>(
        shape: &[usize],
        views: impl Iterator<Item = (&'a View, &'a [isize])> + Clone,
        cut: impl Fn(usize) -> bool,
    ) -> Space {
        let merged = collapse(shape, views.clone().map(|(_, strides)| strides), cut);
        let (mut dims, mut strides) = (merged.dims, merged.strides);
        if dims.is_empty() {
            dims.push(1);
            strides.iter_mut().for_each(|s| s.push(0));
        }
        let operands = views
            .zip(strides)
            .map(|((view, _), mut strides)| {
                let size = view.dtype().size();
                strides.iter_mut().for_each(|s| *s *= size as isize);
                Operand { base: view.ptr(), strides, size }
            })
            .collect();
        Space { dims, operands, consecutive: true }
    }

    /// The number of elements.
    pub(super) fn size(&self) -> usize {
        self.dims.iter().product()
    }

    /// The length of the last axis.
    pub(super) fn row(&self) -> usize {
        self.dims[self.dims.len() - 1]
    }

    /// An operand that counts: its value at an element is the element's row-major place over the axes that `counts` names.
    pub(super) fn counter(&self, counts: impl Fn(usize) -> bool) -> Operand {
        let mut step = 1;
        let mut strides: Strides = SmallVec::from_elem(0, self.dims.len());
        for axis in (0..self.dims.len()).rev().filter(|&axis| counts(axis)) {
            strides[axis] = step;
            step *= self.dims[axis] as isize;
        }
        Operand { base: std::ptr::null_mut(), strides, size: 1 }
    }

    /// Adds a counter.
    pub(super) fn add_counter(&mut self, counts: impl Fn(usize) -> bool) {
        let counter = self.counter(counts);
        self.operands.push(counter);
    }

    /// The part in which the index along `axis` lies in `range`.
    pub(super) fn part(&self, axis: usize, range: std::ops::Range<usize>) -> Space {
        let mut part = self.clone();
        part.dims[axis] = range.len();
        part.consecutive &= axis == 0;
        for operand in &mut part.operands {
            operand.base = operand.base.wrapping_offset(operand.strides[axis] * range.start as isize);
        }
        part
    }

    /// Whether an operand's elements lie in row-major order without gaps.
    pub(super) fn is_flat(&self, operand: &Operand) -> bool {
        let mut step = operand.size as isize;
        for (&dim, &stride) in self.dims.iter().zip(&operand.strides).rev() {
            if dim != 1 && stride != step {
                return false;
            }
            step *= dim as isize;
        }
        true
    }
}

/// Walks the rows of a space: the address of each operand's first element in the row.
pub(super) struct Rows<'a> {
    space: &'a Space,
    index: SmallVec<[usize; 4]>,
    /// The address of the row in each operand.
    pub at: SmallVec<[*mut u8; 12]>,
}

impl<'a> Rows<'a> {
    /// At the first row.
    pub(super) fn new(space: &'a Space) -> Self {
        Rows {
            space,
            index: SmallVec::from_elem(0, space.dims.len() - 1),
            at: space.operands.iter().map(|o| o.base).collect(),
        }
    }

    /// Rows from this one to the end of the axis that they follow each other along.
    #[inline]
    pub(super) fn run(&self) -> usize {
        self.index.len().checked_sub(1).map_or(1, |axis| self.space.dims[axis] - self.index[axis])
    }

    /// `n` rows on, at most [`run`](Self::run) of them.
    pub(super) fn advance_by(&mut self, n: usize) {
        let Some(axis) = self.index.len().checked_sub(1) else { return };
        self.index[axis] += n - 1;
        for (at, operand) in self.at.iter_mut().zip(&self.space.operands) {
            *at = at.wrapping_offset(operand.strides[axis] * (n - 1) as isize);
        }
        self.advance();
    }

    /// To the next row; after the last one to the first.
    #[inline]
    pub(super) fn advance(&mut self) {
        for axis in (0..self.index.len()).rev() {
            self.index[axis] += 1;
            if self.index[axis] < self.space.dims[axis] {
                for (at, operand) in self.at.iter_mut().zip(&self.space.operands) {
                    *at = at.wrapping_offset(operand.strides[axis]);
                }
                return;
            }
            let back = self.space.dims[axis] as isize - 1;
            self.index[axis] = 0;
            for (at, operand) in self.at.iter_mut().zip(&self.space.operands) {
                *at = at.wrapping_offset(-operand.strides[axis] * back);
            }
        }
    }
}

/// Splits `size` into `parts` ranges whose lengths differ by at most one `grain`, all but the last multiples of it.
pub(super) fn split(size: usize, parts: usize, grain: usize, k: usize) -> std::ops::Range<usize> {
    let grains = size.div_ceil(grain);
    let bound = |k: usize| (grains * k / parts * grain).min(size);
    bound(k)..bound(k + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitting_covers_everything_once() {
        for size in [1, 5, 64, 1000, 1025] {
            for parts in [1, 2, 3, 7] {
                for grain in [1, 64] {
                    let mut end = 0;
                    for k in 0..parts {
                        let range = split(size, parts, grain, k);
                        assert_eq!(range.start, end);
                        end = range.end;
                    }
                    assert_eq!(end, size);
                }
            }
        }
    }
}
