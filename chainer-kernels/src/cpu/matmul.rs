//! Batched matrix products of any dtype and layout.

use smallvec::SmallVec;

use super::gemm::{FLOPS_GRAIN, Matrix, flops, gemm, gemm_parallel, gemm_symmetric, plain};
use super::numeric::{Number, Real, with_real};
use super::strided::{Rows, Scratch, convert, split};
use crate::error::Result;
use crate::view::View;
use crate::with_element;

/// (…, m, k) by (…, k, n).
pub(super) fn execute(inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([a, b], [c]) = (inputs, outputs) else { return Err(super::wrong_arity("matmul")) };
    if c.shape.size() == 0 {
        return Ok(());
    }
    with_real!(c.dtype, T => return product(&Batch::<T>::new(a, b, c)), ());
    with_element!(c.dtype, T => plain_product(&Batch::<T>::new(a, b, c)));
    Ok(())
}

/// A batch of products of one size.
struct Batch<T> {
    size: [usize; 3],
    a: Matrix<T>,
    b: Matrix<T>,
    c: Matrix<T>,
    /// Walks the three offsets over the batch.
    rows: Rows<3>,
}

impl<T: Number> Batch<T> {
    fn new(a: &View, b: &View, c: &View) -> Self {
        let batch = c.shape.ndim() - 2;
        let (mut m, n, k) = (c.shape[batch], c.shape[batch + 1], a.shape[batch + 1]);
        let matrix = |x: &View| Matrix::new(x.ptr_as::<T>(), x.strides[batch], x.strides[batch + 1]);
        let (mut left, right, mut out) = (matrix(a), matrix(b), matrix(c));
        let mut shape: SmallVec<[usize; 4]> = SmallVec::from_slice(&c.shape[..batch]);
        // Where b is the same throughout and the rows of a and c go on from one product to the next, the last batch axes are rows
        // of one taller product.
        while let Some(&dim) = shape.last() {
            let axis = shape.len() - 1;
            let goes_on = |x: &View, rows: isize| dim == 1 || m == 1 || x.strides[axis] == m as isize * rows;
            if b.strides[axis] != 0 && dim != 1 || !goes_on(a, left.rows) || !goes_on(c, out.rows) {
                break;
            }
            if m == 1 {
                (left.rows, out.rows) = (a.strides[axis], c.strides[axis]);
            }
            m *= dim;
            shape.pop();
        }
        let outer = shape.len();
        let rows = Rows::new(&shape, [&a.strides[..outer], &b.strides[..outer], &c.strides[..outer]]);
        Batch { size: [m, n, k], a: left, b: right, c: out, rows }
    }

    /// Calls `f` with the matrices of each product, on several threads where the batch alone is work enough.
    fn each(&self, alone: impl Fn([Matrix<T>; 3]) + Sync, among_threads: impl Fn([Matrix<T>; 3])) {
        let at = |x: Matrix<T>, offset: isize| Matrix { ptr: super::strided::Ptr(x.ptr.at(offset)), ..x };
        let total = self.rows.count() * self.rows.len;
        let step = self.rows.steps;
        let run = |range: std::ops::Range<usize>, f: &dyn Fn([Matrix<T>; 3])| {
            // Rows of the batch, then places in the row.
            let (first, last) = (range.start / self.rows.len, range.end.div_ceil(self.rows.len));
            let mut place = first * self.rows.len;
            self.rows.walk(first..last, |[i, j, l]| {
                for s in 0..self.rows.len as isize {
                    if range.contains(&place) {
                        f([at(self.a, i + s * step[0]), at(self.b, j + s * step[1]), at(self.c, l + s * step[2])]);
                    }
                    place += 1;
                }
            });
        };
        if total >= super::pool::threads().max(2) {
            let grain = FLOPS_GRAIN.div_ceil(flops(self.size).max(1));
            split(total, grain, |range| run(range, &alone));
        } else {
            run(0..total, &among_threads);
        }
    }
}

fn product<T: Real>(batch: &Batch<T>) -> Result<()> {
    if T::EXACT {
        let same = |x: Matrix<T>| Matrix::<T::Acc>::new(x.ptr.0.cast(), x.rows, x.columns);
        let size @ [m, n, k] = batch.size;
        batch.each(
            // SAFETY: EXACT: `T::Acc` is `T`. The views bound the matrices, and products write disjoint parts of c.
            |[a, b, c]| unsafe { gemm(size, same(c), same(a), same(b), false) },
            |[a, b, c]| {
                let mirrored = (a.ptr.0, a.rows, a.columns) == (b.ptr.0, b.columns, b.rows);
                // SAFETY: as above.
                unsafe {
                    match m == n && mirrored {
                        true => gemm_symmetric(n, k, same(c), same(a), same(b)),
                        false => gemm_parallel(size, same(c), same(a), same(b)),
                    }
                }
            },
        );
        return Ok(());
    }
    half_product(batch)
}

