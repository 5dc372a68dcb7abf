//! How a link shows its content.

use super::{Link, PersistentValue};
use crate::Parameter;

/// Sees the fields of a link, in the order of their definition. A visitor that wants to see a child's fields too calls
/// `link.visit(self)`.
#[doc(hidden)]
pub trait Visitor<'a> {
    /// A child link.
    fn link(&mut self, name: &str, link: &'a dyn Link);
    /// A parameter.
    fn parameter(&mut self, name: &str, parameter: &'a Parameter);
    /// A persistent value.
    fn persistent(&mut self, name: &str, value: &'a dyn PersistentValue);
    /// What follows stands below `name`, up to [`Visitor::leave`]: the elements of a list or map.
    fn enter(&mut self, name: &str);
    /// See [`Visitor::enter`].
    fn leave(&mut self);
}

/// Everything in a link, with paths.
#[derive(Default)]
pub(super) struct Content<'a> {
    path: String,
    depth: usize,
    pub(super) parameters: Vec<(String, &'a Parameter)>,
    pub(super) persistents: Vec<(String, &'a dyn PersistentValue)>,
    pub(super) links: Vec<FoundLink<'a>>,
}

/// A link below another.
pub(super) struct FoundLink<'a> {
    pub(super) path: String,
    /// The number of links above it.
    pub(super) depth: usize,
    pub(super) link: &'a dyn Link,
}

impl<'a> Content<'a> {
    pub(super) fn of(link: &'a dyn Link) -> Self {
        let mut content = Content::default();
        link.visit(&mut content);
        content
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }
}

impl<'a> Visitor<'a> for Content<'a> {
    fn link(&mut self, name: &str, link: &'a dyn Link) {
        self.enter(name);
        self.depth += 1;
        self.links.push(FoundLink { path: self.path.clone(), depth: self.depth, link: link.as_link() });
        link.visit(self);
        self.depth -= 1;
        self.leave();
    }

    fn parameter(&mut self, name: &str, parameter: &'a Parameter) {
        self.parameters.push((self.at(name), parameter));
    }

    fn persistent(&mut self, name: &str, value: &'a dyn PersistentValue) {
        self.persistents.push((self.at(name), value));
    }

    fn enter(&mut self, name: &str) {
        self.path.push('/');
        self.path.push_str(name);
    }

    fn leave(&mut self) {
        let end = self.path.rfind('/').unwrap_or(0);
        self.path.truncate(end);
    }
}
