//! Functions on functions.

use chainer::functions as F;

use crate::{Row, row, rows};

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![
        row("forget", &[&[2, 3], &[3, 2]], |xs| {
            F::forget(|xs| F::tanh(F::matmul(&xs[0], &xs[1])).square(), [&xs[0], &xs[1]])
        }),
        rows("forget, several outputs, a captured variable", &[&[2, 3], &[3]], |xs| {
            let scale = xs[1].clone();
            F::forget(move |xs| vec![F::sin(&xs[0] * &scale), xs[0].square() + &scale], [&xs[0]])
        }),
        row("forget, nested", &[&[2, 3]], |xs| {
            F::forget(|xs| F::forget(|xs| F::exp(&xs[0]), [F::sin(&xs[0])]) * &xs[0], [&xs[0]])
        }),
    ]
}
