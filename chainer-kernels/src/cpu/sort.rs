//! Stable sorting along the last axis.

use std::cmp::Ordering;

use super::numeric::Number;
use super::strided::{Ptr, Rows, split};
use super::wrong_arity;
use crate::error::Result;
use crate::view::View;
use crate::with_element;

/// x → sorted values, int64 order (both row-major), or the first of each line where the outputs are shorter.
pub(super) fn execute(descending: bool, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([x], [y, order]) = (inputs, outputs) else { return Err(wrong_arity("sort")) };
    if y.shape.size() == 0 {
        return Ok(());
    }
    with_element!(x.dtype, T => match descending {
        false => run::<T>(x, y, order, T::order),
        true => run::<T>(x, y, order, descent),
    });
    Ok(())
}

/// Descending, NaN last.
fn descent<T: Number>(a: &T, b: &T) -> Ordering {
    if a.is_nan() || b.is_nan() { a.order(b) } else { b.order(a) }
}

fn run<T: Number>(x: &View, y: &View, order: &View, compare: impl Fn(&T, &T) -> Ordering + Sync) {
    let last = x.shape.ndim() - 1;
    let (size, step, kept) = (x.shape[last], x.strides[last], y.shape[last]);
    let lines = Rows::new(&x.shape[..last], [&x.strides[..last]]);
    let len = lines.len;
    let (from, to, places) = (Ptr(x.ptr_as::<T>()), Ptr(y.ptr_as::<T>()), Ptr(order.ptr_as::<i64>()));
    split(lines.count() * len, (1usize << 12).div_ceil(size), |range| {
        let mut pairs: Vec<(T, i64)> = Vec::with_capacity(size);
        let mut line = range.start / len * len;
        lines.walk(range.start / len..range.end.div_ceil(len), |[offset]| {
            for n in 0..len as isize {
                let (this, mine) = (line, range.contains(&line));
                line += 1;
                if !mine {
                    continue;
                }
                let source = from.at(offset + n * lines.steps[0]);
                pairs.clear();
                // SAFETY: the view bounds its elements.
                pairs.extend((0..size as i64).map(|i| (unsafe { *source.offset(i as isize * step) }, i)));
                // Places break ties, so the order is the stable one.
                let compare = |a: &(T, i64), b: &(T, i64)| compare(&a.0, &b.0).then(a.1.cmp(&b.1));
                if kept < size {
                    pairs.select_nth_unstable_by(kept, compare);
                    pairs.truncate(kept);
                }
                pairs.sort_unstable_by(compare);
                let start = (this * kept) as isize;
                for (i, &(value, place)) in pairs.iter().enumerate() {
                    // SAFETY: the outputs are row-major, and this line is this task's.
                    unsafe {
                        *to.at(start + i as isize) = value;
                        *places.at(start + i as isize) = place;
                    }
                }
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::cpu::testing::{array, output, relaid, run, values};
    use crate::kernel::Kernel;

    proptest! {
        #[test]
        fn sorting_is_stable_with_nan_last(
            lines in 0usize..5, size in 0usize..40, layout in 0usize..8, cut in 0usize..40, descending: bool,
        ) {
            // Few values, so that ties occur; both zeros, which are equal; NaN.
            let pick = [0.0f32, -0.0, 1.0, -1.0, f32::NAN, f32::INFINITY];
            let x: Vec<f32> = (0..lines * size).map(|i| pick[i * i * 31 % 6]).collect();
            let kept = size.saturating_sub(cut);
            let (y, order) = (output::<f32>(&[lines, kept]), output::<i64>(&[lines, kept]));
            run(&Kernel::Sort { descending }, &[&relaid::<f32>(&array(&x, &[lines, size]), layout)], &[&y, &order]).unwrap();
            let (y, order) = (values::<f32>(&y), values::<i64>(&order));
            for line in 0..lines {
                let row = &x[line * size..(line + 1) * size];
                let mut want: Vec<usize> = (0..size).collect();
                want.sort_by(|&i, &j| {
                    let (first, second) = if descending { (j, i) } else { (i, j) };
                    row[first].partial_cmp(&row[second]).unwrap_or_else(|| row[i].is_nan().cmp(&row[j].is_nan()))
                });
                for (k, &i) in want[..kept].iter().enumerate() {
                    prop_assert_eq!(order[line * kept + k], i as i64);
                    prop_assert_eq!(y[line * kept + k].to_bits(), row[i].to_bits());
                }
            }
        }
    }

    #[test]
    fn integers_and_bools_sort_too() {
        let (y, order) = (output::<bool>(&[4]), output::<i64>(&[4]));
        run(&Kernel::Sort { descending: false }, &[&array(&[true, false, true, false], &[4])], &[&y, &order]).unwrap();
        assert_eq!(values::<i64>(&order), [1, 3, 0, 2]);
        let (y, order) = (output::<i8>(&[3]), output::<i64>(&[3]));
        run(&Kernel::Sort { descending: false }, &[&array(&[3i8, -7, 0], &[3])], &[&y, &order]).unwrap();
        assert_eq!(values::<i8>(&y), [-7, 0, 3]);
    }
}
