//! [`StatefulGRU`].

use std::panic::Location;

use chainer_kernels::Position;

use super::Linear;
use super::gru::{FirstValues, gru_methods};
use crate::{AsOptVariable, Error, Forward, Result, State, Variable, attempt, chain};

/// A layer of gated recurrent units that keeps its state from call to call: [`GRU`](super::GRU) with the state of the call before. The
/// first call has none, and then only `W_z` and `W` take part.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::StatefulGRU::new(3, 2);
/// let x = Variable::new(Array::ones([4, 3], Dtype::F32));
/// let first = layer.forward(&x);
/// assert_eq!(layer.forward(&x).shape(), &[4, 2].into());
/// layer.reset_state();
/// assert_eq!(layer.forward(&x).to_vec::<f32>()?, first.to_vec::<f32>()?);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct StatefulGRU {
    #[chain(name = "W_r")]
    w_r: Linear,
    #[chain(name = "U_r")]
    u_r: Linear,
    #[chain(name = "W_z")]
    w_z: Linear,
    #[chain(name = "U_z")]
    u_z: Linear,
    #[chain(name = "W")]
    w: Linear,
    #[chain(name = "U")]
    u: Linear,
    units: usize,
    in_size: Option<usize>,
    #[plain]
    first: FirstValues,
    state: State<Option<Variable>>,
}

impl StatefulGRU {
    /// A layer from `in_size` (or `None`: as the first input says) to `out_size` units.
    #[track_caller]
    pub fn new(in_size: impl Into<Option<usize>>, out_size: usize) -> Self {
        let (in_size, first) = (in_size.into(), FirstValues::default());
        let [w_r, u_r, w_z, u_z, w, u] = first.connections(in_size, out_size);
        StatefulGRU { w_r, u_r, w_z, u_z, w, u, units: out_size, in_size, first, state: State::new(None) }
    }

    /// Forgets the state.
    pub fn reset_state(&self) {
        self.state.set(None);
    }

    /// Sets the state (B, out).
    ///
    /// # Errors
    /// It has failed, or its shape is not (B, out).
    #[track_caller]
    pub fn set_state(&self, h: impl AsOptVariable) -> Result<()> {
        let h = h.as_opt_variable();
        if let Some(h) = &h {
            let [_, units] = h.dims()?;
            if units != self.units {
                let expect = format!("h.shape[1] == {}", self.units);
                let error = Error::mismatch("set_state", expect, format_args!("{units} != {}", self.units));
                return Err(error.at(Location::caller()));
            }
        }
        self.state.set(h);
        Ok(())
    }

    /// The state: the output of the last call; `None` before the first one.
    pub fn h(&self) -> Option<Variable> {
        self.state.get()
    }
}

gru_methods!(StatefulGRU);

impl Forward for StatefulGRU {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| {
            let h = self.step(self.state.get().as_ref(), x).map_err(|error| error.at(at))?;
            h.check()?;
            self.state.set(Some(h.clone()));
            Ok(h)
        })
    }
}
