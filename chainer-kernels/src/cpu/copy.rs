//! Copies between strided memory. Permuted axes leave short runs: they are copied tile by tile, the last two axes together, so that what
//! a run costs beside its elements is paid once for a tile.

use super::numeric::with_bits;
use super::strided::{COPY_GRAIN, Ptr, Rows, split};
use crate::shape::collapse;
use crate::view::View;

/// Columns of a transposed tile that are copied together: a cache line of what is written.
const COLUMNS: usize = 16;

/// Copies `src` to `dst`, which has the same shape and dtype.
///
/// # Safety
/// Nobody else uses `dst`'s elements.
pub(super) unsafe fn copy_view(src: &View, dst: &View) {
    debug_assert_eq!((src.dtype, &src.shape), (dst.dtype, &dst.shape));
    with_bits!(src.dtype, T => {
        // SAFETY: views bound their elements; the caller vouches for `dst`.
        unsafe { copy(&src.shape, src.ptr().cast::<T>(), &src.strides, dst.ptr().cast::<T>(), &dst.strides) }
    })
}

/// Copies elements of a type.
///
/// # Safety
/// Both pointers are valid at every place that `shape` and their strides reach; `dst`'s places are distinct, nobody else uses them, and
/// `src` holds initialised elements.
pub(super) unsafe fn copy<T: Copy>(
    shape: &[usize],
    src: *const T,
    src_strides: &[isize],
    dst: *mut T,
    dst_strides: &[isize],
) {
    if shape.contains(&0) {
        return;
    }
    let mut merged = collapse(shape, [src_strides, dst_strides].into_iter(), |_| false);
    while merged.dims.len() < 2 {
        merged.dims.insert(0, 1);
        merged.strides.iter_mut().for_each(|strides| strides.insert(0, 1));
    }
    let (outer, &[rows, row]) = merged.dims.split_at(merged.dims.len() - 2) else { return };
    let at = outer.len();
    let [from, to] = [0, 1].map(|k| [merged.strides[k][at], merged.strides[k][at + 1]]);
    let tiles = Rows::new(outer, [&merged.strides[0][..at], &merged.strides[1][..at]]);
    let (src, dst) = (Ptr(src.cast_mut()), Ptr(dst));
    let (count, len) = (tiles.count(), tiles.len);
    if count * len > 1 {
        // Rows of tiles, or the only such row.
        let (parts, each) = if count > 1 { (count, len) } else { (len, 1) };
        split(parts, COPY_GRAIN.div_ceil(each * rows * row), |range| {
            let (walked, inside) = if count > 1 { (range, 0..len) } else { (0..1, range) };
            tiles.walk(walked, |[s, d]| {
                for i in inside.clone() {
                    let (s, d) = (s + i as isize * tiles.steps[0], d + i as isize * tiles.steps[1]);
                    // SAFETY: the caller's promise; each tile belongs to one task.
                    unsafe { tile(dst.at(d), to, src.at(s), from, [rows, row]) };
                }
            });
        });
    } else if rows > 1 {
        split(rows, COPY_GRAIN.div_ceil(row), |range| {
            let start = range.start as isize;
            // SAFETY: the caller's promise; each row belongs to one task.
            unsafe { tile(dst.at(start * to[0]), to, src.at(start * from[0]), from, [range.len(), row]) };
        });
    } else {
        split(row, COPY_GRAIN, |range| {
            let start = range.start as isize;
            // SAFETY: the caller's promise; each element belongs to one task.
            unsafe { tile(dst.at(start * to[1]), to, src.at(start * from[1]), from, [1, range.len()]) };
        });
    }
}

/// Copies `rows` rows of `row` elements. The steps are those from row to row and inside a row.
///
/// # Safety
/// As [`copy`], on this thread.
#[inline]
pub(super) unsafe fn tile<T: Copy>(
    dst: *mut T,
    to: [isize; 2],
    src: *const T,
    from: [isize; 2],
    [rows, row]: [usize; 2],
) {
    let together = |[between, step]: [isize; 2]| step == 1 && between == row as isize;
    // SAFETY: the caller's promise.
    unsafe {
        match row {
            _ if together(to) && together(from) => std::ptr::copy_nonoverlapping(src, dst, rows * row),
            1 => column(dst, to[0], src, from[0], rows),
            2 if to[1] == 1 => short::<T, 2>(dst, to[0], src, from, rows),
            3 if to[1] == 1 => short::<T, 3>(dst, to[0], src, from, rows),
            4 if to[1] == 1 => short::<T, 4>(dst, to[0], src, from, rows),
            // Also rows of one element each: they are filled.
            _ if to[1] != 1 || from[0] != 1 || from[1] == 0 => {
                for r in 0..rows as isize {
                    column(dst.offset(r * to[0]), to[1], src.offset(r * from[0]), from[1], row);
                }
            }
            _ => {
                for first in (0..row).step_by(COLUMNS) {
                    let (dst, src) = (dst.add(first), src.offset(first as isize * from[1]));
                    for r in 0..rows as isize {
                        for i in 0..COLUMNS.min(row - first) as isize {
                            *dst.offset(r * to[0] + i) = *src.offset(r + i * from[1]);
                        }
                    }
                }
            }
        }
    }
}

