//! One element for each index along an axis.

use super::gather::start_from;
use super::indices::resolve;
use super::numeric::{Number, with_bits};
use super::strided::{Ptr, Rows, split};
use super::wrong_arity;
use crate::error::Result;
use crate::kernel::ScatterMode;
use crate::view::View;
use crate::with_element;

/// Lines that a task should have at least.
const GRAIN: usize = 1 << 13;

/// x, indices → the named elements (row-major).
pub(super) fn take(axis: usize, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([x, indices], [y]) = (inputs, outputs) else { return Err(wrong_arity("take_along_axis")) };
    let places = resolve("take_along_axis", &distinct(indices, axis), axis, x.shape[axis])?;
    with_bits!(x.dtype, T => {
        let (from, to, step) = (Ptr(x.ptr().cast::<T>()), Ptr(y.ptr().cast::<T>()), x.strides[axis]);
        each(axis, &places, indices, x, y, |place, i, j| {
            // SAFETY: indices were checked; each place of y is written by one task.
            unsafe { *to.at(j) = *from.at(i + place as isize * step) };
        });
    });
    Ok(())
}

/// base, indices, updates → base with each update set or added (row-major).
pub(super) fn scatter(axis: usize, mode: ScatterMode, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([base, indices, updates], [out]) = (inputs, outputs) else { return Err(wrong_arity("scatter_along_axis")) };
    let places = resolve("scatter_along_axis", &distinct(indices, axis), axis, base.shape[axis])?;
    start_from(base, out);
    fn run<T: Copy>(
        axis: usize,
        places: &[usize],
        [indices, updates, out]: [&View; 3],
        combine: impl Fn(T, T) -> T + Sync,
    ) {
        let (to, from, step) = (Ptr(out.ptr().cast::<T>()), Ptr(updates.ptr().cast::<T>()), out.strides[axis]);
        each(axis, places, indices, out, updates, |place, i, j| {
            // SAFETY: indices were checked; each line of out belongs to one task.
            unsafe {
                let target = to.at(i + place as isize * step);
                *target = combine(*target, *from.at(j));
            }
        });
    }
    match mode {
        ScatterMode::Set => with_bits!(base.dtype, T => run::<T>(axis, &places, [indices, updates, out], |_, new| new)),
        ScatterMode::Add => {
            with_element!(base.dtype, T => run::<T>(axis, &places, [indices, updates, out], Number::plus))
        }
    }
    Ok(())
}

/// The indices without what repeats: lines along which they were broadcast share one line of indices, which is read once.
fn distinct(indices: &View, axis: usize) -> View {
    let size =
        |(i, (&size, &stride)): (usize, (&usize, &isize))| if i != axis && stride == 0 { size.min(1) } else { size };
    let shape = indices.shape.iter().zip(&indices.strides).enumerate().map(size).collect();
    View { shape, ..indices.clone() }
}