/// Products of half floats are computed in float32 over converted copies and rounded once.
fn half_product<T: Real>(batch: &Batch<T>) -> Result<()> {
    let [m, n, k] = batch.size;
    let failure = std::sync::Mutex::new(None);
    let run = |[a, b, c]: [Matrix<T>; 3], among_threads: bool| {
        let compute = || -> Result<()> {
            let (left, right, out) = (Scratch::<T::Acc>::new(m * k)?, Scratch::new(k * n)?, Scratch::new(m * n)?);
            // SAFETY: the scratch memory has the sizes of the matrices and is this call's own.
            unsafe {
                let wide = |x: Matrix<T>, rows: usize, columns: usize, to: &Scratch<T::Acc>| {
                    // Copies keep the order of memory, so that both sides are walked along.
                    let y = if x.rows == 1 {
                        Matrix::new(to.ptr(), 1, rows as isize)
                    } else {
                        Matrix::new(to.ptr(), columns as isize, 1)
                    };
                    convert(&[rows, columns], x.ptr.0, &[x.rows, x.columns], to.ptr(), &[y.rows, y.columns], T::up);
                    y
                };
                let (left, right) = (wide(a, m, k, &left), wide(b, k, n, &right));
                let product = Matrix::new(out.ptr(), n as isize, 1);
                if among_threads {
                    gemm_parallel(batch.size, product, left, right);
                } else {
                    gemm(batch.size, product, left, right, false);
                }
                convert(&[m, n], out.ptr(), &[n as isize, 1], c.ptr.0, &[c.rows, c.columns], T::down);
            }
            Ok(())
        };
        if let Err(error) = compute() {
            *failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
        }
    };
    batch.each(|matrices| run(matrices, false), |matrices| run(matrices, true));
    failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).map_or(Ok(()), Err)
}

fn plain_product<T: Number>(batch: &Batch<T>) {
    let [m, n, k] = batch.size;
    batch.each(
        // SAFETY: the views bound the matrices, and products write disjoint parts of c.
        |[a, b, c]| unsafe { plain(0..m, [n, k], c, a, b) },
        |[a, b, c]| {
            let grain = (FLOPS_GRAIN / 8).div_ceil((n * k).max(1));
            // SAFETY: as above, for disjoint rows.
            split(m, grain, |rows| unsafe { plain(rows, [n, k], c, a, b) });
        },
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::cpu::testing::{array, assert_close, output, random, relaid, run, values};
    use crate::dtype::Element;
    use crate::kernel::Kernel;
    use crate::scalar::Scalar;
    use crate::shape::Shape;

    fn check<T: Element>(
        batch: &[usize],
        [m, n, k]: [usize; 3],
        layouts: (usize, usize),
        shared: bool,
        tolerance: f64,
    ) {
        let make = |dims: &[usize], seed| {
            let scale = if T::DTYPE.is_float() { 1.0 } else { 8.0 };
            let made: Vec<T> = random(dims.iter().product(), seed)
                .into_iter()
                .map(|v| T::from_scalar(Scalar::Float(if T::DTYPE.kind() == 'u' { v.abs() } else { v } * scale)))
                .collect();
            array(&made, dims)
        };
        let full = |tail: [usize; 2]| [batch, &tail].concat();
        let a = relaid::<T>(&make(&full([m, k]), 1), layouts.0);
        let b = if shared {
            relaid::<T>(&make(&[k, n], 2), layouts.1).broadcast(&Shape::new(&full([k, n])))
        } else {
            relaid::<T>(&make(&full([k, n]), 2), layouts.1)
        };
        let c = output::<T>(&full([m, n]));
        run(&Kernel::MatMul, &[&a, &b], &[&c]).unwrap();
        let numbers = |view| values::<T>(view).iter().map(|v| v.to_scalar().as_f64()).collect::<Vec<_>>();
        let (a, b) = (numbers(&a), numbers(&b));
        let mut want = Vec::new();
        for p in 0..batch.iter().product() {
            for i in 0..m {
                for j in 0..n {
                    let sum: f64 = (0..k).map(|l| a[(p * m + i) * k + l] * b[(p * k + l) * n + j]).sum();
                    want.push(if T::DTYPE == crate::Dtype::Bool { (sum > 0.0) as u8 as f64 } else { sum });
                }
            }
        }
        assert_close(&numbers(&c), &want, tolerance, T::DTYPE.name());
    }

    proptest! {
        #[test]
        fn products_agree_with_loops(
            batch in prop::collection::vec(0usize..4, 0..3),
            size in prop::array::uniform3(0usize..9),
            layouts in (0usize..8, 0usize..8),
            shared: bool,
        ) {
            check::<f64>(&batch, size, layouts, shared, 1e-12);
            check::<f32>(&batch, size, layouts, shared, 1e-6);
            check::<half::f16>(&batch, size, layouts, shared, 1e-3);
            check::<half::bf16>(&batch, size, layouts, shared, 1e-2);
            check::<i32>(&batch, size, layouts, shared, 0.0);
            check::<i8>(&batch, size, layouts, shared, 0.0);
            check::<u64>(&batch, size, layouts, shared, 0.0);
            check::<bool>(&batch, size, layouts, shared, 0.0);
        }
    }

    #[test]
    fn large_products_are_cut_without_harm() {
        for layouts in [(0, 0), (4, 0), (0, 4), (1, 3)] {
            check::<f32>(&[], [300, 130, 200], layouts, false, 1e-4);
            check::<f32>(&[], [130, 300, 200], layouts, false, 1e-4);
            check::<f32>(&[40], [30, 20, 50], layouts, true, 1e-4);
            check::<half::f16>(&[], [200, 100, 64], layouts, false, 1e-2);
            check::<i64>(&[], [200, 100, 64], layouts, false, 0.0);
        }
    }

    #[test]
    fn nothing_summed_is_zero() {
        check::<f32>(&[], [3, 4, 0], (0, 0), false, 0.0);
        check::<i16>(&[2], [3, 4, 0], (0, 0), false, 0.0);
    }
}
