//! The CPU backend: everything that runs kernels on this process's threads, and its allocator. Nothing here knows of arrays.

mod allocator;
mod along_axis;
mod compiled;
mod concat;
mod conv;
mod copy;
mod elementwise;
mod epilogue;
mod flat;
mod gather;
mod gemm;
mod indices;
pub(crate) mod linalg;
mod map;
mod map_group;
mod matmul;
mod numeric;
mod pool;
mod pooling;
mod recurrence;
mod reduce;
mod regions;
mod run;
mod scan;
mod simd;
mod sort;
mod space;
mod special;
mod strided;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use allocator::{MemoryStatistics, free_cached_memory, memory_statistics};
pub(crate) use compiled::CompiledPrograms;
pub use pool::{set_num_threads, threads};

use std::sync::Arc;

use crate::backend::Backend;
use crate::buffer::Buffer;
use crate::error::{Error, ErrorKind, Result};
use crate::kernel::Kernel;
use crate::view::View;

/// The CPU.
pub(crate) struct Cpu;

impl Backend for Cpu {
    fn execute(&self, kernel: &Kernel, inputs: &[View], outputs: &[View]) -> Result<()> {
        match kernel {
            Kernel::Map(map) => map::execute(map, inputs, outputs),
            Kernel::MapGroup(maps) => map_group::execute(maps, inputs, outputs),
            Kernel::Reduce(reduce) => reduce::execute(reduce, inputs, outputs),
            Kernel::MatMul => matmul::execute(inputs, outputs),
            Kernel::Concat { axis } => concat::concat(*axis, inputs, outputs),
            Kernel::Pad { widths, value } => concat::pad(widths, *value, inputs, outputs),
            Kernel::Host(host) => host.execute(inputs, outputs),
            other => into_row_major(outputs, |outputs| row_major(other, inputs, outputs)),
        }
    }

    fn allocate(&self, bytes: usize) -> Result<Arc<Buffer>> {
        allocator::allocate(bytes)
    }

    fn synchronize(&self) -> Result<()> {
        Ok(())
    }
}

/// The integers of an input of a [`crate::kernel::HostKernel`], in row-major order.
pub(crate) fn integers(input: &View) -> Vec<i64> {
    strided::integers(input)
}

/// Writes values in row-major order over an output of a [`crate::kernel::HostKernel`].
pub(crate) fn write_row_major<T: crate::dtype::Element>(output: &View, values: &[T]) -> Result<()> {
    if output.dtype != T::DTYPE || output.shape.size() != values.len() {
        let expect = format!("{} values of {}", output.shape.size(), output.dtype);
        return Err(Error::mismatch("write", expect, format!("{} of {}", values.len(), T::DTYPE)));
    }
    let strides = output.shape.strides();
    // SAFETY: the slice has an element for each of the output, which belongs to the kernel.
    unsafe { copy::copy(&output.shape, values.as_ptr(), &strides, output.ptr_as::<T>(), &output.strides) };
    Ok(())
}

/// The kernels that write row-major outputs only.
fn row_major(kernel: &Kernel, inputs: &[View], outputs: &[View]) -> Result<()> {
    match kernel {
        Kernel::MatMulMap(after) => matmul::execute_with(after, inputs, outputs),
        Kernel::Conv(c) => conv::forward(c, inputs, outputs),
        Kernel::ConvMap(c, after) => conv::forward_with(c, after, inputs, outputs),
        Kernel::ConvBackwardData(c) => conv::backward_data(c, inputs, outputs),
        Kernel::ConvBackwardFilter(c) => conv::backward_filter(c, inputs, outputs),
        Kernel::MaxPool(p) => pooling::max(p, inputs, outputs),
        Kernel::MaxPoolBackward(p) => pooling::max_backward(p, inputs, outputs),
        Kernel::MaxPoolGather(p) => pooling::max_gather(p, inputs, outputs),
        Kernel::AveragePool(p) => pooling::average(p, inputs, outputs),
        Kernel::AveragePoolBackward(p) => pooling::average_backward(p, inputs, outputs),
        Kernel::Unfold(w) => pooling::unfold(w, inputs, outputs),
        Kernel::Fold(w) => pooling::fold(w, inputs, outputs),
        Kernel::RegionMax(r) => regions::max(r, inputs, outputs),
        Kernel::Take { axis } => gather::take(*axis, inputs, outputs),
        Kernel::Scatter { axis, mode } => gather::scatter(*axis, *mode, inputs, outputs),
        Kernel::TakeAlongAxis { axis } => along_axis::take(*axis, inputs, outputs),
        Kernel::ScatterAlongAxis { axis, mode } => along_axis::scatter(*axis, *mode, inputs, outputs),
        Kernel::Scan { axis, op } => scan::execute(*axis, *op, inputs, outputs),
        Kernel::Recurrence { axis } => recurrence::execute(*axis, inputs, outputs),
        Kernel::Sort { descending } => sort::execute(*descending, inputs, outputs),
        other => Err(Error::new(ErrorKind::Unsupported, other.name().to_owned(), "not on the CPU")),
    }
}

/// Runs `f` with row-major outputs: the given ones, or fresh ones that are copied to them afterwards.
fn into_row_major(outputs: &[View], f: impl FnOnce(&[View]) -> Result<()>) -> Result<()> {
    if outputs.iter().all(View::is_contiguous) {
        return f(outputs);
    }
    let fresh = outputs.iter().map(|y| strided::fresh(y.dtype, &y.shape)).collect::<Result<Vec<_>>>()?;
    f(&fresh)?;
    for (from, to) in fresh.iter().zip(outputs) {
        // SAFETY: the outputs belong to the kernel.
        unsafe { copy::copy_view(from, to) };
    }
    Ok(())
}

/// An execution got another number of arrays than its kernel has: a mistake in whoever built it, reported rather than read past.
#[cold]
fn wrong_arity(operation: &'static str) -> Error {
    Error::new(ErrorKind::InvalidType, operation, "called with a wrong number of arrays")
}

/// The kernel has no code for a dtype.
#[cold]
fn unsupported(operation: &'static str, dtype: crate::dtype::Dtype) -> Error {
    Error::new(ErrorKind::Unsupported, operation, format!("needs a floating-point dtype, got {dtype}"))
}
