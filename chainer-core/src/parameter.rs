//! [`Parameter`]: a trainable value that a model, its optimizer and user code share.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::flag::Flag;
use crate::graph::GraphNode;
use crate::row_gradient::RowGradient;
use crate::{Array, Dtype, Error, ErrorKind, Result, Shape, Variable, compile};

/// Makes the first value of a parameter of the given shape.
type Initializer = Arc<dyn Fn(&Shape) -> Array + Send + Sync>;

/// A handle on a trainable value. Clones are handles on the same parameter; its value can change through any of them.
///
/// A parameter may be without a value until its shape is known (a layer that takes its input size from the first batch). All
/// variables made of it ([`var`](Parameter::var)) share one place in the graph, so the gradients of all its uses add up there, also
/// across changes of the value.
///
/// ```
/// use chainer::{Array, Dtype, Parameter, Variable};
/// let w = Parameter::uninitialized(|shape| Array::ones(shape, Dtype::F32)).with_name("W");
/// assert!(!w.is_initialized());
/// w.initialize([2, 3])?;
/// let loss = (w.var() * 2.0).sum();
/// loss.backward()?;
/// assert_eq!(w.grad().unwrap().to_vec::<f32>()?, [2.0; 6]);
/// w.set(w.array()? - w.grad().unwrap() * 0.1);
/// w.cleargrad();
/// # Ok::<(), chainer::Error>(())
/// ```
#[derive(Clone)]
pub struct Parameter(Arc<RwLock<State>>);

struct State {
    name: Option<String>,
    initializer: Option<Initializer>,
    /// The value and the node that its variables share.
    value: Option<(Array, Arc<GraphNode>)>,
    /// Whether its variables are constants.
    frozen: bool,
}

impl Parameter {
    fn from_state(state: State) -> Self {
        Parameter(Arc::new(RwLock::new(state)))
    }

    /// A parameter with a value.
    pub fn new(array: impl Into<Array>) -> Self {
        let array = array.into();
        let node = GraphNode::leaf(&array, Flag::Auto);
        Parameter::from_state(State { name: None, initializer: None, value: Some((array, node)), frozen: false })
    }

