//! Labels and IDs: checking their values.

use std::sync::Arc;

use chainer_kernels::with_element;

use crate::{Array, Element, Error, ErrorKind, Result, Shape, compile};

/// Checks that each element of an integer array is `ignore` or in `0..size`. Returns how many are not ignored.
///
/// The values are read at once, so that a bad label is reported where it is used and not when something is computed later.
pub(crate) fn check_indices(
    operation: &'static str,
    name: &str,
    indices: &Array,
    size: usize,
    ignore: Option<i64>,
) -> Result<usize> {
    if !compile::is_active() {
        return count_indices(operation, name, indices, size, ignore);
    }
    let known = name.to_owned();
    let count = move |indices: &Array| count_indices(operation, &known, indices, size, ignore);
    compile::observe(indices, Arc::new(count), name)
}

fn count_indices(
    operation: &'static str,
    name: &str,
    indices: &Array,
    size: usize,
    ignore: Option<i64>,
) -> Result<usize> {
    // Bad labels are rare: one pass without branches first, that the compiler widens, and only then the search for the first bad one.
    let (has_ignored, label) = (ignore.is_some(), ignore.unwrap_or_default());
    let (fine, counted) = with_element!(indices.dtype(), T => {
        let view = indices.view::<T>()?;
        let values = view.array();
        values.as_slice().map_or((false, 0), |values| {
            values.iter().fold((true, 0), |(fine, counted), value| {
                let value = value.to_scalar().as_i64();
                let ignored = has_ignored & (value == label);
                (fine & (ignored | (value >= 0) & ((value as u64) < size as u64)), counted + !ignored as usize)
            })
        })
    });
    if fine {
        return Ok(counted);
    }
    let mut counted = 0;
    let expect = || {
        let ignored = ignore.map_or(String::new(), |label| format!(" or {name} == {label} (ignore_label)"));
        format!("0 <= {name} < {size}{ignored}")
    };
    check_integers(operation, name, indices, expect, |_, index| {
        if Some(index) == ignore {
            return true;
        }
        counted += 1;
        index >= 0 && (index as u64) < size as u64
    })?;
    Ok(counted)
}

/// Checks that `accept` takes each element of an integer array, given its place in row-major order; `expect` says what it takes.
pub(crate) fn check_integers(
    operation: &'static str,
    name: &str,
    values: &Array,
    expect: impl FnOnce() -> String,
    mut accept: impl FnMut(usize, i64) -> bool,
) -> Result<()> {
    let refused = with_element!(values.dtype(), T => {
        let view = values.view::<T>()?;
        let values = view.array();
        let mut numbered = values.iter().map(|value| value.to_scalar().as_i64()).enumerate();
        numbered.find(|&(i, value)| !accept(i, value))
    });
    let Some((i, value)) = refused else { return Ok(()) };
    let message = format!("Expect: {}\nActual: {name}{} = {value}", expect(), place(values.shape(), i));
    Err(Error::new(ErrorKind::IndexOutOfBounds, operation, message))
}

/// The index of the `i`-th element in row-major order: `[1, 2]`.
fn place(shape: &Shape, mut i: usize) -> String {
    let mut index: Vec<usize> = Vec::with_capacity(shape.ndim());
    for &size in shape.iter().rev() {
        index.push(i % size.max(1));
        i /= size.max(1);
    }
    index.reverse();
    if index.is_empty() { String::new() } else { format!("{index:?}") }
}
