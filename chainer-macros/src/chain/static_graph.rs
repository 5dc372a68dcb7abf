//! `#[chain(static_graph)]` above `impl Forward for ..`: calls of `forward` run as graphs.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, GenericArgument, ImplItem, ItemImpl, Path, PathArguments, Type};

use crate::context::Context;
use crate::library;
use crate::text::plain;

/// The implementation with a `forward` that hands what the user wrote to the library.
pub fn expand(context: &Context, mut item: ItemImpl, named: Option<&Path>) -> Option<TokenStream> {
    let arguments = arguments(&item);
    let private = library::private(named);
    let arguments = match arguments {
        Some(Some(ty)) => quote!(#ty),
        Some(None) => quote!(#private::Variable),
        None => {
            context.error(&item.self_ty, "`static_graph` goes above `impl Forward for ..`");
            return None;
        }
    };
    let forward = item.items.iter_mut().find_map(|item| match item {
        ImplItem::Fn(method) if plain(&method.sig.ident) == "forward" => Some(method),
        _ => None,
    });
    // Without one the compiler says so.
    if let Some(method) = forward {
        let input = method.sig.inputs.iter().nth(1).cloned();
        let Some(FnArg::Typed(input)) = input else { return Some(quote!(#item)) };
        if let Some(FnArg::Typed(place)) = method.sig.inputs.iter_mut().nth(1) {
            place.pat = syn::parse_quote!(__arguments);
            place.ty = syn::parse_quote!(<#arguments as #private::Args>::Ref<'_>);
        }
        let (pattern, ty, body) = (&input.pat, &input.ty, &method.block);
        method.block = syn::parse_quote!({
            #private::static_forward::<Self, #arguments>(self, __arguments, &|#pattern: #ty| #body)
        });
    }
    Some(quote!(#item))
}

/// The type of the arguments in `Forward<..>` (`None`: the default), if this is an implementation of it.
fn arguments(item: &ItemImpl) -> Option<Option<Type>> {
    let (_, path, _) = item.trait_.as_ref()?;
    let last = path.segments.last().filter(|segment| plain(&segment.ident) == "Forward")?;
    let PathArguments::AngleBracketed(generics) = &last.arguments else { return Some(None) };
    Some(generics.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    }))
}
