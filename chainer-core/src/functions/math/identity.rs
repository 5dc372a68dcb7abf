//! [`identity`].

use crate::{Array, AsVariables, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

struct Identity;

impl Function for Identity {
    fn name(&self) -> &'static str {
        "identity"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        inputs.iter().cloned().collect()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        (0..c.input_count()).map(|i| c.grad_output(i).cloned()).collect()
    }
}

/// The variables as they are, each as the output of a function: a node of its own in the graph.
///
/// # Errors
/// Every variable is allowed, so the results fail only if an input has failed; then all of them do.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, 2.0]));
/// let y = F::identity([&x, &(&x * 2.0)]);
/// assert_eq!(y[0].to_vec::<f32>()?, [1.0, 2.0]);
/// assert_eq!(y[1].creator_name().as_deref(), Some("identity"));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn identity(inputs: impl AsVariables) -> Vec<Variable> {
    let inputs = inputs.as_variables();
    let count = inputs.len();
    apply(Identity, inputs).list(count)
}
