//! Matrix products of floats on one thread, and their split among threads. The arithmetic is the `gemm` crate's.

use std::any::TypeId;
use std::ops::Range;

use super::numeric::{Number, Real};
use super::pool;
use super::strided::Ptr;

/// A matrix in memory: the first element and the steps to the next row and column.
#[derive(Clone, Copy)]
pub(super) struct Matrix<T> {
    pub ptr: Ptr<T>,
    pub rows: isize,
    pub columns: isize,
}

impl<T> Matrix<T> {
    pub fn new(ptr: *const T, rows: isize, columns: isize) -> Self {
        Matrix { ptr: Ptr(ptr.cast_mut()), rows, columns }
    }

    /// The same matrix from the given row and column on.
    pub fn from(self, row: usize, column: usize) -> Self {
        let offset = row as isize * self.rows + column as isize * self.columns;
        Matrix { ptr: Ptr(self.ptr.at(offset)), ..self }
    }
}

/// `c = a @ b`, or `c += a @ b` with `accumulate`: (m, k) by (k, n), any strides, on this thread.
///
/// # Safety
/// Each matrix is valid for its size; `c`'s elements are distinct, belong to the caller alone and, with `accumulate`, are
/// initialised. `T` is `f32` or `f64`.
pub(super) unsafe fn gemm<T: Real<Acc = T>>(
    [m, n, k]: [usize; 3],
    c: Matrix<T>,
    a: Matrix<T>,
    b: Matrix<T>,
    accumulate: bool,
) {
    debug_assert!(TypeId::of::<T>() == TypeId::of::<f32>() || TypeId::of::<T>() == TypeId::of::<f64>());
    if m == 0 || n == 0 {
        return;
    }
    // The step along an axis of size 1 is free: take those that keep the crate on its fast paths.
    let steps = |rows: usize, columns: usize, x: Matrix<T>| match (rows, columns) {
        (1, 1) => (1, 1),
        (1, _) => (x.columns.saturating_mul(columns as isize), x.columns),
        (_, 1) => (x.rows, x.rows.saturating_mul(rows as isize)),
        _ => (x.rows, x.columns),
    };
    let ((c_rows, c_columns), (a_rows, a_columns), (b_rows, b_columns)) =
        (steps(m, n, c), steps(m, k, a), steps(k, n, b));
    // SAFETY: the caller's promise; with `accumulate` false the crate does not read `c`.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.ptr.0,
            c_columns,
            c_rows,
            accumulate,
            a.ptr.0,
            a_columns,
            a_rows,
            b.ptr.0,
            b_columns,
            b_rows,
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Products with fewer floating-point operations than this stay on the calling thread (some 10 µs).
pub(super) const FLOPS_GRAIN: usize = 2 << 20;

/// As many as a thread does in a nanosecond, by the same reckoning.
pub(super) const FLOPS_A_NANOSECOND: f32 = FLOPS_GRAIN as f32 / 10_000.0;

/// The floating-point operations of one product.
pub(super) fn flops([m, n, k]: [usize; 3]) -> usize {
    2usize.saturating_mul(m).saturating_mul(n).saturating_mul(k)
}

/// Parts are multiples of this along the axis that is cut, and at least so long: the crate then takes the same path for a part as
/// for the whole, sums in the same order, and the result does not depend on the number of parts.
const PART: usize = 96;
/// The same where the other axis is short: the crate has a path of its own for results of at most 256 elements.
const NARROW_PART: usize = 512;

/// How a product is cut: parts along m and along n. `more` is what each element takes beside its own operations.
pub(super) fn parts([m, n, k]: [usize; 3], more: usize, threads: usize) -> (usize, usize) {
    let work = flops([m, n, k]).saturating_add(m.saturating_mul(n).saturating_mul(more));
    let useful = (work / FLOPS_GRAIN).min(threads);
    if useful < 2 {
        return (1, 1);
    }
    // Cutting the longer axis repeats the packing of the shorter operand.
    let part = if m.min(n) < 4 { NARROW_PART } else { PART };
    if m >= n { ((m / part).clamp(1, useful), 1) } else { (1, (n / part).clamp(1, useful)) }
}

/// Products of at most so many terms take little longer than `c` takes to be written and read from memory.
const FEW_TERMS: usize = 64;
/// Bytes of `c` that are still in a core's own cache when they have been computed.
const NEAR: usize = 256 << 10;

/// How many rows of `c` are computed at a time where somebody reads them next: all of them where `c` stays near anyway or where the
/// repeated packing of `b` would cost more than is won.
fn rows_at_a_time<T>([m, n, k]: [usize; 3]) -> usize {
    let row = n * size_of::<T>();
    if k > FEW_TERMS || m * row <= 2 * NEAR {
        return m;
    }
    (NEAR / row / 32 * 32).max(if n < 4 { NARROW_PART } else { PART })
}

/// [`gemm`] in the given number of parts along m and n, each on a thread of its own. `done`, if any, gets the rows and columns of each
/// block when they are computed, on the same thread.
///
/// # Safety
/// As [`gemm`].
pub(super) unsafe fn gemm_parts<T: Real<Acc = T>>(
    [m, n, k]: [usize; 3],
    c: Matrix<T>,
    a: Matrix<T>,
    b: Matrix<T>,
    (rows, columns): (usize, usize),
    done: Option<&(dyn Fn(Range<usize>, Range<usize>) + Sync)>,
) {
    let block = |r: Range<usize>, s: Range<usize>| {
        let size = [r.len(), s.len(), k];
        // SAFETY: the caller's promise; blocks of `c` are disjoint.
        unsafe { gemm(size, c.from(r.start, s.start), a.from(r.start, 0), b.from(0, s.start), false) };
        done.inspect(|done| done(r, s));
    };
    let part = |r: Range<usize>, s: Range<usize>| {
        let rows = if done.is_some() { rows_at_a_time::<T>([r.len(), s.len(), k]) } else { r.len() };
        let mut first = r.start;
        while first < r.end {
            // A rest that is too short for a block of its own goes with the last one.
            let end = if r.end - first < 2 * rows { r.end } else { first + rows };
            block(first..end, s.clone());
            first = end;
        }
    };
    if rows * columns <= 1 {
        return part(0..m, 0..n);
    }
    let border = |size: usize, parts: usize, part: usize| match part {
        0 => 0,
        last if last == parts => size,
        _ => (size * part / parts).next_multiple_of(32).min(size),
    };
    pool::parallel_for(rows * columns, &|k| {
        let (i, j) = (k / columns, k % columns);
        part(border(m, rows, i)..border(m, rows, i + 1), border(n, columns, j)..border(n, columns, j + 1));
    });
}

/// `c = a @ b` for `b` the transpose of `a`, on several threads: each pair of elements that mirror each other is summed once. (n, k) by
/// (k, n); the bits are those of [`gemm_parts`].
///
/// # Safety
/// As [`gemm`].
pub(super) unsafe fn gemm_symmetric<T: Real<Acc = T>>(n: usize, k: usize, c: Matrix<T>, a: Matrix<T>, b: Matrix<T>) {
    // From each strip's square on the diagonal to the right end.
    let strips = (n / PART).max(1);
    let border = |strip: usize| if strip == strips { n } else { (n * strip / strips).next_multiple_of(32).min(n) };
    let strip = |strip: usize| {
        let (from, to) = (border(strip), border(strip + 1));
        // SAFETY: the caller's promise; strips of `c` are disjoint, and so are their mirrors below the diagonal.
        unsafe {
            gemm([to - from, n - from, k], c.from(from, from), a.from(from, 0), b.from(0, from), false);
            for j in to..n {
                for i in from..to {
                    *c.from(j, i).ptr.0 = *c.from(i, j).ptr.0;
                }
            }
        }
    };
    if flops([n, n, k]) < FLOPS_GRAIN { (0..strips).for_each(strip) } else { pool::parallel_for(strips, &strip) }
}

/// `c = a @ b` in the element type itself (integers wrap, bool is or of ands): the rows `rows` of c, all strides free.
///
/// # Safety
/// As [`gemm`], for those rows.
pub(super) unsafe fn plain<T: Number>(
    rows: Range<usize>,
    [n, k]: [usize; 2],
    c: Matrix<T>,
    a: Matrix<T>,
    b: Matrix<T>,
) {
    // Blocks of b that stay in cache while all rows of a pass over them.
    const BLOCK: usize = 128;
    let mut row = vec![T::ZERO; n];
    for i in rows {
        row.fill(T::ZERO);
        for first in (0..k).step_by(BLOCK) {
            for l in first..(first + BLOCK).min(k) {
                // SAFETY: the caller's promise.
                let factor = unsafe { *a.from(i, l).ptr.0 };
                let from = b.from(l, 0);
                for (j, sum) in row.iter_mut().enumerate() {
                    // SAFETY: the caller's promise.
                    *sum = sum.plus(factor.times(unsafe { *from.ptr.at(j as isize * from.columns) }));
                }
            }
        }
        for (j, &sum) in row.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { *c.from(i, j).ptr.0 = sum };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(len: usize, seed: u64) -> Vec<f32> {
        let mut state = seed | 1;
        (0..len)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
            })
            .collect()
    }

    /// Every way to lay out the operands, cut into any number of parts, gives the same bits.
    #[test]
    fn parts_do_not_change_a_bit() {
        for &size in &[
            [5000, 40, 16],
            [9000, 3, 4],
            [192, 100, 784],
            [100, 300, 10],
            [1600, 3, 700],
            [3, 1600, 700],
            [1, 2100, 1500],
            [2100, 1, 1500],
            [200, 260, 1030],
            [288, 96, 2],
        ] {
            let [m, n, k] = size;
            let (a, b) = (random(m * k, 1), random(k * n, 2));
            for layout in 0..8 {
                let matrix = |ptr: *const f32, rows: usize, columns: usize, transposed: bool| {
                    let (r, c) = if transposed { (1, rows as isize) } else { (columns as isize, 1) };
                    Matrix::new(ptr, r, c)
                };
                let (ma, mb) = (matrix(a.as_ptr(), m, k, layout & 1 > 0), matrix(b.as_ptr(), k, n, layout & 2 > 0));
                let done: &(dyn Fn(Range<usize>, Range<usize>) + Sync) = &|_, _| {};
                let product = |parts: (usize, usize), done| {
                    let mut c = vec![f32::NAN; m * n];
                    let mc = matrix(c.as_mut_ptr(), m, n, layout & 4 > 0);
                    // SAFETY: the vectors have the sizes of the matrices.
                    unsafe { gemm_parts(size, mc, ma, mb, parts, done) };
                    c.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
                };
                let whole = product((1, 1), None);
                assert!(product((1, 1), Some(done)) == whole, "{size:?}, layout {layout}, by blocks");
                for threads in 2..9 {
                    let parts = parts([m, n, k.max(1 << 20)], 0, threads);
                    assert!(product(parts, Some(done)) == whole, "{size:?}, layout {layout}, {parts:?}");
                }
            }
        }
    }

    #[test]
    fn symmetric_products_have_the_bits_of_others() {
        for (n, k) in [(1, 5), (96, 40), (191, 300), (200, 256), (301, 1030), (500, 3)] {
            let a = random(n * k, 1);
            for layout in 0..4 {
                let (rows, columns) = if layout & 1 > 0 { (1, n as isize) } else { (k as isize, 1) };
                let (ma, mb) = (Matrix::new(a.as_ptr(), rows, columns), Matrix::new(a.as_ptr(), columns, rows));
                let product = |symmetric: bool| {
                    let mut c = vec![f32::NAN; n * n];
                    let (rows, columns) = if layout & 2 > 0 { (1, n as isize) } else { (n as isize, 1) };
                    let mc = Matrix::new(c.as_mut_ptr(), rows, columns);
                    // SAFETY: the vectors have the sizes of the matrices.
                    unsafe {
                        match symmetric {
                            true => gemm_symmetric(n, k, mc, ma, mb),
                            false => gemm_parts([n, n, k], mc, ma, mb, (1, 1), None),
                        }
                    }
                    c.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
                };
                assert!(product(true) == product(false), "({n}, {k}), layout {layout}");
            }
        }
    }

    #[test]
    fn small_products_stay_whole() {
        assert_eq!(parts([64, 64, 64], 0, 8), (1, 1));
        assert_eq!(parts([1024, 1024, 1024], 0, 2), (2, 1));
        assert_eq!(parts([100, 1000, 784], 0, 4), (1, 4));
        assert_eq!(parts([1 << 20, 8, 1], 0, 0), (1, 1));
        assert_eq!(parts([1024, 1024, 0], 1, 4), (1, 1));
        assert_eq!(parts([1024, 1024, 0], 8, 4), (4, 1));
    }
}
