//! Take and scatter: whole slices along an axis, by index.

use super::copy::copy_view;
use super::indices::resolve;
use super::numeric::{Number, with_bits};
use super::strided::{COPY_GRAIN, Ptr, Rows, split};
use super::wrong_arity;
use crate::error::Result;
use crate::kernel::ScatterMode;
use crate::view::View;
use crate::with_element;

/// x, indices → x's axis `axis` replaced by the axes of `indices` (row-major).
pub(super) fn take(axis: usize, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([x, indices], [y]) = (inputs, outputs) else { return Err(wrong_arity("take")) };
    let places = resolve("take", indices, axis, x.shape[axis])?;
    if y.shape.size() == 0 {
        return Ok(());
    }
    with_bits!(x.dtype, T => run_take::<T>(axis, x, &places, y));
    Ok(())
}

fn run_take<T: Copy>(axis: usize, x: &View, places: &[usize], y: &View) {
    let before = Rows::new(&x.shape[..axis], [&x.strides[..axis]]);
    let slice = Rows::new(&x.shape[axis + 1..], [&x.strides[axis + 1..]]);
    let (count, len) = (slice.count(), slice.len);
    let (outer, inner) = (before.count() * before.len, count * len);
    let mut starts = Vec::with_capacity(outer);
    before.walk(0..before.count(), |[offset]| {
        starts.extend((0..before.len as isize).map(|i| offset + i * before.steps[0]));
    });
    let (from, to) = (Ptr(x.ptr().cast::<T>()), Ptr(y.ptr().cast::<T>()));
    let step = slice.steps[0];
    split(outer * places.len(), COPY_GRAIN.div_ceil(inner), |mut range| {
        // Single elements of the last axis: one row after the other.
        while inner == 1 && !range.is_empty() {
            let (row, first) = (range.start / places.len(), range.start % places.len());
            let end = places.len().min(first + range.len());
            let source = from.at(starts[row]);
            for (n, &place) in places[first..end].iter().enumerate() {
                // SAFETY: as below.
                unsafe { *to.at((range.start + n) as isize) = *source.offset(place as isize * x.strides[axis]) };
            }
            range.start += end - first;
        }
        for n in range {
            let source = starts[n / places.len()] + places[n % places.len()] as isize * x.strides[axis];
            let mut target = to.at((n * inner) as isize);
            slice.walk(0..count, |[offset]| {
                let source = from.at(source + offset);
                // SAFETY: indices were checked, so the reads stay in x; y is row-major and its n-th slice is this task's.
                unsafe {
                    if step == 1 {
                        std::ptr::copy_nonoverlapping(source, target, len);
                    } else {
                        for i in 0..len {
                            *target.add(i) = *source.offset(i as isize * step);
                        }
                    }
                    target = target.add(len);
                }
            });
        }
    });
}

/// base, indices, updates → base with the updates set or added (row-major).
pub(super) fn scatter(axis: usize, mode: ScatterMode, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([base, indices, updates], [out]) = (inputs, outputs) else { return Err(wrong_arity("scatter")) };
    let places = resolve("scatter", indices, axis, base.shape[axis])?;
    start_from(base, out);
    if updates.shape.size() == 0 {
        return Ok(());
    }
    match mode {
        ScatterMode::Set => with_bits!(base.dtype, T => {
            run_scatter::<T>(axis, &places, indices.shape.ndim(), updates, out, |_, new| new);
        }),
        ScatterMode::Add => with_element!(base.dtype, T => {
            run_scatter::<T>(axis, &places, indices.shape.ndim(), updates, out, Number::plus);
        }),
    }
    Ok(())
}

/// Copies `base` to `out`, unless they are the same memory.
pub(super) fn start_from(base: &View, out: &View) {
    if base.ptr() != out.ptr() || base.strides != out.strides {
        // SAFETY: the output belongs to the kernel.
        unsafe { copy_view(base, out) };
    }
}

