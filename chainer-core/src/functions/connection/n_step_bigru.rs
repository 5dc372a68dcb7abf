//! [`n_step_bigru`].

use super::n_step::{Stack, lists};
use super::n_step_gru::GatedRecurrentUnit;
use crate::{AsVariable, AsVariables, Variable};

/// Layers of gated recurrent units over whole sequences, from the first step to the last and from the last to the first: the output of a
/// layer is that of both, (B\[t\], 2 N). A unit is that of [`n_step_gru`](super::n_step_gru()); so are xs and dropout.
///
/// * hx (2 layers, B, N): the first states of the forward and of the backward direction of the first layer, of the second, and so on. The
///   backward direction of a sequence starts at its own end.
/// * ws, bs: lists in the same order, each of six matrices, W0 to W2 (N, I, or 2 N after the first layer) and W3 to W5 (N, N), or of six
///   vectors (N,).
///
/// The results are hy (2 layers, B, N), the last states, and ys, the outputs (B\[t\], 2 N) of the last layer.
///
/// # Errors
/// The results fail if the number of layers, shapes or dtypes do not fit (all have the same float dtype), the batches grow, or not
/// `0 <= dropout_ratio < 1`.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let of = |shape: &[usize]| Variable::new(Array::zeros(shape, Dtype::F32));
/// let xs = [of(&[2, 4]), of(&[1, 4]), of(&[1, 4])];
/// let w = || [of(&[3, 4]), of(&[3, 4]), of(&[3, 4]), of(&[3, 3]), of(&[3, 3]), of(&[3, 3])];
/// let b = || [0; 6].map(|_| of(&[3]));
/// let (hy, ys) = F::n_step_bigru(1, 0.0, Array::ones([2, 2, 3], Dtype::F32), [w(), w()], [b(), b()], &xs);
/// assert_eq!((hy.shape(), ys[0].shape()), (&[2, 2, 3].into(), &[2, 6].into()));
/// // Half of the state is kept at each step: forward two steps are done, backward the first.
/// assert_eq!(ys[1].to_vec::<f32>()?, [0.25; 6]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn n_step_bigru(
    n_layers: usize,
    dropout_ratio: f64,
    hx: impl AsVariable,
    ws: impl IntoIterator<Item = impl AsVariables>,
    bs: impl IntoIterator<Item = impl AsVariables>,
    xs: impl AsVariables,
) -> (Variable, Vec<Variable>) {
    let stack = Stack { name: "n_step_bigru", cell: GatedRecurrentUnit, directions: 2, n_layers, dropout_ratio };
    let ([hy], ys) = stack.run([hx.as_variable()], lists(ws), lists(bs), xs.as_variables());
    (hy, ys)
}
