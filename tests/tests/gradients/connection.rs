//! Connections.

use chainer::{Array, Dtype, Variable, functions as F};

use crate::{Empty, Huge, Row, row, rows, x};

/// A stack of recurrent layers: its sizes, of which the shapes of all inputs follow.
#[derive(Clone, Copy)]
struct Recurrent {
    n_layers: usize,
    directions: usize,
    gates: usize,
    /// The sequences of each step.
    lengths: &'static [usize],
    input: usize,
    units: usize,
}

impl Recurrent {
    /// `states` first states, then weights, biases and inputs.
    fn shapes(self, states: usize) -> Vec<Vec<usize>> {
        let Recurrent { n_layers, directions, gates, lengths, input, units } = self;
        let mut shapes = vec![vec![n_layers * directions, lengths[0], units]; states];
        for layer in 0..n_layers * directions {
            let columns = if layer < directions { input } else { directions * units };
            shapes.extend(vec![vec![units, columns]; gates]);
            shapes.extend(vec![vec![units, units]; gates]);
        }
        shapes.extend(vec![vec![units]; n_layers * directions * 2 * gates]);
        shapes.extend(lengths.iter().map(|&length| vec![length, input]));
        shapes
    }

    /// The row of a function of the states, weights, biases and inputs.
    fn row(
        self,
        name: &'static str,
        states: usize,
        f: impl Fn(&[Variable], Lists, Lists, Vec<Variable>) -> Vec<Variable> + 'static,
    ) -> Row {
        let shapes = self.shapes(states);
        let shapes: Vec<&[usize]> = shapes.iter().map(Vec::as_slice).collect();
        rows(name, &shapes, move |inputs| {
            let (first, rest) = inputs.split_at(states);
            let (ws, rest) = rest.split_at(self.n_layers * self.directions * 2 * self.gates);
            let (bs, xs) = rest.split_at(ws.len());
            let lists = |list: &[Variable]| list.chunks(2 * self.gates).map(<[Variable]>::to_vec).collect();
            f(first, lists(ws), lists(bs), xs.to_vec())
        })
        .domain(-1.0, 1.0)
    }
}

type Lists = Vec<Vec<Variable>>;

fn outputs((hy, ys): (Variable, Vec<Variable>)) -> Vec<Variable> {
    std::iter::once(hy).chain(ys).collect()
}

fn outputs_with_cell((hy, cy, ys): (Variable, Variable, Vec<Variable>)) -> Vec<Variable> {
    [hy, cy].into_iter().chain(ys).collect()
}

