//! Convolution over any number of spatial axes and its two gradients, as matrix products over panels that are built tile by tile.
//!
//! Invariant: how the work is cut into tiles, channel blocks and image parts depends on sizes alone, and each piece is summed in
//! order, so that results do not depend on the number of threads.

mod data;
mod filter;
mod forward;
pub(super) mod geometry;
mod panel;
#[cfg(test)]
mod tests;

pub(super) use data::execute as backward_data;
pub(super) use filter::execute as backward_filter;
pub(super) use forward::{execute as forward, execute_with as forward_with};

use std::sync::{Mutex, PoisonError};

use self::geometry::Geometry;
use super::numeric::Real;
use super::strided::{Ptr, Scratch, convert};
use crate::error::{Error, Result};
use crate::kernel::Conv;
use crate::view::View;

/// Bytes of a panel: with what else a product touches it stays in a core's L2 cache.
const PANEL_BYTES: usize = 192 << 10;
/// Panel widths are multiples of this: a whole number of the product's vectors.
const PANEL_STEP: usize = 48;

/// The sizes of a convolution, of one group where groups differ.
struct Problem {
    geometry: Geometry,
    images: usize,
    groups: usize,
    /// Input channels of a group.
    channels: usize,
    /// Output channels of a group.
    filters: usize,
    /// Elements of a filter.
    depth: usize,
}

impl Problem {
    /// Of x (N, C, …), w (O, C/groups, …) and y (N, O, …), by shape.
    fn new(conv: &Conv, x: &View, w: &View, y: &View) -> Result<Self> {
        let geometry = Geometry {
            input: x.shape[2..].into(),
            output: y.shape[2..].into(),
            kernel: w.shape[2..].into(),
            stride: conv.stride.clone(),
            pad: conv.pad.clone(),
            dilate: conv.dilate.clone(),
        };
        if geometry.input.is_empty() {
            return Err(Error::mismatch("convolution", "x.ndim >= 3", format_args!("{} ", x.shape.ndim())));
        }
        let (channels, filters) = (w.shape[1], w.shape[0] / conv.groups);
        let depth = channels * geometry.window();
        Ok(Problem { geometry, images: x.shape[0], groups: conv.groups, channels, filters, depth })
    }

    /// How work over output positions is cut, for panels of `rows` rows.
    fn tiles(&self, rows: usize, element: usize) -> Tiles {
        let positions = self.geometry.positions();
        let fits = PANEL_BYTES / (rows * element).max(1);
        let width = (fits / PANEL_STEP * PANEL_STEP).clamp(2 * PANEL_STEP, 4096);
        if positions > width {
            return Tiles { width, per_image: positions.div_ceil(width), images: 1 };
        }
        // Small images share a panel: a product that is a few columns wide leaves most of its vectors empty.
        let images = (2 * PANEL_STEP).max(width.min(4 * PANEL_STEP)) / positions.max(1);
        Tiles { width: positions, per_image: 1, images: images.clamp(1, self.images.max(1)) }
    }

    /// Floating-point operations of one image and group.
    fn flops(&self) -> usize {
        2 * self.filters * self.depth * self.geometry.positions()
    }
}

/// Panels: of parts of an image, or of several images.
struct Tiles {
    /// Output positions of an image that a panel takes.
    width: usize,
    /// Panels that an image needs.
    per_image: usize,
    /// Images that share a panel.
    images: usize,
}

impl Tiles {
    /// The output positions of an image's panels.
    fn ranges(&self, positions: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
        let width = self.width.max(1);
        (0..positions).step_by(width).map(move |first| first..positions.min(first + width))
    }

    /// Elements of the longest panel row.
    fn row(&self) -> usize {
        (self.width * self.images).max(1)
    }
}

/// An operand as a row-major array of the type that products are computed in: itself, or a converted copy.
struct Operand<A> {
    ptr: Ptr<A>,
    _memory: Option<Scratch<A>>,
}

impl<A: Real<Acc = A>> Operand<A> {
    fn new<T: Real<Acc = A>>(view: &View) -> Result<Self> {
        if T::EXACT && view.is_contiguous() {
            return Ok(Operand { ptr: Ptr(view.ptr().cast()), _memory: None });
        }
        let memory = Scratch::new(view.shape.size())?;
        // SAFETY: the view bounds its elements; the memory is fresh and has room for each.
        unsafe {
            convert(&view.shape, view.ptr_as::<T>(), &view.strides, memory.ptr(), &view.shape.strides(), T::up);
        }
        Ok(Operand { ptr: Ptr(memory.ptr()), _memory: Some(memory) })
    }
}

/// The step from pixel to pixel if an image's spatial axes walk memory as one.
fn pixel_step(view: &View) -> Option<isize> {
    let (shape, strides) = (&view.shape[2..], &view.strides[2..]);
    let merged = crate::shape::collapse(shape, [strides].into_iter(), |_| false);
    match merged.dims.len() {
        0 => Some(1),
        1 => Some(merged.strides[0][0]),
        _ => None,
    }
}

/// The first error that any task met.
#[derive(Default)]
struct Failure(Mutex<Option<Error>>);

impl Failure {
    fn note(&self, result: Result<()>) {
        if let Err(error) = result {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    fn result(self) -> Result<()> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }
}
