//! Saving and loading the state of objects: one `serialize` method describes both directions.
//!
//! An object that keeps state implements [`Serializable`]: it names each value once, and the [`Serializer`] that it is handed either
//! stores the value or replaces it by what was stored. Where the values go is the affair of a [`Store`]; this folder has the one for
//! NumPy's `.npz` files ([`save_npz`], [`load_npz`]), with the key names and layout that Chainer writes, so that files travel both ways.
//!
//! Nothing here knows what a link, an optimizer or a trainer is.

mod atomic;
mod entry;
mod npy;
mod npz;

pub use atomic::{create_folder, write_atomically};
pub use entry::{Entry, Value};
pub use npy::{read_npy, write_npy};
pub use npz::{DictionarySerializer, NpzDeserializer, load_npz, save_npz};

use chainer_kernels::{Array, ArrayOps, Dtype, Error, ErrorKind, Result};

/// An object whose state can be saved and restored.
///
/// Only what changes while training belongs here, as in Chainer; sizes and options are given again by the program that loads.
///
/// ```
/// use chainer::serializers::{Serializable, Serializer, load_npz, save_npz};
///
/// struct Counter { count: usize }
///
/// impl Serializable for Counter {
///     fn serialize(&mut self, s: &mut Serializer<'_>) -> chainer_kernels::Result<()> {
///         s.value("count", &mut self.count)
///     }
/// }
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("counter.npz");
/// save_npz(&path, &mut Counter { count: 3 })?;
/// let mut restored = Counter { count: 0 };
/// load_npz(&path, &mut restored)?;
/// assert_eq!(restored.count, 3);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
pub trait Serializable {
    /// Names every value of the state to the serializer, which stores it or replaces it.
    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()>;
}

impl<T: Serializable + ?Sized> Serializable for &mut T {
    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        (**self).serialize(serializer)
    }
}

/// Where a [`Serializer`] puts entries or takes them from: a file format. Paths are the keys from the root, joined by `/`.
pub trait Store {
    /// Whether this store is read (`true`) or written (`false`).
    fn is_loading(&self) -> bool;

    /// Stores an entry. Stores that are read refuse.
    fn put(&mut self, path: &str, entry: Entry) -> Result<()>;

    /// The entry stored at a path, or `None` if there is none. Stores that are written have none.
    fn get(&mut self, path: &str) -> Result<Option<Entry>>;

    /// Whether a missing entry is an error ([`Serializer::value`]) or leaves the value as it is.
    fn is_strict(&self) -> bool {
        true
    }

    /// What error messages call this store, such as the file's name.
    fn describe(&self) -> String;
}

/// A position in a hierarchy of stored values, in one of two directions: saving or loading.
pub struct Serializer<'a> {
    store: &'a mut dyn Store,
    path: String,
}

impl<'a> Serializer<'a> {
    /// A serializer at the root of a store.
    pub fn new(store: &'a mut dyn Store) -> Self {
        Serializer { store, path: String::new() }
    }

    /// Whether values are replaced by stored ones (`true`) or stored (`false`).
    pub fn is_loading(&self) -> bool {
        self.store.is_loading()
    }