/// Copies `n` elements.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn column<T: Copy>(dst: *mut T, to: isize, src: *const T, from: isize, n: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match (to, from) {
            (1, 1) => std::ptr::copy_nonoverlapping(src, dst, n),
            (1, 0) => std::slice::from_raw_parts_mut(dst.cast::<std::mem::MaybeUninit<T>>(), n)
                .fill(std::mem::MaybeUninit::new(*src)),
            // Every second element: the compiler reads them all and keeps half.
            (1, 2) => (0..n).for_each(|i| *dst.add(i) = *src.add(2 * i)),
            _ => (0..n as isize).for_each(|i| *dst.offset(i * to) = *src.offset(i * from)),
        }
    }
}

/// Copies rows of `N` elements that lie side by side in `dst`.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn short<T: Copy, const N: usize>(dst: *mut T, to: isize, src: *const T, from: [isize; 2], rows: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if from[1] == 1 {
            for r in 0..rows as isize {
                dst.offset(r * to).cast::<[T; N]>().write(src.offset(r * from[0]).cast::<[T; N]>().read());
            }
        } else if from[0] == 1 && to == N as isize {
            // The compiler takes several elements of each column and interleaves them.
            let columns: [*const T; N] = std::array::from_fn(|i| src.wrapping_offset(i as isize * from[1]));
            for r in 0..rows {
                for (i, column) in columns.iter().enumerate() {
                    *dst.add(r * N + i) = *column.add(r);
                }
            }
        } else {
            for r in 0..rows as isize {
                for i in 0..N {
                    *dst.offset(r * to).add(i) = *src.offset(r * from[0] + i as isize * from[1]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cpu::testing::{array, output, values};

    proptest! {
        /// Axes in any order on both sides, elements left out on one of them.
        #[test]
        fn copies_agree_with_loops(
            dims in prop::collection::vec((1usize..4, 1usize..20).prop_map(|(small, large)| if small == 1 { large } else { small }), 0..5),
            orders in (any::<u64>(), any::<u64>()),
            step in 1usize..4,
        ) {
            let size: usize = dims.iter().product();
            // Strides of the axes in an order that the number names, each element `step` apart.
            let strides = |mut order: u64, step: usize| {
                let mut axes: Vec<usize> = (0..dims.len()).collect();
                let (mut strides, mut next) = (vec![0; dims.len()], step as isize);
                while !axes.is_empty() {
                    let axis = axes.remove(order as usize % axes.len());
                    order /= 7;
                    strides[axis] = next;
                    next *= dims[axis] as isize;
                }
                strides
            };
            let (from, to) = (strides(orders.0, step), strides(orders.1, 1));
            let src: Vec<u32> = (0..(size * step) as u32).collect();
            let mut dst = vec![0u32; size];
            // SAFETY: the vectors have room for what the strides reach.
            unsafe { copy(&dims, src.as_ptr(), &from, dst.as_mut_ptr(), &to) };
            for place in 0..size {
                let mut rest = place;
                let (mut s, mut d) = (0, 0);
                for axis in (0..dims.len()).rev() {
                    let index = (rest % dims[axis]) as isize;
                    rest /= dims[axis];
                    s += index * from[axis];
                    d += index * to[axis];
                }
                prop_assert_eq!(dst[d as usize], src[s as usize]);
            }
        }
    }

    #[test]
    fn large_copies_are_cut() {
        for shape in [[1usize, 1, 300_000], [1, 3, 100_000], [1, 100_000, 3], [40, 50, 150], [2, 400, 300]] {
            let n: usize = shape.iter().product();
            let x: Vec<u16> = (0..n).map(|i| i as u16).collect();
            let x = array(&x, &shape);
            let y = output::<u16>(&[shape[2], shape[1], shape[0]]);
            // SAFETY: the output is this test's own.
            unsafe {
                copy(
                    &shape,
                    x.ptr().cast::<u16>(),
                    &x.strides,
                    y.ptr().cast(),
                    &[1, shape[0] as isize, (shape[0] * shape[1]) as isize],
                )
            };
            let y = values::<u16>(&y);
            for (place, &got) in y.iter().enumerate() {
                let (i, rest) = (place % shape[0], place / shape[0]);
                let (j, k) = (rest % shape[1], rest / shape[1]);
                assert_eq!(got, ((i * shape[1] + j) * shape[2] + k) as u16);
            }
        }
    }

    #[test]
    fn one_element_and_none() {
        let (x, y) = (array(&[7i64], &[]), output::<i64>(&[]));
        // SAFETY: the output is this test's own.
        unsafe { copy_view(&x, &y) };
        assert_eq!(values::<i64>(&y), [7]);
        // SAFETY: nothing is copied.
        unsafe { copy::<i64>(&[3, 0], std::ptr::null(), &[0, 1], std::ptr::null_mut(), &[0, 1]) };
    }
}
