//! The caching allocator of host memory.
//!
//! Fresh pages cost more than most kernels (a page fault for each 4 KiB), so freed buffers are kept by size class and handed out
//! again. Classes are quarter steps between powers of two: at most a fifth of a buffer is unused. Small buffers stay with their
//! thread, so that small arrays take no lock.

use std::alloc::Layout;
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use crate::backend::Device;
use crate::buffer::Buffer;
use crate::error::{Error, ErrorKind, Result};

const ALIGNMENT: usize = 64;
const SMALLEST: usize = 64;
/// Buffers up to this size are cached by thread.
const SMALL: usize = 16 << 10;
/// How many buffers of one small class a thread keeps.
const SMALL_KEPT: usize = 256;
const CLASSES: usize = 4 * 64;

/// What the allocator has done so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryStatistics {
    /// Bytes that arrays hold now.
    pub bytes_in_use: usize,
    /// The most that they ever held.
    pub peak_bytes_in_use: usize,
    /// Bytes that are kept for later.
    pub bytes_cached: usize,
    /// Buffers handed out.
    pub allocations: u64,
    /// Buffers that had to come from the system.
    pub system_allocations: u64,
}

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static CACHED: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static SYSTEM: AtomicU64 = AtomicU64::new(0);
static LARGE: Mutex<Vec<Vec<usize>>> = Mutex::new(Vec::new());

/// Addresses of free small buffers by class; they go back to the system with the thread.
struct Local(Vec<Vec<usize>>);

impl Drop for Local {
    fn drop(&mut self) {
        release_all(&mut self.0);
    }
}

thread_local! {
    static LOCAL: RefCell<Local> = const { RefCell::new(Local(Vec::new())) };
}

/// The capacity that a request gets: the next of 4 steps between two powers of two.
fn round_up(bytes: usize) -> Option<usize> {
    let bytes = bytes.max(SMALLEST);
    let step = (bytes.checked_next_power_of_two()? / 8).max(SMALLEST);
    bytes.checked_next_multiple_of(step)
}

/// A dense number for a capacity that [`round_up`] returned.
fn class(capacity: usize) -> usize {
    let power = capacity.ilog2() as usize;
    power * 4 + ((capacity >> (power - 2)) & 3)
}

fn layout(capacity: usize) -> Option<Layout> {
    Layout::from_size_align(capacity, ALIGNMENT).ok()
}

fn pop(lists: &[Vec<usize>], class: usize) -> bool {
    lists.get(class).is_some_and(|list| !list.is_empty())
}

fn take(lists: &mut [Vec<usize>], at: usize) -> Option<usize> {
    if pop(lists, at) { lists[at].pop() } else { None }
}

fn put(lists: &mut Vec<Vec<usize>>, at: usize, address: usize) {
    if lists.len() < CLASSES {
        lists.resize_with(CLASSES, Vec::new);
    }
    lists[at].push(address);
}

/// Memory for `bytes` bytes. An error says how much was asked for.
pub(super) fn allocate(bytes: usize) -> Result<Arc<Buffer>> {
    let out_of_memory = || {
        let in_use = IN_USE.load(Relaxed);
        Error::new(
            ErrorKind::OutOfMemory,
            "allocate",
            format!("{bytes} bytes asked for while arrays hold {in_use} bytes"),
        )
    };
    let capacity = round_up(bytes).ok_or_else(out_of_memory)?;
    let at = class(capacity);
    let cached = if capacity <= SMALL {
        LOCAL.try_with(|local| take(&mut local.borrow_mut().0, at)).ok().flatten()
    } else {
        take(&mut LARGE.lock().unwrap_or_else(PoisonError::into_inner), at)
    };
    let ptr = match cached {
        Some(address) => {
            CACHED.fetch_sub(capacity, Relaxed);
            address as *mut u8
        }
        None => {
            let layout = layout(capacity).ok_or_else(out_of_memory)?;
            // SAFETY: the layout's size is at least SMALLEST.
            let mut ptr = unsafe { std::alloc::alloc(layout) };
            if ptr.is_null() {
                free_cached_memory();
                // SAFETY: as above.
                ptr = unsafe { std::alloc::alloc(layout) };
            }
            if ptr.is_null() {
                return Err(out_of_memory());
            }
            SYSTEM.fetch_add(1, Relaxed);
            ptr
        }
    };
    ALLOCATIONS.fetch_add(1, Relaxed);
    let in_use = IN_USE.fetch_add(capacity, Relaxed) + capacity;
    if in_use > PEAK.load(Relaxed) {
        PEAK.fetch_max(in_use, Relaxed);
    }
    // SAFETY: `ptr` holds `capacity` bytes and belongs to the buffer until `release` gets it back.
    Ok(Arc::new(unsafe { Buffer::new(ptr, capacity, Device::Cpu, release) }))
}

