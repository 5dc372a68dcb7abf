//! The functions: forward, and backward with all recorded output gradients at once. Every case runs twice, with row-major and with
//! column-major inputs.

mod activation;
mod array;
mod connection;
mod evaluation;
pub mod loss;
mod math;
mod noise;
mod normalization;
mod operator;
mod pooling;
mod utility;

use chainer::{Array, Variable, backward};
use chainer_tests::golden::{Call, Case, Context, Failure, Layout, Nested, Outcome};
use serde_json::Value;

/// What the call of a function gives.
pub type Made = Outcome<Nested<Variable>>;

/// Makes the call of a function.
pub type Adapter = fn(&Call<'_, Variable>) -> Made;

const CHAPTERS: &[&[(&str, Adapter)]] = &[
    activation::ADAPTERS,
    array::ADAPTERS,
    connection::ADAPTERS,
    evaluation::ADAPTERS,
    loss::ADAPTERS,
    math::ADAPTERS,
    noise::ADAPTERS,
    normalization::ADAPTERS,
    operator::ADAPTERS,
    pooling::ADAPTERS,
    utility::ADAPTERS,
];

const LAYOUTS: [Layout; 2] = [Layout::RowMajor, Layout::ColumnMajor];

/// Runs a case of the kind `function`.
pub fn run(context: &Context<'_>) -> Outcome {
    let adapter = find(context)?;
    LAYOUTS.iter().try_for_each(|layout| {
        check(context, adapter, *layout).map_err(|failure| failure.at(format!("{layout:?} inputs")))
    })
}

/// Runs a case of the kind `error`: the call must be refused, unless the table of exemptions says that it works here.
pub fn run_error(context: &Context<'_>) -> Outcome {
    let adapter = find(context)?;
    let inputs = variables(context.case, context.inputs(Layout::RowMajor)?)?;
    let call = Call::new(&context.case.args, &context.case.inputs, &inputs);
    let outcome = adapter(&call).and_then(computed);
    call.all_read()?;
    let works_here = context.is_exempt("raises") && labels_are_whole(context.case, &inputs);
    match (outcome, works_here) {
        (Err(Failure::Refused(_)), false) | (Ok(()), true) => Ok(()),
        (Ok(()), false) => Err("the call succeeded, expected a refusal".into()),
        (Err(Failure::Refused(error)), true) => Err(format!("refused, though it should work here: {error}").into()),
        (Err(failure), _) => Err(failure),
    }
}

/// Any integer dtype may stand for labels; floats are refused as ever.
fn labels_are_whole(case: &Case, inputs: &[Variable]) -> bool {
    let parameter = match case.name.as_str() {
        "accuracy"
        | "binary_accuracy"
        | "classification_summary"
        | "f1_score"
        | "precision"
        | "recall"
        | "sigmoid_cross_entropy"
        | "softmax_cross_entropy" => "t",
        "embed_id" => "x",
        _ => return true,
    };
    let number = case.inputs.get(parameter).and_then(Value::as_u64);
    number.and_then(|n| inputs.get(n as usize)).is_some_and(|labels| !labels.dtype().is_float())
}

/// Errors travel with the values; indices are looked at when values are computed.
fn computed(outputs: Nested<Variable>) -> Outcome {
    match outputs {
        Nested::One(output) => Ok(output.data().force().map(|_| ())?),
        Nested::Many(outputs) => outputs.into_iter().try_for_each(computed),
    }
}

fn find(context: &Context<'_>) -> Outcome<Adapter> {
    let name = context.case.name.as_str();
    let found = CHAPTERS.iter().copied().flatten().find(|(known, _)| *known == name);
    found.map(|(_, adapter)| *adapter).ok_or_else(|| context.not_implemented())
}

fn check(context: &Context<'_>, adapter: Adapter, layout: Layout) -> Outcome {
    let inputs = variables(context.case, context.inputs(layout)?)?;
    let call = Call::new(&context.case.args, &context.case.inputs, &inputs);
    let outputs = adapter(&call)?.numbered(&context.case.outputs)?;
    call.all_read()?;
    for (number, output) in &outputs {
        context.check(&format!("out{number}"), output.data())?;
    }
    if context.case.diff { check_gradients(context, &inputs, &outputs, layout) } else { Ok(()) }
}

/// Floating inputs are variables with gradients, unless the case passes them as plain arrays.
pub fn variables(case: &Case, arrays: Vec<Array>) -> Outcome<Vec<Variable>> {
    let mut plain = Vec::new();
    for name in &case.plain {
        let numbers = case.inputs.get(name).ok_or_else(|| format!("\"plain\" names {name:?}, which is no input"))?;
        leaves(numbers, &mut plain);
    }
    let variable = |(number, array): (usize, Array)| match array.dtype().is_float() && !plain.contains(&number) {
        true => Variable::new(array),
        false => Variable::constant(array),
    };
    Ok(arrays.into_iter().enumerate().map(variable).collect())
}

fn leaves(numbers: &Value, out: &mut Vec<usize>) {
    match numbers {
        Value::Array(list) => list.iter().for_each(|part| leaves(part, out)),
        number => out.extend(number.as_u64().map(|n| n as usize)),
    }
}

/// Sets the recorded output gradients, walks back once, compares the inputs' gradients.
pub fn check_gradients(
    context: &Context<'_>,
    inputs: &[Variable],
    outputs: &[(usize, Variable)],
    layout: Layout,
) -> Outcome {
    let mut differentiable = Vec::new();
    for (number, output) in outputs {
        let key = format!("gy{number}");
        if context.recorded.find(&key).is_some() && output.requires_grad() {
            output.set_grad(context.recorded.array(&key, layout)?)?;
            differentiable.push(output);
        }
    }
    if !differentiable.is_empty() {
        backward(&differentiable[..]).run().map_err(|error| Failure::from(error).at("backward"))?;
    }
    for (number, input) in inputs.iter().enumerate() {
        let grad = input.grad().map(Variable::into_data);
        check_gradient(context, &format!("gx{number}"), grad.as_ref())?;
    }
    Ok(())
}

/// Compares a gradient. Where none was recorded there must be none, or zeros; where only the reference has one (zeros of a step
/// function), the table of exemptions must say so.
pub fn check_gradient(context: &Context<'_>, key: &str, grad: Option<&Array>) -> Outcome {
    match (context.recorded.find(key), grad) {
        (Some(_), Some(grad)) => context.check(key, grad),
        (Some(_), None) if context.is_exempt(key) => Ok(()),
        (Some(_), None) => Err(format!("{key}: there is no gradient").into()),
        (None, Some(grad)) if grad.to_f64_vec()?.iter().any(|x| *x != 0.0) => {
            Err(format!("{key}: there is a gradient, expected none").into())
        }
        (None, _) => Ok(()),
    }
}
