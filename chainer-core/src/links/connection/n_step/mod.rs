//! Stacked recurrent layers over lists of sequences: what the `NStep…` links share.

mod gru;
mod lstm;
mod rnn;

use std::cmp::Reverse;

pub use gru::{NStepBiGRU, NStepGRU};
pub use lstm::{NStepBiLSTM, NStepLSTM};
pub use rnn::{NStepBiRNNReLU, NStepBiRNNTanh, NStepRNNReLU, NStepRNNTanh};

use crate::functions::{Permutate, transpose_sequence};
use crate::link::Visitor;
use crate::links::first_value::FirstValue;
use crate::{Array, Error, Link, Parameter, Result, Variable, Variables};

/// Weights and biases of one direction of one layer: the children `0`, `1`, … of the links, with the parameters `w0`, `b0`, ….
struct Weights {
    w: Vec<Parameter>,
    b: Vec<Parameter>,
}

impl Link for Weights {
    fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        for (i, (w, b)) in self.w.iter().zip(&self.b).enumerate() {
            visitor.parameter(&format!("w{i}"), w);
            visitor.parameter(&format!("b{i}"), b);
        }
    }
    fn as_link(&self) -> &dyn Link {
        self
    }
    fn type_name(&self) -> &'static str {
        "Weights"
    }
}

/// Layers of recurrent units over sequences.
pub(super) struct Stack {
    /// The function that errors are of.
    name: &'static str,
    layers: Vec<Weights>,
    n_layers: usize,
    directions: usize,
    out_size: usize,
    dropout: f64,
}

/// What the function is called with: first states, weights, biases, and the inputs of each step.
struct Arguments<const STATES: usize> {
    states: [Variable; STATES],
    ws: Vec<Vec<Variable>>,
    bs: Vec<Vec<Variable>>,
    xs: Vec<Variable>,
}

impl Stack {
    /// Weights start as normal numbers of deviation `sqrt(1 / inputs)`, biases as zeros.
    #[track_caller]
    fn new(
        name: &'static str,
        gates: usize,
        directions: usize,
        [n_layers, in_size, out_size]: [usize; 3],
        dropout: f64,
    ) -> Self {
        let (first_w, first_b) = (FirstValue::weight(), FirstValue::of(0.0));
        let mut layers = Vec::new();
        for layer in 0..n_layers {
            let inputs = if layer == 0 { in_size } else { directions * out_size };
            for _ in 0..directions {
                let w = |i: usize| {
                    let columns = if i < gates { inputs } else { out_size };
                    first_w.parameter(&format!("w{i}"), Some([out_size, columns].into()))
                };
                let b = |i: usize| first_b.parameter(&format!("b{i}"), Some(out_size.into()));
                layers.push(Weights { w: (0..2 * gates).map(w).collect(), b: (0..2 * gates).map(b).collect() });
            }
        }
        Stack { name, layers, n_layers, directions, out_size, dropout }
    }

    /// Sorts the sequences by falling length, calls the function with them step by step, and puts the results into the order that the
    /// sequences came in. States that are not given are zeros.
    fn run<const STATES: usize>(
        &self,
        states: [Option<Variable>; STATES],
        xs: Variables,
        call: impl FnOnce(Arguments<STATES>) -> ([Variable; STATES], Vec<Variable>),
    ) -> Result<([Variable; STATES], Vec<Variable>)> {
        states.iter().flatten().chain(&xs).try_for_each(Variable::check)?;
        for (i, x) in xs.iter().enumerate() {
            if x.ndim() != 2 {
                let expect = format!("xs[{i}].ndim == 2");
                return Err(Error::mismatch(self.name, expect, format_args!("{} != 2", x.ndim())));
            }
        }
        for (name, state) in ["hx", "cx"].into_iter().zip(&states) {
            if let Some(state) = state
                && (state.ndim() != 3 || state.shape()[1] != xs.len())
            {
                let expect = format!("{name}.shape == (_, len(xs), _)");
                let actual = format!("{:?}, {} sequences", state.shape(), xs.len());
                return Err(Error::mismatch(self.name, expect, actual));
            }
        }
        let batch = xs.len();
        let mut order: Vec<usize> = (0..batch).collect();
        order.sort_by_key(|&i| Reverse(xs[i].len()));
        let sorted = order.iter().enumerate().all(|(place, &i)| place == i);
        let indices: Array = order.iter().map(|&i| i as i64).collect::<Vec<_>>().into();
        let permuted = |x: Variable, inv: bool| match sorted {
            true => x,
            false => Permutate::new().axis(1).inv(inv).call(x, &indices),
        };
        let dtype = xs.first().map(Variable::dtype).or_else(|| self.layers.first()?.w.first()?.dtype());
        let zeros = || {
            let shape = [self.layers.len(), batch, self.out_size];
            Variable::constant(Array::zeros(shape, dtype.unwrap_or(crate::config().dtype)))
        };
        let states = states.map(|state| state.map_or_else(zeros, |state| permuted(state, false)));
        let going = order.iter().take_while(|&&i| xs[i].len() > 0);
        let in_order: Vec<Variable> = going.map(|&i| xs[i].clone()).collect();
        let steps = if in_order.is_empty() { Vec::new() } else { transpose_sequence(in_order) };
        let variables = |list: &Vec<Parameter>| list.iter().map(Parameter::var).collect();
        let (ws, bs) = self.layers.iter().map(|layer| (variables(&layer.w), variables(&layer.b))).unzip();
        let (states, ys) = call(Arguments { states, ws, bs, xs: steps });
        states.iter().chain(&ys).try_for_each(Variable::check)?;
        let mut outputs = if ys.is_empty() { Vec::new() } else { transpose_sequence(ys) }.into_iter();
        // Sequences without elements come last, and have no outputs.
        let nothing = || {
            let shape = [0, self.directions * self.out_size];
            Variable::constant(Array::zeros(shape, dtype.unwrap_or(crate::config().dtype)))
        };
        let mut ys = vec![None; batch];
        for &i in &order {
            ys[i] = Some(outputs.next().unwrap_or_else(nothing));
        }
        Ok((states.map(|state| permuted(state, true)), ys.into_iter().flatten().collect()))
    }
}

