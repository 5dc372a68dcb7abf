//! Links: the building blocks of models, which hold parameters and other links.
//!
//! - this file: [`Link`], what every link can do; `#[chain]` implements it;
//! - `field`: what may be a field of a link ([`LinkField`]); `visitor`: how a link shows its content;
//! - `state`: values that change while training without being parameters ([`State`]);
//! - `tree`: a link as text; `serialize`: a link in files.

mod field;
mod serialize;
mod state;
mod tree;
mod visitor;

use std::any::Any;

pub use field::{LinkField, SharedField};
pub use state::{Persist, PersistentValue, State};
pub use tree::write_tree;
pub use visitor::Visitor;

use crate::reporter::{Observer, ObserverId};
use crate::serializers::Serializer;
use crate::{Device, Error, ErrorKind, Parameter, Result};
use visitor::Content;

/// A building block of a model: parameters, persistent values and child links, each under its name. `#[chain]` implements it for a
/// struct or an enum by its fields.
///
/// A link is shared (`Arc<Model>`) and used from several threads; everything in it that changes is a cell ([`Parameter`],
/// [`State`]), so all methods take `&self`.
///
/// Paths are written as in file systems: the parameter `W` of the child `l1` is `/l1/W`, and `l1/W` in files.
///
/// ```
/// use chainer::{Array, Dtype, prelude::*};
///
/// #[chain]
/// struct Scale {
///     #[chain(name = "W")]
///     w: Parameter,
/// }
/// #[chain]
/// struct Pair {
///     first: Scale,
///     others: Vec<Scale>,
///     factor: f64, // plain data registers nothing
/// }
/// let scale = || Scale { w: Parameter::new(Array::ones([2, 3], Dtype::F32)) };
/// let pair = Pair { first: scale(), others: vec![scale()], factor: 0.5 };
///
/// let names: Vec<String> = pair.named_params().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["/first/W", "/others/0/W"]);
/// assert_eq!(pair.count_params(), 12);
/// assert_eq!(format!("{:?}", pair.first), "Scale\n  W: (2, 3), float32\n");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a link",
    label = "this type is no link",
    note = "put `#[chain]` above the definition of `{Self}`"
)]
pub trait Link: Any + Send + Sync {
    /// Shows every field to the visitor: the one method that `#[chain]` writes.
    #[doc(hidden)]
    fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>);

    /// The link itself; of a `Box` or an `Arc`, what it holds.
    #[doc(hidden)]
    fn as_link(&self) -> &dyn Link;

    /// The name of the type.
    fn type_name(&self) -> &'static str;

    /// How the reporter knows the link again: by address and type. Links without a size have no identity.
    #[doc(hidden)]
    fn __observer_id(&self) -> Option<ObserverId> {
        ObserverId::of(self)
    }

    /// All parameters, each once, also if it is shared by several links.
    fn params(&self) -> Vec<Parameter> {
        self.named_params().into_iter().map(|(_, parameter)| parameter).collect()
    }

    /// All parameters with their paths, such as `/l1/W`. A shared parameter stands under its first path.
    fn named_params(&self) -> Vec<(String, Parameter)> {
        let mut seen = std::collections::HashSet::new();
        let content = Content::of(self.as_link());
        let named = content.parameters.into_iter().filter(|(_, parameter)| seen.insert(parameter.id()));
        named.map(|(path, parameter)| (path, parameter.clone())).collect()
    }

    /// The links directly below this one.
    fn children(&self) -> Vec<&dyn Link> {
        Content::of(self.as_link()).links.into_iter().filter(|found| found.depth == 1).map(|found| found.link).collect()
    }

    /// This link and all links below it.
    fn links(&self) -> Vec<&dyn Link> {
        self.named_links().into_iter().map(|(_, link)| link).collect()
    }

    /// This link (under `/`) and all links below it, with their paths.
    fn named_links(&self) -> Vec<(String, &dyn Link)> {
        let below = Content::of(self.as_link()).links.into_iter().map(|found| (found.path, found.link));
        std::iter::once(("/".to_owned(), self.as_link())).chain(below).collect()
    }

    /// The number of elements of all initialized parameters.
    fn count_params(&self) -> usize {
        self.params().iter().map(Parameter::size).sum()
    }

    /// Whether a parameter still waits for the first input to learn its shape.
    fn has_uninitialized_params(&self) -> bool {
        self.params().iter().any(|parameter| !parameter.is_initialized())
    }

    /// Forgets all gradients. To be called before each backward pass, since gradients accumulate.
    fn cleargrads(&self) {
        self.params().iter().for_each(Parameter::cleargrad);
    }

    /// Adds the gradients of `other`, a link of the same structure, to this link's. A missing gradient counts as zero.
    ///
    /// # Errors
    /// `other` lacks one of the parameters, or a shape differs.
    fn addgrads(&self, other: &dyn Link) -> Result<()> {
        for (path, own, theirs) in pairs(self.as_link(), other, "addgrads")? {
            if let Some(grad) = theirs.grad() {
                own.add_grad(&grad).map_err(|error| at_path(error, "addgrads", &path))?;
            }
        }
        Ok(())
    }

    /// Copies the values of all parameters of `other`, a link of the same structure. Gradients and persistent values stay.
    ///
    /// # Errors
    /// `other` lacks one of the parameters, it has no value yet although this one has, or a shape or dtype differs.
    fn copyparams(&self, other: &dyn Link) -> Result<()> {
        let pairs = pairs(self.as_link(), other, "copyparams")?;
        for (path, own, theirs) in &pairs {
            let mismatch = |expect: String, actual: String| {
                Err(at_path(Error::mismatch("copyparams", expect, actual), "copyparams", path))
            };
            match (own.shape().zip(own.dtype()), theirs.shape().zip(theirs.dtype())) {
                (Some((shape, dtype)), Some((other_shape, other_dtype))) => {
                    if shape != other_shape {
                        return mismatch(format!("a source of shape {shape:?}"), format!("{other_shape:?}"));
                    }
                    if dtype != other_dtype {
                        return mismatch(format!("a source of dtype {dtype}"), other_dtype.to_string());
                    }
                }
                (Some(_), None) => {
                    return mismatch("an initialized source".to_owned(), "it has no value yet".to_owned());
                }
                (None, _) => {}
            }
        }
        for (_, own, theirs) in &pairs {
            if theirs.is_initialized() {
                own.set(theirs.array()?);
            }
        }
        Ok(())
    }

    /// Moves all parameters and persistent arrays to a device.
    ///
    /// # Errors
    /// There is no such device.
    fn to_device(&self, device: Device) -> Result<()> {
        let content = Content::of(self.as_link());
        let arrays = content.parameters.iter().filter_map(|(_, parameter)| parameter.array().ok());
        for array in arrays {
            if array.device() != device {
                let message = format!("arrays on {} cannot be moved to {device} yet", array.device());
                return Err(Error::new(ErrorKind::Unsupported, "to_device", message));
            }
        }
        Ok(())
    }

    /// Stores or restores all parameters and persistent values under their paths (`l1/W`).
    ///
    /// # Errors
    /// When restoring: a value is missing, or of another shape or kind. The link may then have been restored in part.
    fn serialize(&self, serializer: &mut Serializer<'_>) -> Result<()> {
        serialize::serialize(self.as_link(), serializer)
    }
}

