//! [`Variable`]: an array with a memory of how it was computed.

use std::fmt;
use std::sync::Arc;

use crate::flag::Flag;
use crate::graph::{Creator, GraphNode, unchain};
use crate::{Array, Dtype, Element, Error, ErrorKind, Result, Shape};

/// An array that remembers the operations it came from, so that gradients can flow back through them.
///
/// A variable is a cheap handle: clones share the value, the gradient and the place in the graph. Its value never changes.
///
/// ```
/// use chainer::{Array, Variable};
/// let x = Variable::new(Array::from_vec(vec![1.0f32, 2.0, 3.0], 3));
/// let y = (&x * &x).sum();
/// y.backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [2.0, 4.0, 6.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
///
/// # Errors travel
/// An operation on variables that do not fit gives a *failed* variable: it remembers the error and the line that caused it, every
/// operation on it fails the same way, and the error comes out of the next fallible call: [`backward`](Variable::backward),
/// [`item`](Variable::item), [`to_vec`](Variable::to_vec), [`dims`](Variable::dims) or [`check`](Variable::check).
#[derive(Clone)]
#[must_use = "a variable that is never read hides its error, and its graph is dropped"]
pub struct Variable {
    pub(crate) data: Array,
    pub(crate) node: Option<Arc<GraphNode>>,
}

impl Variable {
    /// A variable that receives a gradient: a leaf of the graph.
    ///
    /// ```
    /// # use chainer::{Array, Variable};
    /// assert!(Variable::new(Array::scalar(1.0f32)).requires_grad());
    /// ```
    pub fn new(data: impl Into<Array>) -> Variable {
        let data = data.into();
        let node = Some(GraphNode::leaf(&data, Flag::Off));
        Variable { data, node }
    }

    /// A variable without a gradient, such as a batch of inputs or a number. Arrays and numbers that are passed to functions become
    /// such variables by themselves.
    ///
    /// ```
    /// # use chainer::{Array, Variable};
    /// assert!(!Variable::constant(Array::scalar(1.0f32)).requires_grad());
    /// ```
    pub fn constant(data: impl Into<Array>) -> Variable {
        Variable { data: data.into(), node: None }
    }

    /// A failed variable; see [`Variable`]. Rarely needed by hand: [`attempt`] and [`tri!`](crate::tri) do it.
    pub fn failed(error: Error) -> Variable {
        Variable { data: Array::failed(error), node: None }
    }

    /// The value.
    #[inline]
    pub fn data(&self) -> &Array {
        &self.data
    }

    /// The value, giving up this handle.
    pub fn into_data(self) -> Array {
        self.data
    }

    /// The sizes of the axes.
    ///
    /// # Panics
    /// If the variable has failed, with its error. Code that must go on uses [`dims`](Variable::dims) or [`check`](Variable::check).
    #[track_caller]
    pub fn shape(&self) -> &Shape {
        self.data.shape()
    }

    /// The sizes of exactly `N` axes.
    ///
    /// # Errors
    /// The variable has another number of axes, or has failed.
    ///
    /// ```
    /// # use chainer::{Array, Dtype, Variable};
    /// let x = Variable::new(Array::zeros([2, 3], Dtype::F32));
    /// let [rows, columns] = x.dims()?;
    /// assert_eq!((rows, columns), (2, 3));
    /// assert!(x.dims::<3>().is_err());
    /// # Ok::<(), chainer::Error>(())
    /// ```
    #[track_caller]
    pub fn dims<const N: usize>(&self) -> Result<[usize; N]> {
        self.data.dims()
    }

    /// The element type.
    pub fn dtype(&self) -> Dtype {
        self.data.dtype()
    }

    /// The number of axes. Panics as [`shape`](Variable::shape) does.
    #[track_caller]
    pub fn ndim(&self) -> usize {
        self.data.shape().ndim()
    }

    /// The number of elements. Panics as [`shape`](Variable::shape) does.
    #[track_caller]
    pub fn size(&self) -> usize {
        self.data.shape().size()
    }

