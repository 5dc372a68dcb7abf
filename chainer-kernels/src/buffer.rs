//! A piece of device memory that returns to its allocator when dropped.

use crate::backend::Device;

/// Memory of one device, at least 64-byte aligned. Uninitialised until a kernel or a copy has written it.
pub struct Buffer {
    ptr: *mut u8,
    bytes: usize,
    device: Device,
    release: fn(*mut u8, usize),
}

// SAFETY: a buffer is plain memory. Who may write it is settled above: a buffer is written only before it is published or by its
// only owner.
unsafe impl Send for Buffer {}
// SAFETY: as above.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// Wraps memory of `bytes` bytes that `release` gives back.
    ///
    /// # Safety
    /// `ptr` is valid for reads and writes of `bytes` bytes until `release(ptr, bytes)` is called, once, by this value's drop.
    pub(crate) unsafe fn new(ptr: *mut u8, bytes: usize, device: Device, release: fn(*mut u8, usize)) -> Self {
        Buffer { ptr, bytes, device, release }
    }

    /// The first byte.
    pub(crate) fn ptr(&self) -> *mut u8 {
        self.ptr
    }

    /// The capacity in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where it lies.
    pub fn device(&self) -> Device {
        self.device
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        (self.release)(self.ptr, self.bytes);
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes on {}", self.bytes, self.device)
    }
}
