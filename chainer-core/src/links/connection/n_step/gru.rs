//! [`NStepGRU`] and [`NStepBiGRU`].

use super::n_step_link;
use crate::functions::{n_step_bigru, n_step_gru};

n_step_link! {
    /// Layers of gated recurrent units over a list of sequences ([`F::n_step_gru`](crate::functions::n_step_gru())).
    ///
    /// It sorts and transposes the sequences by itself. Its children `0`, `1`, … are the layers, with the parameters `w0` to `w5` and `b0`
    /// to `b5`; weights start as normal numbers of deviation `sqrt(1 / inputs)`, biases as zeros.
    ///
    /// ```
    /// use chainer::prelude::*;
    /// use chainer::{Array, Dtype, links as L};
    ///
    /// let link = L::NStepGRU::new(2, 3, 4, 0.1);
    /// let xs = [2, 5].map(|length| Variable::new(Array::ones([length, 3], Dtype::F32)));
    /// let (hy, ys) = link.forward(None, &xs);
    /// assert_eq!((hy.shape(), ys[1].shape()), (&[2, 2, 4].into(), &[5, 4].into()));
    /// ```
    NStepGRU("n_step_gru", 3, 1), [hx], |layers, dropout, a| {
        let [hx] = a.states;
        let (hy, ys) = n_step_gru(layers, dropout, hx, a.ws, a.bs, a.xs);
        ([hy], ys)
    }
}

n_step_link! {
    /// Layers of gated recurrent units over a list of sequences, in both directions
    /// ([`F::n_step_bigru`](crate::functions::n_step_bigru())).
    ///
    /// It sorts and transposes the sequences by itself. Its children `0`, `1`, … are the forward and the backward direction of the first
    /// layer, of the second, and so on, with the parameters `w0` to `w5` and `b0` to `b5`.
    ///
    /// ```
    /// use chainer::prelude::*;
    /// use chainer::{Array, Dtype, links as L};
    ///
    /// let link = L::NStepBiGRU::new(1, 3, 4, 0.0);
    /// let xs = [2, 5].map(|length| Variable::new(Array::ones([length, 3], Dtype::F32)));
    /// let (hy, ys) = link.forward(None, &xs);
    /// assert_eq!((hy.shape(), ys[1].shape()), (&[2, 2, 4].into(), &[5, 8].into()));
    /// ```
    NStepBiGRU("n_step_bigru", 3, 2), [hx], |layers, dropout, a| {
        let [hx] = a.states;
        let (hy, ys) = n_step_bigru(layers, dropout, hx, a.ws, a.bs, a.xs);
        ([hy], ys)
    }
}
