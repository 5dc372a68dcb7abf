//! Reads the fields of a `#[chain]` type and their attributes.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Fields, LitStr, Member, Path, Type};

use crate::context::Context;
use crate::text::plain;

/// A field of a chain.
pub struct Field {
    pub member: Member,
    /// The name in paths and files.
    pub name: String,
    pub ty: Type,
    pub kind: Kind,
}

/// What a field is to the chain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A link, a parameter, or plain data of a known type: its type decides.
    Visited,
    /// `#[plain]`: data of the user's own type.
    Plain,
    /// `#[chain(skip)]`: kept out.
    Skipped,
    /// `#[persistent]`: saved with the parameters.
    Persistent,
}

/// Reads the fields and takes this macro's attributes away from them.
pub fn parse(context: &Context, fields: &mut Fields) -> Vec<Field> {
    let mut out: Vec<Field> = Vec::new();
    for (index, field) in fields.iter_mut().enumerate() {
        let settings = settings(context, field);
        cells(context, &field.ty);
        let name = match (&settings.name, &field.ident) {
            (Some(name), _) => name.value(),
            (None, Some(ident)) => plain(ident),
            (None, None) => index.to_string(),
        };
        let member = field.ident.clone().map_or_else(|| Member::from(index), Member::from);
        let kind = settings.kind.map_or(Kind::Visited, |(kind, _)| kind);
        if matches!(kind, Kind::Visited | Kind::Persistent)
            && out.iter().any(|other| other.name == name && !matches!(other.kind, Kind::Plain | Kind::Skipped))
        {
            let span = settings.name.as_ref().map_or_else(|| member.span(), Spanned::span);
            context.error_at(span, format!("another field is called `{name}` already: give one of them another name"));
        }
        out.push(Field { member, name, ty: field.ty.clone(), kind });
    }
    out
}

#[derive(Default)]
struct Settings {
    kind: Option<(Kind, Span)>,
    name: Option<LitStr>,
}

impl Settings {
    fn set(&mut self, context: &Context, kind: Kind, span: Span) {
        if self.kind.is_some() {
            context
                .error_at(span, "a field has one role: keep one of `#[plain]`, `#[persistent]` and `#[chain(skip)]`");
        }
        self.kind = Some((kind, span));
    }
}

fn settings(context: &Context, field: &mut syn::Field) -> Settings {
    let mut settings = Settings::default();
    field.attrs.retain(|attribute| {
        let path = attribute.path();
        for (word, kind) in [("plain", Kind::Plain), ("persistent", Kind::Persistent)] {
            if path.is_ident(word) {
                if attribute.meta.require_path_only().is_err() {
                    context.error(attribute, format!("`#[{word}]` takes no options"));
                }
                settings.set(context, kind, path.span());
                return false;
            }
        }
        if !path.is_ident("chain") {
            return true;
        }
        let parsed = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("skip") {
                settings.set(context, Kind::Skipped, meta.path.span());
                Ok(())
            } else if meta.path.is_ident("name") {
                let name: LitStr = meta.value()?.parse()?;
                if name.value().is_empty() || name.value().contains('/') {
                    context
                        .error(&name, "a name stands between the slashes of a path: it is not empty and holds no `/`");
                }
                settings.name = Some(name);
                Ok(())
            } else {
                Err(meta.error("unknown option of a field: write `#[chain(skip)]` or `#[chain(name = \"W\")]`"))
            }
        });
        context.take(parsed);
        false
    });
    settings
}

/// Single-threaded cells, wherever they stand in the type: the compiler's own message would speak of `Sync`.
fn cells(context: &Context, ty: &Type) {
    struct Cells<'a>(&'a Context);
    impl VisitMut for Cells<'_> {
        fn visit_path_mut(&mut self, path: &mut Path) {
            if let Some(last) = path.segments.last() {
                match plain(&last.ident).as_str() {
                    cell @ ("Cell" | "RefCell") => self.0.error(
                        &last.ident,
                        format!("threads share a model, and `{cell}` allows one thread only: write `State<..>`, a cell that may be shared"),
                    ),
                    "Rc" => self.0.error(&last.ident, "threads share a model, and `Rc` allows one thread only: write `Arc<..>`"),
                    _ => {}
                }
            }
            visit_mut::visit_path_mut(self, path);
        }
    }
    Cells(context).visit_type_mut(&mut ty.clone());
}
