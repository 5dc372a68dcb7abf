//! Where the time goes: per kernel its calls, time, work and how near it came to the machine's limits.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::backend::{HookGuard, KernelHook, add_hook, without_hooks};
use crate::error::Result;
use crate::kernel::Kernel;
use crate::view::View;
use crate::{Array, ArrayOps, Dtype};

/// Records the kernels of this thread from its creation on; printing it gives a table, the longest first.
///
/// ```
/// use chainer_kernels::{Array, ArrayOps, hooks::Profile};
/// let x = Array::ones([100, 100], chainer_kernels::Dtype::F32);
/// let profile = Profile::start();
/// (&x * 2.0).exp().sum(None, false).item::<f32>()?;
/// let table = profile.to_string();
/// assert!(table.contains("exp"), "{table}");
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
pub struct Profile {
    recorder: Rc<Recorder>,
    _guard: HookGuard,
}

/// All executions of one kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileRow {
    /// The kernel: its name and what a fused program computes.
    pub kernel: String,
    /// Executions.
    pub calls: u64,
    /// Time in the kernel.
    pub time: Duration,
    /// Floating-point operations, roughly.
    pub flops: u64,
    /// Bytes of inputs and outputs.
    pub bytes: u64,
}

/// What this machine's processor cores reach together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Floating-point operations a second, in a float32 matrix product.
    pub flops: f64,
    /// Bytes a second read and written by an elementwise kernel that does not fit the caches.
    pub bytes: f64,
}

#[derive(Default)]
struct Recorder {
    rows: RefCell<BTreeMap<String, ProfileRow>>,
    started: Cell<Option<Instant>>,
}

impl Profile {
    /// Starts recording.
    pub fn start() -> Self {
        let recorder = Rc::new(Recorder::default());
        let _guard = add_hook(recorder.clone());
        Profile { recorder, _guard }
    }

    /// One row a kernel, the longest first.
    pub fn rows(&self) -> Vec<ProfileRow> {
        let mut rows: Vec<_> = self.recorder.rows.borrow().values().cloned().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.time));
        rows
    }

    /// Time in all kernels.
    pub fn total(&self) -> Duration {
        self.recorder.rows.borrow().values().map(|row| row.time).sum()
    }
}

impl KernelHook for Recorder {
    fn before(&self, _: &Kernel, _: &[View], _: &[View]) {
        self.started.set(Some(Instant::now()));
    }

    fn after(&self, kernel: &Kernel, inputs: &[View], outputs: &[View]) -> Result<()> {
        let time = self.started.take().map_or(Duration::ZERO, |started| started.elapsed());
        let kernel_name = kernel.describe(&[], &[]);
        let mut rows = self.rows.borrow_mut();
        let row = rows.entry(kernel_name.clone()).or_insert_with(|| ProfileRow {
            kernel: kernel_name,
            calls: 0,
            time: Duration::ZERO,
            flops: 0,
            bytes: 0,
        });
        row.calls += 1;
        row.time += time;
        row.flops += kernel.flops(inputs, outputs);
        row.bytes += kernel.bytes(inputs, outputs);
        Ok(())
    }
}

impl Limits {
    /// Measures once a process (some 50 ms): a product of 768×768 matrices, and a sum of two arrays of 16 MiB.
    pub fn measured() -> Limits {
        static LIMITS: OnceLock<Limits> = OnceLock::new();
        *LIMITS.get_or_init(|| {
            without_hooks(|| {
                let n = 768;
                let a = Array::random(crate::Op::Uniform, (1, 0), false, [n, n].into(), Dtype::F32);
                let big = Array::random(crate::Op::Uniform, (1, 0), false, (4usize << 20).into(), Dtype::F32);
                let flops = best(|| crate::ops::matmul(&a, &a)).map_or(0.0, |s| 2.0 * (n * n * n) as f64 / s);
                let bytes = best(|| (&big).add(&big)).map_or(0.0, |s| 2.0 * (big.size() * 4) as f64 / s);
                Limits { flops, bytes }
            })
        })
    }
}

/// Seconds of the fastest of some runs.
fn best(run: impl Fn() -> Array) -> Option<f64> {
    (0..6)
        .filter_map(|_| {
            let start = Instant::now();
            run().force().is_ok().then(|| start.elapsed().as_secs_f64())
        })
        .min_by(f64::total_cmp)
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = Limits::measured();
        let total = self.total().as_secs_f64().max(f64::MIN_POSITIVE);
        writeln!(f, "{:>7} {:>10} {:>6} {:>10} {:>9} {:>7}  kernel", "calls", "ms", "%", "GFLOP/s", "GB/s", "limit")?;
        for row in self.rows() {
            let seconds = row.time.as_secs_f64().max(1e-9);
            let (flops, bytes) = (row.flops as f64 / seconds, row.bytes as f64 / seconds);
            // The nearer of the two limits is what bounds the kernel.
            let share = (flops / limits.flops.max(1.0)).max(bytes / limits.bytes.max(1.0));
            writeln!(
                f,
                "{:>7} {:>10.3} {:>6.1} {:>10.2} {:>9.2} {:>6.0}%  {}",
                row.calls,
                seconds * 1e3,
                100.0 * seconds / total,
                flops / 1e9,
                bytes / 1e9,
                100.0 * share,
                row.kernel
            )?;
        }
        write!(
            f,
            "total {:.3} ms; limits measured here: {:.0} GFLOP/s, {:.0} GB/s",
            total * 1e3,
            limits.flops / 1e9,
            limits.bytes / 1e9
        )
    }
}