    /// The length of the first axis, 1 if there is none. Panics as [`shape`](Variable::shape) does.
    #[track_caller]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.data.shape().first().copied().unwrap_or(1)
    }

    /// `Err` if the variable has failed. Computes nothing.
    pub fn check(&self) -> Result<()> {
        self.error().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// The error of a failed variable. Computes nothing.
    pub fn error(&self) -> Option<&Error> {
        self.data.error()
    }

    /// The only element, converted to `T`.
    ///
    /// # Errors
    /// The variable does not have exactly one element, or has failed.
    ///
    /// ```
    /// # use chainer::{Array, Variable};
    /// assert_eq!(Variable::new(Array::scalar(2.5f32)).item::<f64>()?, 2.5);
    /// # Ok::<(), chainer::Error>(())
    /// ```
    #[track_caller]
    pub fn item<T: Element>(&self) -> Result<T> {
        self.data.item()
    }

    /// The elements in row-major order.
    ///
    /// # Errors
    /// `T` is not the element type, or the variable has failed.
    #[track_caller]
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        self.data.to_vec()
    }

    /// Whether a gradient flows to this variable.
    pub fn requires_grad(&self) -> bool {
        self.node.as_ref().is_some_and(|node| node.wants_gradient())
    }

    /// The gradient: of the leaves what [`backward`](Variable::backward) accumulated, of others what
    /// [`retain_grad`](crate::Backward::retain_grad) kept.
    pub fn grad(&self) -> Option<Variable> {
        self.node.as_ref()?.lock().grad.clone()
    }

    /// Sets or (with `None`) clears the gradient. `backward` starts from it; of an output that nothing else contributes to it is
    /// taken as it is.
    ///
    /// # Errors
    /// The shape or dtype differs from the variable's, or the variable is a constant.
    ///
    /// ```
    /// # use chainer::{Array, Variable};
    /// let x = Variable::new(Array::from_vec(vec![1.0f32, 2.0], 2));
    /// let y = &x * &x;
    /// y.set_grad(Array::from_vec(vec![1.0f32, 10.0], 2))?;
    /// y.backward()?;
    /// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [2.0, 40.0]);
    /// assert!(x.set_grad(Array::scalar(1.0f32)).is_err());
    /// # Ok::<(), chainer::Error>(())
    /// ```
    #[track_caller]
    pub fn set_grad(&self, grad: impl crate::AsOptVariable) -> Result<()> {
        let at = std::panic::Location::caller();
        let grad = grad.as_opt_variable();
        self.check()?;
        let Some(node) = &self.node else {
            if grad.is_none() {
                return Ok(());
            }
            let message = "the variable is a constant: it has no place for a gradient (make it with Variable::new)";
            return Err(Error::new(ErrorKind::State, "set_grad", message).at(at));
        };
        if let Some(grad) = &grad {
            grad.check()?;
            if grad.shape() != &node.shape {
                let actual = format!("{:?} != {:?}", grad.shape(), node.shape);
                return Err(Error::mismatch("set_grad", "grad.shape == x.shape", actual).at(at));
            }
            if grad.dtype() != node.dtype {
                let actual = format!("{} != {}", grad.dtype(), node.dtype);
                return Err(Error::mismatch("set_grad", "grad.dtype == x.dtype", actual).at(at));
            }
        }
        let mut state = node.lock();
        state.given = grad.is_some();
        state.rows = None;
        let old = std::mem::replace(&mut state.grad, grad);
        drop(state);
        drop(old);
        Ok(())
    }

    /// Forgets the gradient.
    pub fn cleargrad(&self) {
        if let Some(node) = &self.node {
            let mut state = node.lock();
            let old = (state.grad.take(), state.rows.take());
            drop(state);
            drop(old);
        }
    }

    /// Adds the gradient of `other` to this variable's. A missing gradient counts as zero.
    ///
    /// # Errors
    /// As [`set_grad`](Variable::set_grad).
    #[track_caller]
    pub fn addgrad(&self, other: &Variable) -> Result<()> {
        match (self.grad(), other.grad()) {
            (_, None) => Ok(()),
            (None, Some(grad)) => self.set_grad(grad),
            (Some(own), Some(grad)) => self.set_grad(own + grad),
        }
    }

    /// The name, if it has one.
    pub fn name(&self) -> Option<String> {
        self.node.as_ref()?.lock().name.as_deref().map(str::to_owned)
    }

    /// The same variable with a name, which graphs and messages show. Constants have no place for a name.
    ///
    /// ```
    /// # use chainer::{Array, Variable};
    /// let x = Variable::new(Array::scalar(1.0f32)).with_name("x");
    /// assert_eq!(x.name().as_deref(), Some("x"));
    /// ```
    pub fn with_name(self, name: &str) -> Variable {
        if let Some(node) = &self.node {
            node.lock().name = Some(name.into());
        }
        self
    }

    /// The volatile flag. Constants are `auto`.
    pub fn volatile(&self) -> Flag {
        self.node.as_ref().map_or(Flag::Auto, |node| node.flag())
    }

    /// The variable with another volatile flag: `on` records nothing of what is done with it; `off` always records, also in
    /// [`no_backprop_mode`](crate::no_backprop_mode); `auto` does as the other inputs of a function say. `on` and `off` do not mix.
    ///
    /// ```
    /// # use chainer::{Array, Flag, Variable};
    /// let x = Variable::new(Array::scalar(2.0f32)).with_volatile(Flag::On);
    /// let y = &x * &x;
    /// assert!(!y.requires_grad() && y.volatile() == Flag::On);
    /// let w = Variable::new(Array::scalar(1.0f32));
    /// assert!((&x * &w).check().is_err());
    /// assert!((y.with_volatile(Flag::Off) * w).requires_grad());
    /// ```
    pub fn with_volatile(mut self, flag: Flag) -> Variable {
        let node = self.node.get_or_insert_with(|| GraphNode::leaf(&self.data, flag));
        node.set_flag(flag);
        self
    }

    /// The same value without history and without gradient.
    pub fn detach(&self) -> Variable {
        Variable { data: self.data.clone(), node: None }
    }

    /// Forgets the operation that made this variable: it becomes a leaf. What was computed from it stays connected to it.
    pub fn unchain(&self) {
        if let Some(node) = &self.node {
            let creator = std::mem::take(&mut node.lock().creator);
            drop(creator);
        }
    }

    /// Forgets the whole history of this variable: it and every variable it was computed from become leaves, and what nobody else
    /// holds is freed. Truncated back-propagation through time calls it after each `backward`.
    ///
    /// ```
    /// # use chainer::{Array, Variable};
    /// let x = Variable::new(Array::scalar(3.0f32));
    /// let h = &x * &x;
    /// h.unchain_backward();
    /// let y = &h * 2.0;
    /// y.backward()?;
    /// assert_eq!(h.grad().unwrap().item::<f32>()?, 2.0);
    /// assert!(x.grad().is_none());
    /// # Ok::<(), chainer::Error>(())
    /// ```
    pub fn unchain_backward(&self) {
        if let Some(node) = &self.node {
            unchain(node);
        }
    }

    /// The name of the function that made this variable, such as `_ + _` or `matmul`; `None` for leaves and constants.
    ///
    /// ```
    /// # use chainer::{Array, Variable};
    /// let x = Variable::new(Array::scalar(3.0f32));
    /// assert_eq!(x.creator_name(), None);
    /// assert_eq!((&x * 2.0).creator_name().as_deref(), Some("_ * 2.0"));
    /// ```
    pub fn creator_name(&self) -> Option<String> {
        crate::computational_graph::creator_label(&self.node.as_ref()?.lock().creator)
    }

    /// How many operations lie between this variable and its farthest leaf; 0 for leaves and constants.
    pub fn rank(&self) -> usize {
        self.node.as_ref().map_or(0, |node| node.rank as usize)
    }

    /// What graphs show of a variable: its shape and dtype, such as `(2, 3), float32`; a failed one says so.
    pub fn label(&self) -> String {
        match self.error() {
            Some(_) => "failed".to_owned(),
            None => type_label(self.shape(), self.dtype()),
        }
    }

    /// A variable that says, when asked to be differentiated, that the backward of `name` gives first derivatives only.
    /// For functions whose backward is written over arrays.
    #[doc(hidden)]
    pub fn first_order_only(data: Array, name: &'static str, at: chainer_kernels::Loc) -> Variable {
        if data.error().is_some() || !crate::config::Mode::current().records() {
            return Variable::constant(data);
        }
        let node = GraphNode::new(&data, 1, Flag::Auto, Creator::FirstOrderOnly { name, at });
        Variable { data, node: Some(node) }
    }
}

