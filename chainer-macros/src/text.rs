//! Names and texts for messages and generated identifiers.

use std::fmt::Display;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::Ident;
use syn::ext::IdentExt;

/// An identifier as text, without `r#`.
pub fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// `MulAdd` → `mul_add`, `Convolution2D` → `convolution_2d`, `LSTM` → `lstm`.
pub fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, &letter) in letters.iter().enumerate() {
        if i > 0 {
            let before = letters[i - 1];
            let lower_follows = letters.get(i + 1).is_some_and(|next| next.is_lowercase());
            let word = letter.is_uppercase()
                && (before.is_lowercase() || (lower_follows && !before.is_ascii_digit() && before != '_'));
            let number = letter.is_ascii_digit() && before.is_alphabetic();
            if word || number {
                out.push('_');
            }
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// `` `x`, `y` ``
pub fn list(names: impl IntoIterator<Item = impl Display>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// `1 input`, `2 inputs`.
pub fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// The number of single-letter edits between two words.
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for j in 0..b.len() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != b[j])).min(row[j] + 1).min(above + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

/// Of `known`, the word nearest to `word`.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> &'a str {
    known.into_iter().min_by_key(|candidate| distance(word, candidate)).unwrap_or_default()
}

/// Source text of tokens, spaced as one writes it; `name` may put other text in an identifier's place.
pub fn source_with(tokens: impl ToTokens, name: &dyn Fn(&Ident) -> Option<String>) -> String {
    let mut out = String::new();
    write_source(tokens.into_token_stream(), name, &mut out);
    out
}

/// Source text of tokens, spaced as one writes it.
pub fn source(tokens: impl ToTokens) -> String {
    source_with(tokens, &|_| None)
}

/// A type's source text: `Option<&Array>`.
pub fn type_source(ty: impl ToTokens) -> String {
    let mut out = String::new();
    for word in ty.into_token_stream().to_string().split_whitespace() {
        let letter = |c: char| c.is_alphanumeric() || c == '_';
        let gap = (out.ends_with(letter) && word.starts_with(letter)) || out.ends_with([',', ';']) || word == "->";
        if gap || out.ends_with("->") {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

fn write_source(tokens: TokenStream, name: &dyn Fn(&Ident) -> Option<String>, out: &mut String) {
    use proc_macro2::{Delimiter, Spacing};
    // Punctuation that stands without spaces on either side, and that which has one after it only.
    const TIGHT: &[char] = &['.', ':', '&', '!', '<', '>', '\'', '#'];
    let mut joined = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                if out.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ']' | ')')) {
                    out.push(' ');
                }
                // A field's name is never replaced.
                let text = if out.ends_with('.') { None } else { name(&ident) };
                out.push_str(&text.unwrap_or_else(|| ident.to_string()));
                joined = false;
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::None => ("", ""),
                };
                out.push_str(open);
                write_source(group.stream(), name, out);
                out.push_str(close);
                joined = false;
            }
            TokenTree::Punct(punct) => {
                let (sign, alone) = (punct.as_char(), punct.spacing() == Spacing::Alone);
                let lonely = alone && !joined;
                match sign {
                    ',' => out.push_str(", "),
                    sign if lonely && TIGHT.contains(&sign) && !matches!(sign, '<' | '>') => out.push(sign),
                    '.' | ':' => out.push(sign),
                    sign => {
                        if !joined && !out.is_empty() && !out.ends_with([' ', '(', '[']) {
                            out.push(' ');
                        }
                        out.push(sign);
                        // A sign after an operator or an opening bracket is a prefix.
                        let prefix = matches!(sign, '-' | '*') && lonely && {
                            let before = out[..out.len() - 1].trim_end();
                            before.is_empty() || before.ends_with(['(', '[', ',', '=', '<', '>', '+', '-', '*', '/'])
                        };
                        if alone && !prefix {
                            out.push(' ');
                        }
                    }
                }
                joined = !alone;
            }
            TokenTree::Literal(literal) => {
                out.push_str(&literal.to_string());
                joined = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn wrappers_are_named_as_the_reference_does() {
        for (name, want) in [
            ("MulAdd", "mul_add"),
            ("Relu", "relu"),
            ("Convolution2D", "convolution_2d"),
            ("MaxPooling2D", "max_pooling_2d"),
            ("LSTM", "lstm"),
            ("NStepLSTM", "n_step_lstm"),
            ("SoftmaxCrossEntropy", "softmax_cross_entropy"),
            ("GroupConv2D", "group_conv_2d"),
        ] {
            assert_eq!(snake_case(name), want);
        }
    }

    #[test]
    fn conditions_read_as_they_were_written() {
        for (tokens, want) in [
            (quote!(c % self.groups == 0), "c % self.groups == 0"),
            (quote!(c / (self.groups + 1)), "c / (self.groups + 1)"),
            (quote!(a >= -1 && b != K), "a >= -1 && b != K"),
            (quote!((1, 2)), "(1, 2)"),
            (quote!(f(x) as f64 > s[0] as f64), "f(x) as f64 > s[0] as f64"),
        ] {
            assert_eq!(source(tokens), want);
        }
    }

    #[test]
    fn types_read_as_they_were_written() {
        for (tokens, want) in [
            (quote!(Option<&Array>), "Option<&Array>"),
            (quote!(&'static str), "&'static str"),
            (quote!(Vec<[usize; 2]>), "Vec<[usize; 2]>"),
            (quote!((usize, fn(u8) -> f32)), "(usize, fn(u8) -> f32)"),
        ] {
            assert_eq!(type_source(tokens), want);
        }
    }

    #[test]
    fn the_nearest_word_is_offered() {
        assert_eq!(nearest("expp", ["ln", "exp", "sqrt"]), "exp");
    }
}
