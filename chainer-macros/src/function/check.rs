//! Writes the body of `type_check`: native comparisons, whose texts are made at compile time and formatted only on failure.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{BinOp, Expr, Ident, Lit};

use super::signature::{Arity, Input};
use super::type_check::{Axes, Check, Dtype, Size, TypeCheck};
use crate::context::Context;
use crate::text::{list, plain, source_with};

/// Writes checks; mistakes go to the context.
pub struct Writer<'a> {
    context: &'a Context,
    private: &'a TokenStream,
    inputs: &'a [Input],
    /// The arrays of an input, as an expression of type `&[Array]`.
    arrays: &'a dyn Fn(usize) -> TokenStream,
    /// Symbols, and the text of the size that bound them.
    bound: Vec<(Ident, String)>,
    out: Vec<TokenStream>,
}

/// The statements of `type_check`.
pub fn write(
    context: &Context,
    private: &TokenStream,
    inputs: &[Input],
    arrays: &dyn Fn(usize) -> TokenStream,
    check: &TypeCheck,
) -> TokenStream {
    let mut writer = Writer { context, private, inputs, arrays, bound: Vec::new(), out: Vec::new() };
    for check in &check.checks {
        writer.check(check);
    }
    for condition in &check.conditions {
        writer.condition(condition);
    }
    let out = writer.out;
    quote!(#(#out)*)
}

impl Writer<'_> {
    fn position(&self, name: &Ident) -> Option<usize> {
        let found = self.inputs.iter().position(|input| input.name == *name);
        if found.is_none() {
            let names = list(self.inputs.iter().map(|input| &input.name));
            self.context.error(name, format!("`{name}` is no input of `forward` ({names})"));
        }
        found
    }

    fn check(&mut self, check: &Check) {
        let Some(index) = self.position(&check.input) else { return };
        let (name, array) = (plain(&check.input), format_ident!("__array{index}"));
        let arrays = (self.arrays)(index);
        match self.inputs[index].arity {
            Arity::One => {
                let (kind, sizes) = self.array(check, &array, &quote!(#name), &name, true);
                self.out.push(quote!(let #array = &#arrays[0]; #kind #sizes));
            }
            Arity::Optional => {
                let (kind, sizes) = self.array(check, &array, &quote!(#name), &name, false);
                self.out.push(quote!(if let ::core::option::Option::Some(#array) = #arrays.first() { #kind #sizes }));
            }
            Arity::Many => self.many(check, &array, &name, &arrays),
        }
    }

    /// Every array of a list is checked; a new symbol is bound by the first of them.
    fn many(&mut self, check: &Check, array: &Ident, name: &str, arrays: &TokenStream) {
        let private = self.private;
        let first = format!("{name}[0]");
        let before = self.bound.len();
        let (_, binding) = self.array(check, array, &quote!(#first), &first, true);
        let binds = self.bound.len() > before;
        let (kind, sizes) = self.array(check, array, &quote!(&::std::format!("{}[{}]", #name, __place)), name, true);
        let each = |body: &TokenStream| quote!(for (__place, #array) in #arrays.iter().enumerate() { #body });
        if binds {
            // The rank of all arrays is known to fit before the first one is asked for its sizes.
            let (kinds, sizes) = (each(&kind), each(&sizes));
            let expect = format!("len({name}) > 0");
            self.out.push(quote! {
                let ::core::option::Option::Some(#array) = #arrays.first() else {
                    return ::core::result::Result::Err(#private::Mismatch::new(#expect, "0 <= 0"));
                };
                #kinds
                #binding
                #sizes
            });
        } else {
            self.out.push(each(&quote!(#kind #sizes)));
        }
    }

    /// The checks of one array: of dtype and rank, and of sizes. `label` is its name as an expression, `text` as written.
    fn array(
        &mut self,
        check: &Check,
        array: &Ident,
        label: &TokenStream,
        text: &str,
        may_bind: bool,
    ) -> (TokenStream, TokenStream) {
        let checks = {
            let private = self.private;
            quote!(#private::type_check)
        };
        let mut kind = match &check.dtype {
            Dtype::Any => quote!(),
            Dtype::Float => quote!(#checks::float(#label, #array)?;),
            Dtype::Int => quote!(#checks::integer(#label, #array)?;),
            Dtype::Bool => self.exactly("Bool", array, label),
            Dtype::Exactly(variant) => self.exactly(variant, array, label),
            Dtype::Of(other) => self.same_dtype(other, array, label),
        };
        let mut sizes = quote!();
        if let Some(axes) = &check.axes {
            let count = axes.front.len() + axes.back.as_ref().map_or(0, Vec::len);
            let rank = if axes.back.is_some() { quote!(min_ndim) } else { quote!(ndim) };
            if count > 0 || axes.back.is_none() {
                kind.extend(quote!(#checks::#rank(#label, #array, #count)?;));
            }
            sizes = self.sizes(axes, array, label, text, may_bind);
        }
        (kind, sizes)
    }

    fn exactly(&self, variant: &str, array: &Ident, label: &TokenStream) -> TokenStream {
        let (private, variant) = (self.private, format_ident!("{variant}"));
        quote!(#private::type_check::dtype(#label, #array, #private::Dtype::#variant)?;)
    }

    fn same_dtype(&self, other: &Ident, array: &Ident, label: &TokenStream) -> TokenStream {
        let Some(index) = self.position(other) else { return quote!() };
        let (private, arrays, name) = (self.private, (self.arrays)(index), plain(other));
        match self.inputs[index].arity {
            Arity::One => quote!(#private::type_check::same_dtype(#name, &#arrays[0], #label, #array)?;),
            Arity::Many => {
                let first = format!("{name}[0]");
                quote!(if let ::core::option::Option::Some(__first) = #arrays.first() {
                    #private::type_check::same_dtype(#first, __first, #label, #array)?;
                })
            }
            Arity::Optional => {
                self.context
                    .error(other, format!("`{other}` may be absent: take the dtype of an input that is always there"));
                quote!()
            }
        }
    }

    fn sizes(&mut self, axes: &Axes, array: &Ident, label: &TokenStream, text: &str, may_bind: bool) -> TokenStream {
        let mut out = quote!();
        for (place, size) in axes.front.iter().enumerate() {
            let (value, index) = (quote!(#array.shape()[#place]), place.to_string());
            out.extend(self.size(size, &value, label, text, &index, may_bind));
        }
        let back = axes.back.as_deref().unwrap_or_default();
        for (place, size) in back.iter().enumerate() {
            let from_end = back.len() - place;
            let (value, index) = (quote!(#array.shape()[#array.ndim() - #from_end]), format!("-{from_end}"));
            out.extend(self.size(size, &value, label, text, &index, may_bind));
        }
        out
    }

    fn size(
        &mut self,
        size: &Size,
        value: &TokenStream,
        label: &TokenStream,
        text: &str,
        index: &str,
        may_bind: bool,
    ) -> TokenStream {
        let private = self.private;
        let equal = quote!(#private::type_check::equal);
        let here = quote!(::core::format_args!("{}.shape[{}]", #label, #index));
        match size {
            Size::Any => quote!(),
            Size::Symbol(symbol) => match self.bound.iter().find(|(bound, _)| bound == symbol) {
                Some((_, bound)) => quote!(#equal(#bound, #symbol, #here, #value)?;),
                None if may_bind => {
                    self.bound.push((symbol.clone(), format!("{text}.shape[{index}]")));
                    quote!(let #symbol = #value;)
                }
                None => {
                    self.context.error(
                        symbol,
                        format!("`{symbol}` is new here, and `{text}` may be absent: bind it on an input that is always there, or write `_`"),
                    );
                    quote!()
                }
            },
            Size::Value(expected) => {
                let written = self.text(expected);
                let guards = self.guards(expected);
                quote_spanned!(expected.span()=> #guards #equal(#here, #value, #written, #expected)?;)
            }
        }
    }

    fn condition(&mut self, condition: &Expr) {
        // `a && b` is two conditions: the message then names the one that failed.
        if let Expr::Binary(binary) = condition
            && let BinOp::And(_) = binary.op
        {
            self.condition(&binary.left);
            self.condition(&binary.right);
            return;
        }
        let private = self.private;
        let (written, guards) = (self.text(condition), self.guards(condition));
        let actual = match condition {
            Expr::Binary(binary) => opposite(&binary.op).map(|opposite| {
                let (left, right) = (&binary.left, &binary.right);
                quote!(::core::format_args!("{:?} {} {:?}", #left, #opposite, #right))
            }),
            _ => None,
        };
        let actual = actual.unwrap_or_else(|| quote!("false"));
        self.out.push(quote_spanned! {condition.span()=>
            #guards
            if !(#condition) {
                return ::core::result::Result::Err(#private::Mismatch::new(#written, ::std::string::ToString::to_string(&#actual)));
            }
        });
    }

    /// An expression's text with symbols replaced by the sizes that bound them.
    fn text(&self, expression: &Expr) -> String {
        source_with(expression, &|ident| {
            self.bound.iter().find(|(bound, _)| bound == ident).map(|(_, text)| text.clone())
        })
    }

    /// Arithmetic over sizes must not panic: divisors are checked, and so is what is subtracted.
    fn guards(&self, expression: &Expr) -> TokenStream {
        let mut out = quote!();
        self.guard(expression, &mut out);
        out
    }

    fn guard(&self, expression: &Expr, out: &mut TokenStream) {
        let private = self.private;
        match expression {
            Expr::Paren(inner) => self.guard(&inner.expr, out),
            Expr::Group(inner) => self.guard(&inner.expr, out),
            Expr::Unary(inner) => self.guard(&inner.expr, out),
            Expr::Cast(inner) => self.guard(&inner.expr, out),
            Expr::MethodCall(call) => {
                self.guard(&call.receiver, out);
                call.args.iter().for_each(|argument| self.guard(argument, out));
            }
            Expr::Call(call) => call.args.iter().for_each(|argument| self.guard(argument, out)),
            Expr::Binary(binary) => {
                self.guard(&binary.left, out);
                match binary.op {
                    // What stands on the right of these is computed only if the left says so.
                    BinOp::And(_) | BinOp::Or(_) => return,
                    _ => self.guard(&binary.right, out),
                }
                let (left, right) = (&binary.left, &binary.right);
                match binary.op {
                    BinOp::Div(_) | BinOp::Rem(_) if !is_literal(right) => {
                        let expect = format!("{} != 0", self.text(right));
                        out.extend(
                            quote!(#private::type_check::expect(#private::Size::divides(#right), #expect, "0 == 0")?;),
                        );
                    }
                    BinOp::Sub(_) => {
                        let expect = format!("{} >= {}", self.text(left), self.text(right));
                        out.extend(quote! {
                            #private::type_check::expect(#private::Size::covers(#left, #right), #expect, ::core::format_args!("{:?} < {:?}", #left, #right))?;
                        });
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

fn is_literal(expression: &Expr) -> bool {
    matches!(expression, Expr::Lit(literal) if matches!(&literal.lit, Lit::Int(n) if n.base10_digits() != "0") || matches!(literal.lit, Lit::Float(_)))
}

/// The sign between the two sides of a comparison that failed.
fn opposite(operator: &BinOp) -> Option<&'static str> {
    Some(match operator {
        BinOp::Eq(_) => "!=",
        BinOp::Ne(_) => "==",
        BinOp::Lt(_) => ">=",
        BinOp::Le(_) => ">",
        BinOp::Gt(_) => "<=",
        BinOp::Ge(_) => "<",
        _ => return None,
    })
}
