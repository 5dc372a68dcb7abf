//! [`TimerHook`].

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::{FunctionCall, FunctionHook, HookGuard, add_function_hook};
use crate::Array;

/// Measures how long each function takes, forward and backward.
///
/// While it is there, functions compute their results at once (else their work would be counted where the results are first needed),
/// so nothing fuses across functions: the sum is more than a run without the hook takes.
///
/// ```
/// use chainer::function_hooks::TimerHook;
/// use chainer::{Array, Dtype, Variable};
/// let timer = TimerHook::new();
/// {
///     let _measuring = timer.enter();
///     let x = Variable::new(Array::ones([100, 100], Dtype::F32));
///     x.exp().sum().backward()?;
/// }
/// let names: Vec<_> = timer.call_history().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["exp", "sum", "sum", "exp"]);
/// assert!(timer.total_time() > std::time::Duration::ZERO);
/// # Ok::<(), chainer::Error>(())
/// ```
#[derive(Default)]
pub struct TimerHook {
    history: RefCell<Vec<(&'static str, Duration)>>,
    started: Cell<Option<Instant>>,
}

impl TimerHook {
    /// A timer that has measured nothing yet.
    pub fn new() -> Rc<Self> {
        Rc::default()
    }

    /// Measures on this thread until the guard is dropped.
    pub fn enter(self: &Rc<Self>) -> HookGuard {
        add_function_hook(self.clone())
    }

    /// Every function that ran, with the time it took.
    pub fn call_history(&self) -> Vec<(&'static str, Duration)> {
        self.history.borrow().clone()
    }

    /// The sum of all times.
    pub fn total_time(&self) -> Duration {
        self.history.borrow().iter().map(|(_, time)| *time).sum()
    }

    fn start<'a>(&self, before: impl Iterator<Item = &'a Array>) {
        // What was still to be done before is not this function's work. Errors stay with their arrays.
        before.for_each(|x| drop(x.force()));
        self.started.set(Some(Instant::now()));
    }

    fn stop<'a>(&self, call: &FunctionCall, results: impl Iterator<Item = &'a Array>) {
        results.for_each(|y| drop(y.force()));
        if let Some(started) = self.started.take() {
            self.history.borrow_mut().push((call.name, started.elapsed()));
        }
    }
}

impl FunctionHook for TimerHook {
    fn forward_preprocess(&self, _: &FunctionCall, inputs: &[Array]) {
        self.start(inputs.iter());
    }
    fn forward_postprocess(&self, call: &FunctionCall, _: &[Array], outputs: &[Array]) {
        self.stop(call, outputs.iter());
    }
    fn backward_preprocess(&self, _: &FunctionCall, inputs: &[Option<Array>], grad_outputs: &[Option<Array>]) {
        self.start(inputs.iter().chain(grad_outputs).flatten());
    }
    fn backward_postprocess(&self, call: &FunctionCall, grad_inputs: &[Option<Array>]) {
        self.stop(call, grad_inputs.iter().flatten());
    }
}
