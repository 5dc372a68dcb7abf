//! [`n_step_rnn`].

use smallvec::smallvec;

use super::n_step::{Cell, Sources, Stack, States, StepGradients, lists, only};
use crate::functions::settings;
use crate::{Array, ArrayOps, AsVariable, AsVariables, Variable};

/// The activation of a plain recurrent unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RnnActivation {
    /// The hyperbolic tangent.
    #[default]
    Tanh,
    /// The rectified linear unit.
    Relu,
}

impl Cell for RnnActivation {
    const GATES: usize = 1;
    const STATES: usize = 1;

    fn biases(&self, bs: &[Variable]) -> Variable {
        &bs[0] + &bs[1]
    }

    fn step(&self, sources: &Sources<Array>, _before: &[Array]) -> States<Array> {
        let source = sources.gate(0);
        only(match self {
            RnnActivation::Tanh => source.tanh(),
            RnnActivation::Relu => source.maximum(0.0),
        })
    }

    fn gradients(
        &self,
        _sources: &Sources<Variable>,
        _before: &[Variable],
        after: &[Variable],
        gradients: &[Variable],
    ) -> StepGradients {
        let (h, gh) = (&after[0], &gradients[0]);
        let gradient = match self {
            RnnActivation::Tanh => gh * (1.0 - h.square()),
            RnnActivation::Relu => h.greater(0.0).select(gh, 0.0),
        };
        StepGradients { input: smallvec![gradient], lateral: None, states: only(None) }
    }
}

settings! {
    /// [`n_step_rnn`] with another activation.
    NStepRnn(n_layers: usize, dropout_ratio: f64) {
        /// What a unit applies to the sum of its inputs (default tanh).
        activation: RnnActivation = RnnActivation::Tanh,
    }
}

impl NStepRnn {
    /// Applies the function.
    #[track_caller]
    pub fn call(
        self,
        hx: impl AsVariable,
        ws: impl IntoIterator<Item = impl AsVariables>,
        bs: impl IntoIterator<Item = impl AsVariables>,
        xs: impl AsVariables,
    ) -> (Variable, Vec<Variable>) {
        let NStepRnn { n_layers, dropout_ratio, activation } = self;
        let stack = Stack { name: "n_step_rnn", cell: activation, directions: 1, n_layers, dropout_ratio };
        let ([hy], ys) = stack.run([hx.as_variable()], lists(ws), lists(bs), xs.as_variables());
        (hy, ys)
    }
}

/// Layers of plain recurrent units over whole sequences: `h[t] = f(W0 x[t] + W1 h[t - 1] + b0 + b1)`, f the hyperbolic tangent
/// ([`NStepRnn`] takes relu instead). The next layer reads the outputs of the one before, with dropout between them in training.
///
/// * xs: the inputs of each step, (B\[t\], I). Sequences of different lengths are sorted by falling length and transposed
///   (`transpose_sequence`), so that B\[t\] falls and row i is always of sequence i.
/// * hx (layers, B, N): the first states; B is B\[0\].
/// * ws, bs: for each layer two matrices W0 (N, I, or N after the first layer) and W1 (N, N), and two vectors b0, b1 (N,).
///
/// The results are hy (layers, B, N), the last state of each sequence, and ys, the outputs (B\[t\], N) of the last layer.
///
/// # Errors
/// The results fail if the number of layers, shapes or dtypes do not fit (all have the same float dtype), the batches grow, or not
/// `0 <= dropout_ratio < 1`.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let of = |shape: &[usize]| Variable::new(Array::full(shape, 0.5, Dtype::F32));
/// // Two sequences, of three steps and of one.
/// let xs = [of(&[2, 4]), of(&[1, 4]), of(&[1, 4])];
/// let (ws, bs) = ([[of(&[3, 4]), of(&[3, 3])]], [[of(&[3]), of(&[3])]]);
/// let (hy, ys) = F::n_step_rnn(1, 0.0, of(&[1, 2, 3]), &ws, &bs, &xs);
/// assert_eq!(hy.shape(), &[1, 2, 3].into());
/// assert_eq!((ys.len(), ys[0].shape(), ys[2].shape()), (3, &[2, 3].into(), &[1, 3].into()));
/// // W0 x + W1 h + b0 + b1
/// assert!((ys[0].to_vec::<f32>()?[0] - (1.0f32 + 0.75 + 1.0).tanh()).abs() < 1e-6);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn n_step_rnn(
    n_layers: usize,
    dropout_ratio: f64,
    hx: impl AsVariable,
    ws: impl IntoIterator<Item = impl AsVariables>,
    bs: impl IntoIterator<Item = impl AsVariables>,
    xs: impl AsVariables,
) -> (Variable, Vec<Variable>) {
    NStepRnn::new(n_layers, dropout_ratio).call(hx, ws, bs, xs)
}