    /// The serializer of a part of the object: its keys stand below `key/`.
    pub fn child(&mut self, key: &str) -> Serializer<'_> {
        let path = self.full(key);
        Serializer { store: &mut *self.store, path }
    }

    /// The path of a key from the root.
    fn full(&self, key: &str) -> String {
        let key = key.trim_start_matches('/');
        if self.path.is_empty() { key.to_owned() } else { format!("{}/{key}", self.path) }
    }

    /// Stores `value`, or replaces it by the stored one.
    ///
    /// # Errors
    /// When loading: no entry has this key (unless the store is not strict), or the entry is not of this type.
    pub fn value<T: Value>(&mut self, key: &str, value: &mut T) -> Result<()> {
        if !self.optional(key, value)? && self.is_loading() && self.store.is_strict() {
            return Err(self.missing(key));
        }
        Ok(())
    }

    /// As [`value`](Self::value), but a missing entry leaves the value as it is. Says whether the value was stored or replaced.
    pub fn optional<T: Value>(&mut self, key: &str, value: &mut T) -> Result<bool> {
        if !self.is_loading() {
            self.put(key, value.to_entry())?;
            return Ok(true);
        }
        match self.get(key)? {
            Some(entry) => {
                *value = T::from_entry(&entry).map_err(|message| self.error(key, &message))?;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Stores an array, or replaces it by the stored one, converted to its dtype.
    ///
    /// # Errors
    /// The array has failed. When loading: no entry has this key (unless the store is not strict), the shapes differ, or the stored
    /// dtype is of a higher kind (floats do not become integers).
    pub fn array(&mut self, key: &str, array: &mut Array) -> Result<()> {
        let mut value = Some(array.clone());
        self.optional_array(key, &mut value, array.dtype())?;
        match value {
            Some(value) => *array = value,
            None if self.is_loading() && self.store.is_strict() => return Err(self.missing(key)),
            None => {}
        }
        Ok(())
    }

    /// As [`array`](Self::array) for an array that need not exist, such as a parameter that takes its shape from the first input:
    /// an absent one is stored as Python's `None`, and one that is absent becomes what is stored, as `dtype`, or stays absent if
    /// nothing is.
    ///
    /// # Errors
    /// As for [`array`](Self::array); an array that exists must also be stored.
    pub fn optional_array(&mut self, key: &str, array: &mut Option<Array>, dtype: Dtype) -> Result<()> {
        if !self.is_loading() {
            return match array {
                Some(array) => self.put(key, Entry::from_array(array)?),
                None => self.put(key, Entry::Object),
            };
        }
        let entry = match array {
            Some(_) => self.require(key)?,
            None => self.get(key)?,
        };
        let Some(entry) = entry.filter(|entry| array.is_some() || *entry != Entry::Object) else { return Ok(()) };
        let Some(stored) = entry.to_array() else {
            return Err(self.error(key, &format!("expected an array of {dtype}, found {}", entry.describe())));
        };
        if let Some(array) = array {
            array.check()?;
            if array.shape() != stored.shape() {
                let (expect, actual) = (array.shape().to_vec(), stored.shape().to_vec());
                return Err(self.error(key, &format!("expected shape {expect:?}, found shape {actual:?}")));
            }
        }
        let rank = |dtype: Dtype| {
            "biuf".find(match dtype.kind() {
                'u' => 'i',
                kind => kind,
            })
        };
        if rank(stored.dtype()) > rank(dtype) {
            return Err(self.error(key, &format!("expected {dtype}, found {}, which does not convert", stored.dtype())));
        }
        *array = Some(stored.astype(dtype));
        Ok(())
    }

    /// Stores an entry at a key.
    pub fn put(&mut self, key: &str, entry: Entry) -> Result<()> {
        self.store.put(&self.full(key), entry)
    }

    /// The entry stored at a key; `None` if there is none, or if values are being saved.
    pub fn get(&mut self, key: &str) -> Result<Option<Entry>> {
        self.store.get(&self.full(key))
    }

    /// The entry stored at a key that has to be there.
    ///
    /// # Errors
    /// No entry has this key. A store that is not strict gives `None` instead.
    pub fn require(&mut self, key: &str) -> Result<Option<Entry>> {
        match self.get(key)? {
            None if self.store.is_strict() => Err(self.missing(key)),
            found => Ok(found),
        }
    }

    /// An error about the entry at `key`, naming the file.
    pub fn error(&self, key: &str, message: &str) -> Error {
        Error::new(
            ErrorKind::Format,
            "deserialize",
            format!("{}: entry {:?}: {message}", self.store.describe(), self.full(key)),
        )
    }

    fn missing(&self, key: &str) -> Error {
        self.error(key, "there is no such entry; was the file written by an object of another structure?")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Weights(Option<Array>, Array);

    impl Serializable for Weights {
        fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
            s.optional_array("lazy", &mut self.0, Dtype::F32)?;
            s.array("W", &mut self.1)
        }
    }

    #[test]
    fn arrays_are_checked_and_converted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.npz");
        save_npz(&path, &mut Weights(Some(Array::from([1.5f64])), Array::from([1.0f64, 2.0]))).unwrap();
        let mut restored = Weights(None, Array::zeros([2], Dtype::F32));
        load_npz(&path, &mut restored).unwrap();
        assert_eq!(restored.0.unwrap().to_vec::<f32>().unwrap(), [1.5]);
        assert_eq!(restored.1.to_vec::<f32>().unwrap(), [1.0, 2.0]);
        let error = load_npz(&path, &mut Weights(None, Array::zeros([3], Dtype::F32))).unwrap_err();
        assert!(error.to_string().contains("\"W\": expected shape [3], found shape [2]"), "{error}");
        let error = load_npz(&path, &mut Weights(None, Array::zeros([2], Dtype::I32))).unwrap_err();
        assert!(error.to_string().contains("expected int32, found float64"), "{error}");
        save_npz(&path, &mut Weights(None, Array::from([1.0f32]))).unwrap();
        let mut restored = Weights(None, Array::zeros([1], Dtype::F32));
        load_npz(&path, &mut restored).unwrap();
        assert!(restored.0.is_none());
        let error = load_npz(&path, &mut Weights(Some(Array::from([1f32])), restored.1)).unwrap_err();
        assert!(error.to_string().contains("\"lazy\""), "{error}");
        assert!(save_npz(&path, &mut Weights(None, Array::from_vec(vec![1f32], [2]))).is_err());
    }
}