fn recurrent() -> Vec<Row> {
    // Of lengths 3, 2 and 1, and all of one length.
    let falling = Recurrent { n_layers: 1, directions: 1, gates: 1, lengths: &[3, 2, 1], input: 2, units: 2 };
    let short = Recurrent { lengths: &[2, 1], input: 1, ..falling };
    let equal = Recurrent { lengths: &[2, 2], input: 1, units: 1, ..falling };
    let both = Recurrent { directions: 2, ..short };
    let deep = Recurrent { n_layers: 2, ..short };
    vec![
        falling.row("n_step_rnn", 1, |s, ws, bs, xs| outputs(F::n_step_rnn(1, 0.5, &s[0], ws, bs, xs))),
        deep.row("n_step_rnn, relu", 1, |s, ws, bs, xs| {
            outputs(F::NStepRnn::new(2usize, 0.0).activation(F::RnnActivation::Relu).call(&s[0], ws, bs, xs))
        }),
        both.row("n_step_birnn", 1, |s, ws, bs, xs| outputs(F::n_step_birnn(1, 0.0, &s[0], ws, bs, xs))),
        Recurrent { gates: 4, ..short }
            .row("n_step_lstm", 2, |s, ws, bs, xs| outputs_with_cell(F::n_step_lstm(1, 0.0, &s[0], &s[1], ws, bs, xs))),
        Recurrent { gates: 4, ..equal }.row("n_step_lstm, equal lengths, only the last state", 2, |s, ws, bs, xs| {
            vec![F::n_step_lstm(1, 0.0, &s[0], &s[1], ws, bs, xs).0]
        }),
        Recurrent { gates: 4, units: 1, ..both }.row("n_step_bilstm", 2, |s, ws, bs, xs| {
            outputs_with_cell(F::n_step_bilstm(1, 0.0, &s[0], &s[1], ws, bs, xs))
        }),
        Recurrent { gates: 3, ..short }
            .row("n_step_gru", 1, |s, ws, bs, xs| outputs(F::n_step_gru(1, 0.0, &s[0], ws, bs, xs))),
        Recurrent { gates: 3, units: 1, ..deep }.row("n_step_gru, only an output", 1, |s, ws, bs, xs| {
            F::n_step_gru(2, 0.0, &s[0], ws, bs, xs).1.into_iter().take(1).collect()
        }),
        Recurrent { gates: 3, units: 1, ..both }
            .row("n_step_bigru", 1, |s, ws, bs, xs| outputs(F::n_step_bigru(1, 0.0, &s[0], ws, bs, xs))),
    ]
}

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    let mut table = vec![
        row("bilinear", &[&[3, 2], &[3, 4], &[2, 4, 2]], |xs| F::bilinear(&xs[0], &xs[1], &xs[2], None, None, None)),
        row("bilinear, linear terms", &[&[2, 3], &[2, 2, 1], &[3, 2, 2], &[3, 2], &[2, 2], &[2]], |xs| {
            F::bilinear(&xs[0], &xs[1], &xs[2], &xs[3], &xs[4], &xs[5])
        }),
        row("linear", &[&[3, 4], &[2, 4], &[2]], |xs| F::linear(&xs[0], &xs[1], &xs[2])),
        row("linear, no bias, more axes", &[&[3, 2, 2], &[2, 4]], |xs| F::linear(&xs[0], &xs[1], None)),
        row("convolution_2d", &[&[2, 2, 4, 4], &[3, 2, 2, 3], &[3]], |xs| F::convolution_2d(&xs[0], &xs[1], &xs[2])),
        row("convolution_2d, settings", &[&[1, 2, 5, 6], &[4, 1, 2, 2]], |xs| {
            let function = F::Convolution2D::new().stride((2, 1)).pad((1, 2)).dilate(2).groups(2);
            function.call(&xs[0], &xs[1], None)
        }),
        row("convolution_2d, cover_all", &[&[1, 2, 6, 6], &[2, 2, 3, 3]], |xs| {
            F::Convolution2D::new().stride(2).cover_all(true).call(&xs[0], &xs[1], None)
        }),
        row("convolution_nd", &[&[2, 2, 5], &[3, 2, 3], &[3]], |xs| F::convolution_nd(&xs[0], &xs[1], &xs[2])),
        row("convolution_nd, settings", &[&[1, 4, 3, 4, 2], &[2, 2, 2, 2, 1]], |xs| {
            let function = F::ConvolutionND::new().stride([1, 2, 1]).pad([1, 0, 0]).dilate([2, 1, 1]).groups(2);
            function.call(&xs[0], &xs[1], None)
        }),
        row("convolution_nd, cover_all", &[&[1, 2, 6], &[2, 2, 3]], |xs| {
            F::ConvolutionND::new().stride(2).cover_all(true).call(&xs[0], &xs[1], None)
        }),
        row("deconvolution_2d", &[&[2, 3, 3, 2], &[3, 2, 2, 3], &[2]], |xs| {
            F::deconvolution_2d(&xs[0], &xs[1], &xs[2])
        }),
        row("deconvolution_2d, settings", &[&[1, 4, 2, 3], &[4, 1, 3, 2]], |xs| {
            let function = F::Deconvolution2D::new().stride((2, 1)).pad((1, 0)).dilate((1, 2)).groups(2);
            function.outsize((4, 5)).call(&xs[0], &xs[1], None)
        }),
        row("deconvolution_nd", &[&[2, 2, 3], &[2, 3, 2], &[3]], |xs| F::deconvolution_nd(&xs[0], &xs[1], &xs[2])),
        row("deconvolution_nd, settings", &[&[1, 2, 2, 2, 1], &[2, 1, 2, 1, 2]], |xs| {
            let function = F::DeconvolutionND::new().stride([2, 1, 1]).pad([0, 0, 1]).dilate([1, 1, 2]).groups(2);
            function.outsize(vec![5, 2, 1]).call(&xs[0], &xs[1], None)
        }),
        row("depthwise_convolution_2d", &[&[2, 3, 4, 3], &[2, 3, 2, 2], &[6]], |xs| {
            F::depthwise_convolution_2d(&xs[0], &xs[1], &xs[2])
        }),
        row("depthwise_convolution_2d, settings", &[&[1, 2, 4, 5], &[1, 2, 2, 3]], |xs| {
            F::DepthwiseConvolution2D::new().stride((1, 2)).pad((0, 1)).call(&xs[0], &xs[1], None)
        }),
        row("dilated_convolution_2d", &[&[1, 2, 5, 6], &[3, 2, 2, 2], &[3]], |xs| {
            F::DilatedConvolution2D::new().dilate((2, 3)).call(&xs[0], &xs[1], &xs[2])
        }),
        row("dilated_convolution_2d, settings", &[&[1, 1, 6, 6], &[2, 1, 2, 2]], |xs| {
            let function = F::DilatedConvolution2D::new().stride(3).pad((1, 0)).dilate(2).cover_all(true);
            function.call(&xs[0], &xs[1], None)
        }),
        row("scaled_dot_product_attention", &[&[2, 3, 2], &[2, 4, 2], &[2, 4, 3]], |xs| {
            F::scaled_dot_product_attention(&xs[0], &xs[1], &xs[2])
        }),
        row("scaled_dot_product_attention, causal", &[&[1, 2, 4, 2], &[1, 2, 3, 2], &[1, 2, 3, 1]], |xs| {
            F::ScaledDotProductAttention::new().scale(0.7).causal(true).call(&xs[0], &xs[1], &xs[2])
        }),
        row("scaled_dot_product_attention, mask", &[&[2, 3, 2], &[2, 3, 2], &[2, 3, 2]], |xs| {
            let mask = Array::from([[true, false, true], [false, false, false], [true, true, true]]);
            F::ScaledDotProductAttention::new().mask(mask).call(&xs[0], &xs[1], &xs[2])
        }),
        row("scaled_dot_product_attention, causal, added", &[&[3, 2], &[4, 2], &[4, 2]], |xs| {
            let mask = Array::from([[0.5f64], [f64::NEG_INFINITY], [0.25]]);
            F::ScaledDotProductAttention::new().causal(true).mask(mask).call(&xs[0], &xs[1], &xs[2])
        }),
        row("embed_id", &[&[3, 2]], |xs| F::embed_id(Array::from([[2i32, 0], [2, 1]]), &xs[0])),
        row("embed_id, ignore_label", &[&[3, 2]], |xs| {
            F::EmbedId::new().ignore_label(-1).call(Array::from([2i64, -1, 0]), &xs[0])
        }),
    ];
    table.extend(recurrent());
    table
}

