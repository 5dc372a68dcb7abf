//! Reading index arrays: bounds are checked here, once, before anything is written.

use super::strided::integers;
use crate::error::{Error, ErrorKind, Result};
use crate::view::View;

/// The indices in row-major order, counted from the front. An index outside -size..size is an error that names it.
pub(super) fn resolve(operation: &'static str, indices: &View, axis: usize, size: usize) -> Result<Vec<usize>> {
    let values = integers(indices);
    let mut out = Vec::with_capacity(values.len());
    for (place, &value) in values.iter().enumerate() {
        let from_front = if value < 0 { value.checked_add(size as i64) } else { Some(value) };
        match from_front {
            Some(index) if (0..size as i64).contains(&index) => out.push(index as usize),
            _ => return Err(out_of_bounds(operation, indices, place, value, axis, size)),
        }
    }
    Ok(out)
}

#[cold]
fn out_of_bounds(operation: &'static str, indices: &View, place: usize, value: i64, axis: usize, size: usize) -> Error {
    let mut index = Vec::new();
    let mut rest = place;
    for &dim in indices.shape.iter().rev() {
        index.push((rest % dim).to_string());
        rest /= dim;
    }
    index.reverse();
    Error::new(
        ErrorKind::IndexOutOfBounds,
        operation,
        format!("indices[{}] = {value} is out of bounds for axis {axis} of size {size}", index.join(", ")),
    )
}
