//! Operators of variables.

use crate::{Row, row, unary};

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![
        row("+", &[&[2, 3], &[3]], |xs| &xs[0] + &xs[1]).broadcasts(),
        row("-", &[&[2, 1], &[2, 3]], |xs| &xs[0] - &xs[1]).broadcasts(),
        row("*", &[&[2, 3], &[2, 3]], |xs| &xs[0] * &xs[1]).broadcasts(),
        row("/", &[&[2, 1], &[1, 3]], |xs| &xs[0] / &xs[1]).broadcasts().domain(0.5, 2.0),
        row("%", &[&[2, 3], &[3]], |xs| (&xs[0] * 5.0) % (&xs[1] + 3.0)).broadcasts().not_in_half(),
        row("power", &[&[2, 3], &[3]], |xs| xs[0].pow(&xs[1])).broadcasts().domain(0.5, 2.0),
        unary("power of a variable", |x| x.pow(3)),
        unary("negation", |x| -x),
        unary("numbers on the left", |x| 2.5 / (3 - x) - 0.5 * x),
    ]
}
