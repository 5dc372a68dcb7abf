//! The CPU backend: everything that runs kernels on this process's threads, and its allocator. Nothing here knows of arrays.

mod allocator;

pub use allocator::{MemoryStatistics, free_cached_memory, memory_statistics};

use std::sync::Arc;

use crate::backend::Backend;
use crate::buffer::Buffer;
use crate::error::{Error, ErrorKind, Result};
use crate::kernel::Kernel;
use crate::view::View;

/// The CPU.
pub(crate) struct Cpu;

impl Backend for Cpu {
    fn execute(&self, kernel: &Kernel, _inputs: &[View], _outputs: &[View]) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, kernel.name().to_owned(), "not on the CPU"))
    }

    fn allocate(&self, bytes: usize) -> Result<Arc<Buffer>> {
        allocator::allocate(bytes)
    }

    fn synchronize(&self) -> Result<()> {
        Ok(())
    }
}
