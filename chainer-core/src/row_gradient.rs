//! Gradients of a few rows: what looking up rows of a large table gives.
//!
//! A function whose backward finds such a gradient hands it over by [`BackwardContext::give_rows`](crate::BackwardContext). At a leaf it
//! stays as it is: the dense gradient that everybody sees is an expression that is computed only if somebody reads it, and an optimizer
//! whose rule leaves rows of zeros alone reads only the rows. Anywhere else it becomes dense at once.

use chainer_kernels::kernel::ScatterMode;
use chainer_kernels::ops;

use crate::{Array, Shape, Variable};

/// A gradient that is zero but for some rows; see [`Parameter::grad_rows`](crate::Parameter::grad_rows).
#[derive(Clone, Debug)]
pub struct RowGradient {
    /// Ascending, each once.
    indices: Vec<i64>,
    rows: Array,
}

/// Rows as a function hands them over: a row may be named several times, and then its gradients add up.
pub(crate) type Rows = (RowIndices, Array);

/// Which rows.
#[derive(Clone)]
pub(crate) enum RowIndices {
    /// The host knows.
    Known(Vec<i64>),
    /// In a call that is being captured the host must not look.
    Computed(Array),
}

/// The dense sum of several gradients of an array of this shape.
pub(crate) fn dense_sum(parts: &[Rows], shape: &Shape) -> Variable {
    if let Some(sum) = RowGradient::sum(parts, shape) {
        return sum.dense(shape);
    }
    let indices: Vec<Array> = parts
        .iter()
        .map(|(indices, _)| match indices {
            RowIndices::Known(indices) => Array::from(indices.clone()),
            RowIndices::Computed(indices) => indices.clone(),
        })
        .collect();
    let zeros = Array::zeros(shape, parts[0].1.dtype());
    let (indices, rows) = (joined(&indices.iter().collect::<Vec<_>>()), joined_rows(parts));
    Variable::constant(ops::scatter_axis(&zeros, &indices, &rows, 0, ScatterMode::Add))
}

fn joined_rows(parts: &[Rows]) -> Array {
    joined(&parts.iter().map(|(_, rows)| rows).collect::<Vec<_>>())
}

fn joined(arrays: &[&Array]) -> Array {
    match arrays {
        [only] => (*only).clone(),
        _ => ops::concatenate(arrays, 0),
    }
}

impl RowGradient {
    /// The sum of several gradients of an array of this shape; `None` if the host does not know their rows.
    pub(crate) fn sum(parts: &[Rows], shape: &Shape) -> Option<Self> {
        let mut all: Vec<i64> = Vec::new();
        for (indices, _) in parts {
            let RowIndices::Known(indices) = indices else { return None };
            all.extend(indices);
        }
        let mut indices = all.clone();
        indices.sort_unstable();
        indices.dedup();
        let rows = joined_rows(parts);
        let places: Vec<i64> = all.iter().map(|index| indices.partition_point(|i| i < index) as i64).collect();
        let sizes: Shape = std::iter::once(indices.len()).chain(shape[1..].iter().copied()).collect();
        let zeros = Array::zeros(sizes, rows.dtype());
        let rows = ops::scatter_axis(&zeros, &Array::from(places), &rows, 0, ScatterMode::Add);
        Some(RowGradient { indices, rows })
    }

    /// The indices of the rows that have a gradient, ascending (int64).
    pub fn indices(&self) -> Array {
        Array::from(self.indices.clone())
    }

    /// The gradients of these rows.
    pub fn rows(&self) -> &Array {
        &self.rows
    }

    /// As a part of another sum.
    pub(crate) fn into_parts(self) -> Rows {
        (RowIndices::Known(self.indices), self.rows)
    }

    /// Whether most rows have no gradient, so that it pays to know the others.
    pub(crate) fn is_sparse(&self, shape: &Shape) -> bool {
        2 * self.indices.len() <= shape[0]
    }

    /// All rows.
    pub(crate) fn dense(&self, shape: &Shape) -> Variable {
        let zeros = Array::zeros(shape, self.rows.dtype());
        Variable::constant(ops::scatter_axis(&zeros, &self.indices(), &self.rows, 0, ScatterMode::Set))
    }
}
