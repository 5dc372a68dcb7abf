//! Writes the `Link` and `Debug` implementations of a `#[chain]` type.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Generics, Ident, Path, Type, parse_quote};

use super::fields::{Field, Kind};
use super::parse::{Body, Chain, Variant};
use crate::library;
use crate::text::plain;

/// The item, and what makes it a link.
pub fn expand(chain: &Chain) -> TokenStream {
    let private = library::private(chain.library.as_ref());
    let (item, name) = (&chain.item, chain.name());
    let text = plain(name);
    let body = match &chain.body {
        Body::Struct(fields) => {
            let calls = fields.iter().map(|field| {
                let member = &field.member;
                visit_field(field, &quote!(&self.#member), &private)
            });
            quote!(#(#calls)*)
        }
        Body::Enum(variants) if variants.is_empty() => quote!(match *self {}),
        Body::Enum(variants) => {
            let arms = variants.iter().map(|variant| visit_variant(variant, name, &private));
            quote!(match self { #(#arms)* })
        }
    };
    let generics = bounded(chain, &private);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    quote! {
        #item

        #[automatically_derived]
        impl #impl_generics #private::Link for #name #type_generics #where_clause {
            #[allow(unused_variables)]
            fn visit<'__visit>(&'__visit self, __visitor: &mut dyn #private::Visitor<'__visit>) {
                #body
            }
            fn as_link(&self) -> &dyn #private::Link {
                self
            }
            fn type_name(&self) -> &'static str {
                #text
            }
        }

        #[automatically_derived]
        impl #impl_generics ::core::fmt::Debug for #name #type_generics #where_clause {
            fn fmt(&self, __formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #private::write_tree(self, __formatter)
            }
        }
    }
}

/// The call that shows one field to the visitor. It is spanned with the field's type, so that a type that is neither a link nor
/// plain data is reported there.
fn visit_field(field: &Field, access: &TokenStream, private: &TokenStream) -> TokenStream {
    let (name, ty) = (&field.name, &field.ty);
    match field.kind {
        Kind::Visited => quote_spanned! {ty.span()=>
            <#ty as #private::LinkField>::visit_field(#access, #name, __visitor);
        },
        Kind::Persistent => quote_spanned! {ty.span()=>
            #private::Visitor::persistent(__visitor, #name, <#ty as #private::PersistentValue>::persistent_field(#access));
        },
        Kind::Plain | Kind::Skipped => quote_spanned! {ty.span()=>
            <#ty as #private::SharedField>::shared_field(#access);
        },
    }
}

fn visit_variant(variant: &Variant, chain: &Ident, private: &TokenStream) -> TokenStream {
    let name = &variant.name;
    let bindings: Vec<Ident> = (0..variant.fields.len()).map(|i| format_ident!("__field{i}")).collect();
    let members = variant.fields.iter().map(|field| &field.member);
    let calls = variant.fields.iter().zip(&bindings).map(|(field, binding)| {
        if variant.transparent && field.kind == Kind::Visited {
            let ty = &field.ty;
            quote_spanned!(ty.span()=> <#ty as #private::Link>::visit(#binding, __visitor);)
        } else {
            visit_field(field, &binding.to_token_stream(), private)
        }
    });
    quote!(#chain::#name { #(#members: #bindings),* } => { #(#calls)* })
}

/// The generics with the bounds that a link needs. Bounds stand on the type parameters that visited fields mention, not on the
/// fields' types: with those a recursive type (`kids: Vec<Tree<P>>`) would never be resolved.
fn bounded(chain: &Chain, private: &TokenStream) -> Generics {
    let mut generics = chain.generics().clone();
    let parameters: Vec<Ident> = generics.type_params().map(|parameter| parameter.ident.clone()).collect();
    let fields = chain.fields();
    let clause = generics.make_where_clause();
    for parameter in &parameters {
        clause.predicates.push(parse_quote!(#parameter: 'static + ::core::marker::Send + ::core::marker::Sync));
        let visited = |transparent: bool| {
            fields.iter().any(|(f, t)| f.kind == Kind::Visited && *t == transparent && mentions(&f.ty, parameter))
        };
        if visited(false) {
            clause.predicates.push(parse_quote!(#parameter: #private::LinkField));
        }
        if visited(true) {
            clause.predicates.push(parse_quote!(#parameter: #private::Link));
        }
    }
    generics
}

/// Whether a value of type `ty` can hold a link of type `parameter`. Markers, functions and states hold none.
fn mentions(ty: &Type, parameter: &Ident) -> bool {
    struct Search<'a> {
        parameter: &'a Ident,
        found: bool,
    }
    impl VisitMut for Search<'_> {
        fn visit_path_mut(&mut self, path: &mut Path) {
            let last = path.segments.last().map(|segment| plain(&segment.ident));
            if !matches!(last.as_deref(), Some("PhantomData" | "State")) {
                visit_mut::visit_path_mut(self, path);
            }
        }
        fn visit_type_bare_fn_mut(&mut self, _: &mut syn::TypeBareFn) {}
        fn visit_ident_mut(&mut self, ident: &mut Ident) {
            self.found |= *ident == *self.parameter;
        }
    }
    let mut search = Search { parameter, found: false };
    search.visit_type_mut(&mut ty.clone());
    search.found
}
