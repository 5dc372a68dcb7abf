//! Matrix products of floats on one thread, and their split among threads. The arithmetic is the `gemm` crate's.

use std::any::TypeId;

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

/// The floating-point operations of one product.
pub(super) fn flops([m, n, k]: [usize; 3]) -> usize {
    2usize.saturating_mul(m).saturating_mul(n).saturating_mul(k)
}

/// Parts are multiples of this along the axis that is cut, and at least so long: the crate then takes the same path for a part as
/// for the whole, sums in the same order, and the result does not depend on the number of parts.
const PART: usize = 96;
/// The same where the other axis is short: the crate has a path of its own for results of at most 256 elements.
const NARROW_PART: usize = 512;

/// How a product is cut: parts along m and along n.
pub(super) fn parts([m, n, k]: [usize; 3], threads: usize) -> (usize, usize) {
    let useful = (flops([m, n, k]) / FLOPS_GRAIN).min(threads);
    if useful < 2 {
        return (1, 1);
    }
    // Cutting the longer axis repeats the packing of the shorter operand.
    let part = if m.min(n) < 4 { NARROW_PART } else { PART };
    if m >= n { ((m / part).clamp(1, useful), 1) } else { (1, (n / part).clamp(1, useful)) }
}

/// [`gemm`] on several threads.
///
/// # Safety
/// As [`gemm`].
pub(super) unsafe fn gemm_parallel<T: Real<Acc = T>>(size: [usize; 3], c: Matrix<T>, a: Matrix<T>, b: Matrix<T>) {
    // SAFETY: the caller's promise.
    unsafe { gemm_parts(size, c, a, b, parts(size, pool::threads())) }
}

/// [`gemm`] in the given number of parts along m and n.
///
/// # Safety
/// As [`gemm`].
unsafe fn gemm_parts<T: Real<Acc = T>>(
    [m, n, k]: [usize; 3],
    c: Matrix<T>,
    a: Matrix<T>,
    b: Matrix<T>,
    (rows, columns): (usize, usize),
) {
    if rows * columns <= 1 {
        // SAFETY: the caller's promise.
        return unsafe { gemm([m, n, k], c, a, b, false) };
    }
    let border = |size: usize, parts: usize, part: usize| match part {
        0 => 0,
        last if last == parts => size,
        _ => (size * part / parts).next_multiple_of(32).min(size),
    };
    pool::parallel_for(rows * columns, &|part| {
        let (i, j) = (part / columns, part % columns);
        let (r, r_end) = (border(m, rows, i), border(m, rows, i + 1));
        let (s, s_end) = (border(n, columns, j), border(n, columns, j + 1));
        // SAFETY: the caller's promise; parts of `c` are disjoint.
        unsafe { gemm([r_end - r, s_end - s, k], c.from(r, s), a.from(r, 0), b.from(0, s), false) };
    });
}

/// `c = a @ b` for `b` the transpose of `a`, on several threads: each pair of elements that mirror each other is summed once. (n, k) by
/// (k, n); the bits are those of [`gemm_parallel`].
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
    rows: std::ops::Range<usize>,
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
                let product = |parts: (usize, usize)| {
                    let mut c = vec![f32::NAN; m * n];
                    let mc = matrix(c.as_mut_ptr(), m, n, layout & 4 > 0);
                    // SAFETY: the vectors have the sizes of the matrices.
                    unsafe { gemm_parts(size, mc, ma, mb, parts) };
                    c.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
                };
                let whole = product((1, 1));
                for threads in 2..9 {
                    let parts = parts([m, n, k.max(1 << 20)], threads);
                    assert!(product(parts) == whole, "{size:?}, layout {layout}, {parts:?}");
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
                            false => gemm_parallel([n, n, k], mc, ma, mb),
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
        assert_eq!(parts([64, 64, 64], 8), (1, 1));
        assert_eq!(parts([1024, 1024, 1024], 2), (2, 1));
        assert_eq!(parts([100, 1000, 784], 4), (1, 4));
        assert_eq!(parts([1 << 20, 8, 1], 0), (1, 1));
    }
}
