//! Noise.

use std::cell::OnceCell;

use chainer::{Variable, functions as F};
use chainer_kernels::random::{record_draws, repeat_draws};

use crate::{Empty, Huge, Row, cycled, numbers, row, size, sizes, x};

/// The function with the same random numbers at every call.
fn repeated(f: impl Fn(&[Variable]) -> Variable + 'static) -> impl Fn(&[Variable]) -> Variable + 'static {
    let first = OnceCell::new();
    move |xs| match first.get() {
        Some(draws) => repeat_draws(draws, || f(xs)),
        None => {
            let (y, draws) = record_draws(|| f(xs));
            // What is refused has drawn nothing.
            if y.check().is_ok() {
                first.get_or_init(|| draws);
            }
            y
        }
    }
}

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![
        row("dropout", &[&[2, 3]], repeated(|xs| F::dropout(&xs[0], 0.5))),
        row("gaussian", &[&[2, 3], &[2, 3]], |xs| {
            // Draws of other dtypes are other numbers.
            let eps = numbers(&sizes(&xs[0]), (-2.0, 2.0), 5);
            F::Gaussian::new().eps(chainer::ArrayOps::astype(eps, xs[0].dtype())).call(&xs[0], &xs[1])
        }),
        row("simplified_dropconnect", &[&[3, 4], &[2, 4], &[2]], {
            repeated(|xs| F::simplified_dropconnect(&xs[0], &xs[1], &xs[2]))
        }),
        row("simplified_dropconnect, more axes, no bias", &[&[3, 2, 2], &[2, 4]], {
            repeated(|xs| F::SimplifiedDropconnect::new().ratio(0.2).call(&xs[0], &xs[1], None))
        }),
        row("simplified_dropconnect, mask", &[&[2, 3], &[2, 3]], |xs| {
            let shape = [size(&xs[0], 0), size(&xs[1], 0), size(&xs[1], 1)];
            let mask = cycled(&[1.0f32, 0.0, 0.5, 2.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.25], &shape);
            F::SimplifiedDropconnect::new().mask(mask).call(&xs[0], &xs[1], None)
        }),
        row("zoneout", &[&[2, 3], &[2, 3]], repeated(|xs| F::zoneout(&xs[0], &xs[1], 0.5))),
    ]
}

/// Empty batches.
pub fn empty() -> Vec<Empty> {
    vec![
        ("dropout", F::dropout(x(&[0, 3]), 0.5), &[0, 3]),
        ("gaussian", F::gaussian(x(&[0, 3]), x(&[0, 3])), &[0, 3]),
        ("simplified_dropconnect", F::simplified_dropconnect(x(&[0, 3]), x(&[2, 3]), x(&[2])), &[0, 2]),
        ("zoneout", F::zoneout(x(&[0, 3]), x(&[0, 3]), 0.5), &[0, 3]),
    ]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![("gaussian", |x| F::gaussian(x, -x.abs())), ("zoneout", |x| F::zoneout(x, x, 0.5))]
}