impl<L: Link + ?Sized> Link for Box<L> {
    fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        (**self).visit(visitor);
    }
    fn as_link(&self) -> &dyn Link {
        (**self).as_link()
    }
    fn type_name(&self) -> &'static str {
        (**self).type_name()
    }
    fn __observer_id(&self) -> Option<ObserverId> {
        (**self).__observer_id()
    }
}

impl<L: Link + ?Sized> Link for std::sync::Arc<L> {
    fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        (**self).visit(visitor);
    }
    fn as_link(&self) -> &dyn Link {
        (**self).as_link()
    }
    fn type_name(&self) -> &'static str {
        (**self).type_name()
    }
    fn __observer_id(&self) -> Option<ObserverId> {
        (**self).__observer_id()
    }
}

impl std::fmt::Debug for dyn Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_tree(self, f)
    }
}

impl<L: Link + ?Sized> Observer for L {
    fn observer_id(&self) -> Option<ObserverId> {
        self.__observer_id()
    }
}

/// The parameters of two links that have the same paths.
fn pairs(own: &dyn Link, other: &dyn Link, operation: &'static str) -> Result<Vec<(String, Parameter, Parameter)>> {
    let theirs: std::collections::HashMap<String, Parameter> = {
        // With every path of a shared parameter: the other link may share in another way.
        let content = Content::of(other);
        content.parameters.into_iter().map(|(path, parameter)| (path, parameter.clone())).collect()
    };
    let find = |(path, parameter): (String, Parameter)| match theirs.get(&path) {
        Some(found) => Ok((path, parameter, found.clone())),
        None => {
            let actual = format!("{} has no such parameter", other.type_name());
            Err(Error::value(operation, format_args!("a link with the parameter {path}"), actual))
        }
    };
    own.named_params().into_iter().map(find).collect()
}

/// An error about the parameter at `path`.
fn at_path(error: Error, operation: &'static str, path: &str) -> Error {
    Error::new(error.kind(), operation, format!("parameter {path}\n{}", error.message()))
}
