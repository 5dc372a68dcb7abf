//! [`StatelessLSTM`].

use std::panic::Location;

use chainer_kernels::Position;

use super::Linear;
use super::lstm_gates::{FirstValues, gate_methods, step};
use crate::{AsOptVariable, Variable, chain};

/// A fully connected layer of long short-term memory units whose state the caller keeps ([`F::lstm`](crate::functions::lstm)).
///
/// [`LSTM`](super::LSTM) keeps the state itself; its parameters are the same.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::StatelessLSTM::new(3, 2);
/// let x = Variable::new(Array::ones([4, 3], Dtype::F32));
/// let (c, h) = layer.forward(None, None, &x);
/// let (c, h) = layer.forward(c, h, &x);
/// assert_eq!((c.shape(), h.shape()), (&[4, 2].into(), &[4, 2].into()));
/// ```
#[chain]
pub struct StatelessLSTM {
    upward: Linear,
    lateral: Linear,
    out_size: usize,
    #[plain]
    first: FirstValues,
    in_size: Option<usize>,
}

impl StatelessLSTM {
    /// A layer from `in_size` (or `None`: as the first input says) to `out_size` units.
    #[track_caller]
    pub fn new(in_size: impl Into<Option<usize>>, out_size: usize) -> Self {
        let (in_size, first) = (in_size.into(), FirstValues::default());
        let (upward, lateral) = first.connections(in_size, out_size);
        StatelessLSTM { upward, lateral, out_size, first, in_size }
    }

    /// The next cell state and output, from the cell state c (B, out) and the output h (B, out) of the step before (`None` stands for
    /// zeros) and the input x (B, in).
    ///
    /// # Errors
    /// The results fail if shapes or dtypes do not fit.
    #[track_caller]
    pub fn forward(&self, c: impl AsOptVariable, h: impl AsOptVariable, x: &Variable) -> (Variable, Variable) {
        let _position = Position::enter(Location::caller());
        let (c, h) = (c.as_opt_variable(), h.as_opt_variable());
        step(&self.upward, &self.lateral, c, h.as_ref(), x)
    }
}

gate_methods!(StatelessLSTM);
