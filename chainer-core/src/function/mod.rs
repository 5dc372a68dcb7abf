//! [`Function`]: an operation that can be differentiated, and how one is applied to variables.
//!
//! `values`: what its methods return; `context`: what its backward sees; `applied`: what an application gives.

mod applied;
mod context;
mod values;

use std::borrow::Cow;
use std::panic::Location;
use std::sync::Arc;

use chainer_kernels::{Loc, Position, Saved};
use smallvec::SmallVec;

use crate::config::{self, Mode};
use crate::flag::{self, Flag};
use crate::graph::{Call, GraphNode};
use crate::type_check::Mismatch;
use crate::{Array, AsVariables, Error, ErrorKind, Result, Variable, Variables, function_hooks};

pub use applied::Applied;
pub use context::BackwardContext;
pub use values::{Gradients, Outputs, Retain};

/// An operation on arrays with its derivative. `#[function]` writes the implementation; by hand it looks like this:
///
/// ```
/// use chainer::{apply, Array, BackwardContext, Function, Gradients, Mismatch, Outputs, Retain, Variable};
/// use chainer::type_check;
///
/// /// w = x * y + z
/// struct MulAdd;
///
/// impl Function for MulAdd {
///     fn name(&self) -> &'static str {
///         "mul_add"
///     }
///     fn type_check(&self, inputs: &[Array]) -> Result<(), Mismatch> {
///         type_check::same_shape("x", &inputs[0], "y", &inputs[1])?;
///         type_check::same_shape("x", &inputs[0], "z", &inputs[2])
///     }
///     fn forward(&self, inputs: &[Array]) -> Outputs {
///         (&inputs[0] * &inputs[1] + &inputs[2]).into()
///     }
///     fn retain(&self) -> Retain {
///         Retain::none().input(0).input(1)
///     }
///     fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
///         (c.gy(0) * c.input(1), c.gy(0) * c.input(0), c.gy(0).clone()).into()
///     }
/// }
///
/// let [x, y, z] = [2.0f32, 3.0, 4.0].map(|v| Variable::new(Array::from([v])));
/// let w = apply(MulAdd, [&x, &y, &z]).one();
/// assert_eq!(w.to_vec::<f32>()?, [10.0]);
/// w.backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [3.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
pub trait Function: Send + Sync + 'static {
    /// What errors, hooks and graphs call it, such as `linear`.
    fn name(&self) -> &'static str;

    /// What a drawn graph shows; the name unless the function says more.
    fn label(&self) -> Cow<'static, str> {
        Cow::Borrowed(self.name())
    }

    /// Checks ranks, shapes and dtypes before `forward`. [`crate::type_check`] has the usual checks.
    fn type_check(&self, inputs: &[Array]) -> std::result::Result<(), Mismatch> {
        let _ = inputs;
        Ok(())
    }

    /// Computes the outputs. A failed array among them, or an `Err` made into [`Outputs`], makes the application fail.
    fn forward(&self, inputs: &[Array]) -> Outputs;

    /// Which inputs and outputs `backward` reads. Only they are kept. Default: all inputs, no outputs.
    fn retain(&self) -> Retain {
        Retain::inputs()
    }

    /// Computes the gradient of every input from those of the outputs. It works over variables, so that the gradient can itself be
    /// differentiated. Default: no input has a gradient.
    fn backward(&self, context: &BackwardContext<'_>) -> Gradients {
        let _ = context;
        Gradients::none()
    }
}

/// Applies a function to variables (or arrays, which are constants).
///
/// It checks types, runs `forward`, and records the application if an input needs a gradient. A failed input, a failed check and a
/// failed output make failed variables.
///
/// See [`Function`] for an example.
#[track_caller]
pub fn apply(function: impl Function, inputs: impl AsVariables) -> Applied {
    apply_at(Box::new(function), inputs.as_variables(), Location::caller())
}