    /// A parameter that gets its value from `initializer` once its shape is known.
    pub fn uninitialized(initializer: impl Fn(&Shape) -> Array + Send + Sync + 'static) -> Self {
        let initializer: Option<Initializer> = Some(Arc::new(initializer));
        Parameter::from_state(State { name: None, initializer, value: None, frozen: false })
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the parameter a shape and with it its first value. A parameter that has a value keeps it.
    ///
    /// # Errors
    /// The initializer failed, or gave an array of another shape.
    ///
    /// ```
    /// # use chainer::{Array, Dtype, Parameter};
    /// let w = Parameter::uninitialized(|shape| Array::zeros(shape, Dtype::F32));
    /// w.initialize([4])?;
    /// assert_eq!(w.shape(), Some([4].into()));
    /// # Ok::<(), chainer::Error>(())
    /// ```
    #[track_caller]
    pub fn initialize(&self, shape: impl Into<Shape>) -> Result<()> {
        let (shape, at) = (shape.into(), std::panic::Location::caller());
        let initializer = {
            let state = self.read();
            match (&state.value, &state.initializer) {
                (Some(_), _) | (None, None) => return Ok(()),
                (None, Some(initializer)) => initializer.clone(),
            }
        };
        if compile::is_active() {
            compile::only_once();
        }
        // Without the lock: an initializer may look at this parameter.
        let array = initializer(&shape);
        array.check()?;
        if *array.shape() != shape {
            let actual = format!("{:?} != {shape:?}", array.shape());
            return Err(Error::mismatch("initialize", "initializer(shape).shape == shape", actual).at(at));
        }
        let mut state = self.write();
        if state.value.is_none() {
            let node = GraphNode::leaf(&array, Flag::Auto);
            node.lock().name = state.name.as_deref().map(Into::into);
            state.value = Some((array, node));
        }
        Ok(())
    }

    /// Whether the parameter has a value.
    pub fn is_initialized(&self) -> bool {
        self.read().value.is_some()
    }

    /// The parameter as a variable: what functions work with. `&parameter` can be passed to them as it is.
    ///
    /// An uninitialized parameter gives a failed variable.
    #[track_caller]
    pub fn var(&self) -> Variable {
        self.touch();
        let state = self.read();
        match &state.value {
            Some((data, node)) => {
                let node = (!state.frozen).then(|| node.clone());
                Variable { data: data.clone(), node }
            }
            None => Variable::failed(uninitialized(&state).at(std::panic::Location::caller())),
        }
    }

    /// The value.
    ///
    /// # Errors
    /// The parameter is uninitialized.
    #[track_caller]
    pub fn array(&self) -> Result<Array> {
        self.touch();
        let state = self.read();
        match &state.value {
            Some((data, _)) => Ok(data.clone()),
            None => Err(uninitialized(&state).at(std::panic::Location::caller())),
        }
    }

    /// Replaces the value. The gradient stays if shape and dtype do; otherwise the parameter starts anew with them. Variables made
    /// before keep the value they were made with.
    pub fn set(&self, array: impl Into<Array>) {
        let array = array.into();
        self.touch();
        let mut state = self.write();
        let node = match &state.value {
            Some((_, node)) if array.is_failed() || (node.shape == *array.shape() && node.dtype == array.dtype()) => {
                node.clone()
            }
            _ => {
                let node = GraphNode::leaf(&array, Flag::Auto);
                node.lock().name = state.name.as_deref().map(Into::into);
                node
            }
        };
        let old = state.value.replace((array, node));
        drop(state);
        drop(old);
    }

    /// Changes the value in place where nobody else holds it. Shape and dtype stay.
    pub(crate) fn modify(&self, change: impl FnOnce(&mut Array) -> Result<()>) -> Result<()> {
        self.touch();
        match &mut self.write().value {
            Some((data, _)) => change(data),
            None => Ok(()),
        }
    }

    /// The shape, if it is known.
    pub fn shape(&self) -> Option<Shape> {
        self.read().value.as_ref().map(|(_, node)| node.shape.clone())
    }

    /// The dtype, if it is known.
    pub fn dtype(&self) -> Option<Dtype> {
        self.read().value.as_ref().map(|(_, node)| node.dtype)
    }

    /// The number of elements, 0 if the shape is unknown.
    pub fn size(&self) -> usize {
        self.shape().map_or(0, |shape| shape.size())
    }

    /// A call that is being captured notes that it uses the parameter.
    #[inline]
    fn touch(&self) {
        if compile::is_active() {
            compile::touch_parameter(self);
        }
    }

    /// Shows the value, if there is one, to be looked at or replaced by one of the same shape and dtype.
    pub(crate) fn visit_value(&self, visit: impl FnOnce(&mut Array)) {
        if let Some((array, _)) = &mut self.write().value {
            visit(array);
        }
    }

    /// Shows the place of the gradient. Rows that were noted of it are forgotten.
    pub(crate) fn visit_grad(&self, visit: impl FnOnce(&mut Option<Variable>)) {
        if let Some(node) = self.node_untouched() {
            let mut grad = node.lock().grad.take();
            visit(&mut grad);
            let mut state = node.lock();
            state.given = grad.is_some();
            state.rows = None;
            state.grad = grad;
        }
    }

    fn node(&self) -> Option<Arc<GraphNode>> {
        self.touch();
        self.node_untouched()
    }

    fn node_untouched(&self) -> Option<Arc<GraphNode>> {
        self.read().value.as_ref().map(|(_, node)| node.clone())
    }

    /// The gradient's value.
    pub fn grad(&self) -> Option<Array> {
        self.grad_var().map(Variable::into_data)
    }

    /// The gradient as a variable, which has a history if `backward` ran with `create_graph`.
    pub fn grad_var(&self) -> Option<Variable> {
        self.node()?.lock().grad.clone()
    }

    /// The rows of the gradient that are not zero, if the backward passes since the gradient was cleared found it row by row and only a
    /// part of the rows: [`F::embed_id`](crate::functions::embed_id()) gives its table such a gradient. The dense gradient
    /// ([`grad`](Self::grad)) is then computed only where it is read; optimizers whose rule leaves rows without gradient alone
    /// ([`UpdateRule::keeps_zero_rows`](crate::UpdateRule::keeps_zero_rows)) do not read it.
    ///
    /// ```
    /// # use chainer::{Array, Dtype, Parameter, functions as F};
    /// let w = Parameter::new(Array::ones([1000, 2], Dtype::F32));
    /// F::embed_id(Array::from([7i32, 3, 7]), &w).sum().backward()?;
    /// let rows = w.grad_rows().unwrap();
    /// assert_eq!(rows.indices().to_vec::<i64>()?, [3, 7]);
    /// assert_eq!(rows.rows().to_vec::<f32>()?, [1.0, 1.0, 2.0, 2.0]);
    /// assert_eq!(w.grad().unwrap().to_vec::<f32>()?[6..8], [1.0, 1.0]);
    /// # Ok::<(), chainer::Error>(())
    /// ```
    pub fn grad_rows(&self) -> Option<RowGradient> {
        self.node()?.lock().rows.as_deref().cloned()
    }

    /// Sets or (with `None`) clears the gradient.
    ///
    /// # Errors
    /// Its shape or dtype differs from the parameter's, or the parameter is uninitialized.
    #[track_caller]
    pub fn set_grad(&self, grad: impl crate::AsOptVariable) -> Result<()> {
        let var = {
            let state = self.read();
            match &state.value {
                Some((data, node)) => Variable { data: data.clone(), node: Some(node.clone()) },
                None => return Err(uninitialized(&state).at(std::panic::Location::caller())),
            }
        };
        var.set_grad(grad)
    }

    /// Forgets the gradient.
    pub fn cleargrad(&self) {
        if compile::is_active() {
            compile::touch_parameter(self);
            compile::cleared(self.id());
        }
        if let Some(node) = self.node() {
            let mut state = node.lock();
            let old = (state.grad.take(), state.rows.take());
            drop(state);
            drop(old);
        }
    }

    /// Adds an array to the gradient, which counts as zero where there is none.
    ///
    /// # Errors
    /// As [`set_grad`](Parameter::set_grad).
    #[track_caller]
    pub fn add_grad(&self, grad: &Array) -> Result<()> {
        match self.grad() {
            None => self.set_grad(grad),
            Some(own) => self.set_grad(own + grad),
        }
    }

    /// Excludes the parameter from training (`false`) or takes it back: a frozen parameter's variables are constants.
    ///
    /// ```
    /// # use chainer::{Array, Parameter};
    /// let w = Parameter::new(Array::scalar(1.0f32));
    /// w.set_requires_grad(false);
    /// assert!(!w.var().requires_grad());
    /// ```
    pub fn set_requires_grad(&self, requires: bool) {
        self.write().frozen = !requires;
    }

    /// Whether gradients flow to the parameter.
    pub fn requires_grad(&self) -> bool {
        !self.read().frozen
    }

    /// The name, if it has one.
    pub fn name(&self) -> Option<String> {
        self.read().name.clone()
    }

    /// Gives the parameter a name, which graphs and messages show.
    pub fn set_name(&self, name: &str) {
        let mut state = self.write();
        state.name = Some(name.to_owned());
        if let Some((_, node)) = &state.value {
            node.lock().name = Some(name.into());
        }
    }

    /// The same parameter with a name.
    pub fn with_name(self, name: &str) -> Self {
        self.set_name(name);
        self
    }

    /// A new parameter of its own with this one's value, initializer and name, without a gradient.
    pub fn copy(&self) -> Parameter {
        let state = self.read();
        let value = state.value.as_ref().map(|(data, _)| {
            let node = GraphNode::leaf(data, Flag::Auto);
            node.lock().name = state.name.as_deref().map(Into::into);
            (data.clone(), node)
        });
        Parameter::from_state(State {
            name: state.name.clone(),
            initializer: state.initializer.clone(),
            value,
            frozen: state.frozen,
        })
    }

    /// What tells this parameter from all others that live: the same for all its handles.
    pub fn id(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

#[cold]
fn uninitialized(state: &State) -> Error {
    let name = state.name.as_deref().map(|name| format!(" `{name}`")).unwrap_or_default();
    let message = format!(
        "the parameter{name} has no value yet: its shape is taken from the first input.\n\
         Call the link once, or give the size to its constructor."
    );
    Error::new(ErrorKind::State, "parameter", message)
}

impl PartialEq for Parameter {
    /// Whether both are handles on the same parameter.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Parameter {}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name().map(|name| format!(" {name}")).unwrap_or_default();
        match (self.shape(), self.dtype()) {
            (Some(shape), Some(dtype)) => {
                write!(f, "<parameter{name}: {}>", crate::variable::type_label(&shape, dtype))
            }
            _ => write!(f, "<parameter{name}: uninitialized>"),
        }
    }
}
