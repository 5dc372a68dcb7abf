//! [`n_step_lstm`].

use smallvec::smallvec;

use super::n_step::{Cell, Sources, Stack, States, StepGradients, lists};
use crate::functions::Concat;
use crate::{Array, ArrayOps, AsVariable, AsVariables, Variable};

/// Long short-term memory with the gates i, f, a and o one after the other.
#[derive(Clone)]
pub(super) struct LongShortTermMemory;

impl Cell for LongShortTermMemory {
    const GATES: usize = 4;
    const STATES: usize = 2;

    fn biases(&self, bs: &[Variable]) -> Variable {
        let sums: Vec<Variable> = bs[..4].iter().zip(&bs[4..]).map(|(input, lateral)| input + lateral).collect();
        Concat::new().axis(0).call(sums)
    }

    fn step(&self, sources: &Sources<Array>, before: &[Array]) -> States<Array> {
        let [i, f, o] = [0, 1, 3].map(|gate| sources.gate(gate).sigmoid());
        let c = f * &before[1] + i * sources.gate(2).tanh();
        smallvec![(&c).tanh() * o, c]
    }

    fn gradients(
        &self,
        sources: &Sources<Variable>,
        before: &[Variable],
        after: &[Variable],
        gradients: &[Variable],
    ) -> StepGradients {
        let (gh, gc) = (&gradients[0], &gradients[1]);
        let [i, f, o] = [0, 1, 3].map(|gate| sources.gate(gate).sigmoid());
        let (a, c) = (sources.gate(2).tanh(), after[1].tanh());
        let gc = gc + gh * &o * (1.0 - c.square());
        let input = smallvec![
            &gc * &a * (&i * (1.0 - &i)),
            &gc * &before[1] * (&f * (1.0 - &f)),
            &gc * i * (1.0 - a.square()),
            gh * c * (&o * (1.0 - &o)),
        ];
        StepGradients { input, lateral: None, states: smallvec![None, Some(gc * f)] }
    }
}

/// Layers of long short-term memory units over whole sequences: for each step
///
/// ```text
/// i = sigmoid(W0 x[t] + W4 h[t - 1] + b0 + b4)      f = sigmoid(W1 x[t] + W5 h[t - 1] + b1 + b5)
/// a = tanh(W2 x[t] + W6 h[t - 1] + b2 + b6)         o = sigmoid(W3 x[t] + W7 h[t - 1] + b3 + b7)
/// c[t] = f c[t - 1] + i a                           h[t] = o tanh(c[t])
/// ```
///
/// The next layer reads the outputs h of the one before, with dropout between them in training. (This is the order of Chainer's weights;
/// its documentation has those of a and o the other way round.)
///
/// * xs: the inputs of each step, (B\[t\], I). Sequences of different lengths are sorted by falling length and transposed
///   (`transpose_sequence`), so that B\[t\] falls and row i is always of sequence i.
/// * hx, cx (layers, B, N): the first states; B is B\[0\].
/// * ws, bs: for each layer eight matrices, W0 to W3 (N, I, or N after the first layer) and W4 to W7 (N, N), and eight vectors (N,).
///
/// The results are hy and cy (layers, B, N), the last states of each sequence, and ys, the outputs (B\[t\], N) of the last layer.
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
/// let ws = [[of(&[3, 4]), of(&[3, 4]), of(&[3, 4]), of(&[3, 4]), of(&[3, 3]), of(&[3, 3]), of(&[3, 3]), of(&[3, 3])]];
/// let bs = [[0; 8].map(|_| of(&[3]))];
/// let cx = Array::ones([1, 2, 3], Dtype::F32);
/// let (hy, cy, ys) = F::n_step_lstm(1, 0.0, of(&[1, 2, 3]), cx, &ws, &bs, &xs);
/// assert_eq!((hy.shape(), ys.len(), ys[2].shape()), (&[1, 2, 3].into(), 3, &[1, 3].into()));
/// // Half of the state is forgotten at each step.
/// assert_eq!(cy.to_vec::<f32>()?, [0.125, 0.125, 0.125, 0.5, 0.5, 0.5]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn n_step_lstm(
    n_layers: usize,
    dropout_ratio: f64,
    hx: impl AsVariable,
    cx: impl AsVariable,
    ws: impl IntoIterator<Item = impl AsVariables>,
    bs: impl IntoIterator<Item = impl AsVariables>,
    xs: impl AsVariables,
) -> (Variable, Variable, Vec<Variable>) {
    let stack = Stack { name: "n_step_lstm", cell: LongShortTermMemory, directions: 1, n_layers, dropout_ratio };
    let states = [hx.as_variable(), cx.as_variable()];
    let ([hy, cy], ys) = stack.run(states, lists(ws), lists(bs), xs.as_variables());
    (hy, cy, ys)
}
