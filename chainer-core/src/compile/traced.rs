//! What a state may hold so that captured calls can go on with it.

use std::any::Any;

use crate::{Array, Variable};

/// An array in a value that changes from call to call.
pub enum Slot<'a> {
    /// An array.
    Array(&'a mut Array),
    /// A variable.
    Variable(&'a mut Variable),
}

impl Slot<'_> {
    /// The array itself.
    pub(crate) fn array(&mut self) -> &mut Array {
        match self {
            Slot::Array(array) => array,
            Slot::Variable(variable) => &mut variable.data,
        }
    }

    /// Replaces it; a variable loses its history and its gradient.
    pub(crate) fn set(&mut self, value: Array) {
        match self {
            Slot::Array(array) => **array = value,
            Slot::Variable(variable) => **variable = Variable::constant(value),
        }
    }

    /// Whether gradients would flow on to what was computed before.
    pub(crate) fn has_history(&self) -> bool {
        match self {
            Slot::Array(_) => false,
            Slot::Variable(variable) => variable.creator_name().is_some(),
        }
    }
}

/// A value that is made of arrays and variables, so that a captured call can read it and leave another: the hidden state of a recurrent
/// layer, running statistics. [`State::new`](crate::State::new) knows arrays, variables, options, pairs and lists of them;
/// [`State::traced`](crate::State::traced) takes any type with this trait.
///
/// ```
/// use chainer::compile::{Slot, Traced};
/// use chainer::{State, Variable};
///
/// #[derive(Clone, Default)]
/// struct Memory { fast: Option<Variable>, slow: Option<Variable> }
///
/// impl Traced for Memory {
///     fn arrays(&mut self, visit: &mut dyn FnMut(Slot<'_>)) {
///         self.fast.arrays(visit);
///         self.slow.arrays(visit);
///     }
/// }
/// let memory = State::traced(Memory::default());
/// assert!(memory.get().fast.is_none());
/// ```
pub trait Traced: Clone + Send + Sync + 'static {
    /// Shows each array, always in the same order.
    fn arrays(&mut self, visit: &mut dyn FnMut(Slot<'_>));
}

impl Traced for Array {
    fn arrays(&mut self, visit: &mut dyn FnMut(Slot<'_>)) {
        visit(Slot::Array(self));
    }
}

impl Traced for Variable {
    fn arrays(&mut self, visit: &mut dyn FnMut(Slot<'_>)) {
        visit(Slot::Variable(self));
    }
}

impl<T: Traced> Traced for Option<T> {
    fn arrays(&mut self, visit: &mut dyn FnMut(Slot<'_>)) {
        if let Some(value) = self {
            value.arrays(visit);
        }
    }
}

impl<T: Traced> Traced for Vec<T> {
    fn arrays(&mut self, visit: &mut dyn FnMut(Slot<'_>)) {
        self.iter_mut().for_each(|value| value.arrays(visit));
    }
}

impl<A: Traced, B: Traced> Traced for (A, B) {
    fn arrays(&mut self, visit: &mut dyn FnMut(Slot<'_>)) {
        self.0.arrays(visit);
        self.1.arrays(visit);
    }
}

/// Shows each array of a value.
type Arrays<T> = fn(&mut T, &mut dyn FnMut(Slot<'_>));

/// How to look into a value of type `T`.
pub(crate) struct Access<T> {
    pub(crate) arrays: Arrays<T>,
    pub(crate) copy: fn(&T) -> T,
}

impl<T> Clone for Access<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Access<T> {}

impl<T: Traced> Access<T> {
    pub(crate) fn new() -> Self {
        Access { arrays: T::arrays, copy: T::clone }
    }
}

/// The access to `T`, if it is one of the types that are known to be traced.
pub(crate) fn known<T: 'static>() -> Option<Access<T>> {
    fn if_same<K: Traced, T: 'static>() -> Option<Access<T>> {
        let access = Access::<K>::new();
        (&access as &dyn Any).downcast_ref::<Access<T>>().copied()
    }
    if_same::<Array, T>()
        .or_else(if_same::<Option<Array>, T>)
        .or_else(if_same::<Vec<Array>, T>)
        .or_else(if_same::<Variable, T>)
        .or_else(if_same::<Option<Variable>, T>)
        .or_else(if_same::<Vec<Variable>, T>)
        .or_else(if_same::<Vec<Option<Variable>>, T>)
        .or_else(if_same::<(Variable, Variable), T>)
        .or_else(if_same::<Option<(Variable, Variable)>, T>)
        .or_else(if_same::<Vec<(Variable, Variable)>, T>)
}
