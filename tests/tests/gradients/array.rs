//! Shapes, axes, picking and joining.

use chainer::{Array, functions as F};

use crate::{Empty, Huge, Row, row, rows, x};

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![
        row("reshape", &[&[3, 4]], |xs| F::reshape(&xs[0], [2, 6])),
        row("transpose", &[&[2, 3, 2]], |xs| F::transpose(&xs[0], &[1, 2, 0])),
        row("broadcast_to", &[&[3, 1]], |xs| F::broadcast_to(&xs[0], [2, 3, 4])),
        row("concat", &[&[2, 3], &[2, 1], &[2, 2]], |xs| F::concat(xs)),
        row("concat, axis", &[&[1, 3], &[2, 3]], |xs| F::Concat::new().axis(-2).call(xs)),
        rows("split_axis", &[&[2, 6]], |xs| F::split_axis(&xs[0], 3, 1)),
        rows("split_axis, indices", &[&[4, 2]], |xs| F::split_axis(&xs[0], [1, 3], 0)),
        row("split_axis, one part used", &[&[2, 6]], |xs| F::split_axis(&xs[0], 3, 1).swap_remove(1)),
        row("get_item, slices", &[&[3, 4]], |xs| F::get_item(&xs[0], (1.., 2))),
        row("get_item, repeated rows", &[&[3, 4]], |xs| F::get_item(&xs[0], (Array::from([2i32, 0, 2]),))),
        row("where", &[&[2, 3], &[2, 3]], |xs| {
            F::where_(Array::from([[true, false, true], [false, true, true]]), &xs[0], &xs[1])
        }),
        row("where, broadcast", &[&[2, 3], &[3]], |xs| F::where_(Array::from([[true], [false]]), &xs[0], &xs[1])),
    ]
}

/// Empty batches.
pub fn empty() -> Vec<Empty> {
    vec![
        ("concat", F::concat([x(&[2, 0]), x(&[2, 0])]), &[2, 0]),
        ("get_item", F::get_item(x(&[3, 2]), (1..1,)), &[0, 2]),
    ]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![]
}
