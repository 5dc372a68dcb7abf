//! What may be a field of a `#[chain]` type.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Link, State, Visitor};
use crate::{Array, Device, Dtype, Parameter, Scalar, Shape, Variable};

/// May stand as a field of a `#[chain]` type: links, parameters, collections of them, and plain data of the standard library.
///
/// Plain data of your own types carries `#[plain]` above the field instead: so a link whose `#[chain]` was forgotten is noticed.
#[diagnostic::on_unimplemented(
    message = "field of type `{Self}` in a `#[chain]`: is it a link or plain data?",
    label = "neither a link nor known plain data",
    note = "a link: put `#[chain]` above the definition of the type",
    note = "plain data (a size, a choice, a cache): put `#[plain]` above this field"
)]
pub trait LinkField {
    /// Shows the field to the visitor.
    #[doc(hidden)]
    fn visit_field<'a>(&'a self, name: &str, visitor: &mut dyn Visitor<'a>);
}

#[diagnostic::do_not_recommend]
impl<L: Link> LinkField for L {
    fn visit_field<'a>(&'a self, name: &str, visitor: &mut dyn Visitor<'a>) {
        visitor.link(name, self);
    }
}

impl LinkField for Parameter {
    fn visit_field<'a>(&'a self, name: &str, visitor: &mut dyn Visitor<'a>) {
        visitor.parameter(name, self);
    }
}

impl<T: LinkField> LinkField for Option<T> {
    fn visit_field<'a>(&'a self, name: &str, visitor: &mut dyn Visitor<'a>) {
        if let Some(value) = self {
            value.visit_field(name, visitor);
        }
    }
}

/// Shows the elements of a collection below its name.
fn group<'a, T: LinkField + 'a>(
    name: &str,
    elements: impl Iterator<Item = (String, &'a T)>,
    visitor: &mut dyn Visitor<'a>,
) {
    visitor.enter(name);
    for (key, element) in elements {
        element.visit_field(&key, visitor);
    }
    visitor.leave();
}

fn numbered<T>(elements: &[T]) -> impl Iterator<Item = (String, &T)> {
    elements.iter().enumerate().map(|(i, element)| (i.to_string(), element))
}

impl<T: LinkField> LinkField for Vec<T> {
    fn visit_field<'a>(&'a self, name: &str, visitor: &mut dyn Visitor<'a>) {
        group(name, numbered(self), visitor);
    }
}

impl<T: LinkField, const N: usize> LinkField for [T; N] {
    fn visit_field<'a>(&'a self, name: &str, visitor: &mut dyn Visitor<'a>) {
        group(name, numbered(self), visitor);
    }
}

/// Keys are written as they print, in their order; a `/` in one becomes `_`.
impl<K: Display, T: LinkField> LinkField for BTreeMap<K, T> {
    fn visit_field<'a>(&'a self, name: &str, visitor: &mut dyn Visitor<'a>) {
        group(name, self.iter().map(|(key, element)| (key.to_string().replace('/', "_"), element)), visitor);
    }
}

macro_rules! tuples {
    ($(($($T:ident $i:tt),*);)*) => {$(
        impl<$($T: LinkField),*> LinkField for ($($T,)*) {
            fn visit_field<'a>(&'a self, name: &str, visitor: &mut dyn Visitor<'a>) {
                visitor.enter(name);
                $(self.$i.visit_field(stringify!($i), visitor);)*
                visitor.leave();
            }
        }
    )*};
}
tuples! { (A 0, B 1); (A 0, B 1, C 2); (A 0, B 1, C 2, D 3); }

macro_rules! plain {
    ($($ty:ty),* $(,)?) => {$(
        impl LinkField for $ty {
            fn visit_field<'a>(&'a self, _: &str, _: &mut dyn Visitor<'a>) {}
        }
    )*};
}
plain! {
    (), bool, char, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64,
    String, &'static str, Arc<str>, PathBuf, Duration,
    Array, Device, Dtype, Scalar, Shape, Variable,
    fn(&Variable) -> Variable, fn(Variable) -> Variable,
    fn(&Variable, &Variable) -> Variable, fn(Variable, Variable) -> Variable,
}

impl<T: Send + Sync> LinkField for State<T> {
    fn visit_field<'a>(&'a self, _: &str, _: &mut dyn Visitor<'a>) {}
}

impl<T: ?Sized> LinkField for PhantomData<T> {
    fn visit_field<'a>(&'a self, _: &str, _: &mut dyn Visitor<'a>) {}
}

/// May stand under `#[plain]` or `#[chain(skip)]`: whatever threads can share.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a `#[chain]`: threads share a model",
    label = "threads cannot share this",
    note = "for what changes while the model is used, write `State<..>`; for shared values, `Arc<..>`"
)]
pub trait SharedField {
    /// Does nothing but exist.
    #[doc(hidden)]
    fn shared_field(&self) {}
}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> SharedField for T {}
