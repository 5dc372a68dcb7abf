//! [`StatefulZoneoutLSTM`].

use std::panic::Location;

use chainer_kernels::Position;

use super::Linear;
use super::lstm_gates::{FirstValues, connection_methods, given_state, same_batch, step};
use crate::{Array, AsOptVariable, Forward, Result, State, Variable, attempt, chain, functions as F};

/// A fully connected layer of long short-term memory units that keeps its state from call to call, and of which in training some units
/// keep their old state at random ([`F::zoneout`](crate::functions::zoneout()); Krueger et al., arXiv:1606.01305).
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::StatefulZoneoutLSTM::new(3, 2).c_ratio(0.1).h_ratio(0.0);
/// let x = Variable::new(Array::ones([4, 3], Dtype::F32));
/// layer.forward(&x).check()?;
/// assert_eq!(layer.forward(&x).shape(), &[4, 2].into());
/// layer.reset_state();
/// assert!(layer.h().is_none());
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct StatefulZoneoutLSTM {
    upward: Linear,
    lateral: Linear,
    out_size: usize,
    c_ratio: f64,
    h_ratio: f64,
    state: State<Option<(Variable, Variable)>>,
}

impl StatefulZoneoutLSTM {
    /// A layer from `in_size` (or `None`: as the first input says) to `out_size` units.
    #[track_caller]
    pub fn new(in_size: impl Into<Option<usize>>, out_size: usize) -> Self {
        let (upward, lateral) = FirstValues::default().connections(in_size.into(), out_size);
        StatefulZoneoutLSTM { upward, lateral, out_size, c_ratio: 0.5, h_ratio: 0.5, state: State::new(None) }
    }

    /// The probability with which a unit keeps its cell state (default 0.5).
    pub fn c_ratio(mut self, c_ratio: f64) -> Self {
        self.c_ratio = c_ratio;
        self
    }

    /// The probability with which a unit keeps its output (default 0.5).
    pub fn h_ratio(mut self, h_ratio: f64) -> Self {
        self.h_ratio = h_ratio;
        self
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

    /// The output of the last call; `None` before the first call.
    pub fn h(&self) -> Option<Variable> {
        self.state.read(|state| state.as_ref().map(|(_, h)| h.clone()))
    }

    /// [`forward`](Forward::forward) with given units whose cell state and output are new, bools of shape (B, out), instead of random
    /// draws.
    #[track_caller]
    pub fn forward_with(
        &self,
        x: &Variable,
        flag_c: impl Into<Option<Array>>,
        flag_h: impl Into<Option<Array>>,
    ) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| {
            let (c, h) = self.step(x, flag_c.into(), flag_h.into()).map_err(|error| error.at(at))?;
            self.state.set(Some((c, h.clone())));
            Ok(h)
        })
    }

    fn step(&self, x: &Variable, flag_c: Option<Array>, flag_h: Option<Array>) -> Result<(Variable, Variable)> {
        x.check()?;
        let (c, h) = self.state.get().unzip();
        if let Some(h) = &h {
            same_batch("StatefulZoneoutLSTM", x, h)?;
        }
        let (c_next, h_next) = step(&self.upward, &self.lateral, c.clone(), h.as_ref(), x);
        c_next.check()?;
        let zeros = || Variable::constant(Array::zeros(c_next.shape(), c_next.dtype()));
        let c = F::Zoneout::new(self.c_ratio).flag_x(flag_c).call(c.unwrap_or_else(zeros), &c_next);
        let h = F::Zoneout::new(self.h_ratio).flag_x(flag_h).call(h.unwrap_or_else(zeros), h_next);
        c.check()?;
        h.check()?;
        Ok((c, h))
    }
}

connection_methods!(StatefulZoneoutLSTM);

impl Forward for StatefulZoneoutLSTM {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        self.forward_with(x, None, None)
    }
}
