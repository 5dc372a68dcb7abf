//! Derivatives of every differentiable function: one row a function, checked to second order against finite differences in float64
//! (with inputs that are not contiguous), for the same results in the other float dtypes, and, where a row says so, on shapes with
//! sizes 0 and 1.

use chainer::gradient_check::{CheckOptions, check_backward, check_double_backward};
use chainer::{Array, ArrayOps, Dtype, GradOptions, Result, Variable, functions as F, grad_with};

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
    Row { name, shapes, domain: (-2.0, 2.0), f: Box::new(f), elementwise: false, half: true }
}

/// A function of one input of any shape.
fn unary(name: &'static str, f: impl Fn(&Variable) -> Variable + 'static) -> Row {
    row(name, &[&[3, 4]], move |xs| f(&xs[0])).elementwise()
}

fn table() -> Vec<Row> {
    let labels = || Array::from([2i32, 0, 1]);
    let wide_labels = || Array::from([[0i64, 2, 1, -1], [1, 1, 2, 0]]);
    vec![
        // activation
        unary("relu", |x| F::relu(x)),
        unary("leaky_relu", |x| F::leaky_relu(x)),
        unary("leaky_relu, negative slope", |x| F::LeakyRelu::new().slope(-0.5).call(x)),
        unary("elu", |x| F::elu(x)),
        unary("elu, alpha", |x| F::Elu::new().alpha(1.7).call(x)),
        unary("sigmoid", |x| F::sigmoid(x)),
        unary("tanh", |x| F::tanh(x)),
        unary("softplus", |x| F::softplus(x)),
        unary("softplus, beta", |x| F::Softplus::new().beta(2.5).call(x)),
        row("softmax", &[&[3, 4]], |xs| F::softmax(&xs[0])),
        row("softmax of a vector", &[&[4]], |xs| F::softmax(&xs[0])),
        row("softmax, axis", &[&[2, 3, 2]], |xs| F::Softmax::new().axis(-1).call(&xs[0])),
        row("log_softmax", &[&[2, 3, 2]], |xs| F::log_softmax(&xs[0])),
        rows("lstm", &[&[2, 3], &[2, 12]], |xs| {
            let (c, h) = F::lstm(&xs[0], &xs[1]);
            vec![c, h]
        }),
        row("lstm, h alone", &[&[2, 3], &[2, 12]], |xs| F::lstm(&xs[0], &xs[1]).1),
        row("lstm, c alone", &[&[2, 3], &[2, 12]], |xs| F::lstm(&xs[0], &xs[1]).0),
        rows("lstm, shorter x, more axes", &[&[3, 2, 2], &[2, 8, 2]], |xs| {
            let (c, h) = F::lstm(&xs[0], &xs[1]);
            vec![c, h]
        }),
        // array
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
        // connection
        row("linear", &[&[3, 4], &[2, 4], &[2]], |xs| F::linear(&xs[0], &xs[1], &xs[2])),
        row("linear, no bias, more axes", &[&[3, 2, 2], &[2, 4]], |xs| F::linear(&xs[0], &xs[1], None)),
        row("convolution_2d", &[&[2, 3, 5, 4], &[2, 3, 2, 3], &[2]], |xs| F::convolution_2d(&xs[0], &xs[1], &xs[2])),
        row("convolution_2d, settings", &[&[1, 2, 5, 6], &[4, 1, 2, 2]], |xs| {
            let function = F::Convolution2D::new().stride((2, 1)).pad((1, 2)).dilate(2).groups(2);
            function.call(&xs[0], &xs[1], None)
        }),
        row("convolution_2d, cover_all", &[&[1, 2, 6, 6], &[2, 2, 3, 3]], |xs| {
            F::Convolution2D::new().stride(2).cover_all(true).call(&xs[0], &xs[1], None)
        }),
        row("embed_id", &[&[3, 2]], |xs| F::embed_id(Array::from([[2i32, 0], [2, 1]]), &xs[0])),
        row("embed_id, ignore_label", &[&[3, 2]], |xs| {
            F::EmbedId::new().ignore_label(-1).call(Array::from([2i64, -1, 0]), &xs[0])
        }),
        // loss
        row("mean_squared_error", &[&[2, 3], &[2, 3]], |xs| F::mean_squared_error(&xs[0], &xs[1])),
        row("mean_absolute_error", &[&[2, 3], &[2, 3]], |xs| F::mean_absolute_error(&xs[0], &xs[1])),
        row("softmax_cross_entropy", &[&[3, 4]], move |xs| F::softmax_cross_entropy(&xs[0], labels())),
        row("softmax_cross_entropy, more axes", &[&[2, 3, 4]], move |xs| {
            F::SoftmaxCrossEntropy::new().normalize(false).call(&xs[0], wide_labels())
        }),
        row("softmax_cross_entropy, weights", &[&[2, 3, 4]], move |xs| {
            let weight = Array::from([0.5f64, 2.0, 1.5]);
            let function = F::SoftmaxCrossEntropy::new().class_weight(weight).reduce(F::Reduction::No);
            function.call(&xs[0], wide_labels())
        }),
        row("softmax_cross_entropy, no cache", &[&[3, 4]], move |xs| {
            let function = F::SoftmaxCrossEntropy::new().cache_score(false).ignore_label(1).reduce(F::Reduction::Sum);
            function.call(&xs[0], labels())
        }),
        row("sigmoid_cross_entropy", &[&[2, 3]], |xs| {
            F::sigmoid_cross_entropy(&xs[0], Array::from([[1i32, 0, -1], [0, 1, 1]]))
        }),
        row("sigmoid_cross_entropy, settings", &[&[2, 3]], |xs| {
            let t = Array::from([[1i8, 0, -1], [0, 1, 1]]);
            F::SigmoidCrossEntropy::new().normalize(false).reduce(F::Reduction::No).call(&xs[0], t)
        }),
        // math
        unary("exp", |x| F::exp(x)),
        unary("expm1", |x| F::expm1(x)),
        unary("log", |x| F::log(x)).domain(0.5, 3.0),
        unary("log2", |x| F::log2(x)).domain(0.5, 3.0),
        unary("log10", |x| F::log10(x)).domain(0.5, 3.0),
        unary("log1p", |x| F::log1p(x)).domain(-0.5, 3.0),
        unary("sqrt", |x| F::sqrt(x)).domain(0.5, 3.0),
        unary("rsqrt", |x| F::rsqrt(x)).domain(0.5, 3.0),
        unary("square", |x| F::square(x)),
        unary("absolute", |x| F::absolute(x)),
        unary("sin", |x| F::sin(x)),
        unary("cos", |x| F::cos(x)),
        unary("tan", |x| F::tan(x)).domain(-1.0, 1.0),
        unary("arcsin", |x| F::arcsin(x)).domain(-0.8, 0.8),
        unary("arccos", |x| F::arccos(x)).domain(-0.8, 0.8),
        unary("arctan", |x| F::arctan(x)),
        unary("sinh", |x| F::sinh(x)),
        unary("cosh", |x| F::cosh(x)),
        unary("erf", |x| F::erf(x)),
        unary("erfc", |x| F::erfc(x)),
        row("maximum", &[&[2, 3], &[3]], |xs| F::maximum(&xs[0], &xs[1])),
        row("minimum", &[&[2, 3], &[2, 1]], |xs| F::minimum(&xs[0], &xs[1])),
        row("sum", &[&[2, 3]], |xs| F::sum(&xs[0], None, false)),
        row("sum, axes", &[&[2, 3, 2]], |xs| F::sum(&xs[0], [0, -1], false)),
        row("mean", &[&[2, 3]], |xs| F::mean(&xs[0], None, false)),
        row("mean, axes", &[&[2, 3, 2]], |xs| F::mean(&xs[0], [0, 2], true)),
        row("average", &[&[2, 3], &[2, 3]], |xs| F::average(&xs[0], None, xs[1].square() + 1.0, false)),
        row("average, axis", &[&[2, 3], &[3]], |xs| F::average(&xs[0], 1, xs[1].square() + 1.0, true)),
        row("max", &[&[2, 3]], |xs| F::max(&xs[0], None, false)),
        row("max, axis", &[&[2, 3, 2]], |xs| F::max(&xs[0], 1, false)),
        row("min, keepdims", &[&[2, 3, 2]], |xs| F::min(&xs[0], [0, 2], true)),
        row("logsumexp", &[&[2, 3]], |xs| F::logsumexp(&xs[0], None)),
        row("logsumexp, axis", &[&[2, 3]], |xs| F::logsumexp(&xs[0], 1)),
        row("matmul", &[&[2, 3], &[3, 4]], |xs| F::matmul(&xs[0], &xs[1])),
        row("matmul, transposed", &[&[3, 2], &[4, 3]], |xs| {
            F::MatMul::new().transa(true).transb(true).call(&xs[0], &xs[1])
        }),
        row("matmul, transa", &[&[3, 2], &[3, 4]], |xs| F::MatMul::new().transa(true).call(&xs[0], &xs[1])),
        row("matmul, transb", &[&[2, 3], &[4, 3]], |xs| F::MatMul::new().transb(true).call(&xs[0], &xs[1])),
        row("matmul, batches broadcast", &[&[2, 1, 2, 3], &[3, 3, 2]], |xs| F::matmul(&xs[0], &xs[1])),
        row("matmul, matrix and vector", &[&[2, 3], &[3]], |xs| F::matmul(&xs[0], &xs[1])),
        row("matmul, vector and batch", &[&[3], &[2, 3, 2]], |xs| F::matmul(&xs[0], &xs[1])),
        row("matmul, vectors", &[&[3], &[3]], |xs| F::matmul(&xs[0], &xs[1])),
        // noise
        row("dropout", &[&[2, 3]], |xs| {
            chainer_kernels::random::seed(1);
            F::dropout(&xs[0], 0.5)
        }),
        // normalization
        row("batch_normalization", &[&[5, 3], &[3], &[3]], |xs| F::batch_normalization(&xs[0], &xs[1], &xs[2]))
            .not_in_half(),
        row("batch_normalization, images", &[&[2, 3, 2, 2], &[3], &[3]], |xs| {
            F::BatchNormalization::new().eps(0.1).call(&xs[0], &xs[1], &xs[2])
        })
        .not_in_half(),
        rows("batch_normalization, statistics", &[&[4, 2, 3], &[2, 3], &[2, 3]], |xs| {
            F::BatchNormalization::new().eps(0.1).call_with_statistics(&xs[0], &xs[1], &xs[2]).into()
        })
        .not_in_half(),
        row("fixed_batch_normalization", &[&[2, 3, 2], &[3], &[3], &[3], &[3]], |xs| {
            F::fixed_batch_normalization(&xs[0], &xs[1], &xs[2], &xs[3], xs[4].square() + 0.5)
        }),
        // pooling
        row("max_pooling_2d", &[&[2, 2, 5, 5]], |xs| F::max_pooling_2d(&xs[0], 2)),
        row("max_pooling_2d, settings", &[&[1, 2, 6, 5]], |xs| {
            F::MaxPooling2D::new((3, 2)).stride((2, 1)).pad((1, 0)).cover_all(false).call(&xs[0])
        }),
        row("average_pooling_2d", &[&[2, 2, 5, 4]], |xs| F::average_pooling_2d(&xs[0], 2)),
        row("average_pooling_2d, settings", &[&[1, 2, 6, 5]], |xs| {
            F::AveragePooling2D::new((3, 2)).stride((2, 1)).pad((1, 0)).call(&xs[0])
        }),
    ]
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
        check_double_backward(|xs: &[Variable]| (row.f)(xs), &inputs, &grads, &directions, &options)
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
    let x = |shape: &[usize]| Variable::new(Array::zeros(shape, Dtype::F32));
    let no_labels = || Array::zeros(0, Dtype::I32);
    let rows: Vec<(&str, Variable, &[usize])> = vec![
        ("linear", F::linear(x(&[0, 3]), x(&[2, 3]), x(&[2])), &[0, 2]),
        ("convolution_2d", F::convolution_2d(x(&[0, 2, 3, 3]), x(&[4, 2, 2, 2]), None), &[0, 4, 2, 2]),
        ("max_pooling_2d", F::max_pooling_2d(x(&[0, 2, 4, 4]), 2), &[0, 2, 2, 2]),
        ("average_pooling_2d", F::average_pooling_2d(x(&[0, 2, 4, 4]), 2), &[0, 2, 2, 2]),
        ("softmax", F::softmax(x(&[0, 3])), &[0, 3]),
        ("log_softmax", F::log_softmax(x(&[0, 3])), &[0, 3]),
        ("softmax_cross_entropy", F::softmax_cross_entropy(x(&[0, 3]), no_labels()), &[]),
        ("embed_id", F::embed_id(no_labels(), x(&[4, 3])), &[0, 3]),
        ("concat", F::concat([x(&[2, 0]), x(&[2, 0])]), &[2, 0]),
        ("matmul", F::matmul(x(&[0, 3]), x(&[3, 2])), &[0, 2]),
        ("lstm", F::lstm(x(&[0, 2]), x(&[0, 8])).1, &[0, 2]),
        ("get_item", F::get_item(x(&[3, 2]), (1..1,)), &[0, 2]),
    ];
    for (name, y, shape) in rows {
        assert_eq!(&y.shape()[..], shape, "{name}");
        y.sum().backward().unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn huge_inputs_give_finite_results_and_gradients() {
    type Function = fn(&Variable) -> Variable;
    // Maxima, labels, and the tails of everything that has an exponential inside.
    let rows: Vec<(&str, Function)> = vec![
        ("sigmoid", |x| F::sigmoid(x)),
        ("tanh", |x| F::tanh(x)),
        ("softplus", |x| F::softplus(x)),
        ("elu", |x| F::elu(x)),
        ("softmax", |x| F::softmax(x)),
        ("log_softmax", |x| F::log_softmax(x)),
        ("logsumexp", |x| F::logsumexp(x, 1)),
        ("softmax_cross_entropy", |x| F::softmax_cross_entropy(x, Array::from([0i32, 1]))),
        ("sigmoid_cross_entropy", |x| F::sigmoid_cross_entropy(x, Array::from([[0i32, 1, 0], [1, 0, 1]]))),
        ("batch_normalization", |x| {
            let channel = |value: i64| Array::full(3, value, x.dtype());
            F::batch_normalization(x * 1e-3, channel(1), channel(0))
        }),
    ];
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
