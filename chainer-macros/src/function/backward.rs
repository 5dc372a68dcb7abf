//! The arguments and results of a `#[function]`'s `backward`, matched with those of `forward` by name.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Ident, ReturnType, Signature, Type};

use super::signature::{self, Arity, Input, Outputs};
use crate::context::Context;
use crate::text::{count, list, nearest, plain, type_source};

/// What an argument of `backward` reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Input(usize),
    Output(usize),
    Gradient(usize),
}

/// As what an argument reads it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Variable,
    Array,
    /// The shape alone: the value is not kept for it.
    Shape,
}

impl Form {
    const ALL: [(Form, &'static str); 3] =
        [(Form::Variable, "Variable"), (Form::Array, "Array"), (Form::Shape, "Shape")];
}

/// An argument of `backward`.
pub struct Argument {
    pub source: Source,
    pub form: Form,
    pub arity: Arity,
    pub span: Span,
}

/// `backward`, understood.
pub struct Backward {
    pub arguments: Vec<Argument>,
    /// One for each input of `forward`.
    pub gradients: Vec<Type>,
    /// Whether the gradients come in a `Result`.
    pub fallible: bool,
}

/// Reads the signature of `backward`.
pub fn parse(
    context: &Context,
    signature: &Signature,
    arguments: &[(Ident, Type)],
    inputs: &[Input],
    outputs: &Outputs,
) -> Option<Backward> {
    let parsed: Vec<Option<Argument>> =
        arguments.iter().map(|(name, ty)| argument(context, name, ty, inputs, outputs)).collect();
    let (gradients, fallible) = gradients(context, signature, inputs)?;
    let parsed: Vec<Argument> = parsed.into_iter().collect::<Option<_>>()?;
    check_forms(context, &parsed, arguments, &gradients);
    Some(Backward { arguments: parsed, gradients, fallible })
}

/// `backward` works over variables or over arrays: what it computes from an array has no history, and a second derivative through it
/// would silently lack a term.
fn check_forms(context: &Context, parsed: &[Argument], arguments: &[(Ident, Type)], gradients: &[Type]) {
    let first = |form: Form| parsed.iter().position(|argument| argument.form == form);
    let Some(array) = first(Form::Array) else { return };
    if let Some(variable) = first(Form::Variable) {
        let ((a, _), (v, _)) = (&arguments[array], &arguments[variable]);
        context.error(
            &arguments[array].1,
            format!("`{v}` is read as a variable: read `{a}` as one too (its array is `{a}.data()`), or all as arrays, for first derivatives only"),
        );
        return;
    }
    for ty in gradients {
        if type_source(ty).contains("Variable") {
            context.error(ty, "`backward` reads arrays, so its gradients are arrays: write `Array` (only first derivatives will exist)");
        }
    }
}

fn argument(context: &Context, name: &Ident, ty: &Type, inputs: &[Input], outputs: &Outputs) -> Option<Argument> {
    let text = type_source(ty);
    let spelled = Form::ALL.into_iter().find_map(|(form, name)| Some((signature::borrowed(ty, name)?, form, name)));
    let Some((arity, form, kind)) = spelled else {
        context.error(
            ty,
            format!(
                "`backward` borrows what was saved: write `{name}: &Variable`, `Option<&Variable>` or `&[Variable]` (or the same with \
                 Array, for first derivatives only; or with Shape, which keeps no value), not `{text}`"
            ),
        );
        return None;
    };
    let word = plain(name);
    let word = word.trim_start_matches('_');
    let source = find(word, inputs, outputs);
    let Some((source, expected)) = source else {
        let gradients: Vec<String> = outputs.names.iter().map(|name| format!("g{}", plain(name))).collect();
        let output_names: Vec<String> = outputs.names.iter().map(plain).collect();
        let input_names: Vec<String> = inputs.iter().map(|input| plain(&input.name)).collect();
        let known = input_names.iter().chain(&output_names).chain(&gradients).map(String::as_str);
        context.error(
            name,
            format!(
                "`{word}` is neither an input of `forward` ({}), nor an output ({}), nor a gradient ({}); did you mean `{}`?",
                list(&input_names),
                list(&output_names),
                list(&gradients),
                nearest(word, known)
            ),
        );
        return None;
    };
    // A gradient may be taken as an `Option`: `None` where nothing flows back through that output.
    let optional_gradient = matches!(source, Source::Gradient(_)) && expected == Arity::One && arity == Arity::Optional;
    if arity != expected && !optional_gradient {
        let (want, why) = match expected {
            Arity::One => (format!("&{kind}"), "stands for one array"),
            Arity::Optional => (format!("Option<&{kind}>"), "may be absent"),
            Arity::Many => (format!("&[{kind}]"), "stands for any number of arrays"),
        };
        context.error(ty, format!("`{word}` {why}: write `{name}: {want}`"));
        return None;
    }
    if form == Form::Shape && matches!(source, Source::Gradient(_)) {
        context.error(
            ty,
            format!("the shape of `{word}` is that of its output: read it from there, or write `{name}: &Variable`"),
        );
        return None;
    }
    Some(Argument { source, form, arity, span: ty.span() })
}

fn find(word: &str, inputs: &[Input], outputs: &Outputs) -> Option<(Source, Arity)> {
    let output_arity = if outputs.many { Arity::Many } else { Arity::One };
    if let Some(i) = inputs.iter().position(|input| plain(&input.name) == word) {
        return Some((Source::Input(i), inputs[i].arity));
    }
    let output = |word: &str| outputs.names.iter().position(|name| plain(name) == word);
    if let Some(i) = output(word) {
        return Some((Source::Output(i), output_arity));
    }
    Some((Source::Gradient(output(word.strip_prefix('g')?)?), output_arity))
}

/// The types of the gradients: one for each input.
fn gradients(context: &Context, signature: &Signature, inputs: &[Input]) -> Option<(Vec<Type>, bool)> {
    let ReturnType::Type(_, ty) = &signature.output else {
        context.error_at(
            signature.paren_token.span.close(),
            "`backward` returns one gradient for each input: add `-> Variable`, or a tuple of them",
        );
        return None;
    };
    let inner = signature::result_of(ty);
    let fallible = inner.is_some();
    let ty = inner.unwrap_or(ty);
    let types: Vec<Type> = match ty {
        Type::Tuple(tuple) => tuple.elems.iter().cloned().collect(),
        ty => vec![ty.clone()],
    };
    if types.len() != inputs.len() {
        context.error(
            ty,
            format!(
                "`backward` returns {}, and `forward` has {} ({}): return one for each, `None` of an `Option<Variable>` where there is none",
                count(types.len(), "gradient"),
                count(inputs.len(), "input"),
                list(inputs.iter().map(|input| &input.name))
            ),
        );
        return None;
    }
    for (ty, input) in types.iter().zip(inputs) {
        let is_vec = signature::argument_of(ty, "Vec").is_some();
        if is_vec != (input.arity == Arity::Many) {
            let (name, want) =
                (&input.name, if is_vec { "`Variable`" } else { "`Vec<Variable>`, a gradient for each of its arrays" });
            context.error(ty, format!("the gradient of `{name}` is {want}"));
        }
    }
    Some((types, fallible))
}