/// Empty batches.
pub fn empty() -> Vec<Empty> {
    let no_labels = || Array::zeros(0, Dtype::I32);
    let lstm = |xs: &[Variable], batch: usize| {
        let ws = [[x(&[3, 2]), x(&[3, 2]), x(&[3, 2]), x(&[3, 2]), x(&[3, 3]), x(&[3, 3]), x(&[3, 3]), x(&[3, 3])]];
        let state = x(&[1, batch, 3]);
        F::n_step_lstm(1, 0.0, &state, &state, &ws, [[0; 8].map(|_| x(&[3]))], xs)
    };
    vec![
        ("bilinear", F::bilinear(x(&[0, 2]), x(&[0, 3]), x(&[2, 3, 4]), None, None, None), &[0, 4]),
        ("linear", F::linear(x(&[0, 3]), x(&[2, 3]), x(&[2])), &[0, 2]),
        ("convolution_2d", F::convolution_2d(x(&[0, 2, 3, 3]), x(&[4, 2, 2, 2]), None), &[0, 4, 2, 2]),
        ("convolution_nd", F::convolution_nd(x(&[0, 2, 3]), x(&[4, 2, 2]), x(&[4])), &[0, 4, 2]),
        ("deconvolution_2d", F::deconvolution_2d(x(&[0, 2, 3, 3]), x(&[2, 4, 2, 2]), None), &[0, 4, 4, 4]),
        ("deconvolution_nd", F::deconvolution_nd(x(&[0, 2, 3]), x(&[2, 4, 2]), x(&[4])), &[0, 4, 4]),
        ("deconvolution_2d of nothing", F::deconvolution_2d(x(&[2, 3, 0, 2]), x(&[3, 4, 2, 3]), None), &[2, 4, 1, 4]),
        ("deconvolution_nd of nothing", F::deconvolution_nd(x(&[2, 3, 0]), x(&[3, 4, 2]), x(&[4])), &[2, 4, 1]),
        (
            "depthwise_convolution_2d",
            F::depthwise_convolution_2d(x(&[0, 2, 3, 3]), x(&[4, 2, 2, 2]), None),
            &[0, 8, 2, 2],
        ),
        ("dilated_convolution_2d", F::dilated_convolution_2d(x(&[0, 2, 3, 3]), x(&[4, 2, 2, 2]), None), &[0, 4, 2, 2]),
        ("n_step_lstm, no sequence", lstm(&[x(&[0, 2]), x(&[0, 2])], 0).2.remove(1), &[0, 3]),
        ("n_step_lstm, no step", lstm(&[], 2).0, &[1, 2, 3]),
        ("n_step_lstm, steps without sequences", lstm(&[x(&[2, 2]), x(&[0, 2])], 2).1, &[1, 2, 3]),
        (
            "scaled_dot_product_attention",
            F::scaled_dot_product_attention(x(&[0, 3, 2]), x(&[0, 4, 2]), x(&[0, 4, 2])),
            &[0, 3, 2],
        ),
        (
            "scaled_dot_product_attention, no rows",
            F::scaled_dot_product_attention(x(&[2, 0, 2]), x(&[2, 4, 2]), x(&[2, 4, 3])),
            &[2, 0, 3],
        ),
        (
            "scaled_dot_product_attention, nothing to see",
            F::scaled_dot_product_attention(x(&[2, 3, 2]), x(&[2, 0, 2]), x(&[2, 0, 3])),
            &[2, 3, 3],
        ),
        ("embed_id", F::embed_id(no_labels(), x(&[4, 3])), &[0, 3]),
    ]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![]
}
