//! A list of links.

use std::ops::Deref;

use crate::Link;
use crate::link::{LinkField, Visitor};

/// A list of links of one type, which are its children `0`, `1`, …. It reads like a slice.
///
/// As a field of a `#[chain]`, a `Vec` of links does the same; a `ChainList` is a link of its own. For links of several types, use
/// `ChainList<Box<dyn Forward>>`, or [`Sequential`](crate::links::Sequential) where each takes the output of the one before.
///
/// ```
/// use chainer::{Array, Dtype, links::ChainList, prelude::*};
/// #[chain]
/// struct Scale {
///     w: Parameter,
/// }
/// let scale = || Scale { w: Parameter::new(Array::ones(2, Dtype::F32)) };
/// let mut list = ChainList::from_iter([scale(), scale()]);
/// list.push(scale());
/// assert_eq!(list.len(), 3);
/// assert_eq!(list.named_params()[2].0, "/2/w");
/// ```
pub struct ChainList<L> {
    links: Vec<L>,
}

impl<L: Link> ChainList<L> {
    /// An empty list.
    pub fn new() -> Self {
        ChainList { links: Vec::new() }
    }

    /// Adds a link at the end.
    pub fn push(&mut self, link: L) {
        self.links.push(link);
    }
}

impl<L: Link> Default for ChainList<L> {
    fn default() -> Self {
        ChainList::new()
    }
}

impl<L: Link> FromIterator<L> for ChainList<L> {
    fn from_iter<I: IntoIterator<Item = L>>(links: I) -> Self {
        ChainList { links: links.into_iter().collect() }
    }
}

impl<L> Deref for ChainList<L> {
    type Target = [L];
    fn deref(&self) -> &[L] {
        &self.links
    }
}

impl<L> IntoIterator for ChainList<L> {
    type Item = L;
    type IntoIter = std::vec::IntoIter<L>;
    fn into_iter(self) -> Self::IntoIter {
        self.links.into_iter()
    }
}

impl<'a, L> IntoIterator for &'a ChainList<L> {
    type Item = &'a L;
    type IntoIter = std::slice::Iter<'a, L>;
    fn into_iter(self) -> Self::IntoIter {
        self.links.iter()
    }
}

impl<L: Link> Link for ChainList<L> {
    fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        for (i, link) in self.links.iter().enumerate() {
            link.visit_field(&i.to_string(), visitor);
        }
    }
    fn as_link(&self) -> &dyn Link {
        self
    }
    fn type_name(&self) -> &'static str {
        "ChainList"
    }
}

impl<L: Link> std::fmt::Debug for ChainList<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        crate::link::write_tree(self, f)
    }
}
