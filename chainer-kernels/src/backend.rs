//! The one door: every computation passes `execute`, and so do the hooks.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::buffer::Buffer;
use crate::error::Result;
use crate::graph::{self, LiveSlots};
use crate::kernel::Kernel;
use crate::view::View;

/// Where an array's memory lies and its kernels run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Device {
    /// Host memory, this process's threads.
    #[default]
    Cpu,
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
        }
    }
}

/// A device that can hold arrays and run kernels.
pub trait Backend: Send + Sync {
    /// Runs a kernel. Every element of every output is written; nothing else is. Inputs and outputs lie on this device.
    fn execute(&self, kernel: &Kernel, inputs: &[View], outputs: &[View]) -> Result<()>;
    /// Uninitialised memory.
    fn allocate(&self, bytes: usize) -> Result<Arc<Buffer>>;
    /// Waits until everything that was started has ended.
    fn synchronize(&self) -> Result<()>;
}

/// The backend of a device.
pub(crate) fn backend(device: Device) -> &'static dyn Backend {
    match device {
        Device::Cpu => &crate::cpu::Cpu,
    }
}

/// Sees every kernel of the thread that added it: profiles, NaN checks, recorders.
pub trait KernelHook {
    /// Before the kernel runs.
    fn before(&self, kernel: &Kernel, inputs: &[View], outputs: &[View]) {
        let _ = (kernel, inputs, outputs);
    }
    /// After it ran without an error. An error returned here fails the kernel.
    fn after(&self, kernel: &Kernel, inputs: &[View], outputs: &[View]) -> Result<()>;
}

thread_local! {
    static HOOKS: RefCell<Vec<(usize, std::rc::Rc<dyn KernelHook>)>> = const { RefCell::new(Vec::new()) };
}
static NEXT_HOOK: AtomicUsize = AtomicUsize::new(0);

/// Removes its hook when dropped.
#[must_use = "the hook is removed when this value is dropped"]
pub struct HookGuard {
    id: usize,
    // A hook belongs to the thread that added it.
    _not_send: std::marker::PhantomData<*const ()>,
}

/// Adds a hook to this thread until the guard is dropped. Hooks see kernels in the order in which they were added.
pub fn add_hook(hook: std::rc::Rc<dyn KernelHook>) -> HookGuard {
    let id = NEXT_HOOK.fetch_add(1, Ordering::Relaxed);
    HOOKS.with_borrow_mut(|hooks| hooks.push((id, hook)));
    HookGuard { id, _not_send: std::marker::PhantomData }
}

impl Drop for HookGuard {
    fn drop(&mut self) {
        // `try_with`: a guard in another thread-local may outlive this one at thread exit.
        let _ = HOOKS.try_with(|hooks| hooks.borrow_mut().retain(|(id, _)| *id != self.id));
    }
}

/// Runs `f` with none of this thread's hooks in place: for measurements that are nobody's business.
pub(crate) fn without_hooks<R>(f: impl FnOnce() -> R) -> R {
    let hooks = HOOKS.take();
    let result = f();
    HOOKS.with_borrow_mut(|now| drop(now.splice(0..0, hooks)));
    result
}

/// Runs a kernel on a device, between the hooks of this thread; a capture that goes on notes it.
pub(crate) fn execute(device: Device, kernel: &Kernel, inputs: &[View], outputs: &[View]) -> Result<()> {
    execute_live(device, kernel, inputs, outputs, &LiveSlots::new())
}

/// As [`execute`]; `live` names the scalars of the kernel's program that change from run to run of a captured graph.
pub(crate) fn execute_live(
    device: Device,
    kernel: &Kernel,
    inputs: &[View],
    outputs: &[View],
    live: &LiveSlots,
) -> Result<()> {
    let no_hooks = HOOKS.with_borrow(|hooks| hooks.is_empty());
    if no_hooks {
        backend(device).execute(kernel, inputs, outputs)?;
    } else {
        between_hooks(device, kernel, inputs, outputs)?;
    }
    graph::record(kernel, inputs, outputs, live);
    Ok(())
}

fn between_hooks(device: Device, kernel: &Kernel, inputs: &[View], outputs: &[View]) -> Result<()> {
    // A copy, so that a hook may add or remove hooks or run kernels itself.
    let hooks: Vec<_> = HOOKS.with_borrow(|hooks| hooks.iter().map(|(_, hook)| hook.clone()).collect());
    for hook in &hooks {
        hook.before(kernel, inputs, outputs);
    }
    backend(device).execute(kernel, inputs, outputs)?;
    hooks.iter().try_for_each(|hook| hook.after(kernel, inputs, outputs))
}
