//! Reads the attribute and the item of a `#[chain]`.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::{
    Attribute, Data, DeriveInput, Fields, Generics, Ident, Item, ItemImpl, Meta, Path, Token, punctuated::Punctuated,
};

use super::fields::{self, Field};
use crate::context::Context;
use crate::text::plain;

/// A type that becomes a link.
pub struct Chain {
    /// The item without this macro's attributes.
    pub item: DeriveInput,
    /// What of it is visited.
    pub body: Body,
    /// The library's path, if the user named it.
    pub library: Option<Path>,
}

/// The fields of a struct, or of an enum's variants.
pub enum Body {
    Struct(Vec<Field>),
    Enum(Vec<Variant>),
}

/// A variant of an enum.
pub struct Variant {
    pub name: Ident,
    pub fields: Vec<Field>,
    /// A variant that wraps one link: it shows what the link shows, without a name of its own.
    pub transparent: bool,
}

impl Chain {
    pub fn name(&self) -> &Ident {
        &self.item.ident
    }

    pub fn generics(&self) -> &Generics {
        &self.item.generics
    }

    /// Every field of every variant, with whether its variant is transparent.
    pub fn fields(&self) -> Vec<(&Field, bool)> {
        match &self.body {
            Body::Struct(fields) => fields.iter().map(|field| (field, false)).collect(),
            Body::Enum(variants) => {
                variants.iter().flat_map(|v| v.fields.iter().map(move |field| (field, v.transparent))).collect()
            }
        }
    }
}

/// What stands below the attribute.
pub enum Parsed {
    Chain(Box<Chain>),
    /// `#[chain(static_graph)]` above an implementation.
    Static(Box<ItemImpl>, Option<Path>),
}

/// Reads a chain; mistakes go to the context, and what can still be used is returned.
pub fn parse(context: &Context, attribute: TokenStream, item: TokenStream) -> Option<Parsed> {
    let Options { library, static_graph } = options(context, attribute);
    let parsed = context.take(syn::parse2::<Item>(item.clone()))?;
    let parsed = match parsed {
        Item::Impl(item) if static_graph => return Some(Parsed::Static(Box::new(item), library)),
        other => other,
    };
    if static_graph {
        context.error(
            first_token(&item),
            "`static_graph` goes above `impl Forward for ..`, whose calls it runs as graphs; above the type write `#[chain]`",
        );
    }
    if !matches!(parsed, Item::Struct(_) | Item::Enum(_)) {
        let sentence = match parsed {
            Item::Impl(_) => {
                "`#[chain]` goes above the struct or enum; write `impl Forward for ..` without an attribute"
            }
            _ => "`#[chain]` goes above a struct or an enum whose fields are the links and parameters",
        };
        context.error(first_token(&item), sentence);
        return None;
    }
    let mut item = context.take(syn::parse2::<DeriveInput>(item))?;
    check_derives(context, &item.attrs);
    if let Some(lifetime) = item.generics.lifetimes().next() {
        context.error(
            lifetime,
            "a chain is shared as `Arc<Model>` and cannot borrow: hold the value itself or an `Arc` of it, and remove the lifetime",
        );
    }
    let body = match &mut item.data {
        Data::Struct(data) => Body::Struct(fields::parse(context, &mut data.fields)),
        Data::Enum(data) => Body::Enum(
            data.variants
                .iter_mut()
                .map(|variant| Variant {
                    name: variant.ident.clone(),
                    transparent: matches!(&variant.fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1),
                    fields: fields::parse(context, &mut variant.fields),
                })
                .collect(),
        ),
        Data::Union(_) => return None,
    };
    Some(Parsed::Chain(Box::new(Chain { item, body, library })))
}

/// The options in `#[chain(..)]`.
#[derive(Default)]
struct Options {
    /// `crate = path`.
    library: Option<Path>,
    static_graph: bool,
}

fn options(context: &Context, attribute: TokenStream) -> Options {
    let mut options = Options::default();
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("crate") {
            options.library = Some(meta.value()?.call(Path::parse_mod_style)?);
            Ok(())
        } else if meta.path.is_ident("static_graph") {
            options.static_graph = true;
            Ok(())
        } else if meta.path.is_ident("skip") || meta.path.is_ident("name") {
            let name = meta.path.require_ident()?;
            Err(meta.error(format!("`{name}` belongs above a field: `#[chain({name}..)] field: Type`")))
        } else {
            Err(meta.error("unknown option: write `#[chain]`, `#[chain(static_graph)]` or `#[chain(crate = path)]`"))
        }
    });
    context.take(parser.parse2(attribute));
    options
}

/// Derives that clash with what this macro writes, or that do something else than they seem to.
fn check_derives(context: &Context, attributes: &[Attribute]) {
    for attribute in attributes.iter().filter(|a| a.path().is_ident("derive")) {
        let Meta::List(list) = &attribute.meta else { continue };
        let Ok(paths) = list.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated) else { continue };
        for path in &paths {
            match path.segments.last().map(|s| plain(&s.ident)).as_deref() {
                Some("Debug") => context.error(
                    path,
                    "`#[chain]` writes `Debug` itself (the tree of links with shapes): remove `Debug` from this derive",
                ),
                Some("Clone") => context.error(
                    path,
                    "a derived `Clone` would share the parameters: share the model as `Arc<Model>`, or build a second one and `copyparams` into it",
                ),
                _ => {}
            }
        }
    }
}

/// The first token that is no attribute or doc comment: where an error about the whole item belongs.
fn first_token(item: &TokenStream) -> TokenStream {
    let mut tokens = item.clone().into_iter().peekable();
    while let Some(token) = tokens.next() {
        let attribute = matches!(&token, proc_macro2::TokenTree::Punct(p) if p.as_char() == '#');
        if attribute {
            tokens.next();
        } else {
            return token.into();
        }
    }
    TokenStream::new()
}
