//! Lowers the body of an `#[elementwise]` function to code that records it over expressions.
//!
//! The original text is type-checked by the compiler itself (`name::scalar`), so nothing here looks at types.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{BinOp, Block, Expr, ExprIf, ExprPath, Ident, Item, Lit, Local, Pat, Stmt, Token, UnOp};

use super::methods::{self, METHODS};
use crate::context::Context;
use crate::text::{count, list, nearest, plain, source};

/// Lowers expressions; mistakes go to the context.
pub struct Lower<'a> {
    context: &'a Context,
    private: &'a TokenStream,
}

impl<'a> Lower<'a> {
    pub fn new(context: &'a Context, private: &'a TokenStream) -> Self {
        Lower { context, private }
    }

    /// A block: `let`s, constants, and the expression that is its value.
    pub fn block(&self, block: &Block) -> TokenStream {
        let last = block.stmts.len().saturating_sub(1);
        if block.stmts.is_empty() {
            self.context.error_at(block.brace_token.span.join(), "this block has no value: end it with an expression");
        }
        let statements = block.stmts.iter().enumerate().map(|(i, statement)| self.statement(statement, i == last));
        quote!({ #(#statements)* })
    }

    fn statement(&self, statement: &Stmt, is_last: bool) -> TokenStream {
        match statement {
            Stmt::Local(local) if is_last => {
                self.context.error(local, "this block has no value: end it with an expression");
                TokenStream::new()
            }
            Stmt::Local(local) => self.binding(local),
            Stmt::Item(Item::Const(constant)) => quote!(#constant),
            Stmt::Expr(value, None) if is_last => self.expression(value),
            Stmt::Expr(Expr::Return(value), _) => self.refuse(&Expr::Return(value.clone())),
            Stmt::Expr(value, semicolon) => {
                if let Expr::Assign(_) | Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) | Expr::Macro(_) = value {
                    return self.refuse(value);
                }
                if let Expr::Binary(binary) = value
                    && is_assignment(&binary.op)
                {
                    return self.refuse(value);
                }
                match semicolon {
                    Some(semicolon) if is_last => {
                        self.context.error(semicolon, "remove this `;`: the last expression is the function's value")
                    }
                    _ => self.context.error(value, format!("{} has no effect here: bind it with `let`", what(value))),
                }
                TokenStream::new()
            }
            Stmt::Item(item) => {
                self.context
                    .error(item, "only `let`, constants and a final expression can stand in an elementwise function");
                TokenStream::new()
            }
            Stmt::Macro(call) => {
                self.context.error(call, "a macro cannot be recorded: write out the expression");
                TokenStream::new()
            }
        }
    }

    fn binding(&self, local: &Local) -> TokenStream {
        let pattern = match &local.pat {
            Pat::Type(typed) => &*typed.pat,
            pattern => pattern,
        };
        let name = match pattern {
            Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => {
                if let Some(mutability) = &pattern.mutability {
                    self.context.error(
                        mutability,
                        format!(
                            "values do not change here: write a new `let {} = ..` (shadowing works) instead of `mut`",
                            pattern.ident
                        ),
                    );
                }
                &pattern.ident
            }
            other => {
                self.context.error(other, "only a plain name can stand on the left of `let` here");
                return TokenStream::new();
            }
        };
        let Some(init) = &local.init else {
            self.context.error(local, format!("give `{name}` its value here: `let {name} = ..;`"));
            return TokenStream::new();
        };
        if let Some((_, diverge)) = &init.diverge {
            self.context
                .error(diverge, "`let .. else` has no meaning for elements: write `let x = if .. { .. } else { .. };`");
        }
        let value = self.expression(&init.expr);
        quote!(let #name = #value;)
    }

    /// The code that records an expression.
    pub fn expression(&self, expression: &Expr) -> TokenStream {
        let private = self.private;
        match expression {
            Expr::Lit(literal) => self.literal(&literal.lit),
            Expr::Paren(inner) => self.expression(&inner.expr),
            Expr::Group(inner) => self.expression(&inner.expr),
            Expr::Block(inner) if inner.label.is_none() => self.block(&inner.block),
            Expr::Path(path) => self.path(path),
            Expr::Unary(unary) => {
                let value = self.expression(&unary.expr);
                match unary.op {
                    UnOp::Neg(sign) => quote_spanned!(sign.span=> #private::Expr::neg(#value)),
                    UnOp::Not(sign) => quote_spanned!(sign.span=> #private::Expr::not(#value)),
                    _ => {
                        self.context.error(unary.op, "remove this `*`: elements are values, not references");
                        TokenStream::new()
                    }
                }
            }
            Expr::Binary(binary) => match binary_method(&binary.op) {
                Some(method) => {
                    let (left, right) = (self.expression(&binary.left), self.expression(&binary.right));
                    let span = binary.op.span();
                    let method = Ident::new(method, span);
                    quote_spanned!(span=> #private::Expr::#method(#left, #right))
                }
                None => self.refuse(expression),
            },
            Expr::MethodCall(call) => {
                if let Some(turbofish) = &call.turbofish {
                    self.context.error(turbofish, "elementwise methods take no type arguments: remove this");
                }
                self.method(&call.method, Some(&call.receiver), &call.args)
            }
            Expr::Call(call) => self.call(call),
            Expr::If(branch) => self.branch(branch),
            Expr::Cast(cast) => {
                let (value, ty) = (self.expression(&cast.expr), &cast.ty);
                quote_spanned!(ty.span()=> #private::Expr::cast(#value, <#ty as #private::ElementType>::DTYPE))
            }
            other => self.refuse(other),
        }
    }

    /// A number is recorded in full precision, whatever type its suffix names: the array's dtype decides.
    fn literal(&self, literal: &Lit) -> TokenStream {
        let private = self.private;
        match literal {
            Lit::Float(number) => {
                let value = syn::LitFloat::new(number.base10_digits(), number.span());
                quote_spanned!(number.span()=> #private::Expr::float(#value))
            }
            // `1f32` is an integer literal to the parser.
            Lit::Int(number) if number.suffix().starts_with('f') => {
                let value = syn::LitFloat::new(&format!("{}.0", number.base10_digits()), number.span());
                quote_spanned!(number.span()=> #private::Expr::float(#value))
            }
            Lit::Int(number) => {
                let value = syn::LitInt::new(number.base10_digits(), number.span());
                quote_spanned!(number.span()=> #private::Expr::integer(#value))
            }
            Lit::Bool(value) => quote_spanned!(value.span=> #private::Expr::boolean(#value)),
            other => {
                self.context.error(other, "only numbers, `true` and `false` can stand here");
                TokenStream::new()
            }
        }
    }

    /// A variable (lower case) or a constant (upper case).
    fn path(&self, expression: &ExprPath) -> TokenStream {
        let (private, path) = (self.private, &expression.path);
        let segments: Vec<String> = path.segments.iter().map(|segment| plain(&segment.ident)).collect();
        // The constants of the standard library in full precision, for arrays of float64.
        if let [.., float, module, name] = &segments[..]
            && (float == "f32" || float == "f64")
            && module == "consts"
        {
            let name = Ident::new(name, path.span());
            return quote_spanned!(path.span()=> #private::Expr::float(::core::f64::consts::#name));
        }
        match path.get_ident() {
            Some(name) if plain(name).chars().any(char::is_lowercase) => quote_spanned!(path.span()=> #path.clone()),
            _ => quote_spanned!(path.span()=> #private::Expr::constant(#path)),
        }
    }

    fn method(&self, name: &Ident, receiver: Option<&Expr>, arguments: &Punctuated<Expr, Token![,]>) -> TokenStream {
        let private = self.private;
        let operands: Vec<TokenStream> =
            receiver.into_iter().chain(arguments).map(|value| self.expression(value)).collect();
        let Some(wanted) = methods::arguments(name) else {
            let known = METHODS.iter().map(|(known, _)| *known);
            let text = plain(name);
            let sentence = match replacement(&text) {
                Some(instead) => format!("no elementwise operation `{text}`: {instead}"),
                None => format!(
                    "no elementwise operation `{text}`; did you mean `{}`? (known: {})",
                    nearest(&text, known.clone()),
                    known.collect::<Vec<_>>().join(", ")
                ),
            };
            self.context.error(name, sentence);
            return TokenStream::new();
        };
        if operands.len() != wanted + 1 {
            let given = operands.len().saturating_sub(1);
            self.context.error(name, format!("`{name}` takes {}, not {given}", count(wanted, "argument")));
            return TokenStream::new();
        }
        quote_spanned!(name.span()=> #private::Expr::#name(#(#operands),*))
    }

    /// `f32::max(x, y)`, or another elementwise function.
    fn call(&self, call: &syn::ExprCall) -> TokenStream {
        let Expr::Path(function) = &*call.func else {
            self.context.error(&call.func, "only elementwise functions can be called here, by their names");
            return TokenStream::new();
        };
        if let Some(method) = methods::of_primitive(&function.path) {
            if method == "from" {
                let owner = &function.path.segments[function.path.segments.len() - 2].ident;
                let value = call.args.first().map(source).unwrap_or_default();
                self.context.error(function, format!("a conversion is a cast here: write `{value} as {owner}`"));
                return TokenStream::new();
            }
            return self.method(method, None, &call.args);
        }
        let arguments = call.args.iter().map(|argument| self.expression(argument));
        quote_spanned!(function.span()=> #function::trace(&[#(#arguments),*]))
    }

    fn branch(&self, branch: &ExprIf) -> TokenStream {
        let private = self.private;
        if let Some(pattern) = first_let(&branch.cond) {
            self.context
                .error_at(pattern, "`if let` has no meaning for elements: compare with `<`, `==` or `is_nan()`");
            return TokenStream::new();
        }
        let Some((_, otherwise)) = &branch.else_branch else {
            self.context.error(branch.if_token, "every element needs a value: add `else { .. }`");
            return TokenStream::new();
        };
        let (condition, then, otherwise) =
            (self.expression(&branch.cond), self.block(&branch.then_branch), self.expression(otherwise));
        quote_spanned!(branch.if_token.span=> #private::Expr::select(#condition, #then, #otherwise))
    }

    fn refuse(&self, expression: &Expr) -> TokenStream {
        let known = "`let`, `if`/`else`, arithmetic, comparisons, casts, float methods and calls of other elementwise functions";
        let sentence = match expression {
            Expr::Match(_) => "`match` cannot be recorded: write `if .. { .. } else { .. }`".to_owned(),
            Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => {
                format!("a loop cannot be recorded: write out its steps with `let`; what can stand here: {known}")
            }
            Expr::Return(_) => {
                "`return` cannot be recorded: make the value the last expression, in `if`/`else` if need be".to_owned()
            }
            Expr::Assign(_) | Expr::Binary(_) => {
                "values do not change here: write a new `let` (shadowing works) instead of an assignment".to_owned()
            }
            Expr::Reference(_) => "remove this `&`: elements are values, not references".to_owned(),
            Expr::Index(_) => {
                "an element does not see its neighbours: index arrays outside, and pass the result as an argument"
                    .to_owned()
            }
            other => format!("{} cannot be recorded; what can stand here: {known}", what(other)),
        };
        let span = match expression {
            Expr::Match(e) => e.match_token.span,
            Expr::ForLoop(e) => e.for_token.span,
            Expr::While(e) => e.while_token.span,
            Expr::Loop(e) => e.loop_token.span,
            Expr::Return(e) => e.return_token.span,
            Expr::Assign(e) => e.eq_token.span,
            Expr::Binary(e) => e.op.span(),
            Expr::Reference(e) => e.and_token.span,
            other => {
                self.context.error(other, sentence);
                return TokenStream::new();
            }
        };
        self.context.error_at(span, sentence);
        TokenStream::new()
    }
}

/// `if let`, also inside `&&`.
fn first_let(condition: &Expr) -> Option<Span> {
    match condition {
        Expr::Let(pattern) => Some(pattern.let_token.span),
        Expr::Binary(binary) => first_let(&binary.left).or_else(|| first_let(&binary.right)),
        _ => None,
    }
}

fn is_assignment(operator: &BinOp) -> bool {
    binary_method(operator).is_none()
}

/// The method of an expression that records an operator; `None` for assignments.
fn binary_method(operator: &BinOp) -> Option<&'static str> {
    Some(match operator {
        BinOp::Add(_) => "add",
        BinOp::Sub(_) => "sub",
        BinOp::Mul(_) => "mul",
        BinOp::Div(_) => "div",
        BinOp::Rem(_) => "rem",
        BinOp::And(_) | BinOp::BitAnd(_) => "and",
        BinOp::Or(_) | BinOp::BitOr(_) => "or",
        BinOp::BitXor(_) => "xor",
        BinOp::Shl(_) => "shl",
        BinOp::Shr(_) => "shr",
        BinOp::Eq(_) => "eq",
        BinOp::Lt(_) => "lt",
        BinOp::Le(_) => "le",
        BinOp::Ne(_) => "ne",
        BinOp::Ge(_) => "ge",
        BinOp::Gt(_) => "gt",
        _ => return None,
    })
}

/// What to write instead of some methods that Rust's numbers have.
fn replacement(method: &str) -> Option<String> {
    Some(match method {
        "pow" => format!("write {}", list(["powi", "powf"])),
        "sin_cos" => "write `x.sin()` and `x.cos()`".to_owned(),
        "rem_euclid" => "write `x - y * (x / y).floor()`".to_owned(),
        "div_euclid" => "write `(x / y).floor()`".to_owned(),
        "clone" | "to_owned" => "elements are values, leave it out".to_owned(),
        "log1p" => "it is called `ln_1p`".to_owned(),
        "expm1" => "it is called `exp_m1`".to_owned(),
        _ => return None,
    })
}

/// What an expression is, for messages.
fn what(expression: &Expr) -> &'static str {
    match expression {
        Expr::Closure(_) => "a closure",
        Expr::Macro(_) => "a macro",
        Expr::Tuple(_) => "a tuple",
        Expr::Array(_) | Expr::Repeat(_) => "an array",
        Expr::Struct(_) | Expr::Field(_) => "a struct",
        Expr::Range(_) => "a range",
        Expr::Try(_) => "`?`",
        Expr::Unsafe(_) => "an unsafe block",
        Expr::If(_) => "this `if`",
        _ => "this expression",
    }
}
