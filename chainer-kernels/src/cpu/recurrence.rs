//! Linear recurrences along an axis.

use super::numeric::Number;
use super::strided::{Ptr, Rows, split};
use super::{unsupported, wrong_arity};
use crate::cpu::numeric::with_real;
use crate::error::Result;
use crate::shape::Strides;
use crate::view::View;

/// Lines that run side by side: their last values stay in L1.
const BLOCK: usize = 256;

/// a, b → y (row-major) with `y[i] = a[i] * y[i - 1] + b[i]`, all of one float dtype. What runs on is wider than the dtype.
pub(super) fn execute(axis: usize, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([a, b], [y]) = (inputs, outputs) else { return Err(wrong_arity("recurrence")) };
    if y.shape.size() == 0 {
        return Ok(());
    }
    with_real!(y.dtype, T => run::<T>(axis, a, b, y), return Err(unsupported("recurrence", y.dtype)));
    Ok(())
}

fn run<T: Number>(axis: usize, a: &View, b: &View, y: &View) {
    let without = |strides: &[isize]| -> Strides {
        strides.iter().enumerate().filter(|(i, _)| *i != axis).map(|(_, s)| *s).collect()
    };
    let shape: Vec<usize> = y.shape.iter().enumerate().filter(|(i, _)| *i != axis).map(|(_, d)| *d).collect();
    let lines = Rows::new(&shape, [&without(&a.strides), &without(&b.strides), &without(&y.strides)]);
    let (size, len) = (y.shape[axis], lines.len);
    let [from_a, from_b, to] = [a, b, y].map(|view| Ptr(view.ptr_as::<T>()));
    let steps = [a, b, y].map(|view| view.strides[axis]);
    let blocks = len.div_ceil(BLOCK);
    split(lines.count() * blocks, (1usize << 14).div_ceil(size * len.min(BLOCK)), |range| {
        for piece in range {
            let (row, block) = (piece / blocks, piece % blocks);
            lines.walk(row..row + 1, |[i, j, k]| {
                let (first, end) = (block * BLOCK, len.min((block + 1) * BLOCK));
                let mut last = [T::ZERO.widen(); BLOCK];
                for n in 0..size as isize {
                    let (a, b) = (from_a.at(i + n * steps[0]), from_b.at(j + n * steps[1]));
                    let target = to.at(k + n * steps[2]);
                    for (l, last) in (first..end).zip(&mut last) {
                        let at = |k: usize| l as isize * lines.steps[k];
                        // SAFETY: the views bound their elements; each line of y is one task's.
                        unsafe {
                            // What comes before the first element is no factor, even where a is infinite or NaN there.
                            let kept = if n == 0 { *last } else { T::wide_times(*last, *a.offset(at(0))) };
                            *last = T::wide_plus(kept, *b.offset(at(1)));
                            *target.offset(at(2)) = T::narrow(*last);
                        }
                    }
                }
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::cpu::testing::{array, assert_close, output, random, relaid, run, values};
    use crate::kernel::Kernel;

    proptest! {
        #[test]
        fn recurrences_agree_with_loops(outer in 0usize..4, size in 0usize..5, inner in prop_oneof![0usize..4, 250usize..260], layout in 0usize..8) {
            let shape = [outer, size, inner];
            let count = outer * size * inner;
            let (a, b) = (random(count, 3), random(count, 5));
            let y = output::<f64>(&shape);
            let inputs = [relaid::<f64>(&array(&a, &shape), layout), relaid::<f64>(&array(&b, &shape), layout / 2)];
            run(&Kernel::Recurrence { axis: 1 }, &[&inputs[0], &inputs[1]], &[&y]).unwrap();
            let mut want = b.clone();
            for at in 0..count {
                if at / inner % size > 0 {
                    want[at] += a[at] * want[at - inner];
                }
            }
            assert_close(&values::<f64>(&y), &want, 1e-15, "recurrence");
        }
    }

    #[test]
    fn long_recurrences_of_half_floats_do_not_stall() {
        let ones = array(&vec![half::f16::ONE; 4096], &[4096]);
        let y = output::<half::f16>(&[4096]);
        run(&Kernel::Recurrence { axis: 0 }, &[&ones, &ones], &[&y]).unwrap();
        assert_eq!(values::<half::f16>(&y)[4095].to_f32(), 4096.0);
    }
}
