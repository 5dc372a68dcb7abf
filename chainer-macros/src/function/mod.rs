//! `#[function]`: a forward and a backward become a differentiable function with its type check and its wrapper.

mod backward;
mod check;
mod expand;
mod implementation;
mod item;
mod options;
mod signature;
mod type_check;

use proc_macro2::TokenStream;

use crate::context::Context;

/// The whole macro.
pub fn function(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let context = Context::default();
    let options = options::parse(&context, attribute);
    let function = item::parse(&context, options, item);
    match function.filter(|_| context.is_clean()) {
        Some(function) => {
            let expansion = expand::expand(&context, &function);
            if context.is_clean() { expansion } else { context.into_compile_errors() }
        }
        None => context.into_compile_errors(),
    }
}
