//! The largest element in each cell of regions of images.

use super::numeric::{Real, with_real};
use super::strided::{Ptr, convert, split};
use super::{unsupported, wrong_arity};
use crate::error::{Error, ErrorKind, Result};
use crate::kernel::RegionPool;
use crate::view::View;
use crate::with_element;

/// Elements that a task should look at, roughly.
const GRAIN: usize = 1 << 14;

/// A region of an image: rows and columns in `f64`, because they need not lie inside it.
struct Region {
    image: usize,
    /// The first row and column.
    start: [f64; 2],
    /// Rows and columns of a cell.
    step: [f64; 2],
}

impl Region {
    /// What cell `n` along an axis of `size` elements spans of them.
    fn cell(&self, axis: usize, n: usize, size: usize) -> std::ops::Range<usize> {
        let inside = |border: f64| (self.start[axis] + border).clamp(0.0, size as f64) as usize;
        let start = inside((n as f64 * self.step[axis]).floor());
        start..inside(((n + 1) as f64 * self.step[axis]).ceil()).max(start)
    }
}

/// The regions, checked.
fn regions(pool: &RegionPool, view: &View, images: usize) -> Result<Vec<Region>> {
    let mut values = vec![0f64; view.shape.size()];
    let strides = view.shape.strides();
    with_element!(view.dtype, T => {
        // SAFETY: the view bounds its elements; `values` has one place for each.
        unsafe {
            convert(&view.shape, view.ptr_as::<T>(), &view.strides, values.as_mut_ptr(), &strides, |x: T| {
                crate::dtype::Element::to_scalar(x).as_f64()
            })
        }
    });
    let region = |(n, row): (usize, &[f64])| {
        if let Some(column) = row.iter().position(|x| !x.is_finite()) {
            let actual = format!("rois[{n}, {column}] = {}", row[column]);
            return Err(Error::value("roi_pooling_2d", "finite rois", actual));
        }
        let image = row[0].trunc();
        if image < 0.0 || image >= images as f64 {
            let message = format!("Expect: 0 <= rois[:, 0] < {images}\nActual: rois[{n}, 0] = {}", row[0]);
            return Err(Error::new(ErrorKind::IndexOutOfBounds, "roi_pooling_2d", message));
        }
        let [left, top, right, bottom] = [1, 2, 3, 4].map(|i: usize| (row[i] * pool.scale).round_ties_even());
        let size = [bottom - top, right - left].map(|extent| (extent + 1.0).max(1.0));
        let step = [size[0] / pool.cells[0] as f64, size[1] / pool.cells[1] as f64];
        Ok(Region { image: image as usize, start: [top, left], step })
    };
    values.chunks_exact(5).enumerate().map(region).collect()
}

/// x, regions → int64 places (row-major).
pub(super) fn max(pool: &RegionPool, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([x, rois], [places]) = (inputs, outputs) else { return Err(wrong_arity("region_max")) };
    let regions = regions(pool, rois, x.shape[0])?;
    with_real!(x.dtype, T => run::<T>(pool, x, &regions, places), return Err(unsupported("region_max", x.dtype)));
    Ok(())
}

fn run<T: Real>(pool: &RegionPool, x: &View, regions: &[Region], places: &View) {
    let &[_, channels, height, width] = &x.shape[..] else { return };
    let &[of_image, of_channel, of_row, of_column] = &x.strides[..] else { return };
    let [rows, columns] = pool.cells;
    let (from, to) = (Ptr(x.ptr_as::<T>()), Ptr(places.ptr_as::<i64>()));
    let grain = GRAIN.div_ceil((height * width).max(rows * columns).max(1));
    split(regions.len() * channels, grain, |range| {
        for n in range {
            let (region, channel) = (&regions[n / channels], n % channels);
            let plane = from.at(region.image as isize * of_image + channel as isize * of_channel);
            let first = (region.image * channels + channel) * height * width;
            for cell in 0..rows * columns {
                let mut best: Option<(T, usize)> = None;
                for i in region.cell(0, cell / columns, height) {
                    for j in region.cell(1, cell % columns, width) {
                        // SAFETY: cells lie inside the image.
                        let value = unsafe { *plane.offset(i as isize * of_row + j as isize * of_column) };
                        // Greater, or the first NaN.
                        #[allow(clippy::eq_op, clippy::neg_cmp_op_on_partial_ord)]
                        let better = best.is_none_or(|(best, _)| !(value <= best) && best == best);
                        if better {
                            best = Some((value, first + i * width + j));
                        }
                    }
                }
                let place = best.map_or(-1, |(_, place)| place as i64);
                // SAFETY: the places are row-major; this region's channel is this task's.
                unsafe { *to.at((n * rows * columns + cell) as isize) = place };
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use crate::cpu::testing::{array, output, relaid, run, values};
    use crate::kernel::{Kernel, RegionPool};

    fn places(x: &[f32], shape: &[usize], rois: &[f32], cells: [usize; 2], scale: f64) -> crate::Result<Vec<i64>> {
        let regions = array(rois, &[rois.len() / 5, 5]);
        let out = output::<i64>(&[rois.len() / 5, shape[1], cells[0], cells[1]]);
        let x = relaid::<f32>(&array(x, shape), 3);
        run(&Kernel::RegionMax(RegionPool { cells, scale }), &[&x, &regions], &[&out])?;
        Ok(values(&out))
    }

    #[test]
    fn cells_overlap_where_they_do_not_divide_the_region() {
        let x: Vec<f32> = (0..12).map(|i| i as f32).collect();
        // Rows 0..=2 in two cells: 0..2 and 1..3.
        assert_eq!(places(&x, &[1, 1, 3, 4], &[0.0, 0.0, 0.0, 3.0, 2.0], [2, 2], 1.0).unwrap(), [5, 7, 9, 11]);
        // A region outside the image has nothing in it.
        assert_eq!(places(&x, &[1, 1, 3, 4], &[0.0, 9.0, 9.0, 9.0, 9.0], [1, 1], 1.0).unwrap(), [-1]);
        // One that ends before it begins is one element large.
        assert_eq!(places(&x, &[1, 1, 3, 4], &[0.0, 2.0, 1.0, 0.0, 0.0], [1, 1], 1.0).unwrap(), [6]);
        // Halves round to even: 1 * 0.5 to 0 and 3 * 0.5 to 2.
        assert_eq!(places(&x, &[1, 1, 3, 4], &[0.0, 1.0, 1.0, 3.0, 3.0], [1, 1], 0.5).unwrap(), [10]);
    }

    #[test]
    fn the_first_of_equal_elements_is_named_in_each_channel_of_its_image() {
        let x = [1.0, 7.0, 7.0, 1.0, 2.0, 1.0, 1.0, 2.0, 0.0, f32::NAN, f32::NAN, 9.0, 3.0, 3.0, 3.0, 3.0];
        let rois = [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0];
        assert_eq!(places(&x, &[2, 2, 2, 2], &rois, [1, 1], 1.0).unwrap(), [9, 12, 1, 4]);
    }

    #[test]
    fn images_that_do_not_exist_are_named() {
        let error = places(&[0.0; 4], &[1, 1, 2, 2], &[1.0, 0.0, 0.0, 1.0, 1.0], [1, 1], 1.0).unwrap_err();
        assert!(error.message().contains("rois[0, 0] = 1"), "{error}");
        let error = places(&[0.0; 4], &[1, 1, 2, 2], &[0.0, f32::NAN, 0.0, 1.0, 1.0], [1, 1], 1.0).unwrap_err();
        assert!(error.message().contains("rois[0, 1] = NaN"), "{error}");
    }
}
