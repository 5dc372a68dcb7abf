//! Derivatives of every differentiable function: a table of functions, domains and arguments, checked to second order against finite
//! differences in float64; each on failed inputs, and in the other float dtypes.
//!
//! - The reduced set, unless something else is asked for: each row on a transposed array of its own shapes, and on one case of each
//!   [`Kind`]: elements of stride 0, a size of 0, a size of 1.
//! - The full set, `CHAINER_GRADIENTS=full`: each row on contiguous, transposed, reversed and strided, and broadcast views; on sizes of 0,
//!   of 1 and larger ones in place of each of its own; on operands of shapes that broadcast. Wherever the function takes the shapes, the
//!   derivatives have to be right. `CHAINER_GRADIENTS=full:conv` is that for the rows with "conv" in their names.
//!
//! A row that cannot be checked on a kind of inputs says why ([`Row::without`], [`Row::fixed`]); one that could, but is not, fails.

mod activation;
mod array;
mod cases;
mod connection;
mod evaluation;
mod linalg;
mod loss;
mod math;
mod noise;
mod normalization;
mod operators;
mod pooling;
mod row;
mod utility;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use cases::{Case, KINDS, Kind, all_cases, few_cases, numbers};
use chainer::gradient_check::{CheckOptions, check_backward, check_double_backward};
use chainer::{Array, ArrayOps, Dtype, Error, ErrorKind, GradOptions, Result, Variable, grad_with};
use chainer_tests::index;
use row::{Empty, Huge, MEAN_OF_NOTHING, Row, cycled, row, rows, size, sizes, unary, x};

/// The variable that says which set is checked.
const SET: &str = "CHAINER_GRADIENTS";

/// Functions without a gradient, and why.
const NO_GRADIENT: [(&[&str], &str); 3] = [
    (&["ceil", "floor"], "steps"),
    (&["argmax", "argmin", "argsort"], "the results are indices"),
    (
        &["accuracy", "binary_accuracy", "classification_summary", "f1_score", "precision", "r2_score", "recall"],
        "measures that count, or that nothing is trained with",
    ),
];

/// All rows.
fn table() -> Vec<Row> {
    let mut table = functions();
    table.extend(operators::table());
    table
}

/// The rows of functions. The name of each begins with that of its function.
fn functions() -> Vec<Row> {
    type Chapter = fn() -> Vec<Row>;
    let chapters: [Chapter; 9] = [
        activation::table,
        array::table,
        connection::table,
        loss::table,
        math::table,
        noise::table,
        normalization::table,
        pooling::table,
        utility::table,
    ];
    chapters.iter().flat_map(|chapter| chapter()).collect()
}

/// The cases of a row in the set that the environment asks for.
fn cases_asked_for(row: &Row) -> Vec<Case> {
    let asked = std::env::var(SET).unwrap_or_default();
    match asked.split_once(':').unwrap_or((&asked, "")) {
        ("", "") => few_cases(row),
        ("full", part) if row.name.contains(part) => all_cases(row),
        ("full", _) => Vec::new(),
        _ => panic!("{SET} is unset, \"full\" or \"full:\" and a part of names of rows, not {asked:?}"),
    }
}

/// Checks all rows on their cases, on as many threads as there are processors, and reports every failure.
fn for_each_case(cases: impl Fn(&Row) -> Vec<Case> + Sync, check: impl Fn(&Row, &Case) -> Result<()> + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    // Each thread makes rows of its own: they cannot be sent.
    let work = || {
        let (table, mut count, mut failures) = (table(), 0, Vec::new());
        while let Some(row) = table.get(next.fetch_add(1, Ordering::Relaxed)) {
            for case in cases(row) {
                count += 1;
                let checked = catch_unwind(AssertUnwindSafe(|| check(row, &case)));
                let checked =
                    checked.unwrap_or_else(|_| Err(Error::new(ErrorKind::State, row.name, "a panic, see above")));
                failures.extend(checked.err().map(|error| format!("{}, {case:?}: {error}", row.name)));
            }
        }
        (count, failures)
    };
    let (counts, failures): (Vec<usize>, Vec<Vec<String>>) = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("panics are caught inside")).unzip()
    });
    let (count, failures) = (counts.iter().sum::<usize>(), failures.concat());
    assert!(failures.is_empty(), "{} of {count} cases fail\n{}", failures.len(), failures.join("\n"));
    println!("{count} cases");
}

