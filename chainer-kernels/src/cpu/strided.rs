//! Walking strided memory: rows over merged axes, copies and conversions, and the split of work among threads.

use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

use super::numeric::with_real;
use super::pool;
use crate::buffer::Buffer;
use crate::dtype::{Dtype, Element};
use crate::error::{Error, Result};
use crate::scalar::Scalar;
use crate::shape::{Shape, Strides, collapse};
use crate::view::View;
use crate::with_element;

/// A pointer that tasks on several threads may use; each keeps to elements of its own.
#[derive(Clone, Copy)]
pub(super) struct Ptr<T>(pub *mut T);

// SAFETY: the kernels that share a `Ptr` write disjoint elements from each task and read only what no task writes.
unsafe impl<T> Send for Ptr<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Ptr<T> {}

impl<T> Ptr<T> {
    /// The address `offset` elements on. (A method, so that closures capture the whole `Ptr`.)
    #[inline(always)]
    pub fn at(self, offset: isize) -> *mut T {
        self.0.wrapping_offset(offset)
    }
}

/// Calls `f` with ranges that cover `0..total`, on several threads where each gets at least `grain` of them. Must give the same
/// result for any split.
pub(super) fn split(total: usize, grain: usize, f: impl Fn(Range<usize>) + Sync) {
    if total == 0 {
        return;
    }
    let tasks = pieces(total, grain);
    if tasks <= 1 {
        return f(0..total);
    }
    pool::parallel_for(tasks, &|task| f(task * total / tasks..(task + 1) * total / tasks));
}

/// How many pieces [`split`] makes.
pub(super) fn pieces(total: usize, grain: usize) -> usize {
    if total < 2 * grain.max(1) { 1 } else { pool::threads().min(total / grain.max(1)) }
}

/// An index space that `N` operands walk, as rows along its last merged axis.
pub(super) struct Rows<const N: usize> {
    /// Elements of a row.
    pub len: usize,
    /// Each operand's step inside a row.
    pub steps: [isize; N],
    dims: SmallVec<[usize; 4]>,
    strides: [Strides; N],
}

impl<const N: usize> Rows<N> {
    /// Merges what can be merged and splits off the last axis.
    pub fn new(shape: &[usize], operands: [&[isize]; N]) -> Self {
        let merged = collapse(shape, operands.into_iter(), |_| false);
        let mut dims = merged.dims;
        let mut strides: [Strides; N] = std::array::from_fn(|k| merged.strides[k].clone());
        let len = dims.pop().unwrap_or(1);
        let steps = std::array::from_fn(|k| strides[k].pop().unwrap_or(1));
        Rows { len, steps, dims, strides }
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.dims.iter().product()
    }

    /// Calls `f` with each operand's offset at the start of each row of `rows`.
    pub fn walk(&self, rows: Range<usize>, mut f: impl FnMut([isize; N])) {
        let axes = self.dims.len();
        let mut index: SmallVec<[usize; 4]> = SmallVec::from_elem(0, axes);
        let mut offsets = [0isize; N];
        let step = |offsets: &mut [isize; N], axis: usize, by: isize| {
            offsets.iter_mut().zip(&self.strides).for_each(|(offset, strides)| *offset += by * strides[axis]);
        };
        let mut rest = rows.start;
        for axis in (0..axes).rev() {
            index[axis] = rest % self.dims[axis];
            rest /= self.dims[axis];
            step(&mut offsets, axis, index[axis] as isize);
        }
        for _ in rows {
            f(offsets);
            for axis in (0..axes).rev() {
                index[axis] += 1;
                step(&mut offsets, axis, 1);
                if index[axis] < self.dims[axis] {
                    break;
                }
                step(&mut offsets, axis, -(self.dims[axis] as isize));
                index[axis] = 0;
            }
        }
    }
}

/// Elements below which a copy stays on its thread.
pub(super) const COPY_GRAIN: usize = 1 << 16;

