//! Labels and IDs: checking their values.

use chainer_kernels::with_element;

use crate::{Array, Element, Error, ErrorKind, Result, Shape};

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
    let mut counted = 0;
    let mut outside = None;
    with_element!(indices.dtype(), T => {
        let view = indices.view::<T>()?;
        for (i, index) in view.array().iter().enumerate() {
            let index = index.to_scalar().as_i64();
            if Some(index) == ignore {
                continue;
            }
            counted += 1;
            if index < 0 || index as u64 >= size as u64 {
                outside = Some((i, index));
                break;
            }
        }
    });
    match outside {
        None => Ok(counted),
        Some((i, index)) => {
            let place = place(indices.shape(), i);
            let ignored = ignore.map_or(String::new(), |label| format!(" or {name} == {label} (ignore_label)"));
            let message = format!("Expect: 0 <= {name} < {size}{ignored}\nActual: {name}{place} = {index}");
            Err(Error::new(ErrorKind::IndexOutOfBounds, operation, message))
        }
    }
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