/// A gradient for each output.
fn output_gradients(row: &Row, case: &Case, inputs: &[Array]) -> Result<Vec<Array>> {
    let inputs: Vec<Variable> = inputs.iter().map(|x| Variable::constant(x.clone())).collect();
    let gradient = |(y, i): (&Variable, u64)| {
        y.check()?;
        Ok(case.array(y.shape(), (-2.0, 2.0), i))
    };
    (row.f)(&inputs).iter().zip(100..).map(gradient).collect()
}

/// Small enough a step that no kink lies within it, and large enough that what rounding does to the difference is small.
fn options() -> CheckOptions {
    CheckOptions { eps: 1e-5, ..CheckOptions::default() }
}

#[test]
fn first_derivatives_match_finite_differences() {
    for_each_case(cases_asked_for, |row, case| {
        let inputs = case.inputs(row);
        let grads = output_gradients(row, case, &inputs)?;
        check_backward(|xs: &[Variable]| (row.f)(xs), &inputs, &grads, &options())
    });
}

#[test]
fn second_derivatives_match_finite_differences() {
    for_each_case(cases_asked_for, |row, case| {
        let inputs = case.inputs(row);
        let grads = output_gradients(row, case, &inputs)?;
        let directions: Vec<Array> =
            case.shapes.iter().zip(200..).map(|(shape, i)| case.array(shape, (-2.0, 2.0), i)).collect();
        let checked = check_double_backward(|xs: &[Variable]| (row.f)(xs), &inputs, &grads, &directions, &options());
        match checked {
            Err(error) if !row.twice && error.message().contains("second derivative") => Ok(()),
            Ok(()) if !row.twice => Err(Error::new(ErrorKind::State, "second", "expected a refusal, the check passed")),
            checked => checked,
        }
    });
}

/// Outputs and gradients in a dtype, as float64.
fn results(row: &Row, inputs: &[Array], grads: &[Array], dtype: Dtype) -> Result<Vec<Vec<f64>>> {
    let inputs: Vec<Variable> = inputs.iter().map(|x| Variable::new(x.astype(dtype))).collect();
    let outputs = (row.f)(&inputs);
    let grad_outputs = grads.iter().map(|gy| Some(Variable::constant(gy.astype(dtype)))).collect();
    let options = GradOptions { grad_outputs, create_graph: false };
    let gradients = grad_with(outputs.clone(), inputs.clone(), options)?;
    let mut all = Vec::new();
    for y in outputs.iter().chain(gradients.iter().flatten()) {
        assert_eq!(y.dtype(), dtype, "{}", row.name);
        all.push(y.data().to_f64_vec()?);
    }
    Ok(all)
}

#[test]
fn every_float_dtype_gives_the_same_up_to_rounding() {
    for_each_case(
        |row| vec![Case::of(row)],
        |row, case| {
            let inputs = case.inputs(row);
            let grads = output_gradients(row, case, &inputs)?;
            let exact = results(row, &inputs, &grads, Dtype::F64)?;
            let mut dtypes = vec![(Dtype::F32, 1e-5)];
            if row.half {
                dtypes.extend([(Dtype::F16, 2e-2), (Dtype::BF16, 1.5e-1)]);
            }
            for (dtype, tolerance) in dtypes {
                for (i, (got, want)) in results(row, &inputs, &grads, dtype)?.iter().zip(&exact).enumerate() {
                    // Relative to the largest, because sums cancel.
                    let scale = want.iter().fold(1.0, |largest: f64, x| largest.max(x.abs()));
                    for (got, want) in got.iter().zip(want) {
                        assert!(
                            (got - want).abs() <= tolerance * scale,
                            "{}, {dtype}, result {i}: {got} for {want}",
                            row.name
                        );
                    }
                }
            }
            Ok(())
        },
    );
}

