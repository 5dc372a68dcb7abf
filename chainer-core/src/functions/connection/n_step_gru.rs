//! [`n_step_gru`].

use smallvec::smallvec;

use super::n_step::{Cell, Sources, Stack, States, StepGradients, lists, only};
use crate::functions::{Concat, get_item};
use crate::{Array, ArrayOps, AsVariable, AsVariables, Variable};

/// Gated recurrent units with the gates r, z and h' one after the other. The reset gate multiplies the product of the previous output, so
/// that the biases of h' stay apart: there are four blocks.
#[derive(Clone)]
pub(super) struct GatedRecurrentUnit;

impl Cell for GatedRecurrentUnit {
    const GATES: usize = 3;
    const STATES: usize = 1;

    fn biases(&self, bs: &[Variable]) -> Variable {
        Concat::new().axis(0).call([&bs[0] + &bs[3], &bs[1] + &bs[4], bs[2].clone(), bs[5].clone()])
    }

    fn step(&self, sources: &Sources<Array>, before: &[Array]) -> States<Array> {
        let [r, z] = [0, 1].map(|gate| sources.gate(gate).sigmoid());
        let lateral = sources.lateral(2) + sources.bias(3);
        let new = (sources.input(2) + sources.bias(2) + r * lateral).tanh();
        only((1.0 - &z) * new + z * &before[0])
    }

    fn gradients(
        &self,
        sources: &Sources<Variable>,
        before: &[Variable],
        _after: &[Variable],
        gradients: &[Variable],
    ) -> StepGradients {
        let gh = &gradients[0];
        let [r, z] = [0, 1].map(|gate| sources.gate(gate).sigmoid());
        let lateral = sources.lateral(2) + sources.bias(3);
        let new = (sources.input(2) + sources.bias(2) + &r * &lateral).tanh();
        let g_new = gh * (1.0 - &z) * (1.0 - new.square());
        let g_reset = &g_new * lateral * (&r * (1.0 - &r));
        let g_update = gh * (&before[0] - new) * (&z * (1.0 - &z));
        StepGradients {
            lateral: Some(smallvec![g_reset.clone(), g_update.clone(), &g_new * r]),
            input: smallvec![g_reset, g_update, g_new],
            states: only(Some(gh * z)),
        }
    }

    fn bias_gradient(&self, input: &Variable, lateral: &Variable) -> Variable {
        let (input, lateral) = (input.sum_axes(0, false), lateral.sum_axes(0, false));
        if lateral.error().is_some() {
            return lateral;
        }
        let units = (lateral.size() / 3) as isize;
        Concat::new().axis(0).call([input, get_item(lateral, (2 * units..,))])
    }
}

/// Layers of gated recurrent units over whole sequences: for each step
///
/// ```text
/// r = sigmoid(W0 x[t] + W3 h[t - 1] + b0 + b3)      z = sigmoid(W1 x[t] + W4 h[t - 1] + b1 + b4)
/// h' = tanh(W2 x[t] + b2 + r (W5 h[t - 1] + b5))    h[t] = (1 - z) h' + z h[t - 1]
/// ```
///
/// The next layer reads the outputs h of the one before, with dropout between them in training.
///
/// * xs: the inputs of each step, (B\[t\], I). Sequences of different lengths are sorted by falling length and transposed
///   (`transpose_sequence`), so that B\[t\] falls and row i is always of sequence i.
/// * hx (layers, B, N): the first states; B is B\[0\].
/// * ws, bs: for each layer six matrices, W0 to W2 (N, I, or N after the first layer) and W3 to W5 (N, N), and six vectors (N,).
///
/// The results are hy (layers, B, N), the last state of each sequence, and ys, the outputs (B\[t\], N) of the last layer.
///
/// # Errors
/// The results fail if the number of layers, shapes or dtypes do not fit (all have the same float dtype), the batches grow, or not
/// `0 <= dropout_ratio < 1`.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let of = |shape: &[usize]| Variable::new(Array::zeros(shape, Dtype::F32));
/// // Two sequences, of three steps and of one.
/// let xs = [of(&[2, 4]), of(&[1, 4]), of(&[1, 4])];
/// let ws = [[of(&[3, 4]), of(&[3, 4]), of(&[3, 4]), of(&[3, 3]), of(&[3, 3]), of(&[3, 3])]];
/// let bs = [[0; 6].map(|_| of(&[3]))];
/// let (hy, ys) = F::n_step_gru(1, 0.0, Array::ones([1, 2, 3], Dtype::F32), &ws, &bs, &xs);
/// assert_eq!((ys.len(), ys[2].shape()), (3, &[1, 3].into()));
/// // Half of the state is kept at each step.
/// assert_eq!(hy.to_vec::<f32>()?, [0.125, 0.125, 0.125, 0.5, 0.5, 0.5]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn n_step_gru(
    n_layers: usize,
    dropout_ratio: f64,
    hx: impl AsVariable,
    ws: impl IntoIterator<Item = impl AsVariables>,
    bs: impl IntoIterator<Item = impl AsVariables>,
    xs: impl AsVariables,
) -> (Variable, Vec<Variable>) {
    let stack = Stack { name: "n_step_gru", cell: GatedRecurrentUnit, directions: 1, n_layers, dropout_ratio };
    let ([hy], ys) = stack.run([hx.as_variable()], lists(ws), lists(bs), xs.as_variables());
    (hy, ys)
}
