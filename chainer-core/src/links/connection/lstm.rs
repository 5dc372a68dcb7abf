//! [`LSTM`].

use std::panic::Location;

use chainer_kernels::Position;

use super::Linear;
use super::lstm_gates::{FirstValues, gate_methods, given_state, step};
use crate::{AsOptVariable, Error, Forward, Result, State, Variable, attempt, chain, functions as F};

/// A fully connected layer of long short-term memory units that keeps its state from call to call
/// ([`F::lstm`](crate::functions::lstm)).
///
/// Each call takes the next element x (B, in) of a batch of sequences and gives the output h (B, out). Sequences of different lengths are
/// sorted by falling length: a later batch may be smaller, and then only the first rows of the state change.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::LSTM::new(3, 2);
/// let x = Variable::new(Array::ones([4, 3], Dtype::F32));
/// let first = layer.forward(&x);
/// let second = layer.forward(&x);
/// assert_eq!(second.shape(), &[4, 2].into());
/// assert!(layer.c().is_some());
/// layer.reset_state();
/// assert_eq!(layer.forward(&x).to_vec::<f32>()?, first.to_vec::<f32>()?);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct LSTM {
    upward: Linear,
    lateral: Linear,
    out_size: usize,
    #[plain]
    first: FirstValues,
    in_size: Option<usize>,
    state: State<Option<(Variable, Variable)>>,
}

impl LSTM {
    /// A layer from `in_size` (or `None`: as the first input says) to `out_size` units.
    #[track_caller]
    pub fn new(in_size: impl Into<Option<usize>>, out_size: usize) -> Self {
        let (in_size, first) = (in_size.into(), FirstValues::default());
        let (upward, lateral) = first.connections(in_size, out_size);
        LSTM { upward, lateral, out_size, first, in_size, state: State::new(None) }
    }

    /// Forgets the state.
    pub fn reset_state(&self) {
        self.state.set(None);
    }

    /// Sets the cell state and the previous output, both (B, out).
    ///
    /// # Errors
    /// One has failed, or their shapes are not (B, out) for the same B.
    #[track_caller]
    pub fn set_state(&self, c: impl AsOptVariable, h: impl AsOptVariable) -> Result<()> {
        self.state.set(given_state(c.as_opt_variable(), h.as_opt_variable(), self.out_size)?);
        Ok(())
    }

    /// The cell state; `None` before the first call.
    pub fn c(&self) -> Option<Variable> {
        self.state.read(|state| state.as_ref().map(|(c, _)| c.clone()))
    }

    /// The output of the last call, with the rows of sequences that ended earlier; `None` before the first call.
    pub fn h(&self) -> Option<Variable> {
        self.state.read(|state| state.as_ref().map(|(_, h)| h.clone()))
    }

    /// A step from the state c, h: the new state, and the output.
    fn step(&self, x: &Variable, state: Option<(Variable, Variable)>) -> Result<((Variable, Variable), Variable)> {
        let batch = x.len();
        let Some((c, h)) = state else {
            let (c, h) = step(&self.upward, &self.lateral, None, None, x);
            return Ok(((c, h.clone()), h));
        };
        let rows = h.len();
        if rows < batch {
            let expect = "a batch that is not larger than the last one (or reset_state between them)";
            return Err(Error::mismatch("LSTM", expect, format_args!("{batch} > {rows}")));
        }
        if rows == batch {
            let (c, h) = step(&self.upward, &self.lateral, Some(c), Some(&h), x);
            return Ok(((c, h.clone()), h));
        }
        let (going, ended) = (F::get_item(&h, (..batch as isize,)), F::get_item(h, (batch as isize..,)));
        let (c, h) = step(&self.upward, &self.lateral, Some(c), Some(&going), x);
        Ok(((c, F::Concat::new().axis(0).call([&h, &ended])), h))
    }
}

gate_methods!(LSTM);

impl Forward for LSTM {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| {
            x.check()?;
            let (state, h) = self.step(x, self.state.get()).map_err(|error| error.at(at))?;
            h.check()?;
            self.state.set(Some(state));
            Ok(h)
        })
    }
}
