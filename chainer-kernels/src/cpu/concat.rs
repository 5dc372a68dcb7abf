//! Joining arrays, and borders around them: both are copies into parts of the output.

use super::copy::copy_view;
use super::numeric::with_bits;
use super::strided::Rows;
use super::wrong_arity;
use crate::error::Result;
use crate::scalar::Scalar;
use crate::view::View;

/// The part of a view that begins at `start` and has `len` elements on `axis`.
fn part(view: &View, axis: usize, start: usize, len: usize) -> View {
    let mut dims = view.shape.to_vec();
    dims[axis] = len;
    let mut part = View { shape: dims.into(), ..view.clone() };
    // An empty part may begin beyond the end: it has no address of its own then.
    if len > 0 {
        part.offset = view.offset.wrapping_add_signed(start as isize * view.strides[axis]);
    }
    part
}

/// Joins the inputs along `axis`.
pub(super) fn concat(axis: usize, inputs: &[View], outputs: &[View]) -> Result<()> {
    let [y] = outputs else { return Err(wrong_arity("concatenate")) };
    let mut start = 0;
    for x in inputs {
        let len = x.shape[axis];
        // SAFETY: parts of y are disjoint and belong to the kernel.
        unsafe { copy_view(x, &part(y, axis, start, len)) };
        start += len;
    }
    Ok(())
}

/// x inside a border of `value`.
pub(super) fn pad(widths: &[(usize, usize)], value: Scalar, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([x], [y]) = (inputs, outputs) else { return Err(wrong_arity("pad")) };
    // The borders of each axis span the inside of the axes before it and the whole of those after it.
    let mut inside = y.clone();
    for (axis, &(before, after)) in widths.iter().enumerate() {
        fill(&part(&inside, axis, 0, before), value);
        fill(&part(&inside, axis, inside.shape[axis] - after, after), value);
        inside = part(&inside, axis, before, x.shape[axis]);
    }
    // SAFETY: the output belongs to the kernel.
    unsafe { copy_view(x, &inside) };
    Ok(())
}

fn fill(view: &View, value: Scalar) {
    if view.shape.size() == 0 {
        return;
    }
    let bits = value.to_bits(view.dtype);
    let rows = Rows::new(&view.shape, [&view.strides]);
    with_bits!(view.dtype, T => {
        let to = view.ptr().cast::<T>();
        rows.walk(0..rows.count(), |[offset]| {
            let row = to.wrapping_offset(offset);
            for i in 0..rows.len as isize {
                // SAFETY: the view bounds its elements, which belong to the kernel.
                unsafe { *row.offset(i * rows.steps[0]) = bits as T };
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::cpu::testing::{array, output, relaid, run, values};
    use crate::kernel::Kernel;
    use crate::scalar::Scalar;

    proptest! {
        #[test]
        fn joining_agrees_with_loops(outer in 0usize..4, sizes in prop::collection::vec(0usize..4, 1..5), inner in 0usize..4, layout in 0usize..8) {
            let total: usize = sizes.iter().sum();
            let (mut parts, mut want, mut start) = (Vec::new(), vec![0u8; outer * total * inner], 0);
            for (n, &size) in sizes.iter().enumerate() {
                let x: Vec<u8> = (0..outer * size * inner).map(|i| (i * 5 + n) as u8).collect();
                for o in 0..outer {
                    let to = (o * total + start) * inner;
                    want[to..to + size * inner].copy_from_slice(&x[o * size * inner..(o + 1) * size * inner]);
                }
                parts.push(relaid::<u8>(&array(&x, &[outer, size, inner]), layout));
                start += size;
            }
            let y = output::<u8>(&[outer, total, inner]);
            run(&Kernel::Concat { axis: 1 }, &parts.iter().collect::<Vec<_>>(), &[&y]).unwrap();
            prop_assert_eq!(values::<u8>(&y), want);
        }

        #[test]
        fn borders_agree_with_loops(sizes in prop::array::uniform2(0usize..4), widths in prop::array::uniform2((0usize..3, 0usize..3)), layout in 0usize..8) {
            let x: Vec<f64> = (0..sizes[0] * sizes[1]).map(|i| i as f64).collect();
            let shape = [0, 1].map(|i| widths[i].0 + sizes[i] + widths[i].1);
            let y = output::<f64>(&shape);
            let kernel = Kernel::Pad { widths: widths.into_iter().collect(), value: Scalar::Float(-1.5) };
            run(&kernel, &[&relaid::<f64>(&array(&x, &sizes), layout)], &[&y]).unwrap();
            let mut want = vec![-1.5; shape[0] * shape[1]];
            for i in 0..sizes[0] {
                for j in 0..sizes[1] {
                    want[(i + widths[0].0) * shape[1] + j + widths[1].0] = x[i * sizes[1] + j];
                }
            }
            prop_assert_eq!(values::<f64>(&y), want);
        }
    }
}
