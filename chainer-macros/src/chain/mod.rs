//! `#[chain]`: finds links, parameters and persistent values among the fields of a type and implements `Link` for it.

mod expand;
mod fields;
mod parse;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::context::Context;

/// The whole macro.
pub fn chain(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let context = Context::default();
    let chain = parse::parse(&context, attribute, item);
    match chain {
        Some(chain) if context.is_clean() => expand::expand(&chain),
        // The type itself still helps: what uses it need not complain that it is missing.
        chain => {
            let item = chain.map(|chain| chain.item.into_token_stream());
            let errors = context.into_compile_errors();
            quote!(#item #errors)
        }
    }
}
