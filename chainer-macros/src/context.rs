//! Collects the errors of one expansion, so that a user sees all mistakes of an item at once.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Where parsers leave their errors. Parsing goes on after an error as long as what follows still makes sense.
#[derive(Default)]
pub struct Context {
    errors: RefCell<Vec<syn::Error>>,
}

impl Context {
    /// Notes a mistake at the user's tokens.
    pub fn error(&self, tokens: impl ToTokens, sentence: impl Display) {
        self.push(syn::Error::new_spanned(tokens, sentence));
    }

    /// Notes a mistake at a position.
    pub fn error_at(&self, span: Span, sentence: impl Display) {
        self.push(syn::Error::new(span, sentence));
    }

    /// Notes an error that a parser returned.
    pub fn push(&self, error: syn::Error) {
        self.errors.borrow_mut().push(error);
    }

    /// The value of a result; an error is noted.
    pub fn take<T>(&self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Whether nothing was noted so far.
    pub fn is_clean(&self) -> bool {
        self.errors.borrow().is_empty()
    }

    /// What was noted, as `compile_error!` invocations.
    pub fn into_compile_errors(self) -> TokenStream {
        self.errors.into_inner().iter().map(syn::Error::to_compile_error).collect()
    }
}
