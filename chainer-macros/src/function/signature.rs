//! The inputs and outputs of a `#[function]`, as `forward` spells them.

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{FnArg, GenericArgument, Ident, Pat, PathArguments, ReturnType, Signature, Token, Type};

use crate::context::Context;
use crate::text::{count, plain, type_source};

/// How many arrays an argument stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arity {
    /// `&Array`
    One,
    /// `Option<&Array>`
    Optional,
    /// `&[Array]`
    Many,
}

/// An input of `forward`.
pub struct Input {
    pub name: Ident,
    pub arity: Arity,
}

/// What `forward` returns.
pub struct Outputs {
    pub names: Vec<Ident>,
    /// `Vec<Array>`: one name for any number of outputs.
    pub many: bool,
}

/// The named arguments after `&self`.
pub fn arguments(context: &Context, signature: &Signature) -> Vec<(Ident, Type)> {
    let mut out = Vec::new();
    let mut receiver = false;
    for argument in &signature.inputs {
        match argument {
            FnArg::Receiver(this) => {
                receiver = true;
                if this.reference.is_none() || this.mutability.is_some() {
                    context.error(
                        this,
                        format!("write `&self`: `{}` may run on many threads, and again in backward", signature.ident),
                    );
                }
            }
            FnArg::Typed(typed) => match &*typed.pat {
                Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => {
                    out.push((pattern.ident.clone(), (*typed.ty).clone()));
                }
                pattern => context.error(
                    pattern,
                    "give the argument a plain name: `forward` and `backward` refer to each other by names",
                ),
            },
        }
    }
    if !receiver {
        let open = signature.paren_token.span.open();
        context.error_at(open, format!("`{}` needs `&self` as its first argument", signature.ident));
    }
    if !signature.generics.params.is_empty() {
        context.error(
            &signature.generics,
            format!("`{}` cannot be generic: arrays carry their dtypes as values", signature.ident),
        );
    }
    out
}

/// The inputs of `forward`.
pub fn inputs(context: &Context, signature: &Signature) -> Vec<Input> {
    let mut out: Vec<Input> = Vec::new();
    for (name, ty) in arguments(context, signature) {
        let arity = match borrowed(&ty, "Array") {
            Some(arity) => arity,
            None => {
                let text = type_source(&ty);
                let sentence = if mentions(&ty, "Variable") {
                    format!("`forward` computes on arrays: write `{name}: {}`", text.replace("Variable", "Array"))
                } else if mentions(&ty, "Array") {
                    format!(
                        "`forward` borrows its inputs: write `{name}: &Array`, `{name}: Option<&Array>` (may be left out) or `{name}: &[Array]` (any number)"
                    )
                } else {
                    format!(
                        "`{name}` is no array; a setting such as this one belongs into the attribute: `#[function({name}: {text})]`, and is read as `self.{name}`"
                    )
                };
                context.error(&ty, sentence);
                Arity::One
            }
        };
        out.push(Input { name, arity });
    }
    if out.is_empty() && context.is_clean() {
        context.error(&signature.ident, "`forward` needs an input, such as `x: &Array`");
    }
    out
}

/// The number of outputs that the return type spells, and whether they are a `Vec`.
pub fn output_count(context: &Context, signature: &Signature) -> Option<(usize, bool)> {
    let expected = "`forward` returns `Array`, a tuple of them or `Vec<Array>` (or a `Result` of one of these)";
    let ReturnType::Type(_, ty) = &signature.output else {
        context.error_at(signature.paren_token.span.close(), format!("{expected}: add `-> Array`"));
        return None;
    };
    let inner = result_of(ty).unwrap_or(ty);
    match inner {
        Type::Tuple(tuple) if !tuple.elems.is_empty() && tuple.elems.iter().all(|ty| is(ty, "Array")) => {
            Some((tuple.elems.len(), false))
        }
        ty if is(ty, "Array") => Some((1, false)),
        ty if argument_of(ty, "Vec").is_some_and(|ty| is(ty, "Array")) => Some((1, true)),
        other => {
            context.error(other, format!("{expected}, not `{}`", type_source(other)));
            None
        }
    }
}

