//! [`forget`].

use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

use chainer_kernels::Position;
use chainer_kernels::random::{Draws, record_draws, repeat_draws};

use crate::config::Config;
use crate::flag::Flag;
use crate::{
    Array, AsVariables, BackwardContext, Error, ErrorKind, Function, GradOptions, Gradients, Outputs, Result, Retain,
    Variable, Variables, apply, config, force_backprop_mode, grad_with, graph, using_config,
};

/// What the function that [`forget`] calls may return: a variable, or several.
pub trait ForgetOutput: Sized {
    /// The variables in order.
    fn into_variables(self) -> Vec<Variable>;

    /// The reverse. There are as many variables as [`into_variables`](Self::into_variables) gave.
    fn from_variables(variables: Vec<Variable>) -> Self;
}

impl ForgetOutput for Variable {
    fn into_variables(self) -> Vec<Variable> {
        vec![self]
    }
    fn from_variables(variables: Vec<Variable>) -> Self {
        let [y] = ForgetOutput::from_variables(variables);
        y
    }
}
impl ForgetOutput for (Variable, Variable) {
    fn into_variables(self) -> Vec<Variable> {
        vec![self.0, self.1]
    }
    fn from_variables(variables: Vec<Variable>) -> Self {
        <[Variable; 2]>::from_variables(variables).into()
    }
}
impl ForgetOutput for (Variable, Variable, Variable) {
    fn into_variables(self) -> Vec<Variable> {
        vec![self.0, self.1, self.2]
    }
    fn from_variables(variables: Vec<Variable>) -> Self {
        <[Variable; 3]>::from_variables(variables).into()
    }
}
impl ForgetOutput for Vec<Variable> {
    fn into_variables(self) -> Vec<Variable> {
        self
    }
    fn from_variables(variables: Vec<Variable>) -> Self {
        variables
    }
}
impl<const N: usize> ForgetOutput for [Variable; N] {
    fn into_variables(self) -> Vec<Variable> {
        self.into()
    }
    fn from_variables(variables: Vec<Variable>) -> Self {
        let mut variables = variables.into_iter();
        let missing =
            || Variable::failed(Error::new(ErrorKind::State, "forget", "the function returned fewer variables"));
        std::array::from_fn(|_| variables.next().unwrap_or_else(missing))
    }
}

/// The function that is called again. Of its outputs some may be missing, always the same.
type Repeated = dyn Fn(&[Variable]) -> Vec<Option<Variable>> + Send + Sync;

/// The first call is over when this is applied: its outputs come in `made`. The inputs are those of the function and then the leaves that
/// it reads besides, such as parameters.
struct Forget {
    first: Arc<FirstCall>,
    made: Mutex<Option<Outputs>>,
}

/// What a second call has to know of the first.
struct FirstCall {
    repeated: Arc<Repeated>,
    /// The number of inputs of the function.
    inputs: usize,
    /// The leaves that it reads besides. Their values are not here.
    leaves: Variables,
    draws: Draws,
    config: Config,
}

impl FirstCall {
    /// Calls the function again, as it was called first, and records it.
    fn again(&self, xs: &[Variable]) -> Vec<Variable> {
        let _config = using_config(|c| *c = Config { enable_backprop: true, debug: c.debug, ..self.config });
        repeat_draws(&self.draws, || (self.repeated)(xs)).into_iter().flatten().collect()
    }

