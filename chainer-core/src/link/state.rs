//! Values of a link that change while it is used, without being parameters.

use std::fmt;
use std::sync::{PoisonError, RwLock};

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
#[derive(Default)]
pub struct State<T>(RwLock<T>);

impl<T> State<T> {
    /// A cell with its first value.
    pub fn new(value: T) -> Self {
        State(RwLock::new(value))
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
        // A panic in another user's closure leaves a value that is as good as any.
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the value in place. Must not use the same cell inside.
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Clone> Clone for State<T> {
    /// A cell of its own with the same value.
    fn clone(&self) -> Self {
        State::new(self.get())
    }
}

impl<T> From<T> for State<T> {
    fn from(value: T) -> Self {
        State::new(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for State<T> {
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

impl<T: Persist + Send + Sync> PersistentValue for State<T> {
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
