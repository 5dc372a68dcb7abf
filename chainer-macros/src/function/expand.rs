//! Writes what a `#[function]` becomes: the struct, `call` and the wrapper. (The implementation of the trait: `implementation`.)

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Ident};

use super::item::Function;
use super::signature::Arity;
use crate::context::Context;
use crate::library;
use crate::text::{plain, snake_case, source};

/// Everything.
pub fn expand(context: &Context, function: &Function) -> TokenStream {
    let writer = Writer::new(function);
    let (item, declaration, carrier) = (&function.item, writer.declaration(), writer.carrier());
    let (implementation, call, wrapper) = (writer.implementation(context), writer.call(), writer.wrapper());
    quote! {
        #declaration
        #[allow(dead_code, clippy::too_many_arguments, clippy::type_complexity)]
        #item
        #carrier
        #implementation
        #call
        #wrapper
    }
}

pub(super) struct Writer<'a> {
    pub(super) function: &'a Function,
    pub(super) private: TokenStream,
    /// The wrapper's name.
    pub(super) wrapper: Ident,
    /// Where the arrays of each input lie among all inputs can be read off their number, unless two inputs vary.
    pub(super) varying: usize,
}

impl<'a> Writer<'a> {
    fn new(function: &'a Function) -> Self {
        let derived = || Ident::new(&snake_case(&plain(&function.name)), function.name.span());
        Writer {
            function,
            private: library::private(function.options.library.as_ref()),
            wrapper: function.options.wrapper.clone().unwrap_or_else(derived),
            varying: function.inputs.iter().filter(|input| input.arity != Arity::One).count(),
        }
    }

