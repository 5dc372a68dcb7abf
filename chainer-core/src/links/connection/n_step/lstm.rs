//! [`NStepLSTM`] and [`NStepBiLSTM`].

use super::n_step_link;
use crate::functions::{n_step_bilstm, n_step_lstm};

n_step_link! {
    /// Layers of long short-term memory units over a list of sequences ([`F::n_step_lstm`](crate::functions::n_step_lstm())).
    ///
    /// It sorts and transposes the sequences by itself. Its children `0`, `1`, … are the layers, with the parameters `w0` to `w7` and `b0`
    /// to `b7`; weights start as normal numbers of deviation `sqrt(1 / inputs)`, biases as zeros.
    ///
    /// ```
    /// use chainer::prelude::*;
    /// use chainer::{Array, Dtype, links as L};
    ///
    /// let link = L::NStepLSTM::new(2, 3, 4, 0.1);
    /// let xs = [2, 5].map(|length| Variable::new(Array::ones([length, 3], Dtype::F32)));
    /// let (hy, cy, ys) = link.forward(None, None, &xs);
    /// assert_eq!((hy.shape(), ys[1].shape()), (&[2, 2, 4].into(), &[5, 4].into()));
    /// // The sequences go on.
    /// let (hy, cy, ys) = link.forward(hy, cy, &xs);
    /// assert!(ys[0].check().is_ok());
    /// ```
    NStepLSTM("n_step_lstm", 4, 1), [hx, cx], |layers, dropout, a| {
        let [hx, cx] = a.states;
        let (hy, cy, ys) = n_step_lstm(layers, dropout, hx, cx, a.ws, a.bs, a.xs);
        ([hy, cy], ys)
    }
}

n_step_link! {
    /// Layers of long short-term memory units over a list of sequences, in both directions
    /// ([`F::n_step_bilstm`](crate::functions::n_step_bilstm())).
    ///
    /// It sorts and transposes the sequences by itself. Its children `0`, `1`, … are the forward and the backward direction of the first
    /// layer, of the second, and so on, with the parameters `w0` to `w7` and `b0` to `b7`.
    ///
    /// ```
    /// use chainer::prelude::*;
    /// use chainer::{Array, Dtype, links as L};
    ///
    /// let link = L::NStepBiLSTM::new(1, 3, 4, 0.0);
    /// let xs = [2, 5].map(|length| Variable::new(Array::ones([length, 3], Dtype::F32)));
    /// let (hy, _, ys) = link.forward(None, None, &xs);
    /// assert_eq!((hy.shape(), ys[1].shape()), (&[2, 2, 4].into(), &[5, 8].into()));
    /// ```
    NStepBiLSTM("n_step_bilstm", 4, 2), [hx, cx], |layers, dropout, a| {
        let [hx, cx] = a.states;
        let (hy, cy, ys) = n_step_bilstm(layers, dropout, hx, cx, a.ws, a.bs, a.xs);
        ([hy, cy], ys)
    }
}
