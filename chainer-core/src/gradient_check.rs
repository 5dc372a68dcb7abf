//! Checks of derivatives against finite differences, in float64.
//!
//! [`check_backward`] compares what `backward` computes with central differences of the function, element by element;
//! [`check_double_backward`] does the same for the gradient as a function of the inputs and of the output's gradient.

use std::panic::Location;

use crate::{
    Array, ArrayOps, AsVariables, Dtype, Error, ErrorKind, GradOptions, Parameter, Result, Variable, grad_with,
    no_backprop_mode,
};

/// Options of the checks.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// The step of the finite differences. Default: `1e-3`.
    pub eps: f64,
    /// The absolute tolerance. Default: `1e-5`.
    pub atol: f64,
    /// The tolerance relative to the numerical gradient. Default: `1e-4`.
    pub rtol: f64,
    /// Inputs that are not checked; empty, or one entry an input. Inputs of integer or bool dtype never are.
    pub no_grads: Vec<bool>,
    /// The dtype in which the function runs. Default: `Some(Dtype::F64)`; `None` leaves the inputs as they are.
    pub dtype: Option<Dtype>,
    /// Parameters whose gradients are checked too (by [`check_backward`] only).
    pub params: Vec<Parameter>,
}

impl Default for CheckOptions {
    fn default() -> Self {
        CheckOptions {
            eps: 1e-3,
            atol: 1e-5,
            rtol: 1e-4,
            no_grads: Vec::new(),
            dtype: Some(Dtype::F64),
            params: Vec::new(),
        }
    }
}

/// What a checked function may return: a variable, a pair, a list, or a `Result` of them.
pub trait IntoChecked {
    /// The outputs.
    fn into_checked(self) -> Result<Vec<Variable>>;
}
impl IntoChecked for Variable {
    fn into_checked(self) -> Result<Vec<Variable>> {
        Ok(vec![self])
    }
}
impl IntoChecked for (Variable, Variable) {
    fn into_checked(self) -> Result<Vec<Variable>> {
        Ok(vec![self.0, self.1])
    }
}
impl IntoChecked for (Variable, Variable, Variable) {
    fn into_checked(self) -> Result<Vec<Variable>> {
        Ok(vec![self.0, self.1, self.2])
    }
}
impl IntoChecked for Vec<Variable> {
    fn into_checked(self) -> Result<Vec<Variable>> {
        Ok(self)
    }
}
impl<const N: usize> IntoChecked for [Variable; N] {
    fn into_checked(self) -> Result<Vec<Variable>> {
        Ok(self.into())
    }
}
impl<T: IntoChecked> IntoChecked for Result<T> {
    fn into_checked(self) -> Result<Vec<Variable>> {
        self?.into_checked()
    }
}

/// The numerical gradient of `sum(grad_outputs * f(inputs))` with respect to each input, by central differences of step `eps`. The
/// arrays that it returns are float64. Inputs of integer or bool dtype give zeros.
///
/// # Errors
/// The function failed, or `grad_outputs` do not fit its outputs.
///
/// ```
/// use chainer::{gradient_check::numerical_grad, Array, Variable};
/// let x = Array::from([1.0f64, 2.0]);
/// let gx = numerical_grad(|xs: &[Variable]| xs[0].square(), &[x], &[Array::from([1.0f64, 10.0])], 1e-3)?;
/// assert!((gx[0].to_vec::<f64>()?[1] - 40.0).abs() < 1e-6);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn numerical_grad<T: IntoChecked>(
    f: impl Fn(&[Variable]) -> T,
    inputs: &[Array],
    grad_outputs: &[Array],
    eps: f64,
) -> Result<Vec<Array>> {
    let at = Location::caller();
    let _constants = no_backprop_mode();
    let mut current: Vec<Array> = inputs.to_vec();
    let mut value = |arrays: &[Array]| -> Result<f64> {
        let variables: Vec<Variable> = arrays.iter().cloned().map(Variable::constant).collect();
        weighted_sum(&f(&variables).into_checked()?, grad_outputs, at)
    };
    (0..inputs.len()).map(|i| differences(i, &mut current, &mut value, eps)).collect()
}

