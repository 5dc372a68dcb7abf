//! [`grad()`]: gradients as values, without touching the variables' own.

use std::panic::Location;

use chainer_kernels::flush_all;

use crate::backward::{ones, output_node};
use crate::walk::Walk;
use crate::{Array, AsVariables, Error, Result, Variable};

/// Options of [`grad_with`].
#[derive(Clone, Debug, Default)]
pub struct GradOptions {
    /// The gradient to start with at each output; empty, or one entry an output. `None` stands for the output's own gradient if it has
    /// one, and for 1 at a single number.
    pub grad_outputs: Vec<Option<Variable>>,
    /// Records the computation, so that the gradients can be differentiated.
    pub create_graph: bool,
}

/// The gradients of the outputs' sum with respect to each input; `None` for inputs that no output depends on. Inputs may be leaves or
/// intermediate variables. No variable's own gradient changes.
///
/// # Errors
/// As [`Variable::backward`].
///
/// ```
/// use chainer::{grad, Array, Variable};
/// let x = Variable::new(Array::scalar(3.0f32));
/// let z = Variable::new(Array::scalar(1.0f32));
/// let y = &x * &x;
/// let gradients = grad([&y], [&x, &z])?;
/// assert_eq!(gradients[0].as_ref().unwrap().item::<f32>()?, 6.0);
/// assert!(gradients[1].is_none() && x.grad().is_none());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn grad(outputs: impl AsVariables, inputs: impl AsVariables) -> Result<Vec<Option<Variable>>> {
    grad_with(outputs, inputs, GradOptions::default())
}

/// [`grad()`] with options: other gradients to start with, and gradients of gradients.
///
/// ```
/// use chainer::{grad, grad_with, Array, GradOptions, Variable};
/// let x = Variable::new(Array::scalar(3.0f64));
/// let y = &x * &x * &x;
/// let first = grad_with([&y], [&x], GradOptions { create_graph: true, ..Default::default() })?;
/// let first = first[0].clone().unwrap(); // 3 x^2
/// let second = grad([&first], [&x])?[0].clone().unwrap();
/// assert_eq!(second.item::<f64>()?, 18.0);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn grad_with(
    outputs: impl AsVariables,
    inputs: impl AsVariables,
    options: GradOptions,
) -> Result<Vec<Option<Variable>>> {
    let at = Location::caller();
    let (outputs, inputs) = (outputs.as_variables(), inputs.as_variables());
    let given = options.grad_outputs.len();
    if given != 0 && given != outputs.len() {
        let actual = format!("{given} != {}", outputs.len());
        return Err(Error::mismatch("grad", "len(grad_outputs) == len(outputs)", actual).at(at));
    }
    inputs.iter().try_for_each(Variable::check)?;
    let mut walk = Walk::new(options.create_graph, false, at);
    walk.look_for(inputs.iter().filter_map(|x| x.node.as_ref()));
    for (i, output) in outputs.iter().enumerate() {
        let node = output_node(output, "grad", at)?;
        let seed = match options.grad_outputs.get(i).cloned().flatten().or_else(|| output.grad()) {
            Some(seed) => seed,
            None => ones(output, "grad", at)?,
        };
        seed.check()?;
        if seed.shape() != output.shape() {
            let actual = format!("{:?} != {:?}", seed.shape(), output.shape());
            return Err(Error::mismatch("grad", "grad_outputs[i].shape == outputs[i].shape", actual).at(at));
        }
        walk.seed(node, seed);
    }
    walk.run()?;
    let found: Vec<Option<Variable>> =
        inputs.iter().map(|x| x.node.as_ref().and_then(|node| walk.found(node))).collect();
    if !options.create_graph {
        flush_all(found.iter().flatten().map(|g| &g.data));
        found.iter().flatten().map(|g| &g.data).try_for_each(Array::check)?;
    }
    Ok(found)
}
