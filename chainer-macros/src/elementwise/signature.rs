//! Checks the signature of an `#[elementwise]` function.

use syn::{FnArg, Ident, ItemFn, Pat, ReturnType, Type};

use crate::context::Context;
use crate::text::{plain, type_source};

/// The arguments and the result.
pub struct Signature {
    pub names: Vec<Ident>,
    pub types: Vec<Type>,
    pub result: Type,
}

/// Reads the signature; `None` where something is missing that the expansion needs.
pub fn parse(context: &Context, function: &ItemFn) -> Option<Signature> {
    let signature = &function.sig;
    if !signature.generics.params.is_empty() {
        context.error(
            &signature.generics,
            "an elementwise function is generic by itself: write f32, and arrays of any float dtype are accepted",
        );
    }
    for (found, word) in [
        (signature.constness.map(|t| t.span), "const"),
        (signature.asyncness.map(|t| t.span), "async"),
        (signature.unsafety.map(|t| t.span), "unsafe"),
        (signature.abi.as_ref().map(|t| t.extern_token.span), "extern"),
    ] {
        if let Some(span) = found {
            context.error_at(span, format!("remove `{word}`: an elementwise function is recorded, not called"));
        }
    }
    if signature.inputs.is_empty() {
        context.error_at(
            signature.paren_token.span.join(),
            "an elementwise function needs an argument, such as `x: f32`: its shape is that of its arguments",
        );
    }
    let (mut names, mut types) = (Vec::new(), Vec::new());
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                context.error(receiver, "an elementwise function has no `self`: pass what it needs as arguments")
            }
            FnArg::Typed(typed) => {
                element_type(context, &typed.ty);
                types.push((*typed.ty).clone());
                match &*typed.pat {
                    Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => {
                        if let Some(mutability) = &pattern.mutability {
                            context.error(
                                mutability,
                                format!(
                                    "values do not change here: write a new `let {} = ..` instead of `mut`",
                                    pattern.ident
                                ),
                            );
                        }
                        names.push(pattern.ident.clone());
                    }
                    pattern => context.error(pattern, "give the argument a plain name, such as `x: f32`"),
                }
            }
        }
    }
    let result = match &signature.output {
        ReturnType::Default => {
            context.error_at(
                signature.paren_token.span.close(),
                "an elementwise function returns one element: add `-> f32`",
            );
            return None;
        }
        ReturnType::Type(_, ty) => {
            if let Type::Tuple(tuple) = &**ty {
                context.error(tuple, "an elementwise function returns one element: write one function for each result");
            } else {
                element_type(context, ty);
            }
            (**ty).clone()
        }
    };
    Some(Signature { names, types, result })
}

/// What is plainly no element is refused here; aliases are left to the compiler.
fn element_type(context: &Context, ty: &Type) {
    let sentence = "an elementwise function sees one element at a time";
    match ty {
        Type::Reference(_) | Type::Slice(_) | Type::Array(_) => {
            context.error(ty, format!("{sentence}: write `x: f32`, not a reference or an array"));
        }
        Type::Path(path) if path.qself.is_none() => {
            let last = path.path.segments.last().map(|s| plain(&s.ident)).unwrap_or_default();
            if matches!(
                last.as_str(),
                "Array" | "Variable" | "Parameter" | "Option" | "Vec" | "String" | "usize" | "isize"
            ) {
                let name = type_source(ty);
                context.error(ty, format!("{sentence}: write f32, i32, bool or another number's type, not `{name}`"));
            }
        }
        Type::Path(_) | Type::Group(_) | Type::Paren(_) | Type::Macro(_) | Type::Tuple(_) => {}
        other => context.error(other, format!("{sentence}: write f32, i32, bool or another number's type")),
    }
}