/// Calls `f(place, line, element)` for every index: what it names, the offset of its line in `lined`, and the offset of its own
/// element in `shaped`, which has the indices' shape. A line is one task's.
fn each(
    axis: usize,
    places: &[usize],
    indices: &View,
    lined: &View,
    shaped: &View,
    f: impl Fn(usize, isize, isize) + Sync,
) {
    let size = indices.shape[axis];
    if places.is_empty() {
        return;
    }
    let without = |strides: &[isize]| -> crate::shape::Strides {
        strides.iter().enumerate().filter(|(i, _)| *i != axis).map(|(_, s)| *s).collect()
    };
    let shape: smallvec::SmallVec<[usize; 4]> =
        indices.shape.iter().enumerate().filter(|(i, _)| *i != axis).map(|(_, d)| *d).collect();
    // The distinct indices were read in row-major order.
    let read = distinct(indices, axis).shape;
    let mut order = read.strides();
    for (step, (&own, &size)) in order.iter_mut().zip(read.iter().zip(indices.shape.iter())) {
        *step = if own == size { *step } else { 0 };
    }
    let rows = Rows::new(&shape, [&without(&lined.strides), &without(&shaped.strides), &without(&order)]);
    let (len, between, step) = (rows.len, order[axis] as usize, shaped.strides[axis]);
    split(rows.count() * len, GRAIN.div_ceil(size), |range| {
        let mut line = range.start / len * len;
        rows.walk(range.start / len..range.end.div_ceil(len), |[i, j, k]| {
            for n in 0..len as isize {
                if range.contains(&line) {
                    let (i, j, k) = (i + n * rows.steps[0], j + n * rows.steps[1], k + n * rows.steps[2]);
                    let line = &places[k as usize..];
                    if (between, step) == (1, 1) {
                        // Spelled out, so that nothing is multiplied.
                        line[..size].iter().zip(j..).for_each(|(&place, j)| f(place, i, j));
                    } else {
                        (0..size).for_each(|l| f(line[l * between], i, j + l as isize * step));
                    }
                }
                line += 1;
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::cpu::testing::{array, output, relaid, run, values};
    use crate::kernel::{Kernel, ScatterMode};

    proptest! {
        #[test]
        fn elements_along_an_axis_agree_with_loops(
            outer in 0usize..4, size in 1usize..5, inner in 0usize..4, count in 0usize..5, layouts in (0usize..8, 0usize..8),
        ) {
            let (shape, taken) = ([outer, size, inner], [outer, count, inner]);
            let x: Vec<i16> = (0..(outer * size * inner) as i16).collect();
            let places: Vec<i8> = (0..outer * count * inner).map(|i| (i * 7 % (2 * size)) as i8 - size as i8).collect();
            let each = |f: &mut dyn FnMut(usize, usize)| {
                for o in 0..outer {
                    for n in 0..count {
                        for i in 0..inner {
                            let at = (o * count + n) * inner + i;
                            let place = places[at].rem_euclid(size as i8) as usize;
                            f((o * size + place) * inner + i, at);
                        }
                    }
                }
            };
            let source = relaid::<i16>(&array(&x, &shape), layouts.0);
            let indices = relaid::<i8>(&array(&places, &taken), layouts.1);
            let y = output::<i16>(&taken);
            run(&Kernel::TakeAlongAxis { axis: 1 }, &[&source, &indices], &[&y]).unwrap();
            let mut want = vec![0; places.len()];
            each(&mut |from, to| want[to] = x[from]);
            prop_assert_eq!(values::<i16>(&y), want);
            let updates: Vec<i16> = (0..places.len() as i16).map(|v| 1000 + v).collect();
            let given = relaid::<i16>(&array(&updates, &taken), layouts.1);
            for mode in [ScatterMode::Set, ScatterMode::Add] {
                let y = output::<i16>(&shape);
                run(&Kernel::ScatterAlongAxis { axis: 1, mode }, &[&source, &indices, &given], &[&y]).unwrap();
                let mut want = x.clone();
                each(&mut |to, from| want[to] = updates[from] + if mode == ScatterMode::Add { want[to] } else { 0 });
                prop_assert_eq!(values::<i16>(&y), want);
            }
        }
    }

    #[test]
    fn broadcast_indices_name_the_same_in_every_line() {
        let x: Vec<i32> = (0..24).collect();
        let x = array(&x, &[2, 3, 4]);
        let mut indices = array(&[3i64, 0, 1, 1], &[2, 1, 2]);
        indices.shape = crate::Shape::new(&[2, 3, 2]);
        indices.strides[1] = 0;
        let y = output::<i32>(&[2, 3, 2]);
        run(&Kernel::TakeAlongAxis { axis: 2 }, &[&x, &indices], &[&y]).unwrap();
        assert_eq!(values::<i32>(&y), [3, 0, 7, 4, 11, 8, 13, 13, 17, 17, 21, 21]);
        let (base, updates) = (array(&[0i32; 24], &[2, 3, 4]), array(&[1i32; 12], &[2, 3, 2]));
        let sums = output::<i32>(&[2, 3, 4]);
        let kernel = Kernel::ScatterAlongAxis { axis: 2, mode: ScatterMode::Add };
        run(&kernel, &[&base, &indices, &updates], &[&sums]).unwrap();
        assert_eq!(
            values::<i32>(&sums),
            [[1, 0, 0, 1]; 3].into_iter().chain([[0, 2, 0, 0]; 3]).flatten().collect::<Vec<_>>()
        );
    }

    #[test]
    fn indices_out_of_bounds_are_named() {
        let (x, y) = (array(&[0f32; 6], &[2, 3]), output::<f32>(&[2, 1]));
        let error = run(&Kernel::TakeAlongAxis { axis: 1 }, &[&x, &array(&[0i32, 3], &[2, 1])], &[&y]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "IndexOutOfBounds in take_along_axis\n  indices[1, 0] = 3 is out of bounds for axis 1 of size 3"
        );
    }
}