/// The central differences of `value` with respect to one of `arrays`.
fn differences(
    i: usize,
    arrays: &mut [Array],
    value: &mut impl FnMut(&[Array]) -> Result<f64>,
    eps: f64,
) -> Result<Array> {
    let original = arrays[i].clone();
    original.check()?;
    let (shape, dtype) = (original.shape().clone(), original.dtype());
    let mut gradient = vec![0.0; shape.size()];
    if dtype.is_float() {
        let mut elements = (&original).astype(Dtype::F64).to_vec::<f64>()?;
        for k in 0..elements.len() {
            let kept = elements[k];
            let mut at = |x: f64| -> Result<f64> {
                elements[k] = x;
                arrays[i] = Array::from_slice(&elements, &shape).astype(dtype);
                value(arrays)
            };
            let (above, below) = (at(kept + eps)?, at(kept - eps)?);
            gradient[k] = (above - below) / (2.0 * eps);
            elements[k] = kept;
        }
    }
    arrays[i] = original;
    Ok(Array::from_vec(gradient, shape))
}

/// `sum(gy * y)` over all outputs, accumulated in float64. With no gradients given, the only output must be a single number.
fn weighted_sum(outputs: &[Variable], grad_outputs: &[Array], at: chainer_kernels::Loc) -> Result<f64> {
    outputs.iter().try_for_each(Variable::check)?;
    if grad_outputs.is_empty() {
        if let [y] = outputs
            && y.size() == 1
        {
            return y.item();
        }
        let actual = format!("{} outputs of shapes {:?}", outputs.len(), shapes(outputs));
        return Err(
            Error::value("gradient_check", "one gradient an output, or a single number as output", actual).at(at)
        );
    }
    if outputs.len() != grad_outputs.len() {
        let actual = format!("{} != {}", grad_outputs.len(), outputs.len());
        return Err(Error::mismatch("gradient_check", "len(grad_outputs) == len(outputs)", actual).at(at));
    }
    let mut total = 0.0;
    for (y, gy) in outputs.iter().zip(grad_outputs) {
        gy.check()?;
        if y.shape() != gy.shape() {
            let actual = format!("{:?} != {:?}", gy.shape(), y.shape());
            return Err(Error::mismatch("gradient_check", "grad_output.shape == output.shape", actual).at(at));
        }
        if y.dtype().is_float() {
            let product = y.data().astype(Dtype::F64) * gy.astype(Dtype::F64);
            total += product.sum(None, false).item::<f64>()?;
        }
    }
    Ok(total)
}

fn shapes(outputs: &[Variable]) -> Vec<String> {
    outputs.iter().map(|y| format!("{:?}", y.shape())).collect()
}

fn convert(arrays: &[Array], dtype: Option<Dtype>) -> Vec<Array> {
    let convert = |x: &Array| match dtype {
        Some(dtype) if x.dtype().is_float() => x.astype(dtype),
        _ => x.clone(),
    };
    arrays.iter().map(convert).collect()
}