/// Writes `convert` of each element of `src` to the same place of `dst`.
///
/// # Safety
/// Both pointers are valid at every place that `shape` and their strides reach; `dst`'s places are distinct, nobody else uses
/// them, and `src` holds initialised elements.
pub(super) unsafe fn convert<S: Copy, D: Copy>(
    shape: &[usize],
    src: *const S,
    src_strides: &[isize],
    dst: *mut D,
    dst_strides: &[isize],
    convert: impl Fn(S) -> D + Sync + Copy,
) {
    if shape.contains(&0) {
        return;
    }
    let rows = Rows::new(shape, [src_strides, dst_strides]);
    let (src, dst) = (Ptr(src.cast_mut()), Ptr(dst));
    // One long row is cut as well.
    let (count, len) = (rows.count(), rows.len);
    let run = |s: isize, d: isize, range: Range<usize>| {
        let [step, to] = rows.steps;
        let (s, d) = (src.at(s + range.start as isize * step), dst.at(d + range.start as isize * to));
        if step == 1 && to == 1 {
            for i in 0..range.len() {
                // SAFETY: inside the row, which the caller vouches for.
                unsafe { *d.add(i) = convert(*s.add(i)) };
            }
        } else {
            for i in 0..range.len() as isize {
                // SAFETY: as above.
                unsafe { *d.offset(i * to) = convert(*s.offset(i * step)) };
            }
        }
    };
    if count == 1 {
        split(len, COPY_GRAIN, |range| run(0, 0, range));
    } else {
        split(count, COPY_GRAIN.div_ceil(len), |range| rows.walk(range, |[s, d]| run(s, d, 0..len)));
    }
}

/// Memory of the allocator for one kernel's own use, uninitialised.
pub(super) struct Scratch<T> {
    buffer: Arc<Buffer>,
    _element: std::marker::PhantomData<T>,
}

impl<T: Copy> Scratch<T> {
    /// Room for `len` elements.
    pub fn new(len: usize) -> Result<Self> {
        let buffer = super::allocator::allocate(len * size_of::<T>())?;
        Ok(Scratch { buffer, _element: std::marker::PhantomData })
    }

    /// The first element.
    pub fn ptr(&self) -> *mut T {
        self.buffer.ptr().cast()
    }
}

/// A row-major view on fresh memory.
pub(super) fn fresh(dtype: Dtype, shape: &Shape) -> Result<View> {
    Ok(View::contiguous(super::allocator::allocate(shape.size() * dtype.size())?, dtype, shape.clone()))
}

/// The elements as float64, in row-major order.
pub(super) fn doubles(view: &View) -> Vec<f64> {
    let mut out = vec![0.0; view.shape.size()];
    let strides = view.shape.strides();
    with_element!(view.dtype, T => {
        // SAFETY: the view bounds its elements; `out` has one place for each.
        unsafe {
            convert(&view.shape, view.ptr_as::<T>(), &view.strides, out.as_mut_ptr(), &strides, |x: T| x.to_scalar().as_f64());
        }
    });
    out
}

/// Writes values in row-major order over an output of a float dtype, which has as many elements.
pub(super) fn write_doubles(output: &View, values: &[f64]) -> Result<()> {
    if output.shape.size() != values.len() {
        let expect = format!("{} values", output.shape.size());
        return Err(Error::mismatch("write", expect, values.len()));
    }
    let strides = output.shape.strides();
    with_real!(
        output.dtype,
        T => {
            let narrow = |x: f64| <T as Element>::from_scalar(Scalar::Float(x));
            // SAFETY: there is a value for each element of the output, which belongs to the kernel.
            unsafe { convert(&output.shape, values.as_ptr(), &strides, output.ptr_as::<T>(), &output.strides, narrow) };
            Ok(())
        },
        Err(super::unsupported("write", output.dtype))
    )
}

/// The integers of a view of any integer dtype, in row-major order.
pub(super) fn integers(view: &View) -> Vec<i64> {
    let mut out = vec![0i64; view.shape.size()];
    let strides = view.shape.strides();
    macro_rules! read {
        ($ty:ty, $f:expr) => {
            // SAFETY: the view bounds its elements; `out` has one place for each.
            unsafe { convert(&view.shape, view.ptr_as::<$ty>(), &view.strides, out.as_mut_ptr(), &strides, $f) }
        };
    }
    match view.dtype {
        Dtype::I8 => read!(i8, i64::from),
        Dtype::I16 => read!(i16, i64::from),
        Dtype::I32 => read!(i32, i64::from),
        Dtype::I64 => read!(i64, |x| x),
        Dtype::U8 => read!(u8, i64::from),
        Dtype::U16 => read!(u16, i64::from),
        Dtype::U32 => read!(u32, i64::from),
        // Beyond i64 no axis is that long: any such index is out of bounds, and stays so.
        Dtype::U64 => read!(u64, |x| x.min(i64::MAX as u64) as i64),
        other => crate::with_element!(other, T => read!(T, |x: T| x.to_scalar().as_i64())),
    }
    out
}