    /// The struct with its settings, constructor and setters; nothing where the user has an own struct.
    fn declaration(&self) -> TokenStream {
        let Function { name, visibility, options, constructor, .. } = self.function;
        if constructor.is_some() {
            return TokenStream::new();
        }
        let docs = struct_docs(&self.function.docs, &self.wrapper);
        let fields = options.settings.iter().map(|setting| {
            let (name, ty) = (&setting.name, &setting.ty);
            quote!(#name: #ty)
        });
        let values = options.settings.iter().map(|setting| {
            let name = &setting.name;
            setting.default.as_ref().map_or_else(|| quote!(#name), |default| quote!(#name: #default))
        });
        let setters = options.settings.iter().filter_map(|setting| {
            let (name, ty, default) = (&setting.name, &setting.ty, setting.default.as_ref()?);
            let (docs, about) =
                (&setting.docs, format!("Sets `{}`; the default is `{}`.", plain(name), source(default)));
            Some(quote! {
                #(#docs)*
                #[doc = #about]
                #[must_use]
                #visibility fn #name(mut self, #name: #ty) -> Self {
                    self.#name = #name;
                    self
                }
            })
        });
        let arguments = self.required();
        quote! {
            #(#docs)*
            #[derive(Clone, Debug)]
            #visibility struct #name { #(#fields),* }

            #[allow(dead_code, clippy::new_without_default, clippy::too_many_arguments)]
            impl #name {
                /// The function with these settings; the others have their defaults.
                #[must_use]
                #visibility fn new(#(#arguments),*) -> Self {
                    Self { #(#values),* }
                }
                #(#setters)*
            }
        }
    }

    /// The settings without defaults, as arguments.
    fn required(&self) -> Vec<TokenStream> {
        let settings = self.function.options.settings.iter().filter(|setting| setting.default.is_none());
        settings
            .map(|setting| {
                let (name, ty) = (&setting.name, &setting.ty);
                quote!(#name: #ty)
            })
            .collect()
    }

    /// Where two inputs vary in number, what is applied is the function with these numbers.
    fn carrier(&self) -> TokenStream {
        if self.varying < 2 {
            return TokenStream::new();
        }
        let (carrier, name, count) = (self.carrier_name(), &self.function.name, self.function.inputs.len());
        quote! {
            #[doc(hidden)]
            #[allow(non_camel_case_types)]
            struct #carrier { function: #name, counts: [usize; #count] }
        }
    }

    pub(super) fn carrier_name(&self) -> Ident {
        format_ident!("__{}Call", plain(&self.function.name))
    }

    /// The inputs as arguments that accept variables, arrays, parameters and numbers.
    fn arguments(&self) -> Vec<TokenStream> {
        let private = &self.private;
        let inputs = self.function.inputs.iter().map(|input| {
            let name = &input.name;
            let accepts = match input.arity {
                Arity::One => quote!(AsVariable),
                Arity::Optional => quote!(AsOptVariable),
                Arity::Many => quote!(AsVariables),
            };
            quote!(#name: impl #private::#accepts)
        });
        inputs.collect()
    }

    fn result(&self) -> TokenStream {
        let private = &self.private;
        match (self.function.outputs.many, self.function.outputs.names.len()) {
            (true, _) => quote!(::std::vec::Vec<#private::Variable>),
            (false, 1) => quote!(#private::Variable),
            (false, count) => {
                let variables = (0..count).map(|_| quote!(#private::Variable));
                quote!((#(#variables),*))
            }
        }
    }

    /// `Name::new(..).call(&x)`.
    fn call(&self) -> TokenStream {
        let Function { name, visibility, inputs, outputs, .. } = self.function;
        let (private, arguments, result) = (&self.private, self.arguments(), self.result());
        let converted = inputs.iter().map(|input| {
            let name = &input.name;
            match input.arity {
                Arity::One => quote!(__inputs.push(#private::AsVariable::as_variable(#name));),
                Arity::Optional => quote!(__inputs.extend(#private::AsOptVariable::as_opt_variable(#name));),
                Arity::Many => quote!(__inputs.extend(#private::AsVariables::as_variables(#name));),
            }
        });
        let (prepare, subject) = if self.varying < 2 {
            (quote!(#(#converted)*), quote!(self))
        } else {
            let carrier = self.carrier_name();
            let count = inputs.len();
            let steps = converted.enumerate().map(|(i, step)| {
                quote! {
                    let __before = __inputs.len();
                    #step
                    __counts[#i] = __inputs.len() - __before;
                }
            });
            (
                quote!(let mut __counts = [0usize; #count]; #(#steps)*),
                quote!(#carrier { function: self, counts: __counts }),
            )
        };
        let names: Vec<Ident> = (0..outputs.names.len()).map(|i| format_ident!("__output{i}")).collect();
        let unpack = match (outputs.many, names.len()) {
            (true, _) => quote!(__applied.all().into_vec()),
            (false, 1) => quote!(__applied.one()),
            (false, _) => quote!(let [#(#names),*] = __applied.many(); (#(#names),*)),
        };
        quote! {
            #[allow(dead_code, clippy::too_many_arguments)]
            impl #name {
                /// Applies the function with these settings.
                #[track_caller]
                #visibility fn call(self, #(#arguments),*) -> #result {
                    let mut __inputs = #private::Variables::new();
                    #prepare
                    let __applied = #private::apply(#subject, __inputs);
                    #unpack
                }
            }
        }
    }

    /// `name(&x, settings..)`.
    fn wrapper(&self) -> TokenStream {
        let Function { name, visibility, docs, inputs, constructor, .. } = self.function;
        let (wrapper, arguments, result) = (&self.wrapper, self.arguments(), self.result());
        let inputs = inputs.iter().map(|input| &input.name);
        let (settings, values): (Vec<TokenStream>, Vec<&Ident>) = match constructor {
            Some(arguments) => arguments.iter().map(|(name, ty)| (quote!(#name: #ty), name)).unzip(),
            None => {
                let required = self.function.options.settings.iter().filter(|setting| setting.default.is_none());
                (self.required(), required.map(|setting| &setting.name).collect())
            }
        };
        let must_use = if self.function.outputs.many {
            quote!(#[must_use])
        } else {
            quote!(#[must_use = "an operation without a reader does nothing, and hides its error"])
        };
        quote! {
            #(#docs)*
            #[allow(dead_code, clippy::too_many_arguments)]
            #must_use
            #[track_caller]
            #visibility fn #wrapper(#(#arguments,)* #(#settings),*) -> #result {
                #name::new(#(#values),*).call(#(#inputs),*)
            }
        }
    }
}

/// The struct's documentation: the wrapper's without its examples, which would run twice.
fn struct_docs(docs: &[Attribute], wrapper: &Ident) -> Vec<TokenStream> {
    let mut in_example = false;
    let mut out: Vec<TokenStream> = Vec::new();
    for attribute in docs {
        let syn::Meta::NameValue(pair) = &attribute.meta else { continue };
        if let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(line), .. }) = &pair.value {
            let fence = line.value().trim_start().starts_with("```");
            in_example ^= fence;
            if fence || in_example {
                continue;
            }
        }
        out.push(attribute.to_token_stream());
    }
    if !docs.is_empty() {
        let line = format!("The function with its settings; [`{0}`](fn@{0}) applies it at once.", plain(wrapper));
        out.push(quote!(#[doc = ""] #[doc = #line]));
    }
    out
}
