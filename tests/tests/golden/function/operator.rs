//! The operators of variables. An operand that stands among the arguments is a plain number.

use chainer::Variable;
use chainer_tests::golden::{Call, Outcome};

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("operator.abs", |c| Ok(c.get("lhs")?.abs().into())),
    ("operator.add", |c| binary(c, |a, b| a + b, |a, b| a + b, |a, b| a + b)),
    ("operator.mul", |c| binary(c, |a, b| a * b, |a, b| a * b, |a, b| a * b)),
    ("operator.neg", |c| Ok((-c.get("lhs")?).into())),
    ("operator.pow", |c| binary(c, |a, b| a.pow(b), |a, b| a.pow(b), |a, b| Variable::constant(like(b, a)).pow(b))),
    ("operator.sub", |c| binary(c, |a, b| a - b, |a, b| a - b, |a, b| a - b)),
    ("operator.truediv", |c| binary(c, |a, b| a / b, |a, b| a / b, |a, b| a / b)),
];

fn binary(
    call: &Call<'_, Variable>,
    both: fn(&Variable, &Variable) -> Variable,
    right: fn(&Variable, f64) -> Variable,
    left: fn(f64, &Variable) -> Variable,
) -> Made {
    Ok(match (call.has("lhs"), call.has("rhs")) {
        (true, true) => both(call.get("lhs")?, call.get("rhs")?),
        (true, false) => right(call.get("lhs")?, number(call, "rhs")?),
        _ => left(number(call, "lhs")?, call.get("rhs")?),
    }
    .into())
}

fn number(call: &Call<'_, Variable>, name: &str) -> Outcome<f64> {
    call.args.float(name)
}

/// A number as an array of no axes that does not change the other operand's dtype.
fn like(other: &Variable, number: f64) -> chainer::Array {
    chainer::Array::full((), number, other.dtype())
}
