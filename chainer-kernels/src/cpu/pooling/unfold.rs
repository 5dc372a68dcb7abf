//! Windows laid out one by one (im2col), and their sum (col2im).

use super::{Windows, output_line};
use crate::cpu::conv::geometry::Geometry;
use crate::cpu::numeric::{Number, Real, with_bits, with_real};
use crate::cpu::strided::Ptr;
use crate::cpu::{unsupported, wrong_arity};
use crate::error::Result;
use crate::kernel::Window;
use crate::view::View;

/// The windows over images shaped like `x`, laid out in `columns` (N, C, window…, out…).
fn windows(window: &Window, x: &View, columns: &View) -> Windows {
    let geometry = Geometry {
        input: x.shape[2..].into(),
        output: columns.shape[2 + window.ksize.len()..].into(),
        kernel: window.ksize.clone(),
        stride: window.stride.clone(),
        pad: window.pad.clone(),
        dilate: window.dilate.clone(),
    };
    Windows::of(geometry, x.shape[0] * x.shape[1])
}

/// x → columns (row-major).
pub(in crate::cpu) fn unfold(window: &Window, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([x], [columns]) = (inputs, outputs) else { return Err(wrong_arity("unfold")) };
    with_bits!(x.dtype, T => run_unfold::<T>(window, x, columns));
    Ok(())
}

/// `T` has zeros for zero bits.
fn run_unfold<T: Copy + Default>(window: &Window, x: &View, columns: &View) {
    let windows = windows(window, x, columns);
    let g = &windows.geometry;
    let (positions, last) = (g.positions(), g.input.len() - 1);
    let segments = g.segments(0..positions);
    let strides = &x.strides[2..];
    let step = strides[last] * g.stride[last] as isize;
    let (from, to) = (Ptr(x.ptr().cast::<T>()), Ptr(columns.ptr().cast::<T>()));
    windows.planes([x, columns], |[i, j]| {
        for (number, tap) in windows.taps.iter().enumerate() {
            for segment in &segments {
                let at = (number * positions + segment.at) as isize;
                // SAFETY: a segment is part of this tap's part of the plane of the row-major output, which belongs to this task.
                let row = unsafe { std::slice::from_raw_parts_mut(to.at(j + at), segment.end - segment.first) };
                let Some(line) = g.line(segment, tap, strides) else {
                    row.fill(T::default());
                    continue;
                };
                let (low, high, start) = g.inside(segment.first, segment.end, tap[last]);
                let (before, rest) = row.split_at_mut(low - segment.first);
                let (inside, after) = rest.split_at_mut(high - low);
                before.fill(T::default());
                after.fill(T::default());
                let source = from.at(i + line + start as isize * strides[last]);
                if step == 1 {
                    // SAFETY: `line` and `inside` bound the elements.
                    inside.copy_from_slice(unsafe { std::slice::from_raw_parts(source, inside.len()) });
                    continue;
                }
                for (n, element) in inside.iter_mut().enumerate() {
                    // SAFETY: as above.
                    *element = unsafe { *source.offset(n as isize * step) };
                }
            }
        }
    });
}

/// columns → x (row-major).
pub(in crate::cpu) fn fold(window: &Window, inputs: &[View], outputs: &[View]) -> Result<()> {
    let ([columns], [x]) = (inputs, outputs) else { return Err(wrong_arity("fold")) };
    with_real!(x.dtype, T => run_fold::<T>(window, columns, x), return Err(unsupported("fold", x.dtype)));
    Ok(())
}

fn run_fold<T: Real>(window: &Window, columns: &View, x: &View) {
    let windows = windows(window, x, columns);
    let g = &windows.geometry;
    let (axes, last) = (g.input.len(), g.input.len() - 1);
    let (of_taps, of_lines) = columns.strides[2..].split_at(axes);
    let segments: Vec<_> = g
        .segments(0..g.positions())
        .into_iter()
        .map(|segment| {
            let offset = output_line(g, &segment, of_lines);
            (segment, offset)
        })
        .collect();
    let strides = x.shape.strides();
    let (step, stride) = (of_lines[last], g.stride[last]);
    let (from, to) = (Ptr(columns.ptr_as::<T>()), Ptr(x.ptr_as::<T>()));
    windows.planes([columns, x], |[i, j]| {
        let mut plane = vec![<T::Acc as Number>::ZERO; g.pixels()];
        for tap in &windows.taps {
            let at: isize = (0..axes).map(|axis| (tap[axis] / g.dilate[axis]) as isize * of_taps[axis]).sum();
            for (segment, offset) in &segments {
                let Some(line) = g.line(segment, tap, &strides[2..]) else { continue };
                let (low, high, start) = g.inside(segment.first, segment.end, tap[last]);
                if low == high {
                    continue;
                }
                let source = from.at(i + at + offset + low as isize * step);
                let target = &mut plane[line as usize + start..];
                if (step, stride) == (1, 1) {
                    // SAFETY: inside this line of the columns.
                    let source = unsafe { std::slice::from_raw_parts(source, high - low) };
                    target.iter_mut().zip(source).for_each(|(sum, gradient)| *sum += gradient.up());
                    continue;
                }
                for (n, sum) in target.iter_mut().step_by(stride).take(high - low).enumerate() {
                    // SAFETY: as above.
                    *sum += unsafe { *source.offset(n as isize * step) }.up();
                }
            }
        }
        for (n, &sum) in plane.iter().enumerate() {
            // SAFETY: x is row-major, and this plane belongs to this task.
            unsafe { *to.at(j + n as isize) = T::down(sum) };
        }
    });
}