/// Checks the gradients that `backward` computes of `f` at `inputs` against [`numerical_grad`]. `grad_outputs` holds a gradient for each
/// output; of a function that returns a single number it may be empty (1 is meant). `f` is called often and must always give the same.
///
/// # Errors
/// A gradient differs (the message names the input, the element and both values), is missing, or has another shape or dtype than its
/// input; or the function failed.
///
/// ```
/// use chainer::gradient_check::{check_backward, CheckOptions};
/// use chainer::{Array, Variable};
/// let x = Array::from([0.5f32, -1.5]);
/// let gy = Array::from([1.0f32, 2.0]);
/// check_backward(|xs: &[Variable]| xs[0].tanh(), &[x.clone()], &[gy.clone()], &CheckOptions::default())?;
/// // A wrong derivative is found:
/// let wrong = check_backward(|xs: &[Variable]| &xs[0] * &xs[0].detach(), &[x], &[gy], &CheckOptions::default());
/// assert!(wrong.unwrap_err().to_string().contains("input 0"));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn check_backward<T: IntoChecked>(
    f: impl Fn(&[Variable]) -> T,
    inputs: &[Array],
    grad_outputs: &[Array],
    options: &CheckOptions,
) -> Result<()> {
    let at = Location::caller();
    let (inputs, grad_outputs) = (convert(inputs, options.dtype), convert(grad_outputs, options.dtype));
    let variables: Vec<Variable> = inputs.iter().cloned().map(Variable::new).collect();
    let params: Vec<Variable> = options.params.iter().map(Parameter::var).collect();
    let outputs = f(&variables).into_checked()?;
    // Also says whether the gradients fit.
    weighted_sum(&outputs, &grad_outputs, at)?;
    let sought: Vec<Variable> = variables.iter().chain(&params).cloned().collect();
    let found = gradients(&outputs, &sought, &grad_outputs, false)?;

    let numerical = numerical_grad(&f, &inputs, &grad_outputs, options.eps)?;
    for (i, (x, want)) in inputs.iter().zip(numerical).enumerate() {
        if x.dtype().is_float() && !options.no_grads.get(i).copied().unwrap_or(false) {
            compare(&format!("input {i}"), x, found[i].as_ref(), &want, options, at)?;
        }
    }
    for (i, parameter) in options.params.iter().enumerate() {
        let original = parameter.array()?;
        let mut value = |arrays: &[Array]| -> Result<f64> {
            let _constants = no_backprop_mode();
            parameter.set(arrays[0].clone());
            let variables: Vec<Variable> = inputs.iter().cloned().map(Variable::constant).collect();
            weighted_sum(&f(&variables).into_checked()?, &grad_outputs, at)
        };
        let want = differences(0, &mut [original.clone()], &mut value, options.eps);
        parameter.set(original.clone());
        let name = parameter.name().map_or(format!("parameter {i}"), |name| format!("parameter {name}"));
        compare(&name, &original, found[inputs.len() + i].as_ref(), &want?, options, at)?;
    }
    Ok(())
}

/// Checks second derivatives: the gradients of `f` as functions of `inputs` and `grad_outputs`, differentiated in the direction
/// `grad_grad_inputs` (one array an input).
///
/// # Errors
/// As [`check_backward`].
///
/// ```
/// use chainer::gradient_check::{check_double_backward, CheckOptions};
/// use chainer::{Array, Variable};
/// let [x, gy, ggx] = [[0.5f32, -1.5], [1.0, 2.0], [0.3, -0.7]].map(Array::from);
/// check_double_backward(|xs: &[Variable]| xs[0].tanh(), &[x], &[gy], &[ggx], &CheckOptions::default())?;
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn check_double_backward<T: IntoChecked>(
    f: impl Fn(&[Variable]) -> T,
    inputs: &[Array],
    grad_outputs: &[Array],
    grad_grad_inputs: &[Array],
    options: &CheckOptions,
) -> Result<()> {
    let at = Location::caller();
    let count = inputs.len();
    if grad_grad_inputs.len() != count {
        let actual = format!("{} != {count}", grad_grad_inputs.len());
        return Err(Error::mismatch("check_double_backward", "len(grad_grad_inputs) == len(inputs)", actual).at(at));
    }
    let checked = |i: usize| inputs[i].dtype().is_float() && !options.no_grads.get(i).copied().unwrap_or(false);
    // The first derivative as a function of inputs and output gradients.
    let first = |xs: &[Variable]| -> Result<Vec<Variable>> {
        let _recorded = crate::force_backprop_mode();
        // A leaf of its own for each input, so that the gradient exists also where the numerical check passes constants.
        let own = |x: &Variable| {
            if x.requires_grad() || !x.dtype().is_float() { x.clone() } else { Variable::new(x.data().clone()) }
        };
        let xs: Vec<Variable> = xs.iter().map(own).collect();
        let (inputs, grads) = xs.split_at(count);
        let outputs = f(inputs).into_checked()?;
        let sought: Vec<Variable> = (0..count).filter(|&i| checked(i)).map(|i| inputs[i].clone()).collect();
        let flowing = outputs.iter().zip(grads).filter(|(y, _)| y.requires_grad());
        let (outputs, grad_outputs): (Vec<Variable>, Vec<_>) =
            flowing.map(|(y, g)| (y.clone(), Some(g.clone()))).unzip();
        let found = grad_with(outputs, sought.clone(), GradOptions { grad_outputs, create_graph: true })?;
        let zeros = |x: &Variable| Variable::constant(Array::zeros(x.shape(), x.dtype()));
        Ok(found.into_iter().zip(&sought).map(|(g, x)| g.unwrap_or_else(|| zeros(x))).collect())
    };
    let all: Vec<Array> = inputs.iter().chain(grad_outputs).cloned().collect();
    let directions: Vec<Array> = (0..count).filter(|&i| checked(i)).map(|i| grad_grad_inputs[i].clone()).collect();
    let mut no_grads = options.no_grads.clone();
    no_grads.resize(count, false);
    let second = CheckOptions { no_grads, params: Vec::new(), ..options.clone() };
    check_backward_of_gradient(first, &all, &directions, &second, at)
}