/// Takes a buffer's memory back into the cache.
fn release(ptr: *mut u8, capacity: usize) {
    IN_USE.fetch_sub(capacity, Relaxed);
    let at = class(capacity);
    let kept = if capacity <= SMALL {
        LOCAL
            .try_with(|local| {
                let lists = &mut local.borrow_mut().0;
                let room = lists.get(at).is_none_or(|list| list.len() < SMALL_KEPT);
                if room {
                    put(lists, at, ptr as usize);
                }
                room
            })
            .unwrap_or(false)
    } else {
        put(&mut LARGE.lock().unwrap_or_else(PoisonError::into_inner), at, ptr as usize);
        true
    };
    if kept {
        CACHED.fetch_add(capacity, Relaxed);
    } else {
        deallocate(ptr, capacity);
    }
}

fn deallocate(ptr: *mut u8, capacity: usize) {
    if let Some(layout) = layout(capacity) {
        // SAFETY: every address in circulation came from `alloc` with this layout (capacities name their class one to one).
        unsafe { std::alloc::dealloc(ptr, layout) };
    }
}

/// The capacity of a class (the inverse of [`class`]).
fn capacity_of(class: usize) -> usize {
    let power = class / 4;
    (1 << power) + (class % 4) * (1 << power >> 2)
}

fn release_all(lists: &mut [Vec<usize>]) {
    for (at, list) in lists.iter_mut().enumerate() {
        for address in list.drain(..) {
            CACHED.fetch_sub(capacity_of(at), Relaxed);
            deallocate(address as *mut u8, capacity_of(at));
        }
    }
}

/// Gives the memory that is cached for later back to the system (of small buffers: this thread's).
pub fn free_cached_memory() {
    release_all(&mut LARGE.lock().unwrap_or_else(PoisonError::into_inner));
    let _ = LOCAL.try_with(|local| release_all(&mut local.borrow_mut().0));
}

/// What the allocator has done so far.
pub fn memory_statistics() -> MemoryStatistics {
    MemoryStatistics {
        bytes_in_use: IN_USE.load(Relaxed),
        peak_bytes_in_use: PEAK.load(Relaxed),
        bytes_cached: CACHED.load(Relaxed),
        allocations: ALLOCATIONS.load(Relaxed),
        system_allocations: SYSTEM.load(Relaxed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacities_name_their_class_one_to_one() {
        for bytes in (0..5000).chain([1 << 20, (1 << 20) + 1, 123_456_789]) {
            let capacity = round_up(bytes).unwrap();
            assert!(capacity >= bytes);
            assert_eq!(capacity_of(class(capacity)), capacity, "{bytes}");
        }
    }

    #[test]
    fn freed_memory_is_handed_out_again() {
        // A small buffer, which stays with this thread: no other test can take it.
        let first = allocate(1000).unwrap();
        let address = first.ptr() as usize;
        drop(first);
        let again = allocate(1000).unwrap();
        assert_eq!(again.ptr() as usize, address);
        assert!(address.is_multiple_of(ALIGNMENT));
    }

    #[test]
    fn absurd_requests_are_errors() {
        assert_eq!(allocate(usize::MAX).unwrap_err().kind(), ErrorKind::OutOfMemory);
        assert_eq!(allocate(1 << 62).unwrap_err().kind(), ErrorKind::OutOfMemory);
    }
}