#[test]
fn every_function_has_a_row_or_no_gradient() {
    let function = |row: &Row| row.name.split([',', ' ']).next().unwrap_or_default().to_owned();
    let rows: BTreeSet<String> = functions().iter().map(function).collect();
    let all: BTreeSet<String> = index::entries().iter().map(|entry| entry.operation().to_owned()).collect();
    let constant: BTreeSet<String> =
        NO_GRADIENT.iter().flat_map(|(names, _)| *names).map(|&name| name.to_owned()).collect();
    let wanted: BTreeSet<String> = all.difference(&constant).cloned().collect();
    assert_eq!(rows.symmetric_difference(&wanted).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(constant.is_subset(&all), "{constant:?}");
}

#[test]
fn every_row_is_tried_on_every_kind_of_inputs() {
    let mut wrong = Vec::new();
    for row in table() {
        let cases = all_cases(&row);
        for kind in KINDS {
            let count = cases.iter().filter(|case| case.is(kind)).count();
            if (count > 0) != row.takes(kind) && (kind == Kind::Repeated || row.fixed.is_none()) {
                wrong.push(format!("{}: {count} cases are {kind:?}, without: {:?}", row.name, row.without));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_failed_input_fails_every_output() {
    let failed = Variable::constant(Array::from([1.0f64, 2.0])).reshape(3);
    let message = failed.check().unwrap_err().message().to_owned();
    let mut wrong = Vec::new();
    for row in table() {
        let inputs: Vec<Variable> = Case::of(&row).inputs(&row).into_iter().map(Variable::new).collect();
        for i in 0..inputs.len() {
            let mut inputs = inputs.clone();
            inputs[i] = failed.clone();
            let outputs = (row.f)(&inputs);
            let same = |y: &Variable| y.check().is_err_and(|error| error.message() == message);
            if outputs.is_empty() || !outputs.iter().all(same) {
                wrong.push(format!("{}, input {i}: {outputs:?}", row.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn elementwise_functions_take_any_shape() {
    let shapes: [&[usize]; 5] = [&[], &[1], &[0], &[2, 0, 3], &[1, 1, 1]];
    for row in table().iter().filter(|row| row.elementwise) {
        for shape in shapes {
            let x = Variable::new(Case::of(row).array(shape, row.domain, 0));
            let y = (row.f)(std::slice::from_ref(&x)).remove(0);
            assert_eq!(&y.shape()[..], shape, "{}", row.name);
            y.sum().backward().unwrap();
            assert_eq!(&x.grad().unwrap().shape()[..], shape, "{}", row.name);
            assert_eq!(y.to_vec::<f64>().unwrap().len(), shape.iter().product::<usize>());
        }
    }
}

#[test]
fn empty_batches_go_through_the_other_functions() {
    let chapters: [fn() -> Vec<Empty>; 9] = [
        activation::empty,
        array::empty,
        connection::empty,
        evaluation::empty,
        loss::empty,
        math::empty,
        noise::empty,
        normalization::empty,
        pooling::empty,
    ];
    for (name, y, shape) in chapters.iter().flat_map(|chapter| chapter()) {
        assert_eq!(&y.shape()[..], shape, "{name}");
        y.sum().backward().unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn huge_inputs_give_finite_results_and_gradients() {
    let chapters: [fn() -> Vec<Huge>; 8] = [
        activation::huge,
        array::huge,
        connection::huge,
        loss::huge,
        math::huge,
        noise::huge,
        normalization::huge,
        pooling::huge,
    ];
    let rows: Vec<Huge> = chapters.iter().flat_map(|chapter| chapter()).collect();
    for (dtype, huge) in [(Dtype::F64, 1e300), (Dtype::F32, 1e30), (Dtype::BF16, 1e30), (Dtype::F16, 5e3)] {
        for (name, f) in &rows {
            // Squares of these do not fit the dtype.
            let huge = if *name == "batch_normalization" { 1e4 } else { huge };
            let x = Array::from([[huge, -huge, 0.0], [-huge, -huge, huge]]).astype(dtype);
            let x = Variable::new(x);
            let y = f(&x).sum();
            assert!(y.item::<f64>().unwrap().is_finite(), "{name} in {dtype}");
            y.backward().unwrap();
            let gx = x.grad().unwrap().data().to_f64_vec().unwrap();
            assert!(gx.iter().all(|g| g.is_finite()), "the gradient of {name} in {dtype}: {gx:?}");
        }
    }
}
