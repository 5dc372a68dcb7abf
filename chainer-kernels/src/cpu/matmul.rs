//! Batched matrix products of any dtype and layout.

use std::ops::Range;

use smallvec::SmallVec;

use super::epilogue::{After, BLOCK_BYTES, Blocks};
use super::gemm::{FLOPS_GRAIN, Matrix, flops, gemm, gemm_parts, gemm_symmetric, parts, plain};
use super::numeric::{Number, Real, with_real};
use super::pool;
use super::strided::{Rows, Scratch, convert, pieces, split};
use crate::error::Result;
use crate::kernel::Epilogue;
use crate::view::View;
use crate::with_element;

/// (…, m, k) by (…, k, n).
pub(super) fn execute(inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([a, b], [c]) = (inputs, outputs) else { return Err(super::wrong_arity("matmul")) };
    run([a, b, c], None)
}

/// The same with an epilogue; the outputs are row-major.
pub(super) fn execute_with(epilogue: &Epilogue, inputs: &[View], outputs: &[View]) -> Result<()> {
    let [a, b, others @ ..] = inputs else { return Err(super::wrong_arity("matmul_map")) };
    let after = After::new("matmul_map", epilogue, others, outputs)?;
    run([a, b, after.product()], Some(&after))
}

fn run(views: [&View; 3], after: Option<&After>) -> Result<()> {
    let [a, b, c] = views;
    if c.shape.size() == 0 {
        return Ok(());
    }
    with_real!(c.dtype, T => return run_batch(&Batch::<T>::new(a, b, c), after, product), ());
    with_element!(c.dtype, T => run_batch(&Batch::<T>::new(a, b, c), after, plain_product))
}

/// Computes the product with its epilogue: block by block, or after it.
fn run_batch<T: Number>(
    batch: &Batch<T>,
    after: Option<&After>,
    product: impl Fn(&Batch<T>, Option<&Blocks>, usize) -> Result<()>,
) -> Result<()> {
    let Some(after) = after else { return product(batch, None, 0) };
    let more = after.flops();
    let axes = after.product().shape.ndim();
    // Half a product and a map are less work than a whole one.
    let blocks = match is_mirrored(batch.a, batch.b) {
        true => None,
        false => after.blocks(batch.outer, axes - 1, batch.pieces(more)),
    };
    match blocks {
        Some(blocks) => product(batch, Some(&blocks), more),
        None => {
            product(batch, None, 0)?;
            after.run_whole();
            Ok(())
        }
    }
}

/// A batch of products of one size.
struct Batch<T> {
    size: [usize; 3],
    a: Matrix<T>,
    b: Matrix<T>,
    c: Matrix<T>,
    /// Walks the three offsets over the batch.
    rows: Rows<3>,
    /// The batch axes of the views that are none of the product's rows.
    outer: usize,
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
        Batch { size: [m, n, k], a: left, b: right, c: out, rows, outer }
    }

    fn count(&self) -> usize {
        self.rows.count() * self.rows.len
    }

    /// Whether there are products enough that each stays on one thread.
    fn is_many(&self) -> bool {
        self.count() >= pool::threads().max(2)
    }

    /// Products that are too few for a thread of their own; `more` is what each element takes beside its own operations.
    fn grain(&self, more: usize) -> usize {
        let [m, n, _] = self.size;
        FLOPS_GRAIN.div_ceil(flops(self.size).saturating_add(m.saturating_mul(n).saturating_mul(more)).max(1))
    }

    /// Rows of a plain product that are too few for a thread of their own.
    fn plain_grain(&self, more: usize) -> usize {
        let [_, n, k] = self.size;
        (FLOPS_GRAIN / 8).div_ceil((n * k).saturating_add(n.saturating_mul(more) / 8).max(1))
    }

    /// On how many threads the work is spread.
    fn pieces(&self, more: usize) -> usize {
        if self.is_many() {
            return pieces(self.count(), self.grain(more));
        }
        if T::DTYPE.is_float() {
            let (rows, columns) = parts(self.size, more, pool::threads());
            rows * columns
        } else {
            pieces(self.size[0], self.plain_grain(more))
        }
    }

    /// Calls `f` with the number and the matrices of each product, on several threads where the batch alone is work enough; then an
    /// epilogue follows each few products. `among_threads` sees to its epilogue itself.
    fn each(
        &self,
        after: Option<&Blocks>,
        more: usize,
        alone: impl Fn([Matrix<T>; 3]) + Sync,
        among_threads: impl Fn(usize, [Matrix<T>; 3]),
    ) {
        let at = |x: Matrix<T>, offset: isize| Matrix { ptr: super::strided::Ptr(x.ptr.at(offset)), ..x };
        let step = self.rows.steps;
        let run = |range: Range<usize>, f: &dyn Fn(usize, [Matrix<T>; 3])| {
            // Rows of the batch, then places in the row.
            let (first, last) = (range.start / self.rows.len, range.end.div_ceil(self.rows.len));
            let mut place = first * self.rows.len;
            self.rows.walk(first..last, |[i, j, l]| {
                for s in 0..self.rows.len as isize {
                    if range.contains(&place) {
                        let [a, b, c] = [(self.a, i), (self.b, j), (self.c, l)];
                        f(place, [at(a.0, a.1 + s * step[0]), at(b.0, b.1 + s * step[1]), at(c.0, c.1 + s * step[2])]);
                    }
                    place += 1;
                }
            });
        };
        if !self.is_many() {
            return run(0..self.count(), &among_threads);
        }
        let [m, n, _] = self.size;
        split(self.count(), self.grain(more), |range| {
            let Some(after) = after else { return run(range, &|_, matrices| alone(matrices)) };
            let few = (BLOCK_BYTES / (m * n * size_of::<T>())).max(1);
            for first in range.clone().step_by(few) {
                let items = first..range.end.min(first + few);
                run(items.clone(), &|_, matrices| alone(matrices));
                // SAFETY: these products are computed, and their elements are this task's own.
                unsafe { after.run(items, 0..m, 0..n) };
            }
        });
    }
}

