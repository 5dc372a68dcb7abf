//! Reads the `impl` block of a `#[function]`.

use proc_macro2::{Span, TokenStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Ident, ImplItem, ImplItemFn, Item, ItemImpl, Token, Type, Visibility};

use super::backward::{self, Backward};
use super::options::Options;
use super::signature::{self, Input, Outputs};
use super::type_check::TypeCheck;
use crate::context::Context;
use crate::text::plain;

/// A function, understood.
pub struct Function {
    /// The `impl` without this macro's attributes and without the docs.
    pub item: ItemImpl,
    pub docs: Vec<Attribute>,
    pub name: Ident,
    pub options: Options,
    pub visibility: Visibility,
    pub inputs: Vec<Input>,
    pub outputs: Outputs,
    pub check: Option<TypeCheck>,
    pub backward: Option<Backward>,
    /// Whether `forward` returns a `Result`.
    pub fallible: bool,
    /// The arguments of `fn new`, where the user's own struct has one.
    pub constructor: Option<Vec<(Ident, Type)>>,
    /// `forward_cpu` and `forward_cuda` instead of `forward`.
    pub forward_by_device: bool,
    /// `backward_cpu` and `backward_cuda` instead of `backward`.
    pub backward_by_device: bool,
}

/// Reads the block; mistakes go to the context.
pub fn parse(context: &Context, options: Options, item: TokenStream) -> Option<Function> {
    let example =
        "`impl Name { fn forward(&self, x: &Array) -> Array {..} fn backward(&self, gy: &Variable) -> Variable {..} }`";
    let mut item = match context.take(syn::parse2::<Item>(item))? {
        Item::Impl(item) => item,
        other => {
            context.error(other, format!("`#[function]` goes above {example}"));
            return None;
        }
    };
    if let Some((_, path, _)) = &item.trait_ {
        context.error(path, format!("`#[function]` writes the trait's implementation itself: put it above {example}"));
        return None;
    }
    if !item.generics.params.is_empty() {
        context.error(
            &item.generics,
            "a function cannot be generic: arrays carry their dtypes as values; settings have concrete types",
        );
        return None;
    }
    let name = match &*item.self_ty {
        Type::Path(path) if path.qself.is_none() && path.path.get_ident().is_some() => path.path.get_ident()?.clone(),
        other => {
            context.error(
                other,
                "name the function here, such as `impl MulAdd`: the wrapper is called `mul_add` after it",
            );
            return None;
        }
    };

    let docs = take_docs(&mut item);
    let (forward, forward_by_device) = find(context, &item, "forward")?.or_else(|| {
        let methods = item
            .items
            .iter()
            .filter_map(|item| if let ImplItem::Fn(f) = item { Some(plain(&f.sig.ident)) } else { None });
        let close = methods.filter(|method| crate::text::distance(method, "forward") <= 3).min();
        let hint = close.map(|close| format!("; is `{close}` meant?")).unwrap_or_default();
        context.error(&name, format!("`#[function]` needs `fn forward(&self, x: &Array) -> Array`{hint}"));
        None
    })?;
    let forward_attributes = forward_attributes(context, &mut item);
    let inputs = signature::inputs(context, &forward.sig);
    let backward = find(context, &item, "backward")?;
    let backward_arguments = backward.as_ref().map(|(backward, _)| signature::arguments(context, &backward.sig));
    let outputs = signature::outputs(
        context,
        &forward.sig,
        forward_attributes.outputs,
        backward.as_ref().zip(backward_arguments.as_ref()).map(|((b, _), arguments)| (&b.sig.ident, &arguments[..])),
        &inputs,
    )?;
    let backward_by_device = backward.as_ref().is_some_and(|(_, by_device)| *by_device);
    let backward = match (&backward, &backward_arguments) {
        (Some((backward, _)), Some(arguments)) => {
            Some(backward::parse(context, &backward.sig, arguments, &inputs, &outputs)?)
        }
        _ => None,
    };
    let constructor = constructor(context, &item, &options);
    let fallible = matches!(&forward.sig.output, syn::ReturnType::Type(_, ty) if signature::result_of(ty).is_some());
    hide(&mut item);
    Some(Function {
        docs,
        name,
        visibility: forward.vis,
        inputs,
        outputs,
        check: forward_attributes.check,
        fallible,
        backward,
        constructor,
        forward_by_device,
        backward_by_device,
        options,
        item,
    })
}

fn take_docs(item: &mut ItemImpl) -> Vec<Attribute> {
    let (docs, others) =
        std::mem::take(&mut item.attrs).into_iter().partition(|a: &Attribute| a.path().is_ident("doc"));
    item.attrs = others;
    docs
}

