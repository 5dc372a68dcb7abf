//! [`NStepRNNTanh`], [`NStepRNNReLU`], [`NStepBiRNNTanh`] and [`NStepBiRNNReLU`].

use super::n_step_link;
use crate::functions::{NStepBiRnn, NStepRnn, RnnActivation};

n_step_link! {
    /// Layers of plain recurrent units with tanh over a list of sequences ([`F::n_step_rnn`](crate::functions::n_step_rnn())).
    ///
    /// It sorts and transposes the sequences by itself. Its children `0`, `1`, … are the layers, with the parameters `w0`, `w1`, `b0`,
    /// `b1`; weights start as normal numbers of deviation `sqrt(1 / inputs)`, biases as zeros.
    ///
    /// ```
    /// use chainer::prelude::*;
    /// use chainer::{Array, Dtype, links as L};
    ///
    /// let link = L::NStepRNNTanh::new(2, 3, 4, 0.1);
    /// let xs = [2, 5].map(|length| Variable::new(Array::ones([length, 3], Dtype::F32)));
    /// let (hy, ys) = link.forward(None, &xs);
    /// assert_eq!((hy.shape(), ys[1].shape()), (&[2, 2, 4].into(), &[5, 4].into()));
    /// ```
    NStepRNNTanh("n_step_rnn", 1, 1), [hx], |layers, dropout, a| {
        let [hx] = a.states;
        let (hy, ys) = NStepRnn::new(layers, dropout).call(hx, a.ws, a.bs, a.xs);
        ([hy], ys)
    }
}

n_step_link! {
    /// Layers of plain recurrent units with relu over a list of sequences: [`NStepRNNTanh`] with another activation.
    NStepRNNReLU("n_step_rnn", 1, 1), [hx], |layers, dropout, a| {
        let [hx] = a.states;
        let function = NStepRnn::new(layers, dropout).activation(RnnActivation::Relu);
        let (hy, ys) = function.call(hx, a.ws, a.bs, a.xs);
        ([hy], ys)
    }
}

n_step_link! {
    /// Layers of plain recurrent units with tanh over a list of sequences, in both directions
    /// ([`F::n_step_birnn`](crate::functions::n_step_birnn())).
    ///
    /// It sorts and transposes the sequences by itself. Its children `0`, `1`, … are the forward and the backward direction of the first
    /// layer, of the second, and so on, with the parameters `w0`, `w1`, `b0`, `b1`.
    ///
    /// ```
    /// use chainer::prelude::*;
    /// use chainer::{Array, Dtype, links as L};
    ///
    /// let link = L::NStepBiRNNTanh::new(1, 3, 4, 0.0);
    /// let xs = [2, 5].map(|length| Variable::new(Array::ones([length, 3], Dtype::F32)));
    /// let (hy, ys) = link.forward(None, &xs);
    /// assert_eq!((hy.shape(), ys[1].shape()), (&[2, 2, 4].into(), &[5, 8].into()));
    /// ```
    NStepBiRNNTanh("n_step_birnn", 1, 2), [hx], |layers, dropout, a| {
        let [hx] = a.states;
        let (hy, ys) = NStepBiRnn::new(layers, dropout).call(hx, a.ws, a.bs, a.xs);
        ([hy], ys)
    }
}

n_step_link! {
    /// Layers of plain recurrent units with relu over a list of sequences, in both directions: [`NStepBiRNNTanh`] with another
    /// activation.
    NStepBiRNNReLU("n_step_birnn", 1, 2), [hx], |layers, dropout, a| {
        let [hx] = a.states;
        let function = NStepBiRnn::new(layers, dropout).activation(RnnActivation::Relu);
        let (hy, ys) = function.call(hx, a.ws, a.bs, a.xs);
        ([hy], ys)
    }
}
