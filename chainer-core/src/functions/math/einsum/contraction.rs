//! Contracting labelled variables, two at a time.

use std::collections::BTreeMap;

use super::NAME;
use super::diagonal::diagonal;
use super::subscripts::{Label, Subscripts};
use crate::functions::{matmul, reshape, sum, transpose};
use crate::{Error, Result, Shape, Variable};

/// A variable and the labels of its axes, no two alike.
struct Term {
    x: Variable,
    labels: Vec<Label>,
}

/// The size of each label.
type Sizes = BTreeMap<Label, usize>;

/// The sum of the products of the operands.
pub(super) fn contract(operands: Vec<Variable>, subscripts: Subscripts) -> Result<Variable> {
    let Subscripts { operands: labels, output } = subscripts;
    let mut terms = Vec::with_capacity(operands.len());
    for (i, (x, labels)) in operands.into_iter().zip(labels).enumerate() {
        terms.push(Term { x, labels }.distinct(i)?);
    }
    let sizes = sizes(&terms)?;
    terms.iter_mut().for_each(|term| term.drop_stretched(&sizes));
    // What one term alone has is summed at once, what others have too only with the last of them.
    for i in 0..terms.len() {
        let wanted = wanted(&output, terms.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, term)| term));
        terms[i].sum_unwanted(&wanted);
    }
    while terms.len() > 1 {
        let (i, j) = smallest_pair(&terms, &output, &sizes);
        // j > i: removing it leaves i in place.
        let (right, left) = (terms.swap_remove(j), terms.swap_remove(i));
        let wanted = wanted(&output, terms.iter());
        terms.push(product(left, right, &wanted, &sizes));
    }
    let Some(term) = terms.pop() else { return Err(Error::value(NAME, "at least one operand", "none")) };
    Ok(term.arranged(&output).x)
}

/// The size of each label: that of all axes that have it, but for those of size 1, which broadcast.
fn sizes(terms: &[Term]) -> Result<Sizes> {
    let mut sizes = Sizes::new();
    for (i, term) in terms.iter().enumerate() {
        for (&label, &size) in term.labels.iter().zip(term.x.shape().iter()) {
            let known = sizes.entry(label).or_insert(size);
            if *known == 1 {
                *known = size;
            } else if size != 1 && size != *known {
                let expect = format!("one size (or 1) of the axes {label}");
                return Err(Error::mismatch(NAME, expect, format_args!("{known} and, of operands[{i}], {size}")));
            }
        }
    }
    Ok(sizes)
}

/// The labels that the output or one of the other terms has.
fn wanted<'a>(output: &[Label], others: impl Iterator<Item = &'a Term>) -> Vec<Label> {
    let mut wanted = output.to_vec();
    others.for_each(|term| wanted.extend(&term.labels));
    wanted
}

/// The pair whose product takes the least memory, beside what it frees.
fn smallest_pair(terms: &[Term], output: &[Label], sizes: &Sizes) -> (usize, usize) {
    let size = |labels: &[Label]| labels.iter().map(|label| sizes[label] as f64).product::<f64>();
    let mut best = (f64::INFINITY, (0, 1));
    for j in 1..terms.len() {
        for i in 0..j {
            let others = terms.iter().enumerate().filter(|(k, _)| ![i, j].contains(k)).map(|(_, term)| term);
            let wanted = wanted(output, others);
            let (left, right) = (&terms[i].labels, &terms[j].labels);
            let kept: Vec<Label> = union(left, right).into_iter().filter(|label| wanted.contains(label)).collect();
            let cost = size(&kept) - size(left) - size(right);
            if cost < best.0 {
                best = (cost, (i, j));
            }
        }
    }
    best.1
}

fn union(left: &[Label], right: &[Label]) -> Vec<Label> {
    left.iter().chain(right.iter().filter(|label| !left.contains(label))).copied().collect()
}

