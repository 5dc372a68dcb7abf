//! A piece of device memory that returns to its owner when dropped.

use std::any::Any;

use crate::backend::Device;

/// Memory of one device. The allocator's is aligned to 64 bytes, memory taken over from a vector only to its element.
/// Uninitialised until a kernel or a copy has written it.
pub struct Buffer {
    ptr: *mut u8,
    bytes: usize,
    device: Device,
    owner: Owner,
}

enum Owner {
    /// An allocator, which gets the memory back.
    Allocator(fn(*mut u8, usize)),
    /// A Rust value that holds the memory; only to be dropped.
    Value { _value: Box<dyn Any + Send + Sync> },
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
        Buffer { ptr, bytes, device, owner: Owner::Allocator(release) }
    }

    /// Wraps host memory that `owner` holds.
    ///
    /// # Safety
    /// `ptr` is valid for reads and writes of `bytes` bytes for as long as `owner` lives, wherever it is moved.
    pub(crate) unsafe fn from_owner(ptr: *mut u8, bytes: usize, owner: Box<dyn Any + Send + Sync>) -> Self {
        Buffer { ptr, bytes, device: Device::Cpu, owner: Owner::Value { _value: owner } }
    }

    /// The first byte.
    pub(crate) fn ptr(&self) -> *mut u8 {
        self.ptr
    }

    /// The capacity in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a Rust value holds the memory, not an allocator: no kernel of a capture has written it.
    pub(crate) fn is_foreign(&self) -> bool {
        matches!(self.owner, Owner::Value { .. })
    }

    /// Where it lies.
    pub fn device(&self) -> Device {
        self.device
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Owner::Allocator(release) = self.owner {
            release(self.ptr, self.bytes);
        }
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes on {}", self.bytes, self.device)
    }
}