/// [`check_backward`] where a missing gradient counts as zero: a linear function's second derivative does not exist in the graph.
fn check_backward_of_gradient(
    first: impl Fn(&[Variable]) -> Result<Vec<Variable>>,
    inputs: &[Array],
    grad_outputs: &[Array],
    options: &CheckOptions,
    at: chainer_kernels::Loc,
) -> Result<()> {
    let (inputs, grad_outputs) = (convert(inputs, options.dtype), convert(grad_outputs, options.dtype));
    let variables: Vec<Variable> = inputs.iter().cloned().map(Variable::new).collect();
    let outputs = first(&variables)?;
    weighted_sum(&outputs, &grad_outputs, at)?;
    let found = gradients(&outputs, &variables, &grad_outputs, true)?;
    let numerical = numerical_grad(&first, &inputs, &grad_outputs, options.eps)?;
    for (i, (x, want)) in inputs.iter().zip(numerical).enumerate() {
        if x.dtype().is_float() && !options.no_grads.get(i).copied().unwrap_or(false) {
            let zero = Variable::constant(Array::zeros(x.shape(), x.dtype()));
            let found = found[i].clone().unwrap_or(zero);
            compare(&format!("input {i} (second derivative)"), x, Some(&found), &want, options, at)?;
        }
    }
    Ok(())
}

/// The gradients of the outputs with respect to `sought`. With `lenient`, outputs that depend on nothing are left out; none at all
/// gives none.
fn gradients(
    outputs: &[Variable],
    sought: &[Variable],
    grad_outputs: &[Array],
    lenient: bool,
) -> Result<Vec<Option<Variable>>> {
    let pairs = outputs.iter().enumerate().filter(|(_, y)| y.dtype().is_float() && (!lenient || y.requires_grad()));
    let (outputs, grad_outputs): (Vec<Variable>, Vec<Option<Variable>>) =
        pairs.map(|(i, y)| (y.clone(), grad_outputs.get(i).map(|gy| Variable::constant(gy.astype(y.dtype()))))).unzip();
    if outputs.is_empty() {
        return Ok(vec![None; sought.len()]);
    }
    grad_with(outputs.as_variables(), sought.as_variables(), GradOptions { grad_outputs, create_graph: false })
}

