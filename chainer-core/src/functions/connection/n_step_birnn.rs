//! [`n_step_birnn`].

use super::RnnActivation;
use super::n_step::{Stack, lists};
use crate::functions::settings;
use crate::{AsVariable, AsVariables, Variable};

settings! {
    /// [`n_step_birnn`] with another activation.
    NStepBiRnn(n_layers: usize, dropout_ratio: f64) {
        /// What a unit applies to the sum of its inputs (default tanh).
        activation: RnnActivation = RnnActivation::Tanh,
    }
}

impl NStepBiRnn {
    /// Applies the function.
    #[track_caller]
    pub fn call(
        self,
        hx: impl AsVariable,
        ws: impl IntoIterator<Item = impl AsVariables>,
        bs: impl IntoIterator<Item = impl AsVariables>,
        xs: impl AsVariables,
    ) -> (Variable, Vec<Variable>) {
        let NStepBiRnn { n_layers, dropout_ratio, activation } = self;
        let stack = Stack { name: "n_step_birnn", cell: activation, directions: 2, n_layers, dropout_ratio };
        let ([hy], ys) = stack.run([hx.as_variable()], lists(ws), lists(bs), xs.as_variables());
        (hy, ys)
    }
}

/// Layers of plain recurrent units over whole sequences, from the first step to the last and from the last to the first: the output of a
/// layer is that of both, (B\[t\], 2 N). A unit is that of [`n_step_rnn`](super::n_step_rnn()), with tanh ([`NStepBiRnn`] takes relu
/// instead); so are xs and dropout.
///
/// * hx (2 layers, B, N): the first states of the forward and of the backward direction of the first layer, of the second, and so on. The
///   backward direction of a sequence starts at its own end.
/// * ws, bs: lists in the same order, each of two matrices W0 (N, I, or 2 N after the first layer) and W1 (N, N), or vectors (N,).
///
/// The results are hy (2 layers, B, N), the last states, and ys, the outputs (B\[t\], 2 N) of the last layer.
///
/// # Errors
/// The results fail if the number of layers, shapes or dtypes do not fit (all have the same float dtype), the batches grow, or not
/// `0 <= dropout_ratio < 1`.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let of = |shape: &[usize]| Variable::new(Array::full(shape, 0.5, Dtype::F32));
/// let xs = [of(&[2, 4]), of(&[1, 4])];
/// let (w, b) = (|| [of(&[3, 4]), of(&[3, 3])], || [of(&[3]), of(&[3])]);
/// let (hy, ys) = F::n_step_birnn(1, 0.0, of(&[2, 2, 3]), [w(), w()], [b(), b()], &xs);
/// assert_eq!((hy.shape(), ys[1].shape()), (&[2, 2, 3].into(), &[1, 6].into()));
/// let relu = F::NStepBiRnn::new(1usize, 0.0).activation(F::RnnActivation::Relu);
/// let (_, ys) = relu.call(of(&[2, 2, 3]), [w(), w()], [b(), b()], &xs);
/// assert_eq!(ys[1].to_vec::<f32>()?[3..], [2.75; 3]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn n_step_birnn(
    n_layers: usize,
    dropout_ratio: f64,
    hx: impl AsVariable,
    ws: impl IntoIterator<Item = impl AsVariables>,
    bs: impl IntoIterator<Item = impl AsVariables>,
    xs: impl AsVariables,
) -> (Variable, Vec<Variable>) {
    NStepBiRnn::new(n_layers, dropout_ratio).call(hx, ws, bs, xs)
}
