//! Counting kernels: what tests claim about fusion.

use std::cell::RefCell;
use std::rc::Rc;

use crate::backend::{HookGuard, KernelHook, add_hook};
use crate::error::Result;
use crate::kernel::Kernel;
use crate::view::View;

/// What ran while a [`KernelCounter`] lived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelCount {
    /// Kernels.
    pub kernels: usize,
    /// Arrays written.
    pub written: usize,
    /// Bytes written.
    pub bytes_written: usize,
    /// Each kernel's description, in the order in which they ran.
    pub descriptions: Vec<String>,
}

/// Counts the kernels of this thread from its creation on.
///
/// ```
/// use chainer_kernels::{Array, ArrayOps, hooks::KernelCounter};
/// let x = Array::from([1.0f32, 2.0]);
/// let counter = KernelCounter::start();
/// let y = ((&x * 2.0) + 1.0).tanh();
/// y.force()?;
/// assert_eq!(counter.count().kernels, 1);
/// assert_eq!(counter.count().written, 1);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
pub struct KernelCounter {
    count: Rc<RefCell<KernelCount>>,
    _guard: HookGuard,
}

impl KernelCounter {
    /// Starts counting.
    pub fn start() -> Self {
        let count = Rc::new(RefCell::new(KernelCount::default()));
        let _guard = add_hook(Rc::new(Counter(count.clone())));
        KernelCounter { count, _guard }
    }

    /// What ran so far.
    pub fn count(&self) -> KernelCount {
        self.count.borrow().clone()
    }

    /// What ran so far; counting starts anew.
    pub fn take(&self) -> KernelCount {
        self.count.take()
    }
}

struct Counter(Rc<RefCell<KernelCount>>);

impl KernelHook for Counter {
    fn after(&self, kernel: &Kernel, inputs: &[View], outputs: &[View]) -> Result<()> {
        let mut count = self.0.borrow_mut();
        count.kernels += 1;
        count.written += outputs.len();
        count.bytes_written += outputs.iter().map(View::bytes_touched).sum::<usize>();
        count.descriptions.push(kernel.describe(inputs, outputs));
        Ok(())
    }
}