    /// From the inputs xs, of which some are `wanted`, and the gradients of the outputs number `given`, to the gradients of inputs and
    /// leaves. They can be differentiated if the configuration records, and xs and gradients have a graph of their own then.
    fn gradients(
        &self,
        xs: &[Variable],
        wanted: &[bool],
        gys: &[Variable],
        given: &[usize],
    ) -> Result<Vec<Option<Variable>>> {
        let create_graph = config().enable_backprop;
        let leaf = |(x, &wanted): (&Variable, &bool)| match (wanted, create_graph) {
            (true, true) => x.clone(),
            (true, false) => Variable::new(x.data().clone()),
            (false, _) => x.detach(),
        };
        let xs: Vec<Variable> = xs.iter().zip(wanted).map(leaf).collect();
        let outputs = self.again(&xs);
        let ends = given.iter().zip(gys).filter_map(|(&i, gy)| Some((outputs.get(i)?.clone(), Some(gy.clone()))));
        let (outputs, grad_outputs): (Vec<_>, Vec<_>) = ends.filter(|(output, _)| output.requires_grad()).unzip();
        let inputs: Variables = xs.into_iter().chain(self.leaves.iter().cloned()).collect();
        grad_with(outputs, inputs, GradOptions { grad_outputs, create_graph })
    }
}

impl Function for Forget {
    fn name(&self) -> &'static str {
        "forget"
    }
    fn forward(&self, _inputs: &[Array]) -> Outputs {
        // Taken, so that the graph does not keep them.
        self.made.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_else(|| Vec::new().into())
    }
    fn retain(&self) -> Retain {
        (0..self.first.inputs).fold(Retain::none(), Retain::input)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (first, count) = (self.first.clone(), self.first.inputs);
        let given: Vec<usize> = (0..c.output_count()).filter(|&i| c.grad_output(i).is_some()).collect();
        let wanted: Vec<bool> = (0..count).map(|i| c.wants(i)).collect();
        let gys = given.iter().filter_map(|&i| c.grad_output(i)).cloned();
        let inputs: Variables = (0..count).map(|i| c.input(i).clone()).chain(gys).collect();
        let all = count + first.leaves.len();
        let gradients = move |inputs: &[Variable]| {
            let (xs, gys) = inputs.split_at(count);
            let gradients = first.gradients(xs, &wanted, gys, &given);
            gradients.unwrap_or_else(|error| vec![Some(Variable::failed(error)); all])
        };
        // A gradient that is to be differentiated is forgotten in its turn.
        if config().enable_backprop { call(Arc::new(gradients), inputs) } else { gradients(&inputs) }.into()
    }
}

/// Calls a function, keeping of it what a second call needs.
fn call(repeated: Arc<Repeated>, xs: Variables) -> Vec<Option<Variable>> {
    let by_hand = |x: &Variable| x.node.as_ref().is_some_and(|node| node.is_off_by_hand());
    let records = config().enable_backprop || xs.iter().any(by_hand);
    let keeps_nothing = !records || xs.iter().any(|x| x.volatile() == Flag::On);
    if keeps_nothing || xs.iter().any(|x| x.error().is_some()) {
        return repeated(&xs);
    }
    // What lies before the inputs is none of the function's business: it gets leaves.
    let leaf = |x: &Variable| if x.requires_grad() { Variable::new(x.data().clone()) } else { x.detach() };
    let own: Vec<Variable> = xs.iter().map(leaf).collect();
    let config = config();
    let (outputs, draws) = record_draws(|| {
        let _record = force_backprop_mode();
        repeated(&own)
    });
    if outputs.iter().flatten().any(|y| y.error().is_some()) {
        return outputs;
    }
    let ends = outputs.iter().flatten().filter_map(|y| y.node.as_ref());
    let is_own =
        |node: &Arc<graph::GraphNode>| own.iter().filter_map(|x| x.node.as_ref()).any(|x| Arc::ptr_eq(x, node));
    let besides = graph::leaves(ends).into_iter().filter(|node| !is_own(node));
    // Zeros of any shape take no memory; nobody reads them.
    let leaves: Variables =
        besides.map(|node| Variable { data: Array::zeros(&node.shape, node.dtype), node: Some(node) }).collect();
    let present: Vec<bool> = outputs.iter().map(Option::is_some).collect();
    let made: Outputs = outputs.into_iter().flatten().map(Variable::into_data).collect();
    drop(own);
    let inputs: Variables = xs.iter().chain(&leaves).cloned().collect();
    let first = Arc::new(FirstCall { repeated, inputs: xs.len(), leaves, draws, config });
    let count = made.0.len();
    let mut outputs = if count == 0 {
        Vec::new().into_iter()
    } else {
        apply(Forget { first, made: Mutex::new(Some(made)) }, inputs).list(count).into_iter()
    };
    present.into_iter().map(|present| if present { outputs.next() } else { None }).collect()
}

