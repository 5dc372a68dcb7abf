//! `#[fallible]`: `?` in a function that returns a value which can carry an error.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{ExprAsync, ExprClosure, ExprReturn, Item, ReturnType, Type};

use crate::context::Context;
use crate::{library, text};

/// The whole macro: the body becomes a closure that returns a `Result`, whose error becomes the function's value.
pub fn fallible(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let context = Context::default();
    match expand(&context, attribute, item) {
        Some(expansion) if context.is_clean() => expansion,
        _ => context.into_compile_errors(),
    }
}

fn expand(context: &Context, attribute: TokenStream, item: TokenStream) -> Option<TokenStream> {
    let named = library::option(context, attribute, "fallible");
    // A method and a function are the same to this parser; anything else is refused.
    let Ok(mut function) = syn::parse2::<syn::ImplItemFn>(item.clone()) else {
        context.error(item, "`#[fallible]` goes above a function that returns a `Variable`");
        return None;
    };
    let output = match &function.sig.output {
        ReturnType::Default => {
            context.error(
                &function.sig.ident,
                "`#[fallible]` returns errors inside the value: the function has to return a `Variable`",
            );
            return None;
        }
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    if is_result(&output) {
        context.error(
            &output,
            "a function that returns a `Result` takes `?` as it is: remove `#[fallible]`, or return `Variable`",
        );
        return None;
    }
    if let Some(token) = function.sig.asyncness {
        context.error(token, "`#[fallible]` does not go with `async`");
        return None;
    }
    let private = library::private(named.as_ref());
    let mut body = function.block.clone();
    Returns.visit_block_mut(&mut body);
    // Spanned with the user's type, so that a type that cannot carry an error is reported there.
    let carry = quote_spanned!(output.span()=> <#output as #private::CarriesError>::carry);
    function.block = syn::parse_quote!({
        let __result: #private::Result<#output> = (|| -> #private::Result<#output> {
            let __value: #output = #body;
            #[allow(unreachable_code)]
            ::core::result::Result::Ok(__value)
        })();
        match __result {
            ::core::result::Result::Ok(__value) => __value,
            ::core::result::Result::Err(__error) => #carry(__error),
        }
    });
    Some(quote!(#function))
}

fn is_result(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|segment| text::plain(&segment.ident) == "Result")
}

/// Turns `return e` into `return Ok(e)`, but not in functions and closures inside.
struct Returns;

impl VisitMut for Returns {
    fn visit_expr_return_mut(&mut self, value: &mut ExprReturn) {
        visit_mut::visit_expr_return_mut(self, value);
        if let Some(inner) = value.expr.take() {
            let wrapped = quote_spanned!(inner.span()=> ::core::result::Result::Ok(#inner));
            value.expr = Some(Box::new(syn::Expr::Verbatim(wrapped)));
        }
    }
    fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}
    fn visit_expr_async_mut(&mut self, _: &mut ExprAsync) {}
    fn visit_item_mut(&mut self, _: &mut Item) {}
}