/// Names the outputs: as `#[outputs(..)]` says, or after the one gradient that `backward` takes.
pub fn outputs(
    context: &Context,
    forward: &Signature,
    named: Option<(Span, Punctuated<Ident, Token![,]>)>,
    backward: Option<(&Ident, &[(Ident, Type)])>,
    inputs: &[Input],
) -> Option<Outputs> {
    let (expected, many) = output_count(context, forward)?;
    let is_input = |name: &str| inputs.iter().any(|input| plain(&input.name) == name);
    let names: Vec<Ident> = match (named, backward) {
        (Some((span, names)), _) => {
            if names.len() != expected {
                context.error_at(
                    names.first().map_or(span, Spanned::span),
                    format!("`forward` returns {}: name each once in `#[outputs(..)]`", count(expected, "output")),
                );
                return None;
            }
            names.into_iter().collect()
        }
        (None, None) if expected == 1 => vec![Ident::new("y", Span::call_site())],
        (None, None) => (0..expected).map(|i| Ident::new(&format!("y{i}"), Span::call_site())).collect(),
        (None, Some(_)) if expected > 1 => {
            let example = if expected == 2 {
                "c, h".to_owned()
            } else {
                (0..expected).map(|i| format!("y{i}")).collect::<Vec<_>>().join(", ")
            };
            context.error(
                &forward.output,
                format!("name the {expected} outputs above `forward`: `#[outputs({example})]`; `backward` takes their gradients as `g` + name"),
            );
            return None;
        }
        (None, Some((backward, arguments))) => {
            let gradients: Vec<&Ident> = arguments
                .iter()
                .map(|(name, _)| name)
                .filter(|name| gradient_of(name).is_some_and(|_| !is_input(plain(name).trim_start_matches('_'))))
                .collect();
            match gradients[..] {
                [] => {
                    context.error(
                        backward,
                        "`backward` takes no gradient: add an argument named `g` + output, such as `gy: &Variable`",
                    );
                    return None;
                }
                [gradient] => vec![Ident::new(&gradient_of(gradient)?, gradient.span())],
                [first, second, ..] => {
                    context.error(
                        second,
                        format!(
                            "`{first}` and `{second}` both read as the gradient of the one output; a saved input is named as in `forward` ({})",
                            crate::text::list(inputs.iter().map(|input| &input.name))
                        ),
                    );
                    return None;
                }
            }
        }
    };
    for (i, name) in names.iter().enumerate() {
        if backward.is_some() && is_input(&plain(name)) {
            context.error(name, format!("`{name}` is an input already: give the output another name"));
        }
        if names[..i].contains(name) {
            context.error(name, format!("two outputs are called `{name}`: name each once"));
        }
    }
    Some(Outputs { names, many })
}

/// The output whose gradient an argument's name reads as.
fn gradient_of(name: &Ident) -> Option<String> {
    let name = plain(name);
    name.trim_start_matches('_').strip_prefix('g').filter(|rest| !rest.is_empty()).map(str::to_owned)
}

/// The arity of `&T`, `Option<&T>` or `&[T]`.
pub fn borrowed(ty: &Type, name: &str) -> Option<Arity> {
    let reference = |ty: &Type| match ty {
        Type::Reference(reference) if reference.mutability.is_none() => Some((*reference.elem).clone()),
        _ => None,
    };
    match reference(ty) {
        Some(Type::Slice(slice)) if is(&slice.elem, name) => Some(Arity::Many),
        Some(inner) if is(&inner, name) => Some(Arity::One),
        Some(_) => None,
        None => {
            let inner = reference(argument_of(ty, "Option")?)?;
            is(&inner, name).then_some(Arity::Optional)
        }
    }
}

/// Whether a type is spelled `name` or `path::name`.
pub fn is(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Path(path) => {
            path.qself.is_none() && path.path.segments.last().is_some_and(|s| s.ident == name && s.arguments.is_none())
        }
        Type::Group(group) => is(&group.elem, name),
        Type::Paren(paren) => is(&paren.elem, name),
        _ => false,
    }
}

/// `T` of `wrapper<T>`.
pub fn argument_of<'a>(ty: &'a Type, wrapper: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == wrapper)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// `T` of `Result<T>`.
pub fn result_of(ty: &Type) -> Option<&Type> {
    argument_of(ty, "Result")
}

/// Whether a type has `name` anywhere in it.
fn mentions(ty: &Type, name: &str) -> bool {
    type_source(ty).split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}