/// Calls a function and keeps nothing of what it computes inside: backward calls it again. So memory is needed for one such function at a
/// time, at the price of computing it twice (Chen et al., arXiv:1604.06174).
///
/// `func` gets `xs` and returns a variable or several (a pair, three, an array, a `Vec`). Gradients go to xs and also to the parameters
/// and other variables that `func` holds. They can be differentiated again, to any order. The second call happens under the configuration
/// of the first and draws the same random numbers, so dropout and other noise are fine inside; what else changes with a call happens
/// twice (running averages of batch normalization move twice).
///
/// # Errors
/// The results fail as those of `func` do.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, 2.0]));
/// let y = Variable::new(Array::from([3.0f32, 4.0]));
/// let z = F::forget(|xs| F::dropout(&xs[0] * &xs[1], 0.5) + &xs[0], [&x, &y]);
/// assert_eq!(z.creator_name().as_deref(), Some("forget"));
/// z.sum().backward()?;
/// assert!(y.grad().is_some());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn forget<R: ForgetOutput>(func: impl Fn(&[Variable]) -> R + Send + Sync + 'static, xs: impl AsVariables) -> R {
    // The closure below does not pass the caller on.
    let _position = Position::enter(Location::caller());
    let repeated = move |xs: &[Variable]| func(xs).into_variables().into_iter().map(Some).collect();
    R::from_variables(call(Arc::new(repeated), xs.as_variables()).into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use chainer_kernels::random;

    use super::*;
    use crate::{Dtype, Parameter, functions as F, no_backprop_mode};

    fn numbers(seed: u64, shape: &[usize]) -> Array {
        let drawn = random::Generator::new(seed).uniform(shape, -1.0, 1.0, Dtype::F64);
        Array::from_vec(drawn.to_vec::<f64>().unwrap(), shape)
    }

    fn f64s(x: &Variable) -> Vec<f64> {
        x.to_vec::<f64>().unwrap()
    }

    #[test]
    fn gradients_reach_parameters_also_from_constants() {
        let w = Parameter::new(numbers(1, &[3, 3]));
        let x = Variable::constant(numbers(2, &[2, 3]));
        let layer = |w: Parameter| move |xs: &[Variable]| F::tanh(F::matmul(&xs[0], &w));
        let plain = F::tanh(F::matmul(&x, &w));
        plain.sum().backward().unwrap();
        let want = w.grad().unwrap().to_vec::<f64>().unwrap();
        w.cleargrad();
        let forgotten = F::forget(layer(w.clone()), [&x]);
        assert_eq!(f64s(&forgotten), f64s(&plain));
        forgotten.sum().backward().unwrap();
        assert_eq!(w.grad().unwrap().to_vec::<f64>().unwrap(), want);
    }

    #[test]
    fn a_parameter_inside_and_outside_gets_both_gradients() {
        let w = Parameter::new(numbers(1, &[3, 3]));
        let x = Variable::new(numbers(2, &[2, 3]));
        let run = |forgets: bool| {
            w.cleargrad();
            x.cleargrad();
            let inside = w.clone();
            let layer = move |xs: &[Variable]| F::tanh(F::matmul(&xs[0], &inside));
            let h = layer(std::slice::from_ref(&x));
            let y = if forgets { F::forget(layer, [&h]) } else { layer(&[h]) };
            y.sum().backward().unwrap();
            (w.grad().unwrap().to_vec::<f64>().unwrap(), f64s(&x.grad().unwrap()))
        };
        assert_eq!(run(true), run(false));
    }

    #[test]
    fn random_numbers_are_drawn_again_and_no_others_are_disturbed() {
        let x = Variable::new(numbers(2, &[40]));
        let y = F::forget(|xs| F::dropout(&xs[0] * 2.0, 0.5), [&x]);
        let dropped = f64s(&y);
        let before = random::default_generator().state();
        y.sum().backward().unwrap();
        let gx = f64s(&x.grad().unwrap());
        for (y, gx) in dropped.iter().zip(gx) {
            assert_eq!(*y == 0.0, gx == 0.0);
        }
        // Other tests draw at the same time, but nobody draws backwards.
        assert!(random::default_generator().state().1 >= before.1);
    }

    #[test]
    fn the_second_call_has_the_configuration_of_the_first() {
        let x = Variable::new(numbers(2, &[40]));
        let y = {
            let _test = using_config(|c| c.train = false);
            F::forget(|xs| F::dropout(&xs[0] * 2.0, 0.5), [&x])
        };
        y.sum().backward().unwrap();
        assert_eq!(f64s(&x.grad().unwrap()), [2.0; 40]);
    }

    #[test]
    fn forgetting_nests_and_passes_captured_variables_on() {
        let x = Variable::new(numbers(2, &[3]));
        let h = x.square();
        let held = h.clone();
        let outer = move |xs: &[Variable]| {
            let held = held.clone();
            F::forget(move |xs: &[Variable]| F::tanh(&xs[0]) * &held, [xs[0].exp()])
        };
        let plain = F::tanh(x.exp()) * &h;
        plain.sum().backward().unwrap();
        let want = f64s(&x.grad().unwrap());
        x.cleargrad();
        F::forget(outer, [&x]).sum().backward().unwrap();
        for (got, want) in f64s(&x.grad().unwrap()).iter().zip(want) {
            assert!((got - want).abs() < 1e-14);
        }
    }

    #[test]
    fn third_derivatives_come_through() {
        let x = Variable::new(Array::scalar(1.5f64));
        let options = || GradOptions { create_graph: true, ..GradOptions::default() };
        let mut y = F::forget(|xs| xs[0].square() * xs[0].square(), [&x]);
        for want in [13.5, 27.0, 36.0, 24.0] {
            y = grad_with([&y], [&x], options()).unwrap().remove(0).unwrap();
            assert_eq!(y.item::<f64>().unwrap(), want);
        }
    }

    #[test]
    fn outputs_that_nobody_reads_or_that_are_constant_do_no_harm() {
        let x = Variable::new(numbers(2, &[3]));
        let [used, _, _] = F::forget(
            |xs| [&xs[0] * 3.0, xs[0].square(), Variable::constant(Array::scalar(1.0f64))],
            [&x, &Variable::constant(Array::from([1i32, 2]))],
        );
        used.sum().backward().unwrap();
        assert_eq!(f64s(&x.grad().unwrap()), [3.0; 3]);
    }

    #[test]
    fn nothing_is_recorded_where_nothing_is_to_be() {
        let x = Variable::new(numbers(2, &[3]));
        let (a, b) = {
            let _inference = no_backprop_mode();
            F::forget(|xs| (xs[0].exp(), xs[0].clone()), [&x])
        };
        assert!(!a.requires_grad() && f64s(&b) == f64s(&x));
        assert!(!F::forget(|xs| xs[0].exp(), [Variable::constant(Array::scalar(1.0f64))]).requires_grad());
    }

    #[test]
    fn failures_inside_keep_their_name() {
        let x = Variable::new(numbers(2, &[3]));
        let y = F::forget(|xs| F::reshape(&xs[0], [2, 2]), [&x]);
        assert_eq!(y.check().unwrap_err().operation(), "reshape");
        let (a, b) = F::forget(|xs| (F::tanh(&xs[0]), F::exp(&xs[0])), [&y]);
        assert!(a.check().is_err() && b.check().is_err());
    }
}