/// `(2, 3), float32`, or the dtype alone of a single number.
pub(crate) fn type_label(shape: &Shape, dtype: Dtype) -> String {
    if shape.ndim() == 0 {
        return dtype.to_string();
    }
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!("({}), {dtype}", sizes.join(", "))
}

impl fmt::Debug for Variable {
    /// Name, shape and dtype; the value is not computed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error() {
            Some(error) => write!(f, "<variable, failed: {error}>"),
            None => {
                let name = self.name().map(|name| format!(" {name}")).unwrap_or_default();
                write!(f, "<variable{name}: {}>", self.label())
            }
        }
    }
}

impl fmt::Display for Variable {
    /// The value, as the array prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.data, f)
    }
}

impl From<Error> for Variable {
    fn from(error: Error) -> Variable {
        Variable::failed(error)
    }
}

impl From<Result<Variable>> for Variable {
    fn from(result: Result<Variable>) -> Variable {
        result.unwrap_or_else(Variable::failed)
    }
}

/// Runs a computation that uses `?` inside, and makes a failed variable of its error.
///
/// ```
/// use chainer::{attempt, Array, Dtype, Variable};
/// fn per_row_mean(x: &Variable) -> Variable {
///     attempt(|| {
///         let [_, columns] = x.dims()?;
///         Ok(x.sum_axes(1, false) / columns as f64)
///     })
/// }
/// assert!(per_row_mean(&Variable::new(Array::ones([2, 3], Dtype::F32))).check().is_ok());
/// assert!(per_row_mean(&Variable::new(Array::ones(3, Dtype::F32))).check().is_err());
/// ```
pub fn attempt(f: impl FnOnce() -> Result<Variable>) -> Variable {
    f().into()
}

/// The value of a `Result`, or an early return of the error as a failed value: `?` for functions that return a [`Variable`].
///
/// ```
/// use chainer::{tri, Array, Dtype, Variable};
/// fn halve_rows(x: &Variable) -> Variable {
///     let [rows, columns] = tri!(x.dims());
///     x.reshape([rows / 2, 2 * columns])
/// }
/// assert!(halve_rows(&Variable::new(Array::ones(4, Dtype::F32))).check().is_err());
/// ```
#[macro_export]
macro_rules! tri {
    ($result:expr) => {
        match $result {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(error) => return ::core::convert::From::from(error),
        }
    };
}
