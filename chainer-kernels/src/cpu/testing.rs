//! What kernel tests share: views over values in any layout, and random values.

use super::strided::{convert, fresh};
use crate::backend::Backend;
use crate::dtype::Element;
use crate::error::Result;
use crate::kernel::Kernel;
use crate::shape::Shape;
use crate::view::View;

/// A row-major view of the values.
pub(super) fn array<T: Element>(values: &[T], shape: &[usize]) -> View {
    let view = fresh(T::DTYPE, &Shape::new(shape)).unwrap();
    assert_eq!(values.len(), view.shape.size());
    // SAFETY: the view is fresh and has this size.
    unsafe { std::ptr::copy_nonoverlapping(values.as_ptr(), view.ptr_as::<T>(), values.len()) };
    view
}

/// The same values in another layout: with the axes in memory in `order`, and every other element of a doubled last axis if `gaps`,
/// walked backwards on axis 0 if `flip`.
pub(super) fn relaid<T: Element>(view: &View, seed: usize) -> View {
    let ndim = view.shape.ndim();
    if ndim == 0 || view.shape.size() == 0 {
        return view.clone();
    }
    let (gaps, flip, rotate) = (seed & 1 > 0, seed & 2 > 0, seed >> 2);
    // memory axis i holds axis (i + rotate) % ndim
    let mut dims: Vec<usize> = (0..ndim).map(|i| view.shape[(i + rotate) % ndim]).collect();
    if gaps {
        dims.push(2);
    }
    let memory = fresh(view.dtype, &Shape::new(&dims)).unwrap();
    // SAFETY: fresh memory of this size.
    unsafe { std::slice::from_raw_parts_mut(memory.ptr_as::<T>(), memory.shape.size()).fill(T::default()) };
    let mut out = view.clone();
    out.buffer = memory.buffer.clone();
    out.offset = 0;
    for i in 0..ndim {
        out.strides[(i + rotate) % ndim] = memory.strides[i];
    }
    if flip {
        out.offset = (out.strides[0] * (view.shape[0] as isize - 1)) as usize;
        out.strides[0] = -out.strides[0];
    }
    // SAFETY: both views bound their elements; the memory is fresh.
    unsafe { convert(&view.shape, view.ptr_as::<T>(), &view.strides, out.ptr_as::<T>(), &out.strides, |x| x) };
    out
}

/// The elements in row-major order.
pub(super) fn values<T: Element>(view: &View) -> Vec<T> {
    let mut out = vec![T::default(); view.shape.size()];
    let strides = view.shape.strides();
    // SAFETY: the view bounds its elements; `out` has as many.
    unsafe { convert(&view.shape, view.ptr_as::<T>(), &view.strides, out.as_mut_ptr(), &strides, |x| x) };
    out
}

/// Memory for an output, filled with something that a kernel must overwrite.
pub(super) fn output<T: Element>(shape: &[usize]) -> View {
    let garbage = T::from_scalar(crate::Scalar::Float(77.0));
    array(&vec![garbage; shape.iter().product()], shape)
}

/// Runs a kernel at the backend.
pub(super) fn run(kernel: &Kernel, inputs: &[&View], outputs: &[&View]) -> Result<()> {
    let own = |views: &[&View]| views.iter().map(|&v| v.clone()).collect::<Vec<_>>();
    super::Cpu.execute(kernel, &own(inputs), &own(outputs))
}

/// Numbers from -0.5 to 0.5.
pub(super) fn random(len: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40) as f64 / (1u64 << 24) as f64 - 0.5
        })
        .collect()
}

/// Asserts that all elements agree up to `tolerance`, relative to 1 or to the wanted value.
#[track_caller]
pub(super) fn assert_close(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let close = (g - w).abs() <= tolerance * w.abs().max(1.0) || g == w || g.is_nan() && w.is_nan();
        assert!(close, "{what}: element {i} is {g}, not {w}");
    }
}
