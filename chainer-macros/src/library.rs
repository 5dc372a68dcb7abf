//! How generated code names the library.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::Parser;
use syn::{Ident, Path};

use crate::context::Context;

/// The path of the library's hidden module for generated code: of the crate that the user named by `crate = path`, or of what the
/// user's `Cargo.toml` calls the package.
pub fn private(named: Option<&Path>) -> TokenStream {
    if let Some(path) = named {
        return quote!(#path::__private);
    }
    match crate_name("chainer-core") {
        // Where the dependency is not renamed the answer is the package's name, but the library is called `chainer`.
        Ok(FoundCrate::Name(name)) if name != "chainer_core" => {
            let name = Ident::new(&name, Span::call_site());
            quote!(::#name::__private)
        }
        // The library itself says `extern crate self as chainer`.
        _ => quote!(::chainer::__private),
    }
}

/// Reads the attribute of a macro whose only option is `crate = path`.
pub fn option(context: &Context, attribute: TokenStream, name: &str) -> Option<Path> {
    let mut library = None;
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("crate") {
            library = Some(meta.value()?.call(Path::parse_mod_style)?);
            Ok(())
        } else {
            Err(meta.error(format!("unknown option: write `#[{name}]` or `#[{name}(crate = path)]`")))
        }
    });
    context.take(parser.parse2(attribute));
    library
}
