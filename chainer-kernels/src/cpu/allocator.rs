//! The caching allocator of host memory.
//!
//! Fresh pages cost more than most kernels (a page fault for each 4 KiB), so freed buffers are kept by size class and handed out
//! again. Classes are quarter steps between powers of two: at most a fifth of a buffer is unused. Small buffers stay with their
//! thread, so that small arrays take no lock.

use std::alloc::Layout;
use std::cell::RefCell;
use std::sync::atomic::{AtomicIsize, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

/// What a thread has counted for its small buffers. Only it writes, so that counting is no atomic addition, which takes as long as a small
/// kernel; who wants to know adds up the counts of all threads.
#[derive(Default)]
struct Counts {
    in_use: AtomicIsize,
    cached: AtomicIsize,
    allocations: AtomicU64,
}

/// The counts of the threads that live; those of others are in the statics above.
static THREADS: Mutex<Vec<Arc<Counts>>> = Mutex::new(Vec::new());

fn threads() -> MutexGuard<'static, Vec<Arc<Counts>>> {
    THREADS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A thread's free small buffers and its counts.
struct Local {
    /// Addresses by class; they go back to the system with the thread.
    free: Vec<Vec<usize>>,
    counts: Option<Arc<Counts>>,
    /// Bytes in use when the peak was last looked at.
    seen: isize,
}

/// How many bytes a thread takes before it looks whether there is a new peak.
const PEAK_STEP: isize = 64 << 10;

impl Local {
    fn count(&mut self, in_use: isize, cached: isize) {
        let counts = self.counts.get_or_insert_with(|| {
            let counts = Arc::<Counts>::default();
            threads().push(counts.clone());
            counts
        });
        let now = counts.in_use.load(Relaxed) + in_use;
        counts.in_use.store(now, Relaxed);
        counts.cached.store(counts.cached.load(Relaxed) + cached, Relaxed);
        counts.allocations.store(counts.allocations.load(Relaxed) + (in_use > 0) as u64, Relaxed);
        if now - self.seen > PEAK_STEP {
            PEAK.fetch_max(total_in_use(&threads()), Relaxed);
            self.seen = now;
        }
        self.seen = self.seen.min(now);
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if let Some(counts) = self.counts.take() {
            let mut threads = threads();
            threads.retain(|other| !Arc::ptr_eq(other, &counts));
            // Negative numbers wrap, and the sum with them.
            IN_USE.fetch_add(counts.in_use.load(Relaxed) as usize, Relaxed);
            CACHED.fetch_add(counts.cached.load(Relaxed) as usize, Relaxed);
            ALLOCATIONS.fetch_add(counts.allocations.load(Relaxed), Relaxed);
        }
        release_all(&mut self.free);
    }
}

thread_local! {
    static LOCAL: RefCell<Local> = const { RefCell::new(Local { free: Vec::new(), counts: None, seen: 0 }) };
}

fn total_in_use(threads: &[Arc<Counts>]) -> usize {
    let small: isize = threads.iter().map(|counts| counts.in_use.load(Relaxed)).sum();
    // Another thread may have freed a buffer that it has not counted before we read.
    (IN_USE.load(Relaxed).wrapping_add_signed(small) as isize).max(0) as usize
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
        let in_use = memory_statistics().bytes_in_use;
        Error::new(
            ErrorKind::OutOfMemory,
            "allocate",
            format!("{bytes} bytes asked for while arrays hold {in_use} bytes"),
        )
    };
    let capacity = round_up(bytes).ok_or_else(out_of_memory)?;
    let at = class(capacity);
    let cached = if capacity <= SMALL {
        let found = LOCAL.try_with(|local| {
            let mut local = local.borrow_mut();
            let address = take(&mut local.free, at);
            local.count(capacity as isize, if address.is_some() { -(capacity as isize) } else { 0 });
            address
        });
        found.unwrap_or_else(|_| {
            count_large(capacity as isize, 0);
            None
        })
    } else {
        let address = take(&mut LARGE.lock().unwrap_or_else(PoisonError::into_inner), at);
        count_large(capacity as isize, if address.is_some() { -(capacity as isize) } else { 0 });
        address
    };
    let ptr = match cached {
        Some(address) => address as *mut u8,
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
                count_large(-(capacity as isize), 0);
                return Err(out_of_memory());
            }
            SYSTEM.fetch_add(1, Relaxed);
            ptr
        }
    };
    // SAFETY: `ptr` holds `capacity` bytes and belongs to the buffer until `release` gets it back.
    Ok(Arc::new(unsafe { Buffer::new(ptr, capacity, Device::Cpu, release) }))
}

/// Counts for a buffer that no thread has for itself.
fn count_large(in_use: isize, cached: isize) {
    CACHED.fetch_add(cached as usize, Relaxed);
    IN_USE.fetch_add(in_use as usize, Relaxed);
    if in_use > 0 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        PEAK.fetch_max(total_in_use(&threads()), Relaxed);
    }
}

/// Takes a buffer's memory back into the cache.
fn release(ptr: *mut u8, capacity: usize) {
    let (at, bytes) = (class(capacity), capacity as isize);
    if capacity > SMALL {
        count_large(-bytes, bytes);
        return put(&mut LARGE.lock().unwrap_or_else(PoisonError::into_inner), at, ptr as usize);
    }
    let kept = LOCAL.try_with(|local| {
        let mut local = local.borrow_mut();
        let room = local.free.get(at).is_none_or(|list| list.len() < SMALL_KEPT);
        if room {
            put(&mut local.free, at, ptr as usize);
        }
        local.count(-bytes, if room { bytes } else { 0 });
        room
    });
    // At the end of a thread there is nothing to keep it in.
    if kept.is_err() {
        count_large(-bytes, 0);
    }
    if kept != Ok(true) {
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
    let _ = LOCAL.try_with(|local| release_all(&mut local.borrow_mut().free));
}

/// What the allocator has done so far. (Peaks of a few small buffers, of 64 KiB a thread together, may go unnoticed.)
pub fn memory_statistics() -> MemoryStatistics {
    let threads = threads();
    let cached: isize = threads.iter().map(|counts| counts.cached.load(Relaxed)).sum();
    let allocations: u64 = threads.iter().map(|counts| counts.allocations.load(Relaxed)).sum();
    let bytes_in_use = total_in_use(&threads);
    MemoryStatistics {
        bytes_in_use,
        peak_bytes_in_use: PEAK.fetch_max(bytes_in_use, Relaxed).max(bytes_in_use),
        bytes_cached: CACHED.load(Relaxed).wrapping_add_signed(cached),
        allocations: ALLOCATIONS.load(Relaxed) + allocations,
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
