//! Bad input to library functions: an error that names the argument, what was expected and what came, at the line of the call; never a
//! panic.

mod activation;
mod array;
mod connection;
mod evaluation;
mod linalg;
mod loss;
mod math;
mod noise;
mod normalization;
mod pooling;
mod recurrent;

use std::collections::BTreeSet;

use chainer::{Array, Dtype, Variable, functions as F};
use chainer_tests::index;

fn x(shape: &[usize]) -> Variable {
    Variable::new(Array::zeros(shape, Dtype::F32))
}

fn integers(shape: &[usize]) -> Variable {
    Variable::constant(Array::zeros(shape, Dtype::I32))
}

fn of(shape: &[usize], dtype: Dtype) -> Variable {
    Variable::constant(Array::zeros(shape, dtype))
}

/// A failed variable.
fn failed() -> Variable {
    F::relu(integers(&[2]))
}

/// A call with bad input: the function's name, its result, and what the message has to contain.
type Refusal = (&'static str, Variable, &'static [&'static str]);

/// A call that has to be refused when the configuration has switched type checks off.
type Unchecked = (&'static str, Box<dyn Fn() -> Variable>);

/// Functions that refuse nothing, and why.
const TAKE_EVERYTHING: [(&str, &str); 5] = [
    ("cast", "every dtype converts to every other"),
    ("copy", "refused would be another device, and there is only one"),
    ("flatten", "every shape has an order of elements"),
    ("forget", "what the function inside refuses is refused in that function's name"),
    ("identity", "whatever comes is given back"),
];

fn all_refusals() -> Vec<Refusal> {
    let chapters: [fn() -> Vec<Refusal>; 10] = [
        activation::refusals,
        array::refusals,
        connection::refusals,
        evaluation::refusals,
        loss::refusals,
        math::refusals,
        noise::refusals,
        normalization::refusals,
        pooling::refusals,
        recurrent::refusals,
    ];
    chapters.iter().flat_map(|chapter| chapter()).collect()
}

#[test]
fn every_function_refuses_something_or_says_why_not() {
    let refusing: BTreeSet<&str> = all_refusals().into_iter().map(|(name, ..)| name).collect();
    let lenient: BTreeSet<&str> = TAKE_EVERYTHING.iter().map(|(name, _)| *name).collect();
    let entries = index::entries();
    let all: BTreeSet<&str> = entries.iter().map(index::Entry::operation).collect();
    let missing: Vec<_> = all.iter().filter(|name| !refusing.contains(*name) && !lenient.contains(*name)).collect();
    assert!(missing.is_empty(), "no row has bad input for {missing:?}");
    let both: Vec<_> = lenient.intersection(&refusing).collect();
    assert!(both.is_empty(), "{both:?} refuse something");
    let unknown: Vec<_> = refusing.union(&lenient).filter(|name| !all.contains(*name)).collect();
    assert!(unknown.is_empty(), "{unknown:?} are no functions");
}

#[test]
fn messages_name_argument_expectation_and_actual() {
    let mut complaints = Vec::new();
    for (name, y, parts) in all_refusals() {
        let Err(error) = y.check() else {
            complaints.push(format!("{name} takes bad input: {parts:?}"));
            continue;
        };
        let message = error.to_string();
        let wanted = [name, "tests/bad_input/"];
        for part in wanted.iter().chain(parts).filter(|part| !message.contains(**part)) {
            complaints.push(format!("{name} does not say {part:?}: {message}"));
        }
        if error.operation() != name {
            complaints.push(format!("{name} is called {}: {message}", error.operation()));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn failures_travel_through_every_function() {
    let first = failed().check().unwrap_err().message().to_owned();
    let chapters: [fn() -> Vec<Variable>; 10] = [
        activation::failures,
        array::failures,
        connection::failures,
        evaluation::failures,
        loss::failures,
        math::failures,
        noise::failures,
        normalization::failures,
        pooling::failures,
        recurrent::failures,
    ];
    for (chapter, failures) in chapters.iter().enumerate() {
        for (i, y) in failures().iter().enumerate() {
            assert_eq!(y.check().unwrap_err().message(), first, "chapter {chapter}, row {i}");
        }
    }
}

#[test]
fn without_type_checks_bad_input_is_an_error_all_the_same() {
    let _unchecked = chainer::using_config(|c| c.type_check = false);
    let chapters: [fn() -> Vec<Unchecked>; 10] = [
        activation::unchecked,
        array::unchecked,
        connection::unchecked,
        evaluation::unchecked,
        loss::unchecked,
        math::unchecked,
        noise::unchecked,
        normalization::unchecked,
        pooling::unchecked,
        recurrent::unchecked,
    ];
    let mut complaints = Vec::new();
    for (i, (name, f)) in chapters.iter().flat_map(|chapter| chapter()).enumerate() {
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)) {
            Ok(y) if y.check().is_err() => {}
            Ok(_) => complaints.push(format!("{i}: {name} takes bad input")),
            Err(_) => complaints.push(format!("{i}: {name} panics")),
        }
    }
    assert!(complaints.is_empty(), "{complaints:?}");
}
