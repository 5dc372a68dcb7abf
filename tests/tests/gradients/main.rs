//! Derivatives of every differentiable function: one row a function, checked to second order against finite differences in float64
//! (with inputs that are not contiguous), for the same results in the other float dtypes, and, where a row says so, on shapes with
//! sizes 0 and 1.

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
mod utility;

use chainer::gradient_check::{CheckOptions, check_backward, check_double_backward};
use chainer::{Array, ArrayOps, Dtype, Error, ErrorKind, GradOptions, Result, Variable, grad_with};

/// The function of a row.
type Differentiable = Box<dyn Fn(&[Variable]) -> Vec<Variable>>;

/// One function with its arguments.
struct Row {
    name: &'static str,
    /// The shapes of the inputs.
    shapes: Vec<Vec<usize>>,
    /// Where the inputs come from.
    domain: (f64, f64),
    f: Differentiable,
    /// Whether any shape will do.
    elementwise: bool,
    /// Whether the function makes sense in half precision at all (sums of rounding errors do not).
    half: bool,
    /// Whether it has second derivatives. Asking for them where it has none is an error.
    twice: bool,
}

/// The name of a function, its result for an empty batch, and the shape of that.
type Empty = (&'static str, Variable, &'static [usize]);

/// A function of one input of shape (2, 3) that is finite for huge numbers, with its gradient: everything with exponentials or squares
/// inside.
type Huge = (&'static str, fn(&Variable) -> Variable);

/// Zeros.
fn x(shape: &[usize]) -> Variable {
    Variable::new(Array::zeros(shape, Dtype::F32))
}

impl Row {
    fn domain(mut self, low: f64, high: f64) -> Self {
        self.domain = (low, high);
        self
    }

    fn elementwise(mut self) -> Self {
        self.elementwise = true;
        self
    }

    /// There are first derivatives only.
    fn once(mut self) -> Self {
        self.twice = false;
        self
    }

    fn not_in_half(mut self) -> Self {
        self.half = false;
        self
    }
}

/// A function of one output.
fn row(name: &'static str, shapes: &[&[usize]], f: impl Fn(&[Variable]) -> Variable + 'static) -> Row {
    rows(name, shapes, move |xs| vec![f(xs)])
}

/// A function of several outputs.
fn rows(name: &'static str, shapes: &[&[usize]], f: impl Fn(&[Variable]) -> Vec<Variable> + 'static) -> Row {
    let shapes = shapes.iter().map(|shape| shape.to_vec()).collect();
    Row { name, shapes, domain: (-2.0, 2.0), f: Box::new(f), elementwise: false, half: true, twice: true }
}

/// A function of one input of any shape.
fn unary(name: &'static str, f: impl Fn(&Variable) -> Variable + 'static) -> Row {
    row(name, &[&[3, 4]], move |xs| f(&xs[0])).elementwise()
}

fn table() -> Vec<Row> {
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

/// Numbers that float16 holds exactly, no two alike, in an array that is not contiguous.
fn numbers(shape: &[usize], (low, high): (f64, f64), seed: u64) -> Array {
    let size: usize = shape.iter().product();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut draw = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    let mut seen = Vec::new();
    while seen.len() < size {
        // Steps of 1/64 leave room for the finite differences around a kink.
        let x = ((low + (high - low) * draw()) * 64.0).round() / 64.0;
        if x != 0.0 && (size > 150 || !seen.contains(&x)) {
            seen.push(x);
        }
    }
    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
    Array::from_vec(seen, reversed).transpose()
}

fn inputs(row: &Row) -> Vec<Array> {
    row.shapes.iter().enumerate().map(|(i, shape)| numbers(shape, row.domain, 7 + i as u64)).collect()
}

/// A gradient for each float output.
fn output_gradients(row: &Row, inputs: &[Array]) -> Result<Vec<Array>> {
    let inputs: Vec<Variable> = inputs.iter().map(|x| Variable::constant(x.clone())).collect();
    let outputs = (row.f)(&inputs);
    outputs
        .iter()
        .enumerate()
        .map(|(i, y)| {
            y.check()?;
            Ok(numbers(y.shape(), (-2.0, 2.0), 31 + i as u64))
        })
        .collect()
}

/// Runs `check` over all rows and reports every failure.
fn for_each_row(check: impl Fn(&Row) -> Result<()>) {
    let failures: Vec<String> =
        table().iter().filter_map(|row| check(row).err().map(|error| format!("{}: {error}", row.name))).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn first_derivatives_match_finite_differences() {
    for_each_row(|row| {
        let inputs = inputs(row);
        let grads = output_gradients(row, &inputs)?;
        check_backward(|xs: &[Variable]| (row.f)(xs), &inputs, &grads, &CheckOptions::default())
    });
}

#[test]
fn second_derivatives_match_finite_differences() {
    for_each_row(|row| {
        let inputs = inputs(row);
        let grads = output_gradients(row, &inputs)?;
        let directions: Vec<Array> =
            row.shapes.iter().enumerate().map(|(i, shape)| numbers(shape, (-2.0, 2.0), 57 + i as u64)).collect();
        // Of a few nearly flat places the differences of differences know four digits.
        let options = CheckOptions { eps: 1e-3, atol: 2e-4, rtol: 1e-3, ..CheckOptions::default() };
        let checked = check_double_backward(|xs: &[Variable]| (row.f)(xs), &inputs, &grads, &directions, &options);
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
    for_each_row(|row| {
        let inputs = inputs(row);
        let grads = output_gradients(row, &inputs)?;
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
    });
}

#[test]
fn elementwise_functions_take_any_shape() {
    let shapes: [&[usize]; 5] = [&[], &[1], &[0], &[2, 0, 3], &[1, 1, 1]];
    for row in table().iter().filter(|row| row.elementwise) {
        for shape in shapes {
            let x = Variable::new(numbers(shape, row.domain, 3));
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