/// The product of two terms, summed over the labels that nobody wants; only labels that both have are summed.
fn product(left: Term, right: Term, wanted: &[Label], sizes: &Sizes) -> Term {
    let both = |label: &&Label| left.labels.contains(label) && right.labels.contains(label);
    let shared: Vec<Label> = left.labels.iter().filter(both).copied().collect();
    let (batch, summed): (Vec<Label>, Vec<Label>) = shared.iter().partition(|label| wanted.contains(label));
    let alone =
        |term: &Term| -> Vec<Label> { term.labels.iter().filter(|label| !shared.contains(label)).copied().collect() };
    let (rows, columns) = (alone(&left), alone(&right));
    // Without sums, or with nothing but sums, one pass over the elements does. (Products of half precision would be rounded there.)
    if summed.is_empty() || (rows.is_empty() && columns.is_empty() && left.x.dtype().size() > 2) {
        let order = [&batch[..], &rows, &columns, &summed].concat();
        let x = left.stretched(&order) * right.stretched(&order);
        let mut term = Term { x, labels: order };
        term.sum_unwanted(wanted);
        return term;
    }
    let size = |labels: &[Label]| labels.iter().map(|label| sizes[label]).product::<usize>();
    let matrices = |term: Term, first: &[Label], second: &[Label]| {
        let x = term.arranged(&[&batch[..], first, second].concat()).x;
        let lead = batch.iter().map(|label| sizes[label]);
        reshape(x, lead.chain([size(first), size(second)]).collect::<Shape>())
    };
    let y = matmul(matrices(left, &rows, &summed), matrices(right, &summed, &columns));
    let labels = [&batch[..], &rows, &columns].concat();
    let x = reshape(y, labels.iter().map(|label| sizes[label]).collect::<Shape>());
    Term { x, labels }
}

impl Term {
    /// A label that stands twice becomes one: that of the diagonal.
    fn distinct(mut self, operand: usize) -> Result<Self> {
        while let Some(axes) = repeated(&self.labels) {
            let [first, second] = axes;
            let (m, n) = (self.x.shape()[first], self.x.shape()[second]);
            let label = self.labels[first];
            if m != n {
                let expect = format!("one size of the axes {label} of operands[{operand}]");
                return Err(Error::mismatch(NAME, expect, format_args!("{m} and {n}")));
            }
            self.x = diagonal(&self.x, axes);
            self.labels.remove(second);
            self.labels.remove(first);
            self.labels.push(label);
        }
        Ok(self)
    }

    /// Drops the axes of size 1 that broadcast: they do not matter to a product.
    fn drop_stretched(&mut self, sizes: &Sizes) {
        let own = self.x.shape().clone();
        let keep: Vec<bool> = self.labels.iter().zip(own.iter()).map(|(label, &size)| sizes[label] == size).collect();
        if keep.contains(&false) {
            let shape: Shape = own.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(&size, _)| size).collect();
            self.x = reshape(&self.x, shape);
            let mut keep = keep.into_iter();
            self.labels.retain(|_| keep.next().unwrap_or(true));
        }
    }

    fn sum_unwanted(&mut self, wanted: &[Label]) {
        let unwanted: Vec<isize> =
            (0..).zip(&self.labels).filter(|(_, l)| !wanted.contains(l)).map(|(i, _)| i).collect();
        if !unwanted.is_empty() {
            self.x = sum(&self.x, &unwanted, false);
            self.labels.retain(|label| wanted.contains(label));
        }
    }

    /// With the axes in the order of `labels`, which are the term's own.
    fn arranged(self, labels: &[Label]) -> Self {
        if self.labels == labels {
            return self;
        }
        let place = |label: &Label| self.labels.iter().position(|own| own == label).map(|axis| axis as isize);
        let order: Vec<isize> = labels.iter().filter_map(place).collect();
        Term { x: transpose(&self.x, &order), labels: labels.to_vec() }
    }

    /// With an axis for each of `labels`: of size 1 where the term has none.
    fn stretched(self, labels: &[Label]) -> Variable {
        let own: Vec<Label> = labels.iter().filter(|label| self.labels.contains(label)).copied().collect();
        let term = self.arranged(&own);
        let mut sizes = term.x.shape().iter();
        let shape: Shape = labels
            .iter()
            .map(|label| if own.contains(label) { sizes.next().copied().unwrap_or(1) } else { 1 })
            .collect();
        reshape(&term.x, shape)
    }
}

/// The places of a label that stands twice, ascending.
fn repeated(labels: &[Label]) -> Option<[usize; 2]> {
    (1..labels.len()).find_map(|j| labels[..j].iter().position(|label| *label == labels[j]).map(|i| [i, j]))
}
