//! Recurrent layers over whole sequences: what the `n_step` functions share.
//!
//! The product of a layer's input is one over all steps, and so are the gradients of weights; a step is one product and one elementwise
//! kernel.

mod layer;
mod rows;

use chainer_kernels::Position;

pub(super) use layer::{Cell, Sources, States, StepGradients, only};

use crate::functions::{Concat, Dropout, checked, linear, reshape, split_axis};
use crate::type_check::{self, Checked};
use crate::{AsVariables, Error, Result, Variable, Variables};

/// The arguments that the `n_step` functions have in common.
pub(super) struct Stack<C> {
    pub(super) name: &'static str,
    pub(super) cell: C,
    /// 2 if each layer also runs from the end.
    pub(super) directions: usize,
    pub(super) n_layers: usize,
    pub(super) dropout_ratio: f64,
}

/// Weights or biases of each direction of each layer.
pub(super) type Parameters = Vec<Variables>;

/// Lists of lists.
pub(super) fn lists(lists: impl IntoIterator<Item = impl AsVariables>) -> Parameters {
    lists.into_iter().map(AsVariables::as_variables).collect()
}

impl<C: Cell> Stack<C> {
    /// Runs the layers from the first states hx, and perhaps cx: the last states of all layers, and the outputs of the last layer. Of an
    /// error all of them fail.
    #[track_caller]
    pub(super) fn run<const STATES: usize>(
        self,
        states: [Variable; STATES],
        ws: Parameters,
        bs: Parameters,
        xs: Variables,
    ) -> ([Variable; STATES], Vec<Variable>) {
        let at = std::panic::Location::caller();
        let _position = Position::enter(at);
        let count = xs.len();
        self.checked(&states, &ws, &bs, &xs).map(|()| self.layers(states, ws, bs, xs)).unwrap_or_else(|error| {
            let failed = Variable::failed(error.at(at));
            (std::array::from_fn(|_| failed.clone()), vec![failed; count])
        })
    }

    fn layers<const STATES: usize>(
        &self,
        states: [Variable; STATES],
        ws: Parameters,
        bs: Parameters,
        xs: Variables,
    ) -> ([Variable; STATES], Vec<Variable>) {
        let (shape, lengths) = (states[0].shape().clone(), xs.iter().map(Variable::len).collect::<Vec<_>>());
        if lengths.is_empty() {
            return (states, Vec::new());
        }
        let states = states.map(|states| {
            let parts = split_axis(states, shape[0], 0);
            parts.into_iter().map(|part| reshape(part, &shape[1..])).collect::<Vec<_>>()
        });
        let mut last = states.each_ref().map(|_| Vec::with_capacity(shape[0]));
        let mut x = joined(xs.into_vec(), 0);
        let mut ys: Vec<Vec<Variable>> = Vec::new();
        for layer in 0..self.n_layers {
            if layer > 0 {
                let outputs = ys.drain(..).map(|steps| joined(steps, 0)).collect();
                x = Dropout::new(self.dropout_ratio).call(joined(outputs, 1));
            }
            for direction in 0..self.directions {
                let i = layer * self.directions + direction;
                let (forward, lateral) = ws[i].split_at(C::GATES);
                // Without a bias: that is added in the kernel of the gates.
                let x = linear(&x, joined(forward.to_vec(), 0), None);
                let inputs = [x, joined(lateral.to_vec(), 0), self.cell.biases(&bs[i])];
                let first = states.iter().map(|states| states[i].clone()).collect();
                let (after, steps) = layer::run(self.name, &self.cell, &lengths, direction == 1, inputs, first);
                last.iter_mut().zip(after).for_each(|(last, state)| last.push(state));
                ys.push(steps);
            }
        }
        let steps = (0..lengths.len()).map(|t| ys.iter().map(|steps| steps[t].clone()).collect());
        (last.map(|states| reshape(joined(states, 0), &shape)), steps.map(|parts| joined(parts, 1)).collect())
    }

    /// The number of first states, and of lists of weights and of biases, with the expression for it.
    fn count(&self) -> (usize, &'static str) {
        let expression = if self.directions == 1 { "n_layers" } else { "2 * n_layers" };
        (self.n_layers.saturating_mul(self.directions), expression)
    }

