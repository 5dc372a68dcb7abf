//! One direction of one recurrent layer over all steps, as one function.

use std::ops::Add;

use chainer_kernels::{flush_all, ops};
use smallvec::{SmallVec, smallvec};

use super::rows::{Rows, Value};
use crate::functions::{MatMul, matmul, split_axis};
use crate::{Array, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

/// What goes into the gates of a step.
pub(in super::super) struct Sources<X> {
    /// The step's rows of the input's products with its weights: (rows, gates · units).
    x: X,
    /// The products of the previous output with its weights, likewise.
    product: X,
    /// The biases: (blocks · units,).
    bias: X,
    units: usize,
}

impl<X: Value + Add<Output = X>> Sources<X> {
    fn block(&self, of: &X, axis: usize, block: usize) -> X {
        of.part(axis, block * self.units, (block + 1) * self.units)
    }

    /// The input's part of a gate.
    pub(in super::super) fn input(&self, gate: usize) -> X {
        self.block(&self.x, 1, gate)
    }

    /// The previous output's part of a gate.
    pub(in super::super) fn lateral(&self, gate: usize) -> X {
        self.block(&self.product, 1, gate)
    }

    /// A block of biases.
    pub(in super::super) fn bias(&self, block: usize) -> X {
        self.block(&self.bias, 0, block)
    }

    /// All that a gate adds up.
    pub(in super::super) fn gate(&self, gate: usize) -> X {
        self.input(gate) + self.lateral(gate) + self.bias(gate)
    }
}

/// The states of a unit: its output, and after that what it keeps to itself.
pub(in super::super) type States<X> = SmallVec<[X; 2]>;

/// The gradients of the gates of a step.
pub(in super::super) type Gates = SmallVec<[Variable; 4]>;

/// The gradients of one step.
pub(in super::super) struct StepGradients {
    /// Of the input's part of each gate.
    pub(in super::super) input: Gates,
    /// Of the previous output's part of each gate, if they are others.
    pub(in super::super) lateral: Option<Gates>,
    /// Of the states before the step, but for what goes through the products.
    pub(in super::super) states: States<Option<Variable>>,
}

/// A recurrent unit: the arithmetic of a step.
pub(in super::super) trait Cell: Clone + Send + Sync + 'static {
    /// How many weight matrices multiply the input; as many multiply the previous output.
    const GATES: usize;
    /// How many states it has.
    const STATES: usize;

    /// The biases that a step adds, one block after the other, of the bias vectors of a layer.
    fn biases(&self, bs: &[Variable]) -> Variable;

    /// The states after a step. All of it is elementwise: one kernel.
    fn step(&self, sources: &Sources<Array>, before: &[Array]) -> States<Array>;

    /// The gradients of a step whose states after it have the gradients `gradients`.
    fn gradients(
        &self,
        sources: &Sources<Variable>,
        before: &[Variable],
        after: &[Variable],
        gradients: &[Variable],
    ) -> StepGradients;

    /// The gradient of the biases, of those of all steps' gates.
    fn bias_gradient(&self, input: &Variable, lateral: &Variable) -> Variable {
        let _ = lateral;
        input.sum_axes(0, false)
    }
}

/// The products x (all rows of all steps, gates · units) of the layer's input, the weights w (gates · units, units) of the previous
/// output, the biases (blocks · units,), and the first states (batch, units) → the last states of every sequence; then each state of every
/// step; then the products of every step's previous output.
///
/// As one function it takes the gradient of w from one product over all steps.
struct Layer<C> {
    name: &'static str,
    cell: C,
    /// How many sequences have each step; they do not grow.
    lengths: Vec<usize>,
    /// Whether the last step comes first.
    reverse: bool,
}

/// The number of inputs before the states.
const STATES_AT: usize = 3;

impl<C: Cell> Layer<C> {
    /// The place of a state after step t among the outputs.
    fn state(&self, state: usize, t: usize) -> usize {
        C::STATES + state * self.lengths.len() + t
    }

    /// The place of the products of step t among the outputs.
    fn product(&self, t: usize) -> usize {
        self.state(C::STATES, t)
    }

    /// The number of outputs.
    fn outputs(&self) -> usize {
        self.state(C::STATES + 1, 0)
    }

    /// The steps in the order in which they are computed.
    fn order(&self) -> Vec<usize> {
        let steps = 0..self.lengths.len();
        if self.reverse { steps.rev().collect() } else { steps.collect() }
    }

    /// The rows of x before which a new step begins.
    fn borders(&self) -> Vec<isize> {
        let ends = self.lengths.iter().scan(0, |end, &rows| {
            *end += rows as isize;
            Some(*end)
        });
        let mut borders: Vec<isize> = ends.collect();
        borders.pop();
        borders
    }

    /// The states before each step.
    fn before(&self, context: &BackwardContext<'_>) -> Vec<States<Variable>> {
        let mut before = vec![States::new(); self.lengths.len()];
        for state in 0..C::STATES {
            let first = context.input(STATES_AT + state);
            let mut rows = Rows::new(first.clone(), context.input_shape(STATES_AT)[0]);
            for t in self.order() {
                before[t].push(rows.resize(self.lengths[t]).clone());
                rows.set(context.output(self.state(state, t)).clone());
            }
        }
        before
    }
}

/// The gates side by side.
fn joined(gates: Gates) -> Variable {
    match &gates[..] {
        [only] => only.clone(),
        _ => Variable::join(gates.into_vec(), 1),
    }
}

/// A gradient and, if there is one, another.
fn add(gradient: &Variable, more: Option<&Variable>) -> Variable {
    more.map_or_else(|| gradient.clone(), |more| gradient + more)
}

