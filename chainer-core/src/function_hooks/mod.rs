//! Function hooks: code that runs around every application of a function and around every step of a backward pass.
//!
//! Hooks belong to the thread that added them. [`TimerHook`] measures, [`PrintHook`] prints.

mod print;
mod timer;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::rc::Rc;

use chainer_kernels::Loc;

use crate::{Array, BackwardContext, Function, Gradients, Outputs, config};

pub use print::PrintHook;
pub use timer::TimerHook;

/// What a hook sees of a function.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FunctionCall {
    /// The function's name.
    pub name: &'static str,
    /// The name with its arguments, where it has any to show.
    pub label: Cow<'static, str>,
    /// Where the user applied it.
    pub location: Loc,
}

/// Code that runs around functions. All methods do nothing unless they are implemented.
///
/// Elementwise operations cost less than a hook: of them, hooks are called after the operation was recorded, `forward_preprocess`
/// just before `forward_postprocess`, and see in `backward` no more than the gradients they hand on.
///
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
/// use chainer::{Array, Variable};
/// use chainer::function_hooks::{add_function_hook, FunctionCall, FunctionHook};
///
/// #[derive(Default)]
/// struct Count(Cell<usize>);
/// impl FunctionHook for Count {
///     fn forward_preprocess(&self, _: &FunctionCall, _: &[Array]) {
///         self.0.set(self.0.get() + 1);
///     }
/// }
///
/// let count = Rc::new(Count::default());
/// let x = Variable::new(Array::scalar(1.0f32));
/// {
///     let _counting = add_function_hook(count.clone());
///     let _ = (&x + 1.0).sum();
/// }
/// let _ = &x + 1.0; // not counted
/// assert_eq!(count.0.get(), 2);
/// ```
pub trait FunctionHook {
    /// Before a function computes its outputs.
    fn forward_preprocess(&self, call: &FunctionCall, inputs: &[Array]) {
        let _ = (call, inputs);
    }
    /// After it did. The outputs may be pending: they are computed when somebody needs them.
    fn forward_postprocess(&self, call: &FunctionCall, inputs: &[Array], outputs: &[Array]) {
        let _ = (call, inputs, outputs);
    }
    /// Before a function computes its gradients: the inputs that it kept, and the gradients of its outputs.
    fn backward_preprocess(&self, call: &FunctionCall, inputs: &[Option<Array>], grad_outputs: &[Option<Array>]) {
        let _ = (call, inputs, grad_outputs);
    }
    /// After it did, with the gradients of its inputs.
    fn backward_postprocess(&self, call: &FunctionCall, grad_inputs: &[Option<Array>]) {
        let _ = (call, grad_inputs);
    }
}

thread_local! {
    static HOOKS: RefCell<Vec<(u64, Rc<dyn FunctionHook>)>> = const { RefCell::new(Vec::new()) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
    static SUSPENDED: Cell<bool> = const { Cell::new(false) };
}

/// Removes its hook when dropped.
#[must_use = "the hook is removed when this value is dropped"]
pub struct HookGuard {
    id: u64,
    // A hook belongs to its thread.
    _not_send: PhantomData<*const ()>,
}

impl Drop for HookGuard {
    fn drop(&mut self) {
        let removed = HOOKS.try_with(|hooks| {
            let mut hooks = hooks.borrow_mut();
            let at = hooks.iter().position(|(id, _)| *id == self.id);
            at.map(|at| hooks.remove(at))
        });
        drop(removed);
        config::refresh_mode();
    }
}

/// Adds a hook to this thread until the guard is dropped. Hooks run in the order in which they were added.
pub fn add_function_hook(hook: Rc<dyn FunctionHook>) -> HookGuard {
    let id = NEXT.get();
    NEXT.set(id + 1);
    HOOKS.with_borrow_mut(|hooks| hooks.push((id, hook)));
    config::refresh_mode();
    HookGuard { id, _not_send: PhantomData }
}

/// Keeps hooks from being called for what a backward pass applies inside of functions.
pub(crate) struct Suspension {
    before: bool,
}

/// Suspends this thread's hooks until the value is dropped. A backward pass calls them itself.
pub(crate) fn suspend() -> Suspension {
    let before = SUSPENDED.replace(true);
    config::refresh_mode();
    Suspension { before }
}

impl Drop for Suspension {
    fn drop(&mut self) {
        SUSPENDED.set(self.before);
        config::refresh_mode();
    }
}

/// Whether this thread has hooks that are to be called.
pub(crate) fn any() -> bool {
    !SUSPENDED.get() && HOOKS.try_with(|hooks| !hooks.borrow().is_empty()).unwrap_or(false)
}

/// Calls `f` with each hook; a hook may add or remove hooks.
fn each(f: impl Fn(&dyn FunctionHook)) {
    let hooks: Vec<_> = HOOKS.with_borrow(|hooks| hooks.iter().map(|(_, hook)| hook.clone()).collect());
    hooks.iter().for_each(|hook| f(&**hook));
}

/// A function's forward between the hooks.
#[cold]
pub(crate) fn around_forward(function: &dyn Function, inputs: &[Array], location: Loc) -> Outputs {
    let call = FunctionCall { name: function.name(), label: function.label(), location };
    each(|hook| hook.forward_preprocess(&call, inputs));
    let outputs = function.forward(inputs);
    each(|hook| hook.forward_postprocess(&call, inputs, &outputs.0));
    outputs
}

/// A function's backward between the hooks.
#[cold]
pub(crate) fn around_backward(function: &dyn Function, context: &BackwardContext<'_>) -> Gradients {
    let call = FunctionCall { name: function.name(), label: function.label(), location: context.location() };
    let (inputs, grads) = (context.input_arrays(), context.grad_arrays());
    each(|hook| hook.backward_preprocess(&call, &inputs, &grads));
    drop((inputs, grads));
    let gradients = function.backward(context);
    let arrays: Vec<_> = gradients.0.iter().map(|g| g.as_ref().map(|g| g.data().clone())).collect();
    each(|hook| hook.backward_postprocess(&call, &arrays));
    gradients
}

/// The hooks of an elementwise operation.
#[cold]
pub(crate) fn after_elementwise(name: &'static str, inputs: &[Array], output: &Array, location: Loc) {
    let call = FunctionCall { name, label: Cow::Borrowed(name), location };
    each(|hook| {
        hook.forward_preprocess(&call, inputs);
        hook.forward_postprocess(&call, inputs, std::slice::from_ref(output));
    });
}

/// The hooks of an elementwise operation's step in a backward pass.
#[cold]
pub(crate) fn after_elementwise_backward<'a>(
    name: &'static str,
    gradients: impl Iterator<Item = &'a Array>,
    location: Loc,
) {
    let call = FunctionCall { name, label: Cow::Borrowed(name), location };
    let gradients: Vec<_> = gradients.map(|g| Some(g.clone())).collect();
    each(|hook| {
        hook.backward_preprocess(&call, &[], &[]);
        hook.backward_postprocess(&call, &gradients);
    });
}