fn run_scatter<T: Copy>(
    axis: usize,
    places: &[usize],
    index_axes: usize,
    updates: &View,
    out: &View,
    combine: impl Fn(T, T) -> T + Sync,
) {
    let out_strides = &out.strides;
    let before = Rows::new(&out.shape[..axis], [&out_strides[..axis], &updates.strides[..axis]]);
    let index_rows = Rows::new(&updates.shape[axis..axis + index_axes], [&updates.strides[axis..axis + index_axes]]);
    // Where each index's updates begin.
    let mut update_offsets = Vec::with_capacity(places.len());
    index_rows.walk(0..index_rows.count(), |[offset]| {
        update_offsets.extend((0..index_rows.len as isize).map(|i| offset + i * index_rows.steps[0]));
    });
    let after = axis + index_axes;
    let slice = Rows::new(&out.shape[axis + 1..], [&out_strides[axis + 1..], &updates.strides[after..]]);
    let (to, from) = (Ptr(out.ptr().cast::<T>()), Ptr(updates.ptr().cast::<T>()));
    let [to_step, from_step] = slice.steps;
    // Every task goes through all indices in order, for outer rows or columns of its own: no place is shared, and the order in
    // which updates meet a place is that of the indices.
    let run = |outer: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
        let mut row = outer.start / before.len * before.len;
        before.walk(outer.start / before.len..outer.end.div_ceil(before.len), |[i, j]| {
            for n in 0..before.len as isize {
                let mine = outer.contains(&row);
                row += 1;
                if !mine {
                    continue;
                }
                let (i, j) = (i + n * before.steps[0], j + n * before.steps[1]);
                if (slice.count(), slice.len) == (1, 1) {
                    for (&place, &update) in places.iter().zip(&update_offsets) {
                        let target = to.at(i + place as isize * out_strides[axis]);
                        // SAFETY: indices were checked; rows belong to this task.
                        unsafe { *target = combine(*target, *from.at(j + update)) };
                    }
                    continue;
                }
                for (&place, &update) in places.iter().zip(&update_offsets) {
                    let target = i + place as isize * out_strides[axis];
                    slice.walk(0..slice.count(), |[s, t]| {
                        let (target, source) = (to.at(target + s), from.at(j + update + t));
                        // SAFETY: indices were checked; rows and columns belong to this task.
                        unsafe {
                            if to_step == 1 && from_step == 1 {
                                for c in columns.clone() {
                                    *target.add(c) = combine(*target.add(c), *source.add(c));
                                }
                            } else {
                                for c in columns.start as isize..columns.end as isize {
                                    let target = target.offset(c * to_step);
                                    *target = combine(*target, *source.offset(c * from_step));
                                }
                            }
                        }
                    });
                }
            }
        });
    };
    let outer = before.count() * before.len;
    let work = places.len() * slice.count() * slice.len;
    const GRAIN: usize = 1 << 14;
    if outer > 1 {
        split(outer, GRAIN.div_ceil(work), |rows| run(rows, 0..slice.len));
    } else {
        // Columns in whole cache lines, or two threads would pull them to and fro.
        const LINE: usize = 32;
        let lines = slice.len.div_ceil(LINE);
        let grain = GRAIN.div_ceil((work / lines.max(1)).max(1));
        split(lines, grain, |range| run(0..1, range.start * LINE..slice.len.min(range.end * LINE)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::cpu::testing::{array, output, relaid, run, values};
    use crate::error::ErrorKind;
    use crate::kernel::{Kernel, ScatterMode};

    proptest! {
        #[test]
        fn take_and_scatter_agree_with_loops(
            before in prop::collection::vec(0usize..4, 0..3),
            size in 1usize..5,
            after in prop::collection::vec(0usize..40, 0..2),
            index in prop::collection::vec(0usize..4, 0..3),
            layouts in (0usize..8, 0usize..8),
        ) {
            let (outer, inner, count) =
                (before.iter().product::<usize>(), after.iter().product::<usize>(), index.iter().product::<usize>());
            let axis = before.len();
            let shape = [&before[..], &[size], &after].concat();
            let taken = [&before[..], &index, &after].concat();
            let x: Vec<i32> = (0..(outer * size * inner) as i32).collect();
            let places: Vec<i64> = (0..count).map(|i| (i * 7 % (2 * size)) as i64 - size as i64).collect();
            let from_front = |n: usize| places[n].rem_euclid(size as i64) as usize;
            let source = relaid::<i32>(&array(&x, &shape), layouts.0);
            let indices = relaid::<i64>(&array(&places, &index), layouts.1);
            let at = |o: usize, place: usize, i: usize| (o * size + place) * inner + i;
            let each = |f: &mut dyn FnMut(usize, usize)| {
                for o in 0..outer {
                    for n in 0..count {
                        for i in 0..inner {
                            f(at(o, from_front(n), i), (o * count + n) * inner + i);
                        }
                    }
                }
            };

            let y = output::<i32>(&taken);
            run(&Kernel::Take { axis }, &[&source, &indices], &[&y]).unwrap();
            let mut want = vec![0; outer * count * inner];
            each(&mut |from, to| want[to] = x[from]);
            prop_assert_eq!(values::<i32>(&y), want);

            let updates: Vec<i32> = (0..(outer * count * inner) as i32).map(|v| 1000 + v).collect();
            let given = relaid::<i32>(&array(&updates, &taken), layouts.1);
            for mode in [ScatterMode::Set, ScatterMode::Add] {
                let y = output::<i32>(&shape);
                run(&Kernel::Scatter { axis, mode }, &[&source, &indices, &given], &[&y]).unwrap();
                let mut want = x.clone();
                each(&mut |to, from| want[to] = updates[from] + if mode == ScatterMode::Add { want[to] } else { 0 });
                prop_assert_eq!(values::<i32>(&y), want);
            }
        }
    }

    #[test]
    fn every_integer_dtype_is_an_index() {
        let x = array(&[10.0f32, 11.0, 12.0], &[3]);
        macro_rules! check {
            ($($ty:ty)*) => {$({
                let y = output::<f32>(&[2]);
                run(&Kernel::Take { axis: 0 }, &[&x, &array(&[2 as $ty, 0], &[2])], &[&y]).unwrap();
                assert_eq!(values::<f32>(&y), [12.0, 10.0]);
            })*};
        }
        check! { i8 i16 i32 i64 u8 u16 u32 u64 }
    }

    #[test]
    fn indices_out_of_bounds_are_named() {
        let (x, y) = (array(&[0f32; 12], &[4, 3]), output::<f32>(&[4, 2, 2]));
        let indices = array(&[0i32, 1, -4, 2], &[2, 2]);
        let error = run(&Kernel::Take { axis: 1 }, &[&x, &indices], &[&y]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IndexOutOfBounds);
        assert_eq!(error.message(), "indices[1, 0] = -4 is out of bounds for axis 1 of size 3");
        let indices = array(&[u64::MAX], &[1]);
        let kernel = Kernel::Scatter { axis: 0, mode: ScatterMode::Add };
        let error = run(&kernel, &[&x, &indices, &output::<f32>(&[1, 3])], &[&output::<f32>(&[4, 3])]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IndexOutOfBounds);
    }

    #[test]
    fn adding_follows_the_order_of_the_indices() {
        // 1 + 2^24 · … in float32 depends on the order: every number of threads must keep it.
        let count = 4000;
        let updates: Vec<f32> = (0..count * 64).map(|i| if i / 64 % 2 == 0 { 1.5e7 } else { 1.25 }).collect();
        let indices: Vec<i32> = (0..count as i32).map(|i| i % 3).collect();
        let out = output::<f32>(&[3, 64]);
        let kernel = Kernel::Scatter { axis: 0, mode: ScatterMode::Add };
        let inputs = [array(&[0f32; 192], &[3, 64]), array(&indices, &[count]), array(&updates, &[count, 64])];
        run(&kernel, &[&inputs[0], &inputs[1], &inputs[2]], &[&out]).unwrap();
        let mut want = vec![0f32; 192];
        for (n, &i) in indices.iter().enumerate() {
            for c in 0..64 {
                want[i as usize * 64 + c] += updates[n * 64 + c];
            }
        }
        assert_eq!(values::<f32>(&out), want);
    }
}
