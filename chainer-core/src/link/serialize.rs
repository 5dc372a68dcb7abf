//! A link in files: parameters and persistent values under Chainer's keys.

use chainer_kernels::with_element;

use super::Link;
use super::visitor::Content;
use crate::serializers::{Entry, Serializable, Serializer};
use crate::{Array, ArrayOps, Result, Shape};

/// A model can be saved and loaded as it is, by reference or in an `Arc`.
impl<L: Link + ?Sized> Serializable for &L {
    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        Link::serialize(*self, serializer)
    }
}

impl<L: Link + ?Sized> Serializable for std::sync::Arc<L> {
    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        Link::serialize(&**self, serializer)
    }
}

/// Stores or restores everything in a link.
pub(super) fn serialize(link: &dyn Link, serializer: &mut Serializer<'_>) -> Result<()> {
    let content = Content::of(link);
    for (path, parameter) in content.parameters {
        let own = parameter.array().ok();
        if let Some(restored) = array(&path, own.as_ref(), serializer)? {
            parameter.set(restored);
        }
    }
    content.persistents.into_iter().try_for_each(|(path, value)| value.serialize(&path, serializer))
}

/// Stores an array (what has no value yet is stored as Python's `None`); or the one that was stored, which replaces it.
pub(super) fn array(key: &str, own: Option<&Array>, serializer: &mut Serializer<'_>) -> Result<Option<Array>> {
    if !serializer.is_loading() {
        let entry = own.map_or(Ok(Entry::Object), to_entry)?;
        serializer.put(key, entry)?;
        return Ok(None);
    }
    let Some(entry) = serializer.require(key)? else { return Ok(None) };
    if matches!(entry, Entry::Object) && own.is_none() {
        return Ok(None);
    }
    let stored = from_entry(&entry).map_err(|message| serializer.error(key, &message))?;
    let Some(own) = own else { return Ok(Some(stored)) };
    own.check()?;
    if own.shape() != stored.shape() {
        let message = format!("expected an array of shape {:?}, found {:?}", own.shape(), stored.shape());
        return Err(serializer.error(key, &message));
    }
    Ok(Some(stored.astype(own.dtype())))
}

fn to_entry(array: &Array) -> Result<Entry> {
    array.check()?;
    let shape = array.shape().to_vec();
    with_element!(array.dtype(), T => Ok(Entry::array(shape, &array.to_vec::<T>()?)))
}

fn from_entry(entry: &Entry) -> Result<Array, String> {
    let Entry::Array { dtype, shape, .. } = entry else {
        return Err(format!("expected an array, found {}", entry.describe()));
    };
    let shape = Shape::new(shape);
    with_element!(*dtype, T => Ok(Array::from_vec(entry.to_vec::<T>()?, shape)))
}
