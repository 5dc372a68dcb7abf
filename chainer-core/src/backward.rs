//! Back-propagation as the user calls it: [`Variable::backward`], [`backward`] and their options. `walk` does the work.

use std::sync::Arc;

use chainer_kernels::Loc;

use crate::graph::GraphNode;
use crate::walk::Walk;
use crate::{Array, Error, ErrorKind, Result, Variable};

/// Options of a backward pass; see [`Variable::backward_with`].
#[must_use = "nothing happens before `run`"]
pub struct Backward {
    outputs: Vec<Variable>,
    retain_grad: bool,
    create_graph: bool,
}

impl Backward {
    /// Keeps the gradients of intermediate variables too.
    ///
    /// ```
    /// # use chainer::{Array, Variable};
    /// let x = Variable::new(Array::scalar(3.0f32));
    /// let h = &x * &x;
    /// let y = &h * 2.0;
    /// y.backward_with().retain_grad().run()?;
    /// assert_eq!(h.grad().unwrap().item::<f32>()?, 2.0);
    /// # Ok::<(), chainer::Error>(())
    /// ```
    pub fn retain_grad(mut self) -> Self {
        self.retain_grad = true;
        self
    }

    /// Records the backward pass itself, so that the gradients can be differentiated.
    ///
    /// A gradient that is kept on a leaf then refers to the leaf, which is a cycle: clear it (`cleargrad`) when done, or use
    /// [`grad`](crate::grad), which keeps nothing.
    ///
    /// ```
    /// # use chainer::{Array, Variable};
    /// let x = Variable::new(Array::scalar(3.0f64));
    /// let y = &x * &x * &x;
    /// y.backward_with().create_graph().run()?;
    /// let gx = x.grad().unwrap(); // 3 x^2
    /// x.cleargrad();
    /// gx.backward()?;
    /// assert_eq!(x.grad().unwrap().item::<f64>()?, 18.0);
    /// # Ok::<(), chainer::Error>(())
    /// ```
    pub fn create_graph(mut self) -> Self {
        self.create_graph = true;
        self
    }

    /// Runs the pass.
    ///
    /// # Errors
    /// As [`Variable::backward`].
    #[track_caller]
    pub fn run(self) -> Result<()> {
        let at = std::panic::Location::caller();
        let mut walk = Walk::new(self.create_graph, self.retain_grad, at);
        for output in &self.outputs {
            let node = output_node(output, "backward", at)?;
            let seed = match output.grad() {
                Some(grad) => grad,
                None => {
                    let seed = ones(output, "backward", at)?;
                    node.lock().grad = Some(seed.clone());
                    seed
                }
            };
            walk.seed(node, seed);
        }
        let leaves = walk.run()?;
        walk.finish(leaves)
    }
}

/// Back-propagation from several outputs at once: the gradients of all of them (ones for single numbers that have none) flow
/// together.
///
/// ```
/// use chainer::{backward, Array, Variable};
/// let x = Variable::new(Array::scalar(3.0f32));
/// backward([&(&x * 2.0), &(&x * &x)]).run()?;
/// assert_eq!(x.grad().unwrap().item::<f32>()?, 8.0);
/// # Ok::<(), chainer::Error>(())
/// ```
pub fn backward(outputs: impl crate::AsVariables) -> Backward {
    Backward { outputs: outputs.as_variables().into_vec(), retain_grad: false, create_graph: false }
}

impl Variable {
    /// Back-propagation: adds to every leaf that this variable was computed from the gradient with respect to it.
    ///
    /// The pass starts from this variable's own gradient; a variable with a single element that has none starts from 1. Gradients
    /// of intermediate variables are dropped as soon as they are used. The graph stays as long as somebody holds it, and may be
    /// walked again (gradients of leaves add up).
    ///
    /// # Errors
    /// This variable has failed, is a constant, or has several elements and no gradient; or the derivative of a function failed
    /// (the error then names the line where the function was applied). After an error the gradients of the leaves are as before.
    ///
    /// ```
    /// # use chainer::{Array, Variable};
    /// let x = Variable::new(Array::from([1.0f32, 2.0]));
    /// let y = (&x * &x).sum();
    /// y.backward()?;
    /// y.backward()?; // adds up
    /// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [4.0, 8.0]);
    /// # Ok::<(), chainer::Error>(())
    /// ```
    #[track_caller]
    pub fn backward(&self) -> Result<()> {
        self.backward_with().run()
    }

    /// [`backward`](Variable::backward) with options.
    pub fn backward_with(&self) -> Backward {
        Backward { outputs: vec![self.clone()], retain_grad: false, create_graph: false }
    }
}

/// The place of an output in the graph, or why there is none.
pub(crate) fn output_node<'a>(output: &'a Variable, operation: &'static str, at: Loc) -> Result<&'a Arc<GraphNode>> {
    output.check()?;
    match &output.node {
        Some(node) if node.wants_gradient() => Ok(node),
        Some(node) if !node.dtype.is_float() => {
            Err(Error::mismatch(operation, "a floating-point dtype", node.dtype).at(at))
        }
        _ => {
            let message = "nothing was recorded for this variable: it is a constant or volatile, it depends on no variable that \
                           needs a gradient, or it was computed in no_backprop_mode";
            Err(Error::new(ErrorKind::State, operation, message).at(at))
        }
    }
}

/// The gradient that a single number starts with.
pub(crate) fn ones(output: &Variable, operation: &'static str, at: Loc) -> Result<Variable> {
    if output.data.size() != 1 {
        let expect = "a variable with one element, or one whose gradient was set (set_grad)";
        let actual = format!("shape {:?} and no gradient", output.data.shape());
        return Err(Error::new(ErrorKind::State, operation, format!("Expect: {expect}\nActual: {actual}")).at(at));
    }
    Ok(Variable::constant(Array::ones(output.data.shape(), output.data.dtype())))
}