fn method<'a>(item: &'a ItemImpl, name: &str) -> Option<&'a ImplItemFn> {
    item.items.iter().find_map(|item| match item {
        ImplItem::Fn(function) if function.sig.ident == name => Some(function),
        _ => None,
    })
}

/// A method by name, or the pair of methods by device; `None` inside: there is none. `None` outside: only half of a pair.
#[allow(clippy::option_option)]
fn find(context: &Context, item: &ItemImpl, name: &str) -> Option<Option<(ImplItemFn, bool)>> {
    let (cpu, cuda) = (format!("{name}_cpu"), format!("{name}_cuda"));
    match (method(item, name), method(item, &cpu), method(item, &cuda)) {
        (None, Some(on_cpu), Some(on_cuda)) => {
            if on_cpu.sig.inputs != on_cuda.sig.inputs || on_cpu.sig.output != on_cuda.sig.output {
                context.error(&on_cuda.sig.ident, format!("`{cuda}` needs the arguments and the result of `{cpu}`"));
            }
            Some(Some((on_cpu.clone(), true)))
        }
        (None, Some(half), None) | (None, None, Some(half)) => {
            context.error(&half.sig.ident, format!("write both `{cpu}` and `{cuda}`, or one `{name}` for all devices"));
            None
        }
        (Some(whole), half, other) => {
            if let Some(half) = half.or(other) {
                context.error(
                    &half.sig.ident,
                    format!("`{name}` serves all devices: remove it, or remove `{}`", half.sig.ident),
                );
            }
            Some(Some((whole.clone(), false)))
        }
        (None, None, None) => Some(None),
    }
}

#[derive(Default)]
struct ForwardAttributes {
    outputs: Option<(Span, Punctuated<Ident, Token![,]>)>,
    check: Option<TypeCheck>,
}

/// Takes `#[outputs(..)]` and `#[type_check(..)]` away from `forward`, and refuses them elsewhere.
fn forward_attributes(context: &Context, item: &mut ItemImpl) -> ForwardAttributes {
    let mut found = ForwardAttributes::default();
    for item in &mut item.items {
        let ImplItem::Fn(function) = item else { continue };
        let name = plain(&function.sig.ident);
        let is_forward = matches!(name.as_str(), "forward" | "forward_cpu" | "forward_cuda");
        function.attrs.retain(|attribute| {
            let path = attribute.path();
            let is_check = path.is_ident("type_check");
            if !is_check && !path.is_ident("outputs") {
                return true;
            }
            if !is_forward {
                context.error(
                    path,
                    format!("`#[{}(..)]` belongs above `forward`", if is_check { "type_check" } else { "outputs" }),
                );
            } else if is_check {
                found.check = context.take(attribute.parse_args());
            } else {
                let names = attribute.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated);
                found.outputs = context.take(names).map(|names| (attribute.span(), names));
            }
            false
        });
    }
    found
}

/// The arguments of `fn new`, which says that the struct is the user's own.
fn constructor(context: &Context, item: &ItemImpl, options: &Options) -> Option<Vec<(Ident, Type)>> {
    let new = method(item, "new")?;
    if let Some(setting) = options.settings.first() {
        context.error(
            &setting.name,
            format!(
                "the struct is your own (the block has `fn new`): make `{}` one of its fields and an argument of `new`",
                setting.name
            ),
        );
    }
    if let Some(receiver) = new.sig.receiver() {
        context.error(receiver, "`new` makes the function: it has no `self`");
    }
    let mut arguments = Vec::new();
    for argument in &new.sig.inputs {
        if let syn::FnArg::Typed(typed) = argument {
            match &*typed.pat {
                syn::Pat::Ident(pattern) => arguments.push((pattern.ident.clone(), (*typed.ty).clone())),
                pattern => {
                    context.error(pattern, "give the argument a plain name: the wrapper has one of the same name")
                }
            }
        }
    }
    Some(arguments)
}

/// `pub` on `forward` speaks of the wrapper; the method itself stays private, so that nobody calls it past the graph.
fn hide(item: &mut ItemImpl) {
    for item in &mut item.items {
        if let ImplItem::Fn(function) = item {
            let name = plain(&function.sig.ident);
            if ["forward", "forward_cpu", "forward_cuda", "backward", "backward_cpu", "backward_cuda"]
                .contains(&name.as_str())
            {
                function.vis = Visibility::Inherited;
            }
        }
    }
}
