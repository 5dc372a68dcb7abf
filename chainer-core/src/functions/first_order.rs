//! Gradients that cannot be differentiated again.

use crate::{
    Array, AsVariables, BackwardContext, Error, ErrorKind, Function, Gradients, Outputs, Retain, Variable, apply,
};

/// Gradients that `backward` of the function `name` computed on arrays, as variables that stem from the variables `read` (the inputs and
/// output gradients that went in). Differentiating them is an error that says so; without this they would pass for constants, and a
/// second derivative would silently lack a term.
pub(super) fn first_order(name: &'static str, read: impl AsVariables, gradients: Vec<Array>) -> Vec<Variable> {
    let count = gradients.len();
    apply(FirstOrder { name, gradients: gradients.into() }, read).list(count)
}

struct FirstOrder {
    name: &'static str,
    gradients: Outputs,
}

impl Function for FirstOrder {
    fn name(&self) -> &'static str {
        self.name
    }
    fn forward(&self, _inputs: &[Array]) -> Outputs {
        self.gradients.clone()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let message = format!("{} has no second derivative: only its first one is implemented", self.name);
        let failed = Variable::failed(Error::new(ErrorKind::State, self.name, message));
        vec![failed; c.input_count()].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GradOptions, grad_with};

    #[test]
    fn a_second_derivative_is_refused() {
        struct Once;
        impl Function for Once {
            fn name(&self) -> &'static str {
                "once"
            }
            fn forward(&self, inputs: &[Array]) -> Outputs {
                inputs[0].clone().into()
            }
            fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
                first_order("once", [c.input(0), c.gy(0)], vec![c.gy(0).data().clone()]).into()
            }
        }
        let x = Variable::new(Array::from([1.0f32]));
        let y = apply(Once, [&x]).one();
        let options = || GradOptions { grad_outputs: Vec::new(), create_graph: true };
        let gx = grad_with([&y], [&x], options()).unwrap().remove(0).unwrap();
        assert_eq!(gx.to_vec::<f32>().unwrap(), [1.0]);
        let error = grad_with([&gx], [&x], options()).unwrap_err();
        assert!(error.to_string().contains("once has no second derivative"), "{error}");
    }
}
