//! The subscripts of [`einsum`](super::einsum()): from a string to the labels of every axis.

use std::collections::BTreeSet;

use crate::{Error, Result};

/// The name of an axis.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Label {
    /// The axis at this distance from the last of those that an ellipsis stands for. (So that axes of operands with different numbers of
    /// them meet as in broadcasting.)
    Ellipsis(usize),
    /// A letter.
    Letter(char),
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Label::Ellipsis(distance) => write!(f, "...[-{}]", distance + 1),
            Label::Letter(letter) => write!(f, "{letter}"),
        }
    }
}

/// The labels of the axes of all operands and of the result.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Subscripts {
    pub(super) operands: Vec<Vec<Label>>,
    pub(super) output: Vec<Label>,
}

fn refused(expect: impl std::fmt::Display, actual: impl std::fmt::Display) -> Error {
    Error::value(super::NAME, expect, actual)
}

/// Letters, and where among them an ellipsis stands.
struct Term {
    letters: Vec<char>,
    ellipsis: Option<usize>,
}

fn term(text: &str) -> Result<Term> {
    let mut term = Term { letters: Vec::new(), ellipsis: None };
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("...") {
            if term.ellipsis.replace(term.letters.len()).is_some() {
                return Err(refused("at most one ellipsis in each term", format_args!("{text:?}")));
            }
            rest = behind;
        } else if first.is_ascii_alphabetic() {
            term.letters.push(first);
            rest = &rest[1..];
        } else {
            let expect = "subscripts of letters, commas, \"...\" and one \"->\"";
            return Err(refused(expect, format_args!("{first:?} in {text:?}")));
        }
    }
    Ok(term)
}

impl Term {
    /// The labels, where the ellipsis stands for `hidden` axes.
    fn labels(&self, hidden: usize) -> Vec<Label> {
        let (before, after) = self.letters.split_at(self.ellipsis.unwrap_or(self.letters.len()));
        let letters = |part: &[char]| part.iter().map(|&letter| Label::Letter(letter)).collect::<Vec<_>>();
        let mut labels = letters(before);
        labels.extend((0..hidden).rev().map(Label::Ellipsis));
        labels.extend(letters(after));
        labels
    }
}

/// Reads the subscripts of operands with so many axes, by NumPy's rules: without "->" the result has the axes of the ellipsis and then,
/// in alphabetical order, the letters that occur once.
pub(super) fn parse(subscripts: &str, ndims: &[usize]) -> Result<Subscripts> {
    let text: String = subscripts.chars().filter(|c| !c.is_whitespace()).collect();
    let (inputs, output) = match text.split_once("->") {
        Some((inputs, output)) => (inputs, Some(output)),
        None => (&text[..], None),
    };
    let terms = inputs.split(',').map(term).collect::<Result<Vec<Term>>>()?;
    if terms.len() != ndims.len() {
        let actual = format!("{} terms for {} operands", terms.len(), ndims.len());
        return Err(refused("one term for each operand", actual));
    }
    let mut operands = Vec::with_capacity(terms.len());
    let mut most_hidden = 0;
    for (i, (term, &ndim)) in terms.iter().zip(ndims).enumerate() {
        let fits = if term.ellipsis.is_some() { term.letters.len() <= ndim } else { term.letters.len() == ndim };
        if !fits {
            let written: String = term.letters.iter().collect();
            let expect = format!("a subscript for each axis of operands[{i}]");
            return Err(refused(expect, format_args!("{written:?} for {ndim} axes")));
        }
        let hidden = ndim - term.letters.len();
        most_hidden = most_hidden.max(hidden);
        operands.push(term.labels(hidden));
    }
    let output = match output {
        Some(output) => explicit(output, &operands, most_hidden)?,
        None => implicit(&terms, most_hidden),
    };
    Ok(Subscripts { operands, output })
}

fn implicit(terms: &[Term], most_hidden: usize) -> Vec<Label> {
    let letters: Vec<char> = terms.iter().flat_map(|term| term.letters.iter().copied()).collect();
    let once: BTreeSet<char> =
        letters.iter().copied().filter(|letter| letters.iter().filter(|other| *other == letter).count() == 1).collect();
    (0..most_hidden).rev().map(Label::Ellipsis).chain(once.into_iter().map(Label::Letter)).collect()
}

fn explicit(output: &str, operands: &[Vec<Label>], most_hidden: usize) -> Result<Vec<Label>> {
    let term = term(output)?;
    if most_hidden > 0 && term.ellipsis.is_none() {
        return Err(refused("an ellipsis in the output as in the operands", format_args!("{output:?}")));
    }
    let labels = term.labels(most_hidden);
    for (i, label) in labels.iter().enumerate() {
        if labels[..i].contains(label) {
            return Err(refused("each subscript once in the output", format_args!("{label} twice in {output:?}")));
        }
        if !operands.iter().any(|operand| operand.contains(label)) {
            return Err(refused("output subscripts that an operand has", format_args!("{label} in {output:?}")));
        }
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(subscripts: &str, ndims: &[usize]) -> String {
        let parsed = parse(subscripts, ndims).unwrap();
        let text = |labels: &Vec<Label>| labels.iter().map(|l| l.to_string()).collect::<Vec<_>>().join(" ");
        let operands: Vec<String> = parsed.operands.iter().map(text).collect();
        format!("{} -> {}", operands.join(", "), text(&parsed.output))
    }

    #[test]
    fn outputs_follow_from_the_operands() {
        assert_eq!(shown("ij,jk", &[2, 2]), "i j, j k -> i k");
        assert_eq!(shown("ba", &[2]), "b a -> a b");
        assert_eq!(shown("aB", &[2]), "a B -> B a");
        assert_eq!(shown("ii", &[2]), "i i -> ");
        assert_eq!(shown("b...a", &[4]), "b ...[-2] ...[-1] a -> ...[-2] ...[-1] a b");
        assert_eq!(shown("...,...", &[0, 1]), ", ...[-1] -> ...[-1]");
        assert_eq!(shown(" i j , j -> i ", &[2, 1]), "i j, j -> i");
        assert_eq!(shown("i...,...->...i", &[3, 1]), "i ...[-2] ...[-1], ...[-1] -> ...[-2] ...[-1] i");
        assert_eq!(shown(",", &[0, 0]), ",  -> ");
        assert_eq!(shown("i...->i", &[1]), "i -> i");
    }

    #[test]
    fn mistakes_are_named() {
        for (subscripts, ndims, part) in [
            ("ij,jk", &[2usize][..], "2 terms for 1 operands"),
            ("ij", &[3], "\"ij\" for 3 axes"),
            ("ij...", &[1], "\"ij\" for 1 axes"),
            ("i.j", &[2], "'.' in"),
            ("i1", &[2], "'1' in"),
            ("......", &[2], "at most one ellipsis"),
            ("ij->ii", &[2], "i twice"),
            ("ij->k", &[2], "k in"),
            ("i...->i", &[2], "an ellipsis in the output"),
            ("ij->i->j", &[2], "'-' in"),
            ("ï", &[1], "'ï' in"),
        ] {
            let error = parse(subscripts, ndims).unwrap_err().to_string();
            assert!(error.contains(part), "{subscripts}: {error}");
        }
    }
}
