//! Bad input to library functions: an error that names the argument, what was expected and what came, at the line of the call; never a
//! panic.

use chainer::{Array, Dtype, Variable, functions as F};

fn x(shape: &[usize]) -> Variable {
    Variable::new(Array::zeros(shape, Dtype::F32))
}

fn integers(shape: &[usize]) -> Variable {
    Variable::constant(Array::zeros(shape, Dtype::I32))
}

fn of(shape: &[usize], dtype: Dtype) -> Variable {
    Variable::constant(Array::zeros(shape, dtype))
}

#[test]
fn messages_name_argument_expectation_and_actual() {
    let t = |labels: &[i32]| Array::from(labels);
    let rows: Vec<(&str, Variable, &[&str])> = vec![
        // dtypes
        ("relu", F::relu(integers(&[2])), &["InvalidType", "x.dtype.kind == f", "i != f"]),
        ("elu", F::elu(integers(&[2])), &["x.dtype.kind == f"]),
        ("leaky_relu", F::leaky_relu(integers(&[2])), &["x.dtype.kind == f"]),
        ("sigmoid", F::sigmoid(integers(&[2])), &["x.dtype.kind == f"]),
        ("softplus", F::softplus(integers(&[2])), &["x.dtype.kind == f"]),
        ("exp", F::exp(integers(&[2])), &["x.dtype.kind == f"]),
        ("where", F::where_(x(&[2]), x(&[2]), x(&[2])), &["condition.dtype == bool", "float32 != bool"]),
        ("linear", F::linear(x(&[2, 3]), of(&[2, 3], Dtype::F64), None), &["x.dtype == W.dtype", "float32 != float64"]),
        ("embed_id", F::embed_id(x(&[2]), x(&[3, 2])), &["x.dtype.kind == i", "f != i"]),
        ("accuracy", F::accuracy(x(&[2, 3]), x(&[2])), &["t.dtype.kind == i"]),
        ("softmax_cross_entropy", F::softmax_cross_entropy(x(&[2, 3]), x(&[2])), &["t.dtype.kind == i", "f != i"]),
        ("sigmoid_cross_entropy", F::sigmoid_cross_entropy(x(&[2]), x(&[2])), &["t.dtype.kind == i"]),
        // ranks and axes
        ("softmax", F::Softmax::new().axis(2).call(x(&[2, 3])), &["axis < x.ndim", "axis = 2"]),
        ("linear", F::linear(x(&[3]), x(&[2, 3]), None), &["x.ndim >= 2", "1 < 2"]),
        ("convolution_2d", F::convolution_2d(x(&[2, 3, 4]), x(&[1, 3, 2, 2]), None), &["x.ndim == 4", "3 != 4"]),
        ("max_pooling_2d", F::max_pooling_2d(x(&[2, 3]), 2), &["x.ndim == 4", "2 != 4"]),
        ("average_pooling_2d", F::average_pooling_2d(x(&[2, 3]), 2), &["x.ndim == 4"]),
        ("matmul", F::matmul(x(&[]), x(&[2])), &["a.ndim >= 1", "0 and 1"]),
        ("sum", F::sum(x(&[2, 3]), 2, false), &["axis < 2", "axis = 2"]),
        ("max", F::max(x(&[2, 3]), [0, 0], false), &["named twice"]),
        ("max", F::max(x(&[0, 3]), 0, false), &["no elements", "(0, 3)"]),
        ("concat", F::concat([x(&[2])]), &["axis < xs[0].ndim", "axis = 1"]),
        ("concat", F::concat(Vec::<Variable>::new()), &["at least one input"]),
        ("split_axis", F::split_axis(x(&[2]), 2, 1).remove(0), &["axis < x.ndim", "axis = 1"]),
        ("lstm", F::lstm(x(&[3]), x(&[12])).0, &["c_prev.ndim >= 2"]),
        // shapes
        ("linear", F::linear(x(&[2, 3]), x(&[5, 4]), None), &["x.shape[1] == W.shape[1]", "3 != 4"]),
        ("linear", F::linear(x(&[2, 3]), x(&[5, 3]), x(&[4])), &["b.shape[0] == W.shape[0]", "4 != 5"]),
        (
            "convolution_2d",
            F::convolution_2d(x(&[1, 3, 4, 4]), x(&[1, 2, 2, 2]), None),
            &["x.shape[1] == W.shape[1]", "3 != 2"],
        ),
        (
            "convolution_2d",
            F::convolution_2d(x(&[1, 3, 4, 4]), x(&[5, 3, 2, 2]), x(&[4])),
            &["b.shape[0] == W.shape[0]", "4 != 5"],
        ),
        ("convolution_2d", F::convolution_2d(x(&[1, 3, 2, 2]), x(&[5, 3, 3, 3]), None), &["window", "3", "2"]),
        (
            "convolution_2d",
            F::Convolution2D::new().stride(0).call(x(&[1, 3, 4, 4]), x(&[5, 3, 2, 2]), None),
            &["stride >= 1"],
        ),
        (
            "convolution_2d",
            F::Convolution2D::new().groups(2).call(x(&[1, 3, 4, 4]), x(&[4, 1, 2, 2]), None),
            &["groups", "3 != 2"],
        ),
        ("max_pooling_2d", F::max_pooling_2d(x(&[1, 1, 4, 4]), 0), &["ksize"]),
        ("matmul", F::matmul(x(&[2, 3]), x(&[4, 5])), &["a.shape[-1] == b.shape[-2]", "3 != 4"]),
        ("matmul", F::matmul(x(&[2, 2, 3]), x(&[3, 3, 5])), &["broadcast", "(2, 2, 3) and (3, 3, 5)"]),
        ("concat", F::concat([x(&[2, 3]), x(&[3, 3])]), &["xs[0].shape[0] == xs[1].shape[0]", "2 != 3"]),
        ("concat", F::concat([x(&[2, 3]), of(&[2, 3], Dtype::F64)]), &["xs[0].dtype == xs[1].dtype"]),
        ("split_axis", F::split_axis(x(&[2, 5]), 2, 1).remove(1), &["x.shape[1] % indices_or_sections == 0", "5 % 2"]),
        ("split_axis", F::split_axis(x(&[2, 5]), 0, 1).remove(0), &["indices_or_sections >= 1"]),
        ("get_item", F::get_item(x(&[2, 5]), 2), &["2"]),
        ("where", F::where_(of(&[2], Dtype::Bool), x(&[3]), x(&[2])), &["broadcast", "(3,)"]),
        ("average", F::average(x(&[2, 3]), 1, x(&[2]), false), &["weights.shape", "(2,)"]),
        ("lstm", F::lstm(x(&[2, 3]), x(&[2, 11])).1, &["x.shape[1] == 4 * c_prev.shape[1]", "11 != 12"]),
        ("lstm", F::lstm(x(&[2, 3]), x(&[3, 12])).1, &["x.shape[0] == c_prev.shape[0]", "3 != 2"]),
        ("mean_squared_error", F::mean_squared_error(x(&[2]), x(&[3])), &["x0.shape == x1.shape", "(2,) != (3,)"]),
        ("mean_absolute_error", F::mean_absolute_error(x(&[2]), of(&[2], Dtype::F64)), &["x0.dtype == x1.dtype"]),
        (
            "softmax_cross_entropy",
            F::softmax_cross_entropy(x(&[2, 3]), integers(&[3])),
            &["x.shape[0] == t.shape[0]", "2 != 3"],
        ),
        (
            "softmax_cross_entropy",
            F::softmax_cross_entropy(x(&[2, 3, 4]), integers(&[2, 5])),
            &["x.shape[2] == t.shape[1]", "4 != 5"],
        ),
        ("softmax_cross_entropy", F::softmax_cross_entropy(x(&[2, 3]), integers(&[2, 3])), &["t.ndim == x.ndim - 1"]),
        (
            "softmax_cross_entropy",
            F::SoftmaxCrossEntropy::new().class_weight(Array::zeros(2, Dtype::F32)).call(x(&[2, 3]), integers(&[2])),
            &["class_weight.shape == (x.shape[1],)", "(2,) != (3,)"],
        ),
        ("sigmoid_cross_entropy", F::sigmoid_cross_entropy(x(&[2]), integers(&[3])), &["x.shape == t.shape"]),
        ("accuracy", F::accuracy(x(&[2, 3]), integers(&[3])), &["t.shape", "(3,) and (2, 3)"]),
        (
            "batch_normalization",
            F::batch_normalization(x(&[2, 3]), x(&[4]), x(&[4])),
            &["x.shape[1] == gamma.shape[0]", "3 != 4"],
        ),
        ("batch_normalization", F::batch_normalization(x(&[3]), x(&[3]), x(&[3])), &["x.ndim >= gamma.ndim + 1"]),
        (
            "fixed_batch_normalization",
            F::fixed_batch_normalization(x(&[2, 3]), x(&[3]), x(&[3]), x(&[3]), x(&[2])),
            &["x.shape[1] == var.shape[0]", "3 != 2"],
        ),
        // values
        ("dropout", F::dropout(x(&[2]), 1.0), &["0 <= ratio < 1", "ratio = 1"]),
        ("dropout", F::dropout(x(&[2]), f64::NAN), &["0 <= ratio < 1", "NaN"]),
        ("dropout", F::Dropout::new(0.5).mask(Array::zeros(3, Dtype::F32)).call(x(&[2])), &["mask.shape == x.shape"]),
        ("embed_id", F::embed_id(t(&[0, 4]), x(&[4, 2])), &["IndexOutOfBounds", "0 <= x < 4", "x[1] = 4"]),
        ("embed_id", F::embed_id(t(&[-1, 0]), x(&[4, 2])), &["x[0] = -1"]),
        (
            "softmax_cross_entropy",
            F::softmax_cross_entropy(x(&[2, 3]), t(&[0, 3])),
            &["0 <= t < 3", "t[1] = 3", "ignore_label"],
        ),
        (
            "softmax_cross_entropy",
            F::SoftmaxCrossEntropy::new().ignore_label(5).call(x(&[2, 3]), t(&[5, -1])),
            &["t[1] = -1"],
        ),
        ("sigmoid_cross_entropy", F::sigmoid_cross_entropy(x(&[2]), t(&[0, 2])), &["0 <= t < 2", "t[1] = 2"]),
    ];
    let mut complaints = Vec::new();
    for (name, y, parts) in rows {
        let Err(error) = y.check() else {
            complaints.push(format!("{name} takes bad input: {parts:?}"));
            continue;
        };
        let message = error.to_string();
        let wanted = [name, "tests/bad_input.rs:"];
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
    let failed = || F::relu(integers(&[2]));
    let first = failed().check().unwrap_err().message().to_owned();
    let rows = [
        F::tanh(failed()),
        F::softmax(failed()),
        F::linear(failed(), x(&[2, 3]), None),
        F::linear(x(&[2, 3]), x(&[2, 3]), failed()),
        F::convolution_2d(x(&[1, 1, 2, 2]), failed(), None),
        F::convolution_2d(x(&[1, 1, 2, 2]), x(&[1, 1, 2, 2]), failed()),
        F::max_pooling_2d(failed(), 2),
        F::average_pooling_2d(failed(), 2),
        F::concat([x(&[2, 2]), failed()]),
        F::split_axis(failed(), 2, 0).remove(1),
        F::get_item(failed(), 0),
        F::where_(failed(), 1.0, 0.0),
        F::sum(failed(), None, false),
        F::average(x(&[2]), None, failed(), false),
        F::max(failed(), None, false),
        F::argmax(failed(), None),
        F::logsumexp(failed(), None),
        F::matmul(x(&[2, 2]), failed()),
        F::dropout(failed(), 0.5),
        F::embed_id(integers(&[2]), failed()),
        F::lstm(failed(), x(&[2, 8])).1,
        F::batch_normalization(failed(), x(&[2]), x(&[2])),
        F::fixed_batch_normalization(x(&[2, 2]), x(&[2]), x(&[2]), x(&[2]), failed()),
        F::mean_squared_error(failed(), x(&[2])),
        F::softmax_cross_entropy(failed(), integers(&[2])),
        F::softmax_cross_entropy(x(&[2, 2]), failed()),
        F::sigmoid_cross_entropy(failed(), integers(&[2])),
        F::accuracy(failed(), integers(&[2])),
    ];
    for (i, y) in rows.iter().enumerate() {
        assert_eq!(y.check().unwrap_err().message(), first, "row {i}");
    }
}

#[test]
fn without_type_checks_bad_input_is_an_error_all_the_same() {
    let _unchecked = chainer::using_config(|c| c.type_check = false);
    type Call = Box<dyn Fn() -> Variable>;
    let rows: Vec<(&str, Call)> = vec![
        ("linear", Box::new(|| F::linear(x(&[]), x(&[2, 3]), None))),
        ("linear", Box::new(|| F::linear(x(&[2, 3]), x(&[3]), None))),
        ("linear", Box::new(|| F::linear(x(&[2, 3]), x(&[4, 2]), x(&[3])))),
        ("convolution_2d", Box::new(|| F::convolution_2d(x(&[2]), x(&[2]), None))),
        ("max_pooling_2d", Box::new(|| F::max_pooling_2d(x(&[]), 2))),
        ("average_pooling_2d", Box::new(|| F::average_pooling_2d(x(&[2]), 2))),
        ("softmax", Box::new(|| F::softmax(x(&[])))),
        ("log_softmax", Box::new(|| F::LogSoftmax::new().axis(5).call(x(&[2])))),
        ("concat", Box::new(|| F::concat([x(&[2])]))),
        ("concat", Box::new(|| F::concat(Vec::<Variable>::new()))),
        ("split_axis", Box::new(|| F::split_axis(x(&[2]), 2, 1).remove(0))),
        ("lstm", Box::new(|| F::lstm(x(&[]), x(&[])).0)),
        ("lstm", Box::new(|| F::lstm(x(&[2, 3]), x(&[2, 11])).0)),
        ("lstm", Box::new(|| F::lstm(x(&[2, 3]), x(&[12])).0)),
        ("matmul", Box::new(|| F::matmul(x(&[2, 3]), x(&[2, 3])))),
        ("batch_normalization", Box::new(|| F::batch_normalization(x(&[]), x(&[2]), x(&[2])))),
        ("batch_normalization", Box::new(|| F::batch_normalization(x(&[2, 3]), x(&[4]), x(&[4])))),
    ];
    let mut complaints = Vec::new();
    for (i, (name, f)) in rows.into_iter().enumerate() {
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)) {
            Ok(y) if y.check().is_err() => {}
            Ok(_) => complaints.push(format!("{i}: {name} takes bad input")),
            Err(_) => complaints.push(format!("{i}: {name} panics")),
        }
    }
    assert!(complaints.is_empty(), "{complaints:?}");
}