/// [`apply`], with the caller's position given.
pub fn apply_at(function: Box<dyn Function>, inputs: Variables, at: Loc) -> Applied {
    if let Some(error) = inputs.iter().find_map(Variable::error) {
        return Applied::failed(error.clone());
    }
    let mode = Mode::current();
    let at = Position::or(at);
    let mut arrays: SmallVec<[Array; 4]> = SmallVec::with_capacity(inputs.len());
    let mut nodes: SmallVec<[Option<Arc<GraphNode>>; 4]> = SmallVec::with_capacity(inputs.len());
    for input in inputs {
        arrays.push(input.data);
        nodes.push(input.node);
    }
    if config::config().type_check
        && let Err(mismatch) = function.type_check(&arrays)
    {
        let error = Error::mismatch(function.name(), mismatch.expect, mismatch.actual).at(at);
        return Applied::failed(report_if(mode, error));
    }

    let outputs = {
        let _position = Position::enter(at);
        if mode.hooks() { function_hooks::around_forward(&*function, &arrays, at) } else { function.forward(&arrays) }
    };
    let outputs = outputs.0;
    if mode.debug()
        && let Err(error) = outputs.iter().try_for_each(|y| check_nan(y, function.name(), "forward", at))
    {
        return Applied::failed(report_if(mode, error));
    }
    if let Some(error) = outputs.iter().find_map(Array::error) {
        return Applied::failed(error.clone().at(at));
    }

    let flag = match join_flags(nodes.iter().map(Option::as_ref)) {
        Ok(flag) => flag,
        Err(error) => return Applied::failed(report_if(mode, named(error, function.name()).at(at))),
    };
    if flag == Flag::On {
        return Applied::new(outputs.into_iter().map(|y| Variable::constant(y).with_volatile(Flag::On)).collect());
    }
    let records = mode.records() || nodes.iter().flatten().any(|n| n.is_off_by_hand());
    for node in &mut nodes {
        if node.as_ref().is_some_and(|n| !n.wants_gradient()) {
            *node = None;
        }
    }
    if !records || nodes.iter().all(Option::is_none) {
        return Applied::new(outputs.into_iter().map(Variable::constant).collect());
    }

    let retain = function.retain();
    let save = |keep: bool, array: &Array| -> Option<Saved> { keep.then(|| array.save()) };
    let saved_inputs = arrays.iter().enumerate().map(|(i, x)| save(retain.keeps_input(i), x)).collect();
    let saved_outputs = outputs.iter().enumerate().map(|(i, y)| save(retain.keeps_output(i), y)).collect();
    let input_types = arrays.iter().map(|x| (x.shape().clone(), x.dtype())).collect();
    let nodes = Call::record(function, nodes, input_types, saved_inputs, saved_outputs, &outputs, flag, at);
    Applied::new(outputs.into_iter().zip(nodes).map(|(data, node)| Variable { data, node }).collect())
}

/// The flag that an operation over these inputs has; constants are `auto`.
#[inline]
pub(crate) fn join_flags<'a>(nodes: impl Iterator<Item = Option<&'a Arc<GraphNode>>>) -> Result<Flag> {
    let mut all = Flag::Auto;
    for node in nodes.flatten() {
        all = all.join(node.flag()).ok_or_else(flag::mixed)?;
    }
    Ok(all)
}

/// The same error as of another operation.
#[cold]
pub(crate) fn named(error: Error, operation: &'static str) -> Error {
    Error::new(error.kind(), operation, error.message())
}

/// In debug mode a failure is printed where it happens, not only where the value is read.
#[cold]
pub(crate) fn report_if(mode: Mode, error: Error) -> Error {
    if mode.debug() { report(error) } else { error }
}

/// Prints a failure in debug mode: a place for a breakpoint.
#[cold]
#[inline(never)]
pub(crate) fn report(error: Error) -> Error {
    eprintln!("chainer (debug mode): {error}");
    error
}

/// Debug mode: computes `array` now and refuses NaN.
#[cold]
pub(crate) fn check_nan(array: &Array, operation: &'static str, pass: &str, at: Loc) -> Result<()> {
    use chainer_kernels::ArrayOps;
    array.force()?;
    if array.dtype().is_float() && array.isnan().any(None, false).item::<bool>()? {
        let message =
            format!("NaN is found in the result of the {pass} computation, {}{:?}", array.dtype(), array.shape());
        return Err(Error::new(ErrorKind::NaN, operation, message).at(at));
    }
    Ok(())
}