/// The failed results of a failed call.
fn failed<const STATES: usize>(error: Error, count: usize) -> ([Variable; STATES], Vec<Variable>) {
    let failed = Variable::failed(error);
    (std::array::from_fn(|_| failed.clone()), vec![failed; count])
}

/// Declares a link that is a [`Stack`], with what its `forward` calls: `|hx (, cx)| function(…)`.
macro_rules! n_step_link {
    (
        $(#[$doc:meta])*
        $link:ident($name:literal, $gates:literal, $directions:literal),
        [$($state:ident),+], |$layers:ident, $dropout:ident, $arguments:ident| $call:expr
    ) => {
        $(#[$doc])*
        pub struct $link($crate::links::connection::n_step::Stack);

        impl $link {
            /// Layers for sequences of vectors of `in_size` numbers, each layer with `out_size` units in each direction; `dropout` is the
            /// probability with which an output of one layer does not reach the next in training.
            #[track_caller]
            pub fn new(n_layers: usize, in_size: usize, out_size: usize, dropout: f64) -> Self {
                let sizes = [n_layers, in_size, out_size];
                $link($crate::links::connection::n_step::Stack::new($name, $gates, $directions, sizes, dropout))
            }

            /// The last states, and the outputs (length, size) of each sequence; the sequences (length, `in_size`) may be in any order of
            /// length. First states have the shape (layers and directions, sequences, `out_size`); `None` stands for zeros.
            ///
            /// # Errors
            /// The results fail if shapes or dtypes do not fit.
            #[track_caller]
            pub fn forward(
                &self,
                $($state: impl $crate::AsOptVariable,)+
                xs: impl $crate::AsVariables,
            ) -> $crate::links::connection::n_step::outputs!($($state)+) {
                let at = std::panic::Location::caller();
                let _position = chainer_kernels::Position::enter(at);
                let xs = xs.as_variables();
                let count = xs.len();
                let ($layers, $dropout) = (self.0.n_layers, self.0.dropout);
                let results = self.0.run([$($state.as_opt_variable()),+], xs, |$arguments| $call);
                let results = results.map_err(|error| error.at(at));
                let ([$($state),+], ys) =
                    results.unwrap_or_else(|error| $crate::links::connection::n_step::failed(error, count));
                ($($state,)+ ys)
            }
        }

        impl $crate::Link for $link {
            fn visit<'a>(&'a self, visitor: &mut dyn $crate::link::Visitor<'a>) {
                for (i, layer) in self.0.layers.iter().enumerate() {
                    visitor.link(&i.to_string(), layer);
                }
            }
            fn as_link(&self) -> &dyn $crate::Link {
                self
            }
            fn type_name(&self) -> &'static str {
                stringify!($link)
            }
        }

        impl std::fmt::Debug for $link {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::link::write_tree(self, f)
            }
        }
    };
}
use n_step_link;

/// The results of a link with these states.
macro_rules! outputs {
    ($first:ident) => {
        ($crate::Variable, Vec<$crate::Variable>)
    };
    ($first:ident $second:ident) => {
        ($crate::Variable, $crate::Variable, Vec<$crate::Variable>)
    };
}
use outputs;
