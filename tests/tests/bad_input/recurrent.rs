//! Recurrent layers over sequences.

use chainer::{Dtype, Variable, functions as F};

use crate::{Refusal, Unchecked, failed, integers, of, x};

/// Weights or biases of one layer with so many gates.
fn gates(count: usize, forward: &[usize], lateral: &[usize]) -> Vec<Variable> {
    (0..2 * count).map(|i| x(if i < count { forward } else { lateral })).collect()
}

/// Calls of recurrent layers over sequences with bad input; all of them give failed results.
pub fn refusals() -> Vec<Refusal> {
    // Two sequences of two steps, three inputs, four units.
    let (hx, xs) = (|| x(&[1, 2, 4]), || vec![x(&[2, 3]), x(&[2, 3])]);
    let w = |count: usize| vec![gates(count, &[4, 3], &[4, 4])];
    let b = |count: usize| vec![gates(count, &[4], &[4])];
    let second_of = |(_, mut ys): (Variable, Vec<Variable>)| ys.remove(1);
    vec![
        ("n_step_rnn", F::n_step_rnn(2, 0.0, hx(), w(1), b(1), xs()).0, &["hx.shape[0] == n_layers", "1 != 2"]),
        ("n_step_rnn", second_of(F::n_step_rnn(0, 0.0, hx(), w(1), b(1), xs())), &["n_layers >= 1"]),
        ("n_step_rnn", F::n_step_rnn(1, 1.0, hx(), w(1), b(1), xs()).0, &["0 <= dropout_ratio < 1", "= 1"]),
        ("n_step_rnn", F::n_step_rnn(1, f64::NAN, hx(), w(1), b(1), xs()).0, &["0 <= dropout_ratio < 1", "NaN"]),
        ("n_step_birnn", F::n_step_birnn(1, 0.0, hx(), w(1), b(1), xs()).0, &["hx.shape[0] == 2 * n_layers", "1 != 2"]),
        (
            "n_step_birnn",
            F::n_step_birnn(1, 0.0, x(&[2, 2, 4]), w(1), b(1), xs()).0,
            &["len(ws) == 2 * n_layers", "1 != 2"],
        ),
        ("n_step_rnn", F::n_step_rnn(1, 0.0, x(&[2, 4]), w(1), b(1), xs()).0, &["hx.ndim == 3", "2 != 3"]),
        ("n_step_rnn", F::n_step_rnn(1, 0.0, integers(&[1, 2, 4]), w(1), b(1), xs()).0, &["hx.dtype.kind == f"]),
        ("n_step_gru", F::n_step_gru(1, 0.0, hx(), w(3), vec![vec![x(&[4])]], xs()).0, &["len(bs[0]) == 6", "1 != 6"]),
        ("n_step_gru", F::n_step_gru(1, 0.0, hx(), w(2), b(3), xs()).0, &["len(ws[0]) == 6", "4 != 6"]),
        ("n_step_bigru", F::n_step_bigru(1, 0.0, hx(), w(3), b(3), xs()).0, &["hx.shape[0] == 2 * n_layers"]),
        (
            "n_step_gru",
            F::n_step_gru(1, 0.0, hx(), w(3), b(3), vec![of(&[2, 3], Dtype::F64)]).0,
            &["hx.dtype == xs[0].dtype", "float64"],
        ),
        ("n_step_bigru", F::n_step_bigru(1, 0.0, x(&[2, 4]), w(3), b(3), xs()).0, &["hx.ndim == 3", "2 != 3"]),
        (
            "n_step_bigru",
            F::n_step_bigru(1, 0.0, integers(&[2, 2, 4]), w(3), b(3), xs()).1.remove(0),
            &["hx.dtype.kind == f"],
        ),
        ("n_step_birnn", F::n_step_birnn(1, 0.0, x(&[2, 4]), w(1), b(1), xs()).0, &["hx.ndim == 3", "2 != 3"]),
        ("n_step_birnn", F::n_step_birnn(1, 0.0, integers(&[2, 2, 4]), w(1), b(1), xs()).0, &["hx.dtype.kind == f"]),
        (
            "n_step_bilstm",
            F::n_step_bilstm(1, 0.0, x(&[2, 4]), x(&[2, 4]), w(4), b(4), xs()).1,
            &["hx.ndim == 3", "2 != 3"],
        ),
        (
            "n_step_bilstm",
            F::n_step_bilstm(1, 0.0, integers(&[2, 2, 4]), x(&[2, 2, 4]), w(4), b(4), xs()).2.remove(0),
            &["hx.dtype.kind == f"],
        ),
        (
            "n_step_gru",
            F::n_step_gru(1, 0.0, hx(), vec![gates(3, &[4, 2], &[4, 4])], b(3), xs()).0,
            &["ws[0][0].shape == (hx.shape[2], xs[0].shape[1])", "(4, 2) != (4, 3)"],
        ),
        (
            "n_step_gru",
            F::n_step_gru(1, 0.0, hx(), vec![gates(3, &[4, 3], &[3, 4])], b(3), xs()).0,
            &["ws[0][3].shape == (hx.shape[2], hx.shape[2])", "(3, 4) != (4, 4)"],
        ),
        (
            "n_step_gru",
            F::n_step_gru(1, 0.0, hx(), w(3), vec![gates(3, &[4], &[4, 1])], xs()).0,
            &["bs[0][3].shape == (hx.shape[2],)", "(4, 1) != (4,)"],
        ),
        (
            "n_step_lstm",
            F::n_step_lstm(1, 0.0, hx(), x(&[1, 2, 3]), w(4), b(4), xs()).1,
            &["hx.shape == cx.shape", "(1, 2, 4) != (1, 2, 3)"],
        ),
        (
            "n_step_lstm",
            F::n_step_lstm(1, 0.0, hx(), of(&[1, 2, 4], Dtype::F64), w(4), b(4), xs()).1,
            &["hx.dtype == cx.dtype", "float32 != float64"],
        ),
        (
            "n_step_lstm",
            F::n_step_lstm(1, 0.0, hx(), hx(), w(4), b(4), vec![x(&[1, 3]), x(&[2, 3])]).2.remove(0),
            &["xs[0].shape[0] >= xs[1].shape[0]", "1 < 2"],
        ),
        (
            "n_step_lstm",
            F::n_step_lstm(1, 0.0, hx(), hx(), w(4), b(4), vec![x(&[3, 3])]).2.remove(0),
            &["hx.shape[1] >= xs[0].shape[0]", "2 < 3"],
        ),
        (
            "n_step_lstm",
            F::n_step_lstm(1, 0.0, hx(), hx(), w(4), b(4), vec![x(&[2, 3]), x(&[2, 2])]).2.remove(0),
            &["xs[0].shape[1] == xs[1].shape[1]", "3 != 2"],
        ),
        (
            "n_step_lstm",
            F::n_step_lstm(1, 0.0, hx(), hx(), w(4), b(4), vec![x(&[2, 3]), x(&[2])]).2.remove(0),
            &["xs[1].ndim == 2", "1 != 2"],
        ),
        (
            "n_step_bilstm",
            {
                let (state, b) = (x(&[4, 2, 4]), vec![b(4).remove(0), b(4).remove(0), b(4).remove(0), b(4).remove(0)]);
                let deep = || gates(4, &[4, 4], &[4, 4]);
                let ws = vec![w(4).remove(0), w(4).remove(0), deep(), deep()];
                F::n_step_bilstm(2, 0.0, &state, &state, ws, b, xs()).0
            },
            &["ws[2][0].shape == (hx.shape[2], 2 * hx.shape[2])", "(4, 4) != (4, 8)"],
        ),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![
        F::n_step_rnn(1, 0.0, failed(), [[x(&[4, 3]), x(&[4, 4])]], [[x(&[4]), x(&[4])]], [x(&[2, 3])]).0,
        F::n_step_birnn(1, 0.0, x(&[2, 2, 4]), [[failed(), x(&[4, 4])]], [[x(&[4]), x(&[4])]], [x(&[2, 3])])
            .1
            .remove(0),
        F::n_step_gru(1, 0.0, x(&[1, 2, 4]), [[x(&[4, 3])]], [[x(&[4]), failed()]], [x(&[2, 3])]).0,
        F::n_step_bigru(1, 0.0, x(&[1, 2, 4]), [[x(&[4, 3])]], [[x(&[4])]], [failed()]).1.remove(0),
        F::n_step_lstm(1, 0.0, x(&[1, 2, 4]), failed(), [[x(&[4, 3])]], [[x(&[4])]], [x(&[2, 3])]).1,
        F::n_step_bilstm(1, 0.0, failed(), failed(), [[x(&[4, 3])]], [[x(&[4])]], [x(&[2, 3])]).1,
    ]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    vec![
        ("n_step_rnn", Box::new(|| F::n_step_rnn(1, 0.0, x(&[]), [[x(&[])]], [[x(&[])]], [x(&[])]).0)),
        (
            "n_step_rnn",
            Box::new(|| F::n_step_rnn(1, 0.0, x(&[1, 2, 4]), [[x(&[]), x(&[])]], [[x(&[]), x(&[])]], [x(&[2, 3])]).0),
        ),
    ]
}
