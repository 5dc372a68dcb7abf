//! `#[elementwise]`: a function of scalars becomes a function of variables that is one kernel and one node of the graph.

mod lower;
mod methods;
mod scalar;
mod signature;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Item, ItemFn};

use crate::context::Context;
use crate::library;
use crate::text::plain;
use signature::Signature;

/// The whole macro.
pub fn elementwise(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let context = Context::default();
    match expand(&context, attribute, item) {
        Some(expansion) if context.is_clean() => expansion,
        _ => context.into_compile_errors(),
    }
}

fn expand(context: &Context, attribute: TokenStream, item: TokenStream) -> Option<TokenStream> {
    let named = library::option(context, attribute, "elementwise");
    let function = match context.take(syn::parse2::<Item>(item))? {
        Item::Fn(function) => function,
        other => {
            context.error(
                other,
                "`#[elementwise]` goes above a function of scalars: `fn swish(x: f32, beta: f32) -> f32 { .. }`",
            );
            return None;
        }
    };
    let private = library::private(named.as_ref());
    let signature = signature::parse(context, &function);
    let body = lower::Lower::new(context, &private).block(&function.block);
    if !context.is_clean() {
        return None;
    }
    Some(write(&function, &signature?, &body, &private))
}

/// The wrapper over variables; and, in the namespace of types, an empty enum of the same name that carries the scalar text and its
/// trace, so that `swish::scalar` and `swish::trace` travel with `use swish`.
fn write(function: &ItemFn, signature: &Signature, body: &TokenStream, private: &TokenStream) -> TokenStream {
    let (name, visibility, attributes) = (&function.sig.ident, &function.vis, &function.attrs);
    let (names, types, result) = (&signature.names, &signature.types, &signature.result);
    let (text, count) = (plain(name), names.len());
    let (scalar_inputs, scalar_output) = (&function.sig.inputs, &function.sig.output);
    let texts: Vec<String> = names.iter().map(plain).collect();
    let scalar_block = scalar::body(&function.block);
    let about = format!("The scalar text of [`{text}`](fn@{text}) and its trace.");
    quote! {
        #(#attributes)*
        #[allow(clippy::too_many_arguments)]
        #[must_use]
        #[track_caller]
        #visibility fn #name(#(#names: impl #private::Operand),*) -> #private::Variable {
            static __FUNCTION: #private::Elementwise<#count> = #private::Elementwise::new(
                #text,
                [#(#texts),*],
                [#(<#types as #private::ElementType>::DTYPE),*],
                <#result as #private::ElementType>::DTYPE,
                #name::trace,
            );
            __FUNCTION.apply([#(#private::Operand::term(&#names)),*])
        }

        #[doc = #about]
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, Debug)]
        #visibility enum #name {}

        #[allow(clippy::all, dead_code, unstable_name_collisions)]
        impl #name {
            /// The function of one element, as it was written.
            #[inline]
            #visibility fn scalar(#scalar_inputs) #scalar_output {
                #[allow(unused_imports)]
                use #private::ScalarMath as _;
                #scalar_block
            }

            /// Records the function over expressions.
            #[allow(unused_parens, unused_variables, unused_braces)]
            #visibility fn trace(__arguments: &[#private::Expr; #count]) -> #private::Expr {
                let [#(#names),*] = __arguments.clone();
                #body
            }
        }
    }
}