/// Whether b is the transpose of a: half of their product mirrors the other.
fn is_mirrored<T>(a: Matrix<T>, b: Matrix<T>) -> bool {
    (a.ptr.0, a.rows, a.columns) == (b.ptr.0, b.columns, b.rows)
}

fn product<T: Real>(batch: &Batch<T>, after: Option<&Blocks>, more: usize) -> Result<()> {
    if !T::EXACT {
        return half_product(batch, after, more);
    }
    let same = |x: Matrix<T>| Matrix::<T::Acc>::new(x.ptr.0.cast(), x.rows, x.columns);
    let size @ [m, n, k] = batch.size;
    batch.each(
        after,
        more,
        // SAFETY: EXACT: `T::Acc` is `T`. The views bound the matrices, and products write disjoint parts of c.
        |[a, b, c]| unsafe { gemm(size, same(c), same(a), same(b), false) },
        |item, [a, b, c]| {
            let done = after.map(|after| {
                // SAFETY: a block of the product that is computed is its task's own.
                move |rows, columns| unsafe { after.run(item..item + 1, rows, columns) }
            });
            let done = done.as_ref().map(|done| done as &(dyn Fn(Range<usize>, Range<usize>) + Sync));
            // SAFETY: as above.
            unsafe {
                match m == n && done.is_none() && is_mirrored(a, b) {
                    true => gemm_symmetric(n, k, same(c), same(a), same(b)),
                    false => {
                        gemm_parts(size, same(c), same(a), same(b), parts(size, more, pool::threads()), done);
                    }
                }
            }
        },
    );
    Ok(())
}

/// Products of half floats are computed in float32 over converted copies and rounded once.
fn half_product<T: Real>(batch: &Batch<T>, after: Option<&Blocks>, more: usize) -> Result<()> {
    let [m, n, k] = batch.size;
    let failure = std::sync::Mutex::new(None);
    let run = |[a, b, c]: [Matrix<T>; 3], parts: (usize, usize), done: &(dyn Fn(Range<usize>, Range<usize>) + Sync)| {
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
                let round = |rows: Range<usize>, columns: Range<usize>| {
                    let (from, to) = (product.from(rows.start, columns.start), c.from(rows.start, columns.start));
                    let shape = [rows.len(), columns.len()];
                    convert(&shape, from.ptr.0, &[from.rows, from.columns], to.ptr.0, &[to.rows, to.columns], T::down);
                    done(rows, columns);
                };
                gemm_parts(batch.size, product, left, right, parts, Some(&round));
            }
            Ok(())
        };
        if let Err(error) = compute() {
            *failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
        }
    };
    batch.each(
        after,
        more,
        |matrices| run(matrices, (1, 1), &|_, _| {}),
        |item, matrices| {
            run(matrices, parts(batch.size, more, pool::threads()), &|rows, columns| {
                if let Some(after) = after {
                    // SAFETY: these elements are computed, and this task's own.
                    unsafe { after.run(item..item + 1, rows, columns) };
                }
            });
        },
    );
    failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).map_or(Ok(()), Err)
}

fn plain_product<T: Number>(batch: &Batch<T>, after: Option<&Blocks>, more: usize) -> Result<()> {
    let [m, n, k] = batch.size;
    batch.each(
        after,
        more,
        // SAFETY: the views bound the matrices, and products write disjoint parts of c.
        |[a, b, c]| unsafe { plain(0..m, [n, k], c, a, b) },
        |item, [a, b, c]| {
            // SAFETY: as above, for disjoint rows.
            split(m, batch.plain_grain(more), |rows| unsafe {
                plain(rows.clone(), [n, k], c, a, b);
                if let Some(after) = after {
                    after.run(item..item + 1, rows, 0..n);
                }
            });
        },
    );
    Ok(())
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