fn compare(
    name: &str,
    x: &Array,
    found: Option<&Variable>,
    want: &Array,
    options: &CheckOptions,
    at: chainer_kernels::Loc,
) -> Result<()> {
    let fail = |message: String| Err(Error::new(ErrorKind::InvalidValue, "gradient_check", message).at(at));
    let Some(found) = found else {
        return fail(format!("Expect: a gradient of {name}\nActual: none (list it in `no_grads` if it has none)"));
    };
    if found.shape() != x.shape() || found.dtype() != x.dtype() {
        let (have, need) = ((found.dtype(), found.shape()), (x.dtype(), x.shape()));
        return fail(format!(
            "Expect: the gradient of {name} is {}{:?}\nActual: {}{:?}",
            need.0, need.1, have.0, have.1
        ));
    }
    let (got, want) = (found.data().astype(Dtype::F64).to_vec::<f64>()?, want.to_vec::<f64>()?);
    let off = |(got, want): (&f64, &f64)| {
        let within = (got - want).abs() <= options.atol + options.rtol * want.abs();
        !(within || got == want || (got.is_nan() && want.is_nan()))
    };
    let wrong: Vec<usize> = (0..got.len()).filter(|&k| off((&got[k], &want[k]))).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let error = |k: &usize| {
        let error = (got[*k] - want[*k]).abs();
        if error.is_nan() { f64::INFINITY } else { error }
    };
    let worst = wrong.iter().copied().max_by(|a, b| error(a).total_cmp(&error(b))).unwrap_or(0);
    fail(format!(
        "Expect: the gradient of {name} at {} is {} (numerically; eps {}, atol {}, rtol {})\n\
         Actual: {} ({} of {} elements differ; this is the worst)",
        index_text(worst, x.shape()),
        want[worst],
        options.eps,
        options.atol,
        options.rtol,
        got[worst],
        wrong.len(),
        got.len()
    ))
}

/// The multi-dimensional index of an element, as `[1, 2]`.
fn index_text(mut flat: usize, shape: &[usize]) -> String {
    let mut index: Vec<usize> = Vec::with_capacity(shape.len());
    for &size in shape.iter().rev() {
        index.push(flat % size.max(1));
        flat /= size.max(1);
    }
    index.reverse();
    format!("{index:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_and_missing_gradients_are_described() {
        let x = Array::from([[1.0f64, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let gy = Array::ones([2, 3], Dtype::F64);
        let options = CheckOptions::default();
        let half = |xs: &[Variable]| &xs[0] * &xs[0].detach();
        let error = check_backward(half, std::slice::from_ref(&x), std::slice::from_ref(&gy), &options).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("input 0 at [1, 2] is 1") && text.contains("Actual: 6 (6 of 6"), "{text}");
        let floor = |xs: &[Variable]| xs[0].floor();
        let error = check_backward(floor, &[&x + 0.5], std::slice::from_ref(&gy), &options).unwrap_err();
        assert!(error.to_string().contains("no_grads"), "{error}");
        let skipped = CheckOptions { no_grads: vec![true], ..options };
        check_backward(floor, &[x + 0.5], &[gy], &skipped).unwrap();
    }

    #[test]
    fn parameters_are_checked_and_restored() {
        let w = Parameter::new(Array::from([0.5f64, -1.0])).with_name("W");
        let options = CheckOptions { params: vec![w.clone()], ..CheckOptions::default() };
        let x = Array::from([3.0f64, 4.0]);
        check_backward(|xs: &[Variable]| (&xs[0] * &w).tanh().sum(), std::slice::from_ref(&x), &[], &options).unwrap();
        assert_eq!(w.array().unwrap().to_vec::<f64>().unwrap(), [0.5, -1.0]);
        let wrong = |xs: &[Variable]| (&xs[0] * &w * &w.var().detach()).sum();
        let error = check_backward(wrong, &[x], &[], &options).unwrap_err();
        assert!(error.to_string().contains("parameter W at [1]"), "{error}");
    }

    #[test]
    fn gradients_must_fit_the_outputs() {
        let x = Array::from([1.0f64, 2.0]);
        let f = |xs: &[Variable]| xs[0].exp();
        assert!(check_backward(f, std::slice::from_ref(&x), &[], &CheckOptions::default()).is_err());
        let wrong = Array::from([1.0f64]);
        assert!(check_backward(f, &[x], &[wrong], &CheckOptions::default()).is_err());
    }
}
