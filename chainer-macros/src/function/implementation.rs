//! Writes the `Function` implementation of a `#[function]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use super::backward::{Argument, Backward, Form, Source};
use super::check;
use super::expand::Writer;
use super::item::Function;
use super::signature::Arity;
use crate::context::Context;
use crate::text::plain;

impl Writer<'_> {
    /// The statement that finds out where the arrays of each input lie, given the number of all arrays.
    fn places(&self, total: &TokenStream) -> TokenStream {
        let (private, count) = (&self.private, self.function.inputs.len());
        match self.varying {
            0 => TokenStream::new(),
            1 => {
                let varying = self.function.inputs.iter().position(|input| input.arity != Arity::One);
                quote!(let __places: [::core::ops::Range<usize>; #count] = #private::places_around(#varying, #total);)
            }
            _ => quote!(let __places: [::core::ops::Range<usize>; #count] = #private::places(self.counts);),
        }
    }

    /// The range of an input's arrays among all inputs.
    fn place(&self, input: usize) -> TokenStream {
        if self.varying == 0 {
            let end = input + 1;
            quote!(#input..#end)
        } else {
            quote!(__places[#input].clone())
        }
    }

    /// The implementation of `Function`.
    pub(super) fn implementation(&self, context: &Context) -> TokenStream {
        let (private, text) = (&self.private, plain(&self.wrapper));
        let subject = if self.varying < 2 { self.function.name.clone() } else { self.carrier_name() };
        let (own_check, type_check) = self.type_check(context);
        let (forward, backward) = (self.forward(), self.backward());
        quote! {
            #own_check

            #[automatically_derived]
            impl #private::Function for #subject {
                fn name(&self) -> &'static str {
                    #text
                }
                #type_check
                #forward
                #backward
            }
        }
    }

    /// The trait's `type_check`; and, where the trait is implemented for a carrier, the method of the user's type that it calls
    /// (conditions speak of the function as `self`).
    fn type_check(&self, context: &Context) -> (TokenStream, TokenStream) {
        let Function { name, check, inputs, .. } = self.function;
        let (private, count) = (&self.private, inputs.len());
        let Some(check) = check else { return Default::default() };
        let arrays = |input: usize| {
            let place = self.place(input);
            quote!(__inputs[#place])
        };
        let body = check::write(context, private, inputs, &arrays, check);
        let allow = quote!(#[allow(unused_variables, clippy::all)]);
        if self.varying < 2 {
            let places = self.places(&quote!(__inputs.len()));
            let method = quote! {
                #allow
                fn type_check(&self, __inputs: &[#private::Array]) -> #private::type_check::Checked {
                    #places
                    #body
                    ::core::result::Result::Ok(())
                }
            };
            return (TokenStream::new(), method);
        }
        let own = quote! {
            impl #name {
                #allow
                fn __type_check(&self, __inputs: &[#private::Array], __places: [::core::ops::Range<usize>; #count]) -> #private::type_check::Checked {
                    #body
                    ::core::result::Result::Ok(())
                }
            }
        };
        let method = quote! {
            fn type_check(&self, __inputs: &[#private::Array]) -> #private::type_check::Checked {
                self.function.__type_check(__inputs, #private::places(self.counts))
            }
        };
        (own, method)
    }

    fn forward(&self) -> TokenStream {
        let Function { inputs, outputs, fallible, .. } = self.function;
        let private = &self.private;
        let places = self.places(&quote!(__inputs.len()));
        let arguments: Vec<TokenStream> = inputs
            .iter()
            .enumerate()
            .map(|(i, input)| {
                let place = self.place(i);
                match input.arity {
                    Arity::One if self.varying == 0 => quote!(&__inputs[#i]),
                    Arity::One => quote!(&__inputs[#place][0]),
                    Arity::Optional => quote!(__inputs[#place].first()),
                    Arity::Many => quote!(&__inputs[#place]),
                }
            })
            .collect();
        let call = self.method("forward", self.function.forward_by_device, &arguments);
        let value = if *fallible {
            quote!(match #call {
                ::core::result::Result::Ok(__value) => __value,
                ::core::result::Result::Err(__error) => return ::core::convert::From::from(__error),
            })
        } else {
            call
        };
        let names: Vec<Ident> = (0..outputs.names.len()).map(|i| format_ident!("__output{i}")).collect();
        let value = if names.len() > 1 { quote!({ let (#(#names),*) = #value; [#(#names),*] }) } else { value };
        quote! {
            fn forward(&self, __inputs: &[#private::Array]) -> #private::Outputs {
                #places
                ::core::convert::From::from(#value)
            }
        }
    }

    fn backward(&self) -> TokenStream {
        let private = &self.private;
        let Some(backward) = &self.function.backward else {
            return quote! {
                fn retain(&self) -> #private::Retain {
                    #private::Retain::none()
                }
            };
        };
        let places = self.places(&quote!(__context.input_count()));
        let (retain, arguments) =
            (self.retain(backward), backward.arguments.iter().map(|argument| self.read(argument)));
        let call = self.method("backward", self.function.backward_by_device, &arguments.collect::<Vec<_>>());
        let value = if backward.fallible {
            quote!(match #call {
                ::core::result::Result::Ok(__value) => __value,
                ::core::result::Result::Err(__error) => return #private::failed_gradients(__context, __error),
            })
        } else {
            call
        };
        let names: Vec<Ident> = (0..backward.gradients.len()).map(|i| format_ident!("__gradient{i}")).collect();
        let pattern = if let [name] = &names[..] { name.to_token_stream() } else { quote!((#(#names),*)) };
        let pushes = names.iter().zip(&backward.gradients).enumerate().map(|(i, (name, ty))| {
            let (place, span) = (self.place(i), ty.span());
            quote_spanned!(span=> <#ty as #private::IntoGradient>::__push(#name, #place, __context, &mut __gradients);)
        });
        quote! {
            #retain
            #[allow(clippy::all)]
            fn backward(&self, __context: &#private::BackwardContext<'_>) -> #private::Gradients {
                #places
                let #pattern = #value;
                let mut __gradients = #private::Gradients::none();
                #(#pushes)*
                __gradients
            }
        }
    }

    /// What backward reads is kept, and nothing else.
    fn retain(&self, backward: &Backward) -> TokenStream {
        let private = &self.private;
        let read = |source: Source| backward.arguments.iter().any(|a| a.source == source && a.form != Form::Shape);
        let inputs: Vec<usize> = (0..self.function.inputs.len()).filter(|i| read(Source::Input(*i))).collect();
        let outputs: Vec<usize> = (0..self.function.outputs.names.len()).filter(|i| read(Source::Output(*i))).collect();
        // How many arrays there are is not known here, unless each argument is one. Inputs that vary come last more often than not.
        let fixed = self.function.inputs.iter().take_while(|input| input.arity == Arity::One).count();
        let (kept, all_inputs) =
            if inputs.iter().all(|i| *i < fixed) { (quote!(#(.input(#inputs))*), false) } else { (quote!(), true) };
        let kept_outputs = if self.function.outputs.many { Vec::new() } else { outputs.clone() };
        let all_outputs = self.function.outputs.many && !outputs.is_empty();
        let start = match (all_inputs, all_outputs) {
            (false, false) => quote!(none()),
            (true, false) => quote!(inputs()),
            (false, true) => quote!(outputs()),
            (true, true) => quote!(all()),
        };
        quote! {
            fn retain(&self) -> #private::Retain {
                #private::Retain::#start #kept #(.output(#kept_outputs))*
            }
        }
    }

    /// The expression for an argument of `backward`. It is spanned with the argument's type: a type of the same name that is not the
    /// library's is reported there.
    fn read(&self, argument: &Argument) -> TokenStream {
        let (private, form) = (&self.private, argument.form);
        let data = if form == Form::Array { quote!(.data()) } else { quote!() };
        let span = argument.span;
        match argument.source {
            Source::Input(i) => {
                let place = self.place(i);
                let get = if form == Form::Shape { quote!(input_shape) } else { quote!(input) };
                match argument.arity {
                    Arity::One if self.varying == 0 => quote_spanned!(span=> __context.#get(#i) #data),
                    Arity::One => quote_spanned!(span=> __context.#get(#place.start) #data),
                    Arity::Optional => quote_spanned!(span=> #place.next().map(|__i| __context.#get(__i) #data)),
                    Arity::Many => {
                        quote_spanned!(span=> &#place.map(|__i| ::core::clone::Clone::clone(__context.#get(__i) #data)).collect::<::std::vec::Vec<_>>())
                    }
                }
            }
            Source::Output(i) => {
                let get = if form == Form::Shape { quote!(output_shape) } else { quote!(output) };
                match argument.arity {
                    Arity::Many => {
                        quote_spanned!(span=> &(0..__context.output_count()).map(|__i| ::core::clone::Clone::clone(__context.#get(__i) #data)).collect::<::std::vec::Vec<_>>())
                    }
                    _ => quote_spanned!(span=> __context.#get(#i) #data),
                }
            }
            Source::Gradient(i) => match argument.arity {
                Arity::One => quote_spanned!(span=> __context.gy(#i) #data),
                Arity::Optional if form == Form::Array => {
                    quote_spanned!(span=> __context.grad_output(#i).map(#private::Variable::data))
                }
                Arity::Optional => quote_spanned!(span=> __context.grad_output(#i)),
                Arity::Many => {
                    quote_spanned!(span=> &(0..__context.output_count()).map(|__i| ::core::clone::Clone::clone(__context.gy(__i) #data)).collect::<::std::vec::Vec<_>>())
                }
            },
        }
    }

    /// The call of a user's method, which may be written once for all devices or once for each.
    fn method(&self, method: &str, by_device: bool, arguments: &[TokenStream]) -> TokenStream {
        let (name, private) = (&self.function.name, &self.private);
        let this = if self.varying < 2 { quote!(self) } else { quote!(&self.function) };
        if !by_device {
            let method = format_ident!("{method}");
            return quote!(#name::#method(#this, #(#arguments),*));
        }
        let (cpu, cuda) = (format_ident!("{method}_cpu"), format_ident!("{method}_cuda"));
        let device =
            if method == "forward" { quote!(__inputs[0].device()) } else { quote!(__context.gy(0).data().device()) };
        quote! {
            if #device == #private::Device::Cpu {
                #name::#cpu(#this, #(#arguments),*)
            } else {
                #name::#cuda(#this, #(#arguments),*)
            }
        }
    }
}
