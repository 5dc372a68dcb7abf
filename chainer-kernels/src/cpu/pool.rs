//! Threads for kernels: fork-join over few, coarse tasks, by a small pool of workers that spin for a moment before they sleep.
//!
//! A fork that finds its workers awake costs under a microsecond, where a general work-stealing pool takes tens of them: kernels of
//! some ten microseconds gain from a second thread.
//!
//! # How it works
//! One word, `CLAIMS`, holds the job's number, its number of tasks and the next task to be claimed. Whoever adds 1 to it learns all
//! three at once, and so whether the task is real. Invariants:
//! - The job's function is read only after a real claim. The caller leaves only when every task has been counted in `DONE`, so a
//!   real claim keeps the function alive. A worker that comes late finds no task left and touches nothing else.
//! - Nobody waits for a worker to check in: the caller waits for claimed tasks only, and claims tasks itself.
//! - Jobs do not overlap: publishing needs the lock `CALLER`. A caller that finds it taken runs its tasks alone.
//! - A worker sleeps only if after raising its flag it still sees the old job; a caller publishes first and looks at the flags
//!   after. Both sides are sequentially consistent, so one of the two sees the other.
//! - A task that panics is counted all the same; the panic goes on in the caller when all tasks have ended.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::Thread;

/// Bits of the next task and of the number of tasks in a claim.
const FIELD: u32 = 20;
const MASK: u64 = (1 << FIELD) - 1;
/// More tasks than this would not fit beside the claims of late workers.
const MOST_TASKS: usize = 1 << (FIELD - 1);
/// How often a worker looks for work before it sleeps: some tens of microseconds, most of them offering its processor to others.
const SPINS: u32 = 300;
/// How often it looks before it offers its processor. On a busy machine a woken worker may have taken the caller's.
const KEEN_SPINS: u32 = 200;

static THREADS: AtomicUsize = AtomicUsize::new(0);
static CLAIMS: AtomicU64 = AtomicU64::new(0);
static DONE: AtomicUsize = AtomicUsize::new(0);
/// Points to the caller's job, on its stack.
static JOB: AtomicPtr<Job> = AtomicPtr::new(std::ptr::null_mut());
/// How many workers may take part.
static HELPERS: AtomicUsize = AtomicUsize::new(0);
static CALLER: Mutex<Vec<Worker>> = Mutex::new(Vec::new());

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

struct Job<'a> {
    run: &'a (dyn Fn(usize) + Sync),
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

struct Worker {
    thread: Thread,
    asleep: &'static AtomicBool,
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
            threads
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
    if helpers == 0 || tasks > MOST_TASKS || INSIDE.get() {
        return (0..tasks).for_each(f);
    }
    let mut workers = match CALLER.try_lock() {
        Ok(workers) => workers,
        Err(std::sync::TryLockError::Poisoned(workers)) => workers.into_inner(),
        Err(std::sync::TryLockError::WouldBlock) => return (0..tasks).for_each(f),
    };
    while workers.len() < helpers {
        match spawn(workers.len()) {
            Some(worker) => workers.push(worker),
            // The system gives no more threads: those that are there do the work.
            None => break,
        }
    }
    let job = Job { run: f, panic: Mutex::new(None) };
    HELPERS.store(helpers, Ordering::Relaxed);
    DONE.store(0, Ordering::Relaxed);
    JOB.store((&raw const job).cast_mut().cast(), Ordering::Relaxed);
    let number = (CLAIMS.load(Ordering::Relaxed) >> (2 * FIELD)).wrapping_add(1);
    CLAIMS.store(number << (2 * FIELD) | (tasks as u64) << FIELD, Ordering::SeqCst);
    for worker in workers.iter().take(helpers) {
        if worker.asleep.load(Ordering::SeqCst) {
            worker.thread.unpark();
        }
    }
    work();
    let mut spins = 0;
    while DONE.load(Ordering::Acquire) < tasks {
        wait(&mut spins);
    }
    drop(workers);
    let panic = job.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
}

/// Claims and runs tasks of the current job until none is left.
fn work() {
    let outer = INSIDE.replace(true);
    loop {
        let claim = CLAIMS.fetch_add(1, Ordering::AcqRel);
        let (task, tasks) = (claim & MASK, claim >> FIELD & MASK);
        if task >= tasks {
            break;
        }
        // SAFETY: the claim is real, so the caller that published the job waits for this task to be counted.
        let job = unsafe { &*JOB.load(Ordering::Relaxed) };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (job.run)(task as usize))) {
            *job.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
        }
        DONE.fetch_add(1, Ordering::Release);
    }
    INSIDE.set(outer);
}

/// A step of waiting: spinning first, then leaving the processor to others.
fn wait(spins: &mut u32) {
    *spins += 1;
    if *spins < KEEN_SPINS { std::hint::spin_loop() } else { std::thread::yield_now() }
}

fn spawn(id: usize) -> Option<Worker> {
    let asleep: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
    let worker = move || {
        let mut seen = 0;
        loop {
            let mut spins: u32 = 0;
            let number = loop {
                let number = CLAIMS.load(Ordering::Acquire) >> (2 * FIELD);
                if number != seen {
                    break number;
                }
                if spins < SPINS {
                    wait(&mut spins);
                } else {
                    asleep.store(true, Ordering::SeqCst);
                    if CLAIMS.load(Ordering::SeqCst) >> (2 * FIELD) == seen {
                        std::thread::park();
                    }
                    asleep.store(false, Ordering::SeqCst);
                    spins = 0;
                }
            };
            seen = number;
            if id < HELPERS.load(Ordering::Relaxed) {
                work();
            }
        }
    };
    let name = format!("chainer-{}", id + 1);
    let thread = std::thread::Builder::new().name(name).spawn(worker).ok()?.thread().clone();
    Some(Worker { thread, asleep })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once() {
        for tasks in [0, 1, 2, 3, 64, 1000] {
            let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
            parallel_for(tasks, &|k| {
                counts[k].fetch_add(1, Ordering::Relaxed);
            });
            assert!(counts.iter().all(|c| c.load(Ordering::Relaxed) == 1));
        }
    }

    #[test]
    fn many_small_jobs_from_several_callers_lose_nothing() {
        let total = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..2000 {
                        parallel_for(1 + round % 5, &|_| {
                            total.fetch_add(1, Ordering::Relaxed);
                        });
                    }
                });
            }
        });
        assert_eq!(total.load(Ordering::Relaxed), 4 * 2000 * 3);
    }

    #[test]
    fn nested_calls_run_on_the_same_thread() {
        parallel_for(4, &|_| {
            let here = std::thread::current().id();
            parallel_for(4, &|_| assert_eq!(std::thread::current().id(), here));
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
        for bad in 0..4 {
            let ran = AtomicUsize::new(0);
            let result = catch_unwind(AssertUnwindSafe(|| {
                parallel_for(4, &|k| {
                    ran.fetch_add(1, Ordering::Relaxed);
                    assert_ne!(k, bad, "on purpose");
                });
            }));
            assert!(result.is_err());
            // Alone on one thread the caller stops at the panic; with helpers every task is run.
            assert!(ran.load(Ordering::Relaxed) == 4 || ran.load(Ordering::Relaxed) == bad + 1);
        }
        every_task_runs_once();
    }
}
