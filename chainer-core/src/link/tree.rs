//! A link as text: an indented tree with shapes.

use std::fmt;

use super::{Link, PersistentValue, Visitor};
use crate::Parameter;

/// Writes a link's type, and below it, indented, its parameters, persistent values and children.
#[doc(hidden)]
pub fn write_tree(link: &dyn Link, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut tree = Tree { f, depth: 1, result: Ok(()) };
    tree.result = writeln!(tree.f, "{}", link.type_name());
    link.visit(&mut tree);
    tree.result
}

struct Tree<'f, 'g> {
    f: &'f mut fmt::Formatter<'g>,
    depth: usize,
    result: fmt::Result,
}

impl Tree<'_, '_> {
    fn line(&mut self, name: &str, text: fmt::Arguments<'_>) {
        let width = 2 * self.depth;
        self.result = self.result.and_then(|()| writeln!(self.f, "{:width$}{name}: {text}", ""));
    }
}

impl<'a> Visitor<'a> for Tree<'_, '_> {
    fn link(&mut self, name: &str, link: &'a dyn Link) {
        self.line(name, format_args!("{}", link.type_name()));
        self.depth += 1;
        link.visit(self);
        self.depth -= 1;
    }

    fn parameter(&mut self, name: &str, parameter: &'a Parameter) {
        match (parameter.shape(), parameter.dtype()) {
            (Some(shape), Some(dtype)) => self.line(name, format_args!("{shape:?}, {dtype}")),
            _ => self.line(name, format_args!("uninitialized")),
        }
    }

    fn persistent(&mut self, name: &str, value: &'a dyn PersistentValue) {
        self.line(name, format_args!("{}, persistent", value.describe()));
    }

    fn enter(&mut self, name: &str) {
        let width = 2 * self.depth;
        self.result = self.result.and_then(|()| writeln!(self.f, "{:width$}{name}:", ""));
        self.depth += 1;
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }
}
