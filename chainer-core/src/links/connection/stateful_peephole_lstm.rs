//! [`StatefulPeepholeLSTM`].

use std::panic::Location;

use chainer_kernels::Position;

use super::Linear;
use super::lstm_gates::{FirstValues, connection_methods, same_batch, sources};
use crate::{Array, Forward, Result, State, Variable, attempt, chain, functions as F};

/// A fully connected layer of long short-term memory units whose gates see the cell state, and that keeps its state from call to call.
///
/// With the sources of the gates from the input and the previous output (a step of [`F::lstm`](crate::functions::lstm) has the same),
/// `i = sigmoid(.. + peep_i(c))`, `f = sigmoid(.. + peep_f(c))`, `c' = tanh(..) i + f c`, `o = sigmoid(.. + peep_o(c'))` and
/// `h' = o tanh(c')` (Gers and Schmidhuber, *Recurrent nets that time and count*, 2000).
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::StatefulPeepholeLSTM::new(3, 2);
/// let x = Variable::new(Array::ones([4, 3], Dtype::F32));
/// let first = layer.forward(&x);
/// assert_eq!(layer.forward(&x).shape(), &[4, 2].into());
/// layer.reset_state();
/// assert_eq!(layer.forward(&x).to_vec::<f32>()?, first.to_vec::<f32>()?);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct StatefulPeepholeLSTM {
    upward: Linear,
    lateral: Linear,
    peep_i: Linear,
    peep_f: Linear,
    peep_o: Linear,
    out_size: usize,
    state: State<Option<(Variable, Variable)>>,
}

impl StatefulPeepholeLSTM {
    /// A layer from `in_size` (or `None`: as the first input says) to `out_size` units.
    #[track_caller]
    pub fn new(in_size: impl Into<Option<usize>>, out_size: usize) -> Self {
        let (upward, lateral) = FirstValues::default().connections(in_size.into(), out_size);
        let peep = || Linear::new(out_size, out_size).nobias(true);
        let (peep_i, peep_f, peep_o) = (peep(), peep(), peep());
        StatefulPeepholeLSTM { upward, lateral, peep_i, peep_f, peep_o, out_size, state: State::new(None) }
    }

    /// Forgets the state.
    pub fn reset_state(&self) {
        self.state.set(None);
    }

    /// The cell state; `None` before the first call.
    pub fn c(&self) -> Option<Variable> {
        self.state.read(|state| state.as_ref().map(|(c, _)| c.clone()))
    }

    /// The output of the last call; `None` before the first call.
    pub fn h(&self) -> Option<Variable> {
        self.state.read(|state| state.as_ref().map(|(_, h)| h.clone()))
    }

    /// The connections from the cell state to the input gate, the forget gate and (from the new state) the output gate.
    pub fn peepholes(&self) -> [&Linear; 3] {
        [&self.peep_i, &self.peep_f, &self.peep_o]
    }

    fn step(&self, x: &Variable) -> Result<(Variable, Variable)> {
        x.check()?;
        let (c, h) = self.state.get().unzip();
        if let Some(h) = &h {
            same_batch("StatefulPeepholeLSTM", x, h)?;
        }
        let sources = sources(&self.upward, &self.lateral, h.as_ref(), x);
        sources.iter().try_for_each(Variable::check)?;
        let (batch, dtype) = (x.len(), sources[0].dtype());
        let c = c.unwrap_or_else(|| Variable::constant(Array::zeros([batch, self.out_size], dtype)));
        // Column `4 j + g` is gate g of unit j; a bias has one row for all.
        let gated = |x: Variable| {
            let rows = if x.ndim() == 1 { 1 } else { x.len() };
            F::reshape(x, [rows, self.out_size, 4])
        };
        let sources: Vec<Variable> = sources.into_iter().map(gated).collect();
        let gate = |gate: isize, peep: Option<Variable>| {
            let parts = sources.iter().map(|x| F::get_item(x, (.., .., gate)));
            parts.chain(peep).reduce(|sum, part| sum + part).unwrap_or_else(|| c.clone())
        };
        let (a, i, f) = (gate(0, None), gate(1, Some(self.peep_i.forward(&c))), gate(2, Some(self.peep_f.forward(&c))));
        let c = a.tanh() * i.sigmoid() + f.sigmoid() * &c;
        let o = gate(3, Some(self.peep_o.forward(&c)));
        let h = o.sigmoid() * c.tanh();
        h.check()?;
        Ok((c, h))
    }
}

connection_methods!(StatefulPeepholeLSTM);

impl Forward for StatefulPeepholeLSTM {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| {
            let (c, h) = self.step(x).map_err(|error| error.at(at))?;
            self.state.set(Some((c, h.clone())));
            Ok(h)
        })
    }
}
