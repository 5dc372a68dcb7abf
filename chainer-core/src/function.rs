//! [`Function`]: an operation that can be differentiated, and how one is applied to variables.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::panic::Location;
use std::sync::Arc;

use chainer_kernels::{Loc, Position, Saved};
use smallvec::SmallVec;

use crate::config::{self, Mode};
use crate::flag::{self, Flag};
use crate::graph::{Call, GraphNode};
use crate::type_check::Mismatch;
use crate::{Array, AsVariables, Dtype, Error, ErrorKind, Result, Shape, Variable, Variables, function_hooks};

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

/// What [`Function::forward`] returns: one array or several.
///
/// ```
/// use chainer::{Array, Outputs};
/// let one: Outputs = Array::scalar(1.0f32).into();
/// let two: Outputs = (Array::scalar(1.0f32), Array::scalar(2.0f32)).into();
/// assert_eq!((one.0.len(), two.0.len()), (1, 2));
/// ```
#[derive(Clone, Debug)]
pub struct Outputs(pub SmallVec<[Array; 2]>);

impl From<Array> for Outputs {
    fn from(y: Array) -> Self {
        Outputs(smallvec::smallvec![y])
    }
}
impl From<(Array, Array)> for Outputs {
    fn from((a, b): (Array, Array)) -> Self {
        Outputs(smallvec::smallvec![a, b])
    }
}
impl From<(Array, Array, Array)> for Outputs {
    fn from((a, b, c): (Array, Array, Array)) -> Self {
        Outputs(smallvec::smallvec![a, b, c])
    }
}
impl From<Vec<Array>> for Outputs {
    fn from(ys: Vec<Array>) -> Self {
        Outputs(ys.into())
    }
}
impl<const N: usize> From<[Array; N]> for Outputs {
    fn from(ys: [Array; N]) -> Self {
        Outputs(ys.into_iter().collect())
    }
}
impl FromIterator<Array> for Outputs {
    fn from_iter<I: IntoIterator<Item = Array>>(ys: I) -> Self {
        Outputs(ys.into_iter().collect())
    }
}
impl From<Error> for Outputs {
    fn from(error: Error) -> Self {
        Array::failed(error).into()
    }
}
impl<T: Into<Outputs>> From<Result<T>> for Outputs {
    fn from(result: Result<T>) -> Self {
        result.map_or_else(|error| error.into(), Into::into)
    }
}

/// What [`Function::backward`] returns: for each input its gradient, or `None` where there is none. Missing entries at the end count
/// as `None`.
///
/// A gradient may be smaller than its input where it broadcasts to it; a larger one is summed over the axes that the function
/// broadcast.
#[derive(Clone, Debug, Default)]
pub struct Gradients(pub SmallVec<[Option<Variable>; 4]>);

impl Gradients {
    /// No input has a gradient.
    pub fn none() -> Self {
        Gradients::default()
    }
}

impl From<Variable> for Gradients {
    fn from(gx: Variable) -> Self {
        Gradients(smallvec::smallvec![Some(gx)])
    }
}
impl From<Option<Variable>> for Gradients {
    fn from(gx: Option<Variable>) -> Self {
        Gradients(smallvec::smallvec![gx])
    }
}
impl From<Vec<Option<Variable>>> for Gradients {
    fn from(gxs: Vec<Option<Variable>>) -> Self {
        Gradients(gxs.into())
    }
}
impl From<Vec<Variable>> for Gradients {
    fn from(gxs: Vec<Variable>) -> Self {
        gxs.into_iter().map(Some).collect()
    }
}
impl<const N: usize> From<[Option<Variable>; N]> for Gradients {
    fn from(gxs: [Option<Variable>; N]) -> Self {
        gxs.into_iter().collect()
    }
}
impl FromIterator<Option<Variable>> for Gradients {
    fn from_iter<I: IntoIterator<Item = Option<Variable>>>(gxs: I) -> Self {
        Gradients(gxs.into_iter().collect())
    }
}
macro_rules! gradient_tuples {
    ($(($($name:ident),*);)*) => {$(
        #[allow(non_snake_case)]
        impl<$($name: Into<Option<Variable>>),*> From<($($name,)*)> for Gradients {
            fn from(($($name,)*): ($($name,)*)) -> Self {
                Gradients(smallvec::smallvec![$($name.into()),*])
            }
        }
    )*};
}
gradient_tuples! { (A, B); (A, B, C); (A, B, C, D); (A, B, C, D, E); (A, B, C, D, E, F); }

/// Which inputs and outputs [`Function::backward`] reads.
///
/// ```
/// use chainer::Retain;
/// let of_sigmoid = Retain::none().output(0);
/// assert!(of_sigmoid.keeps_output(0) && !of_sigmoid.keeps_input(0));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retain {
    // Bit i stands for number i, the last bit for everything from 63 on.
    inputs: u64,
    outputs: u64,
}

