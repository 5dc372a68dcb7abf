//! `#[chain]`: finds links, parameters and persistent values among the fields of a type and implements `Link` for it.

mod expand;
mod fields;
mod parse;
mod static_graph;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::context::Context;

/// The whole macro.
pub fn chain(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let context = Context::default();
    let parsed = parse::parse(&context, attribute, item);
    let chain = match parsed {
        Some(parse::Parsed::Static(item, library)) => {
            return match static_graph::expand(&context, *item, library.as_ref()) {
                Some(expansion) => expansion,
                None => context.into_compile_errors(),
            };
        }
        Some(parse::Parsed::Chain(chain)) => Some(*chain),
        None => None,
    };
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
