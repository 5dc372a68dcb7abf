//! Running sums and products along an axis.

use super::numeric::Number;
use super::strided::{Ptr, Rows, split};
use super::wrong_arity;
use crate::error::Result;
use crate::kernel::ScanOp;
use crate::shape::Strides;
use crate::view::View;
use crate::with_element;

/// Lines that are scanned side by side: their running values stay in L1.
const BLOCK: usize = 256;

/// x → y (row-major), of one dtype. Floats accumulate in a wider type.
pub(super) fn execute(axis: usize, op: ScanOp, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([x], [y]) = (inputs, outputs) else { return Err(wrong_arity("scan")) };
    if y.shape.size() == 0 {
        return Ok(());
    }
    with_element!(x.dtype, T => match op {
        ScanOp::Sum => run::<T>(axis, x, y, T::ZERO, T::wide_plus),
        ScanOp::Prod => run::<T>(axis, x, y, T::ONE, T::wide_times),
    });
    Ok(())
}

fn run<T: Number>(axis: usize, x: &View, y: &View, start: T, combine: impl Fn(T::Wide, T) -> T::Wide + Sync) {
    let without = |strides: &[isize]| -> Strides {
        strides.iter().enumerate().filter(|(i, _)| *i != axis).map(|(_, s)| *s).collect()
    };
    let shape: Vec<usize> = x.shape.iter().enumerate().filter(|(i, _)| *i != axis).map(|(_, d)| *d).collect();
    let lines = Rows::new(&shape, [&without(&x.strides), &without(&y.strides)]);
    let (size, len) = (x.shape[axis], lines.len);
    let (from, to) = (Ptr(x.ptr_as::<T>()), Ptr(y.ptr_as::<T>()));
    let blocks = len.div_ceil(BLOCK);
    split(lines.count() * blocks, (1usize << 14).div_ceil(size * len.min(BLOCK)), |range| {
        for piece in range {
            let (row, block) = (piece / blocks, piece % blocks);
            lines.walk(row..row + 1, |[i, j]| {
                let (first, end) = (block * BLOCK, len.min((block + 1) * BLOCK));
                let mut running = [start.widen(); BLOCK];
                for n in 0..size as isize {
                    let source = from.at(i + n * x.strides[axis]);
                    let target = to.at(j + n * y.strides[axis]);
                    for (l, running) in (first..end).zip(&mut running) {
                        // SAFETY: the views bound their elements; each line of y is one task's.
                        unsafe {
                            *running = combine(*running, *source.offset(l as isize * lines.steps[0]));
                            *target.offset(l as isize * lines.steps[1]) = T::narrow(*running);
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

    use crate::cpu::testing::{array, output, relaid, run, values};
    use crate::kernel::{Kernel, ScanOp};

    proptest! {
        #[test]
        fn scans_agree_with_loops(outer in 0usize..4, size in 0usize..5, inner in prop_oneof![0usize..4, 250usize..260], layout in 0usize..8) {
            let shape = [outer, size, inner];
            let x: Vec<i32> = (0..outer * size * inner).map(|i| (i % 7) as i32 - 3).collect();
            let source = relaid::<i32>(&array(&x, &shape), layout);
            for op in [ScanOp::Sum, ScanOp::Prod] {
                let y = output::<i32>(&shape);
                run(&Kernel::Scan { axis: 1, op }, &[&source], &[&y]).unwrap();
                let mut want = x.clone();
                for at in 0..want.len() {
                    if at / inner % size > 0 {
                        let before = want[at - inner];
                        want[at] = if op == ScanOp::Sum { before + x[at] } else { before * x[at] };
                    }
                }
                prop_assert_eq!(values::<i32>(&y), want);
            }
        }
    }

    #[test]
    fn running_sums_of_half_floats_do_not_stall() {
        // In float16 itself 2048 + 1 = 2048.
        let x = array(&vec![half::f16::ONE; 4096], &[4096]);
        let y = output::<half::f16>(&[4096]);
        run(&Kernel::Scan { axis: 0, op: ScanOp::Sum }, &[&x], &[&y]).unwrap();
        assert_eq!(values::<half::f16>(&y)[4095].to_f32(), 4096.0);
    }
}
