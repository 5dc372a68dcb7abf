//! The macros as a user meets them.

mod chains;
mod elementwise;
mod functions;
mod ui;
mod user_crate;

use chainer::prelude::*;

fn array(values: &[f64]) -> Array {
    Array::from_slice(values, values.len())
}

fn leaf(values: &[f64]) -> Variable {
    Variable::new(array(values))
}

fn values(x: &Variable) -> Vec<f64> {
    x.to_vec::<f64>().unwrap()
}

fn grad(x: &Variable) -> Vec<f64> {
    values(&x.grad().unwrap())
}

/// The text of a failed variable's error.
fn message(y: &Variable) -> String {
    y.check().unwrap_err().to_string()
}
