//! Reads `#[type_check(x: Float[n, c, ..], w: x.dtype[K, c / self.groups]; c % self.groups == 0)]`.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, Token, bracketed, token};

use crate::text::{nearest, plain};

/// The checks of all inputs, and the conditions after `;`.
pub struct TypeCheck {
    pub checks: Vec<Check>,
    pub conditions: Vec<Expr>,
}

/// The check of one input.
pub struct Check {
    pub input: Ident,
    pub dtype: Dtype,
    pub axes: Option<Axes>,
}

/// What the dtype has to be.
pub enum Dtype {
    Any,
    Float,
    Int,
    Bool,
    /// A given one: the variant of the library's enum.
    Exactly(&'static str),
    /// That of another input.
    Of(Ident),
}

/// The pattern of a shape: the axes before `..`, and, if there is a `..`, those after it.
pub struct Axes {
    pub front: Vec<Size>,
    pub back: Option<Vec<Size>>,
}

/// The pattern of one axis.
pub enum Size {
    /// `_`
    Any,
    /// A lower-case name: bound where it stands first, compared afterwards.
    Symbol(Ident),
    /// Anything else: compared.
    Value(Expr),
}

/// The dtypes' names in Rust, and the library's variants.
const DTYPES: &[(&str, &str)] = &[
    ("bool", "Bool"),
    ("i8", "I8"),
    ("i16", "I16"),
    ("i32", "I32"),
    ("i64", "I64"),
    ("u8", "U8"),
    ("u16", "U16"),
    ("u32", "U32"),
    ("u64", "U64"),
    ("f16", "F16"),
    ("bf16", "BF16"),
    ("f32", "F32"),
    ("f64", "F64"),
];

impl Parse for TypeCheck {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut checks = Vec::new();
        while !input.is_empty() && !input.peek(Token![;]) {
            checks.push(input.parse()?);
            if !input.peek(Token![,]) {
                break;
            }
            input.parse::<Token![,]>()?;
        }
        let mut conditions = Vec::new();
        if input.peek(Token![;]) {
            input.parse::<Token![;]>()?;
            conditions = Punctuated::<Expr, Token![,]>::parse_terminated(input)?.into_iter().collect();
        }
        if !input.is_empty() {
            return Err(input.error("expected `,` and another input, or `;` and conditions"));
        }
        Ok(TypeCheck { checks, conditions })
    }
}

impl Parse for Check {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let name: Ident = input
            .parse()
            .map_err(|e| syn::Error::new(e.span(), "expected an input and its check, such as `x: Float[n, c]`"))?;
        if !input.peek(Token![:]) {
            return Err(syn::Error::new(
                name.span(),
                format!("write what `{name}` has to be, such as `{name}: Float[n, c]`"),
            ));
        }
        input.parse::<Token![:]>()?;
        let dtype = input.parse()?;
        let axes = if input.peek(token::Bracket) { Some(input.parse()?) } else { None };
        Ok(Check { input: name, dtype, axes })
    }
}

impl Parse for Dtype {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let name: Ident = input.parse().map_err(|e| {
            syn::Error::new(e.span(), "expected a dtype: Float, Int, Bool, Any, f32 or another one, or `x.dtype`")
        })?;
        if input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            let field: Ident = input.parse()?;
            if field != "dtype" {
                return Err(syn::Error::new(field.span(), format!("write `{name}.dtype`")));
            }
            return Ok(Dtype::Of(name));
        }
        let text = plain(&name);
        Ok(match text.as_str() {
            "Any" => Dtype::Any,
            "Float" => Dtype::Float,
            "Int" => Dtype::Int,
            "Bool" => Dtype::Bool,
            other => match DTYPES.iter().find(|(known, _)| *known == other) {
                Some((_, variant)) => Dtype::Exactly(variant),
                None => {
                    let known =
                        ["Float", "Int", "Bool", "Any"].into_iter().chain(DTYPES.iter().map(|(known, _)| *known));
                    let sentence = format!(
                        "`{text}` is no dtype: write Float, Int, Bool, Any, one such as f32, or `x.dtype`; did you mean `{}`?",
                        nearest(&text, known)
                    );
                    return Err(syn::Error::new(name.span(), sentence));
                }
            },
        })
    }
}

impl Parse for Axes {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        enum Item {
            Rest(Span),
            Size(Size),
        }
        let content;
        bracketed!(content in input);
        let items = Punctuated::<Item, Token![,]>::parse_terminated_with(&content, |input| {
            if input.peek(Token![..]) {
                return Ok(Item::Rest(input.parse::<Token![..]>()?.spans[0]));
            }
            if input.peek(Token![_]) {
                input.parse::<Token![_]>()?;
                return Ok(Item::Size(Size::Any));
            }
            let value: Expr = input.parse()?;
            Ok(Item::Size(match symbol(&value) {
                Some(name) => Size::Symbol(name),
                None => Size::Value(value),
            }))
        })?;
        let mut axes = Axes { front: Vec::new(), back: None };
        for item in items {
            match item {
                Item::Rest(span) if axes.back.is_some() => {
                    return Err(syn::Error::new(
                        span,
                        "`..` stands for any number of axes and can stand in a shape once",
                    ));
                }
                Item::Rest(_) => axes.back = Some(Vec::new()),
                Item::Size(size) => axes.back.as_mut().unwrap_or(&mut axes.front).push(size),
            }
        }
        Ok(axes)
    }
}

/// A lower-case name alone.
fn symbol(value: &Expr) -> Option<Ident> {
    let Expr::Path(path) = value else { return None };
    let name = path.path.get_ident()?;
    (name != "self" && plain(name).starts_with(|c: char| c.is_lowercase() || c == '_')).then(|| name.clone())
}