    /// Checks everything, so that nothing fails later.
    fn checked(&self, states: &[Variable], ws: &Parameters, bs: &Parameters, xs: &[Variable]) -> Result<()> {
        states.iter().chain(ws.iter().chain(bs).flatten()).chain(xs).try_for_each(Variable::check)?;
        if self.n_layers == 0 {
            return Err(Error::value(self.name, "n_layers >= 1", 0));
        }
        if !(0.0..1.0).contains(&self.dropout_ratio) {
            let actual = format!("dropout_ratio = {}", self.dropout_ratio);
            return Err(Error::value(self.name, "0 <= dropout_ratio < 1", actual));
        }
        checked(self.name, || {
            self.check_states(&states[0], states.get(1))?;
            self.check_sequences(&states[0], xs)?;
            self.check_parameters(&states[0], ws, bs, xs.first())
        })
    }

    fn check_states(&self, hx: &Variable, cx: Option<&Variable>) -> Checked {
        let (count, expression) = self.count();
        type_check::float("hx", hx.data())?;
        type_check::ndim("hx", hx.data(), 3)?;
        type_check::equal("hx.shape[0]", hx.shape()[0], expression, count)?;
        let Some(cx) = cx else { return Ok(()) };
        type_check::same_dtype("hx", hx.data(), "cx", cx.data())?;
        type_check::same_shape("hx", hx.data(), "cx", cx.data())
    }

    fn check_sequences(&self, hx: &Variable, xs: &[Variable]) -> Checked {
        let mut before = ("hx.shape[1]".to_owned(), hx.shape()[1]);
        for (t, x) in xs.iter().enumerate() {
            let name = format!("xs[{t}]");
            type_check::same_dtype("hx", hx.data(), &name, x.data())?;
            type_check::ndim(&name, x.data(), 2)?;
            type_check::same_size("xs[0]", xs[0].data(), 1, &name, x.data(), 1)?;
            let (rows, expression) = (x.len(), format!("{name}.shape[0]"));
            let actual = format!("{} < {rows}", before.1);
            type_check::expect(before.1 >= rows, format_args!("{} >= {expression}", before.0), actual)?;
            before = (expression, rows);
        }
        Ok(())
    }

    fn check_parameters(&self, hx: &Variable, ws: &Parameters, bs: &Parameters, x: Option<&Variable>) -> Checked {
        let (units, (count, expression)) = (hx.shape()[2], self.count());
        type_check::equal("len(ws)", ws.len(), expression, count)?;
        type_check::equal("len(bs)", bs.len(), expression, count)?;
        for (i, (w, b)) in ws.iter().zip(bs).enumerate() {
            type_check::equal(format_args!("len(ws[{i}])"), w.len(), 2 * C::GATES, 2 * C::GATES)?;
            type_check::equal(format_args!("len(bs[{i}])"), b.len(), 2 * C::GATES, 2 * C::GATES)?;
            // The first layer reads xs, the others what all directions of the layer before give.
            let (input, input_size) = match x {
                Some(x) if i < self.directions => ("xs[0].shape[1]", x.shape()[1]),
                // Without a step nothing is read.
                None if i < self.directions => ("_", w[0].shape().get(1).copied().unwrap_or(0)),
                _ if self.directions == 1 => ("hx.shape[2]", units),
                _ => ("2 * hx.shape[2]", 2 * units),
            };
            for (j, (w, b)) in w.iter().zip(b).enumerate() {
                let (columns, size) = if j < C::GATES { (input, input_size) } else { ("hx.shape[2]", units) };
                let (name, expect) = (format!("ws[{i}][{j}]"), format!("(hx.shape[2], {columns})"));
                type_check::same_dtype("hx", hx.data(), &name, w.data())?;
                type_check::equal(format_args!("{name}.shape"), w.shape(), expect, &[units, size].into())?;
                let name = format!("bs[{i}][{j}]");
                type_check::same_dtype("hx", hx.data(), &name, b.data())?;
                type_check::equal(format_args!("{name}.shape"), b.shape(), "(hx.shape[2],)", &[units].into())?;
            }
        }
        Ok(())
    }
}

/// Variables one after the other along an axis; one alone is not copied.
fn joined(mut parts: Vec<Variable>, axis: isize) -> Variable {
    match parts.len() {
        1 => parts.swap_remove(0),
        _ => Concat::new().axis(axis).call(parts),
    }
}
