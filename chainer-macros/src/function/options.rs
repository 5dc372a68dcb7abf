//! Reads `#[function(ratio: f64, slope: f64 = 0.2, name = wrapper, crate = path)]`.

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, Path, Token, Type};

use crate::context::Context;

/// What stands in the attribute.
#[derive(Default)]
pub struct Options {
    /// The function's settings: the fields of its struct.
    pub settings: Vec<Setting>,
    /// The wrapper's name, if not derived from the type's.
    pub wrapper: Option<Ident>,
    /// The library's path, if the user named it.
    pub library: Option<Path>,
}

/// A field of the function. Without a default it is an argument of the wrapper.
pub struct Setting {
    pub docs: Vec<Attribute>,
    pub name: Ident,
    pub ty: Type,
    pub default: Option<Expr>,
}

enum Entry {
    Setting(Box<Setting>),
    Wrapper(Ident),
    Library(Path),
}

impl Parse for Entry {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let docs = input.call(Attribute::parse_outer)?;
        if input.peek(Token![crate]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            return Ok(Entry::Library(input.call(Path::parse_mod_style)?));
        }
        let expected = "expected a setting, `ratio: f64` or `slope: f64 = 0.2`, or `name = wrapper_name`";
        let name: Ident = input.parse().map_err(|error| syn::Error::new(error.span(), expected))?;
        if name == "name" && input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            let wrapper = input.parse().map_err(|e| {
                syn::Error::new(e.span(), "write the wrapper's name without quotes: `name = my_function`")
            })?;
            return Ok(Entry::Wrapper(wrapper));
        }
        if input.peek(Token![=]) {
            return Err(syn::Error::new(name.span(), format!("a setting has a type: write `{name}: f64 = ..`")));
        }
        if !input.peek(Token![:]) {
            return Err(syn::Error::new(
                name.span(),
                format!("a setting has a type: write `{name}: f64`, or `{name}: f64 = 0.2` with a default"),
            ));
        }
        input.parse::<Token![:]>()?;
        let ty = input.parse()?;
        let default = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Some(input.parse()?)
        } else {
            None
        };
        Ok(Entry::Setting(Box::new(Setting { docs, name, ty, default })))
    }
}

/// Reads the attribute; mistakes go to the context.
pub fn parse(context: &Context, attribute: TokenStream) -> Options {
    let mut options = Options::default();
    let entries = context.take(Punctuated::<Entry, Token![,]>::parse_terminated.parse2(attribute));
    for entry in entries.into_iter().flatten() {
        match entry {
            Entry::Setting(setting) => {
                if options.settings.iter().any(|other| other.name == setting.name) {
                    context
                        .error(&setting.name, format!("the setting `{}` stands here twice: remove one", setting.name));
                }
                options.settings.push(*setting);
            }
            Entry::Wrapper(name) => options.wrapper = Some(name),
            Entry::Library(path) => options.library = Some(path),
        }
    }
    options
}