impl Retain {
    const fn bit(i: usize) -> u64 {
        1 << if i < 63 { i } else { 63 }
    }
    /// Nothing.
    pub const fn none() -> Self {
        Retain { inputs: 0, outputs: 0 }
    }
    /// All inputs.
    pub const fn inputs() -> Self {
        Retain { inputs: u64::MAX, outputs: 0 }
    }
    /// All outputs.
    pub const fn outputs() -> Self {
        Retain { inputs: 0, outputs: u64::MAX }
    }
    /// All inputs and outputs.
    pub const fn all() -> Self {
        Retain { inputs: u64::MAX, outputs: u64::MAX }
    }
    /// Input `i` too.
    pub const fn input(mut self, i: usize) -> Self {
        self.inputs |= Retain::bit(i);
        self
    }
    /// Output `i` too.
    pub const fn output(mut self, i: usize) -> Self {
        self.outputs |= Retain::bit(i);
        self
    }
    /// Whether input `i` is kept.
    pub const fn keeps_input(self, i: usize) -> bool {
        self.inputs & Retain::bit(i) != 0
    }
    /// Whether output `i` is kept.
    pub const fn keeps_output(self, i: usize) -> bool {
        self.outputs & Retain::bit(i) != 0
    }
}

/// What [`Function::backward`] sees: the kept inputs and outputs and the gradients of the outputs.
pub struct BackwardContext<'a> {
    call: &'a Call,
    inputs: SmallVec<[Option<Variable>; 4]>,
    outputs: SmallVec<[Option<Variable>; 2]>,
    grads: SmallVec<[Option<Variable>; 2]>,
    full: SmallVec<[OnceCell<Variable>; 2]>,
    missing: OnceCell<Variable>,
}

impl<'a> BackwardContext<'a> {
    /// The context of one step of a walk. With `graph`, saved values keep their place in the graph.
    pub(crate) fn new(call: &'a Arc<Call>, grads: SmallVec<[Option<Variable>; 2]>, graph: bool) -> Self {
        let inputs = call.saved_inputs.iter().enumerate().map(|(i, saved)| {
            let node = if graph { call.inputs[i].clone() } else { None };
            saved.as_ref().map(|saved| Variable { data: saved.array(), node })
        });
        let outputs = call.saved_outputs.iter().enumerate().map(|(i, saved)| {
            saved.as_ref().map(|saved| Variable {
                data: saved.array(),
                node: (graph && call.output_types[i].1.is_float()).then(|| call.output_node(i, Flag::Auto)),
            })
        });
        let full = grads.iter().map(|_| OnceCell::new()).collect();
        let (inputs, outputs) = (inputs.collect(), outputs.collect());
        BackwardContext { call, inputs, outputs, grads, full, missing: OnceCell::new() }
    }

    /// Input `i`, if [`Function::retain`] names it.
    pub fn input(&self, i: usize) -> &Variable {
        self.inputs.get(i).and_then(Option::as_ref).unwrap_or_else(|| self.not_retained("input", i))
    }

    /// Output `i`, if [`Function::retain`] names it.
    pub fn output(&self, i: usize) -> &Variable {
        self.outputs.get(i).and_then(Option::as_ref).unwrap_or_else(|| self.not_retained("output", i))
    }

    #[cold]
    fn not_retained(&self, what: &str, i: usize) -> &Variable {
        self.missing.get_or_init(|| {
            let message = format!("backward reads {what} {i}, which `retain` does not name");
            Variable::failed(Error::new(ErrorKind::State, self.call.function.name(), message).at(self.call.at))
        })
    }

    /// The gradient of output `i`, in the output's shape; `None` if nothing depends on that output.
    pub fn grad_output(&self, i: usize) -> Option<&Variable> {
        let grad = self.grads.get(i)?.as_ref()?;
        let shape = &self.call.output_types[i].0;
        if grad.data.shape() == shape {
            return Some(grad);
        }
        Some(self.full[i].get_or_init(|| crate::functions::broadcast_to(grad, shape)))
    }

    /// The gradient of output `i` as the walk has it: it may be smaller than the output where it broadcasts to it (the gradient below
    /// a `sum` is a single number). For functions that can do with that; others ask [`grad_output`](Self::grad_output).
    pub fn compact_grad_output(&self, i: usize) -> Option<&Variable> {
        self.grads.get(i)?.as_ref()
    }

    /// The gradient of output `i`, zeros if nothing depends on it.
    pub fn gy(&self, i: usize) -> &Variable {
        match self.grad_output(i) {
            Some(grad) => grad,
            None if i >= self.full.len() => self.not_retained("the gradient of output", i),
            None => self.full[i].get_or_init(|| {
                let (shape, dtype) = &self.call.output_types[i];
                Variable::constant(Array::zeros(shape, *dtype))
            }),
        }
    }

