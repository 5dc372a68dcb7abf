//! Values of a link that change while it is used, without being parameters.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chainer_kernels::graph;

use crate::compile::{self, Access, Cell, Slot, Traced};
use crate::serializers::{Serializer, Value};
use crate::{Array, Result};

/// A cell for what changes in a link that threads share: running statistics, counters, the state of a recurrent layer.
///
/// As a field of a `#[chain]` it is plain data; under `#[persistent]` it is saved with the parameters.
///
/// ```
/// use chainer::{State, prelude::*};
///
/// #[chain]
/// struct Counter {
///     #[persistent]
///     calls: State<usize>,
/// }
/// let counter = Counter { calls: State::new(0) };
/// counter.calls.update(|calls| *calls += 1);
/// assert_eq!(counter.calls.get(), 1);
/// ```
pub struct State<T>(Arc<Inner<T>>);

struct Inner<T> {
    value: RwLock<T>,
    /// How captured calls look into the value, if they can.
    access: Option<Access<T>>,
}

impl<T: Traced> State<T> {
    /// A cell whose arrays a captured call ([`compile`](crate::compile())) can read and replace. [`State::new`] does the same for arrays,
    /// variables, and options, pairs and lists of them.
    pub fn traced(value: T) -> Self {
        State(Arc::new(Inner { value: RwLock::new(value), access: Some(Access::new()) }))
    }
}

impl<T: Send + Sync + 'static> State<T> {
    /// A cell with its first value.
    pub fn new(value: T) -> Self {
        State(Arc::new(Inner { value: RwLock::new(value), access: compile::known() }))
    }

    /// A call that is being captured notes that it uses the cell.
    #[inline]
    fn touch(&self, changes: bool) {
        if compile::is_active() {
            self.touch_captured(changes);
        }
    }

    #[cold]
    fn touch_captured(&self, changes: bool) {
        if self.0.access.is_some() {
            compile::touch(Arc::as_ptr(&self.0).addr(), compile::STATE, || self.0.clone());
        } else if changes {
            graph::refuse(format!("{} changes (`State::traced` could hold it)", self.0.label()), None);
        }
    }

    /// A copy of the value.
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        self.read(T::clone)
    }

    /// Replaces the value.
    pub fn set(&self, value: T) {
        if compile::is_active() && self.0.access.is_some() {
            compile::overwrite(Arc::as_ptr(&self.0).addr(), compile::STATE, || self.0.clone());
        }
        drop(self.replace(value));
    }

    /// Replaces the value and returns the old one.
    pub fn replace(&self, value: T) -> T {
        self.update(|old| std::mem::replace(old, value))
    }

    /// Takes the value and leaves the type's default.
    pub fn take(&self) -> T
    where
        T: Default,
    {
        self.update(std::mem::take)
    }

    /// Looks at the value. Must not use the same cell inside.
    pub fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.touch(false);
        look(&self.0.read())
    }

    /// Changes the value in place. Must not use the same cell inside.
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        self.touch(true);
        change(&mut self.0.write())
    }
}

impl<T> Inner<T> {
    fn read(&self) -> RwLockReadGuard<'_, T> {
        // A panic in another user's closure leaves a value that is as good as any.
        self.value.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.value.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send + Sync + 'static> Cell for Inner<T> {
    fn arrays(&self, visit: &mut dyn FnMut(Slot<'_>)) {
        if let Some(access) = self.access {
            (access.arrays)(&mut self.write(), visit);
        }
    }

    fn template(&self) -> Option<Box<dyn Any + Send + Sync>> {
        let access = self.access?;
        let mut template = (access.copy)(&self.read());
        // Without the memory of the arrays.
        (access.arrays)(&mut template, &mut |mut slot| slot.set(Array::scalar(0f32)));
        Some(Box::new(template))
    }

    fn restore(&self, template: &(dyn Any + Send + Sync)) {
        if let (Some(access), Some(template)) = (self.access, template.downcast_ref::<T>()) {
            *self.write() = (access.copy)(template);
        }
    }

    fn label(&self) -> String {
        format!("a State<{}>", std::any::type_name::<T>())
    }
}

impl<T: Clone + Send + Sync + 'static> Clone for State<T> {
    /// A cell of its own with the same value.
    fn clone(&self) -> Self {
        State(Arc::new(Inner { value: RwLock::new(self.get()), access: self.0.access }))
    }
}

impl<T: Default + Send + Sync + 'static> Default for State<T> {
    fn default() -> Self {
        State::new(T::default())
    }
}

impl<T: Send + Sync + 'static> From<T> for State<T> {
    fn from(value: T) -> Self {
        State::new(value)
    }
}

impl<T: fmt::Debug + Send + Sync + 'static> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read(|value| value.fmt(f))
    }
}

/// What can stand under `#[persistent]`: a [`State`] of something that can be saved.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a persistent value",
    label = "write `State<{Self}>`: threads share a model, so what changes in it is a cell",
    note = "arrays, numbers, bools, strings and lists of numbers can be saved: `#[persistent] count: State<usize>`"
)]
pub trait PersistentValue: Send + Sync {
    /// Stores or restores the value.
    fn serialize(&self, key: &str, serializer: &mut Serializer<'_>) -> Result<()>;

    /// A few words for printing.
    fn describe(&self) -> String;

    #[doc(hidden)]
    fn persistent_field(&self) -> &dyn PersistentValue
    where
        Self: Sized,
    {
        self
    }
}

impl<T: Persist + Send + Sync + 'static> PersistentValue for State<T> {
    fn serialize(&self, key: &str, serializer: &mut Serializer<'_>) -> Result<()> {
        self.update(|value| value.persist(key, serializer))
    }

    fn describe(&self) -> String {
        self.read(T::describe)
    }
}

/// What a [`State`] can hold under `#[persistent]`.
#[diagnostic::on_unimplemented(
    message = "a `State<{Self}>` cannot be saved",
    label = "arrays, numbers, bools, strings and lists of numbers can be saved"
)]
pub trait Persist {
    /// Stores the value, or replaces it by what was stored.
    fn persist(&mut self, key: &str, serializer: &mut Serializer<'_>) -> Result<()>;

    /// A few words for printing.
    fn describe(&self) -> String;
}

#[diagnostic::do_not_recommend]
impl<T: Value> Persist for T {
    fn persist(&mut self, key: &str, serializer: &mut Serializer<'_>) -> Result<()> {
        serializer.value(key, self)
    }

    fn describe(&self) -> String {
        self.to_entry().describe()
    }
}

impl Persist for Array {
    fn persist(&mut self, key: &str, serializer: &mut Serializer<'_>) -> Result<()> {
        if let Some(array) = super::serialize::array(key, Some(self), serializer)? {
            *self = array;
        }
        Ok(())
    }

    fn describe(&self) -> String {
        match self.error() {
            Some(_) => "failed".to_owned(),
            None => format!("{:?}, {}", self.shape(), self.dtype()),
        }
    }
}

/// An array that is made later (its shape comes from the first input).
impl Persist for Option<Array> {
    fn persist(&mut self, key: &str, serializer: &mut Serializer<'_>) -> Result<()> {
        if let Some(array) = super::serialize::array(key, self.as_ref(), serializer)? {
            *self = Some(array);
        }
        Ok(())
    }

    fn describe(&self) -> String {
        self.as_ref().map_or_else(|| "uninitialized".to_owned(), Array::describe)
    }
}
