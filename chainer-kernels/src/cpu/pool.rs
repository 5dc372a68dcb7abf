//! Threads for kernels: fork-join over few, coarse tasks.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// How many threads kernels use: `CHAINER_NUM_THREADS`, or the processors that this process may run on.
pub fn threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => {
            let asked = std::env::var("CHAINER_NUM_THREADS").ok().and_then(|n| n.trim().parse::<usize>().ok());
            let machine = || std::thread::available_parallelism().map_or(1, usize::from);
            let threads = asked.filter(|&n| n > 0).unwrap_or_else(machine);
            // Another thread found the same, or somebody has set a number meanwhile: that one stays.
            let _ = THREADS.compare_exchange(0, threads, Ordering::Relaxed, Ordering::Relaxed);
            THREADS.load(Ordering::Relaxed)
        }
        n => n,
    }
}

/// Sets how many threads kernels use from now on; 0 asks the environment again. Results do not depend on it.
pub fn set_num_threads(threads: usize) {
    THREADS.store(threads, Ordering::Relaxed);
}

/// Calls `f` for every task below `tasks`, on several threads. Inside a task it runs sequentially.
pub(crate) fn parallel_for(tasks: usize, f: &(dyn Fn(usize) + Sync)) {
    let helpers = threads().min(tasks).saturating_sub(1);
    if helpers == 0 || INSIDE.get() {
        return (0..tasks).for_each(f);
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let outer = INSIDE.replace(true);
        loop {
            let task = next.fetch_add(1, Ordering::Relaxed);
            if task >= tasks {
                break;
            }
            f(task);
        }
        INSIDE.set(outer);
    };
    rayon::scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|_| work());
        }
        work();
    });
}