impl<C: Cell> Function for Layer<C> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn forward(&self, inputs: &[Array]) -> Outputs {
        let (w, bias, first) = (inputs[1].transpose(), &inputs[2], &inputs[STATES_AT..]);
        let (batch, units) = (first[0].shape()[0], first[0].shape()[1]);
        let steps = ops::split(&inputs[0], ops::Sections::Before(self.borders()), 0);
        let mut states: States<Rows<Array>> = first.iter().map(|state| Rows::new(state.clone(), batch)).collect();
        let mut outputs: Vec<Option<Array>> = vec![None; self.outputs()];
        for t in self.order() {
            let before: States<Array> = states.iter_mut().map(|rows| rows.resize(self.lengths[t]).clone()).collect();
            let product = ops::matmul(&before[0], &w);
            let sources = Sources { x: steps[t].clone(), product, bias: bias.clone(), units };
            let after = self.cell.step(&sources, &before);
            outputs[self.product(t)] = Some(sources.product);
            for (state, (rows, after)) in states.iter_mut().zip(after).enumerate() {
                outputs[self.state(state, t)] = Some(after.clone());
                rows.set(after);
            }
        }
        for (output, rows) in outputs.iter_mut().zip(&mut states) {
            *output = Some(rows.resize(batch).clone());
        }
        outputs.into_iter().flatten().collect()
    }

    fn retain(&self) -> Retain {
        Retain::all()
    }

    fn backward(&self, context: &BackwardContext<'_>) -> Gradients {
        let (w, bias) = (context.input(1), context.input(2));
        let (batch, units) = (context.input_shape(STATES_AT)[0], context.input_shape(STATES_AT)[1]);
        let steps = split_axis(context.input(0), self.borders(), 0);
        let before = self.before(context);
        let mut gradients: States<Rows<Variable>> =
            (0..C::STATES).map(|state| Rows::new(context.gy(state).clone(), batch)).collect();
        // Of all steps, in the order of time: what the gates give to x, to the products, and the gradients of the products.
        let mut gathered: [Vec<Option<Variable>>; 3] = std::array::from_fn(|_| vec![None; self.lengths.len()]);
        let (mut lateral_differs, mut product_differs) = (false, false);
        for t in self.order().into_iter().rev() {
            let product = context.output(self.product(t)).clone();
            let sources = Sources { x: steps[t].clone(), product, bias: bias.clone(), units };
            let after: States<Variable> =
                (0..C::STATES).map(|state| context.output(self.state(state, t)).clone()).collect();
            let given: States<Variable> = gradients
                .iter_mut()
                .enumerate()
                .map(|(state, rows)| add(rows.resize(self.lengths[t]), context.grad_output(self.state(state, t))))
                .collect();
            let found = self.cell.gradients(&sources, &before[t], &after, &given);
            // By one kernel: one by one, when they are joined, they would share nothing.
            let all = found.input.iter().chain(found.lateral.iter().flatten()).chain(found.states.iter().flatten());
            flush_all(all.map(Variable::data));
            // The products are outputs, too: what is made of them here may be differentiated again.
            let more = context.grad_output(self.product(t));
            lateral_differs |= found.lateral.is_some();
            product_differs |= more.is_some();
            let input = joined(found.input);
            let lateral = found.lateral.map_or_else(|| input.clone(), joined);
            let product = add(&lateral, more);
            let mut through = Some(matmul(&product, w));
            for (rows, direct) in gradients.iter_mut().zip(found.states) {
                // Only the output goes through the products.
                match (direct, through.take()) {
                    (Some(direct), through) => rows.set(add(&direct, through.as_ref())),
                    (None, Some(through)) => rows.set(through),
                    (None, None) => {}
                }
            }
            gathered.iter_mut().zip([input, lateral, product]).for_each(|(steps, step)| steps[t] = Some(step));
        }
        let all = |steps: Vec<Option<Variable>>| Variable::join(steps.into_iter().flatten().collect(), 0);
        let [inputs, laterals, products] = gathered;
        let gx = all(inputs);
        let lateral = if lateral_differs { all(laterals) } else { gx.clone() };
        let product = if product_differs { all(products) } else { lateral.clone() };
        let gw = context.wants(1).then(|| {
            let outputs = before.into_iter().flat_map(|states| states.into_iter().next()).collect();
            MatMul::new().transa(true).call(product, Variable::join(outputs, 0))
        });
        let gb = context.wants(2).then(|| self.cell.bias_gradient(&gx, &lateral));
        let states = gradients.iter_mut().map(|rows| Some(rows.resize(batch).clone()));
        [Some(gx), gw, gb].into_iter().chain(states).collect()
    }
}

/// Runs a layer in one direction over the products x of its input with its weights; see [`Layer`]. Gives the last states, and the output
/// of each step.
#[track_caller]
pub(super) fn run<C: Cell>(
    name: &'static str,
    cell: &C,
    lengths: &[usize],
    reverse: bool,
    [x, w, bias]: [Variable; 3],
    states: States<Variable>,
) -> (States<Variable>, Vec<Variable>) {
    let layer = Layer { name, cell: cell.clone(), lengths: lengths.to_vec(), reverse };
    let (count, end) = (layer.outputs(), layer.state(0, lengths.len()));
    let inputs: Vec<Variable> = [x, w, bias].into_iter().chain(states).collect();
    let mut outputs = apply(layer, inputs).list(count);
    outputs.truncate(end);
    let steps = outputs.split_off(C::STATES);
    (outputs.into(), steps)
}

/// The states of a unit that has only its output.
pub(in super::super) fn only<X>(h: X) -> States<X> {
    smallvec![h]
}
