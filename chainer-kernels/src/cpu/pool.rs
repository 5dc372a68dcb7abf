//! Threads for kernels: `parallel_for` runs a few coarse tasks.

/// How many threads kernels use.
pub(crate) fn threads() -> usize {
    1
}

/// Runs `f(0)`, …, `f(tasks - 1)`.
pub(crate) fn parallel_for(tasks: usize, f: &(dyn Fn(usize) + Sync)) {
    (0..tasks).for_each(f);
}