    /// Whether input `i` needs a gradient. What is returned for others is dropped unread (and so never computed).
    pub fn wants(&self, i: usize) -> bool {
        self.call.inputs.get(i).is_some_and(Option::is_some)
    }

    /// The number of inputs.
    pub fn input_count(&self) -> usize {
        self.call.input_types.len()
    }

    /// The number of outputs.
    pub fn output_count(&self) -> usize {
        self.call.output_types.len()
    }

    /// The shape of input `i`, kept or not.
    pub fn input_shape(&self, i: usize) -> &Shape {
        &self.call.input_types[i].0
    }

    /// The dtype of input `i`, kept or not.
    pub fn input_dtype(&self, i: usize) -> Dtype {
        self.call.input_types[i].1
    }

    /// The shape of output `i`, kept or not.
    pub fn output_shape(&self, i: usize) -> &Shape {
        &self.call.output_types[i].0
    }

    /// The dtype of output `i`, kept or not.
    pub fn output_dtype(&self, i: usize) -> Dtype {
        self.call.output_types[i].1
    }

    /// The function's name.
    pub fn name(&self) -> &'static str {
        self.call.function.name()
    }

    /// Where the user applied the function.
    pub fn location(&self) -> Loc {
        self.call.at
    }

    /// The kept inputs as a hook gets them.
    pub(crate) fn input_arrays(&self) -> Vec<Option<Array>> {
        self.inputs.iter().map(|x| x.as_ref().map(|x| x.data.clone())).collect()
    }

    /// The gradients as a hook gets them.
    pub(crate) fn grad_arrays(&self) -> Vec<Option<Array>> {
        (0..self.grads.len()).map(|i| self.grad_output(i).map(|g| g.data.clone())).collect()
    }
}

/// The variables that an application made. Of a failed application it stands for any number of failed outputs.
#[must_use]
#[derive(Debug)]
pub struct Applied(SmallVec<[Variable; 2]>);

impl Applied {
    fn failed(error: Error) -> Self {
        Applied(smallvec::smallvec![Variable::failed(error)])
    }

    /// The only output.
    #[inline]
    pub fn one(self) -> Variable {
        let mut outputs = self.0;
        if outputs.len() == 1 { outputs.pop().unwrap_or_else(Applied::nothing) } else { wrong_count(&outputs, 1) }
    }

    /// The outputs of a function that has `N`.
    pub fn many<const N: usize>(self) -> [Variable; N] {
        if self.0.len() == N {
            let mut outputs = self.0.into_iter();
            return std::array::from_fn(|_| outputs.next().unwrap_or_else(Applied::nothing));
        }
        let failed = wrong_count(&self.0, N);
        std::array::from_fn(|_| failed.clone())
    }

    /// The outputs of a function that has `count`.
    pub fn list(self, count: usize) -> Vec<Variable> {
        if self.0.len() == count { self.0.into_vec() } else { vec![wrong_count(&self.0, count); count] }
    }

    /// All outputs, however many; a single failed one if the application failed.
    pub fn all(self) -> SmallVec<[Variable; 2]> {
        self.0
    }

    #[cold]
    fn nothing() -> Variable {
        Variable::failed(Error::new(ErrorKind::State, "apply", "the function returned no output"))
    }
}

/// The failed output that stands for all, or a failure that says that `forward` returned another number than expected.
#[cold]
fn wrong_count(outputs: &[Variable], expected: usize) -> Variable {
    if let Some(failed) = outputs.iter().find(|y| y.error().is_some()) {
        return failed.clone();
    }
    let actual = format!("{} != {expected}", outputs.len());
    Variable::failed(Error::mismatch("apply", format_args!("number of outputs == {expected}"), actual))
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
        return Applied(outputs.into_iter().map(|y| Variable::constant(y).with_volatile(Flag::On)).collect());
    }
    let records = mode.records() || nodes.iter().flatten().any(|n| n.is_off_by_hand());
    for node in &mut nodes {
        if node.as_ref().is_some_and(|n| !n.wants_gradient()) {
            *node = None;
        }
    }
    if !records || nodes.iter().all(Option::is_none) {
        return Applied(outputs.into_iter().map(Variable::constant).collect());
    }

    let retain = function.retain();
    let save = |keep: bool, array: &Array| -> Option<Saved> { keep.then(|| array.save()) };
    let saved_inputs = arrays.iter().enumerate().map(|(i, x)| save(retain.keeps_input(i), x)).collect();
    let saved_outputs = outputs.iter().enumerate().map(|(i, y)| save(retain.keeps_output(i), y)).collect();
    let input_types = arrays.iter().map(|x| (x.shape().clone(), x.dtype())).collect();
    let nodes = Call::record(function, nodes, input_types, saved_inputs, saved_outputs, &outputs, flag, at);
    Applied(outputs.into_iter().zip(nodes).map(|(data, node)| Variable { data, node }).collect())
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
