//! Connections: transposes and compositions that must agree exactly, recurrent layers against single steps, threads.

use chainer::{
    Array, Dtype, GradOptions, Parameter, UpdateRule, Variable, functions as F, grad_with, optimizers, set_num_threads,
};
use chainer_kernels::ops::get_conv_outsize;
use proptest::prelude::*;

use crate::{contents, refused, variable, whole_numbers};

/// A convolution over one to three spatial axes.
#[derive(Clone, Debug)]
struct Case {
    images: usize,
    groups: usize,
    /// Of x and of the result, in each group.
    channels: [usize; 2],
    /// Size, window, stride, padding and dilation of each axis.
    axes: Vec<[usize; 5]>,
    seed: u64,
}

fn cases() -> impl Strategy<Value = Case> {
    let axis = (0usize..7, 1usize..4, 1usize..4, 0usize..3, 1usize..3);
    let axes = prop::collection::vec(axis, 1..=3);
    (0usize..3, 1usize..3, 1usize..4, 1usize..4, axes, any::<u64>()).prop_map(|(images, groups, c, o, axes, seed)| {
        // Inputs that hold a window.
        let axis = |(size, k, s, p, d): (usize, usize, usize, usize, usize)| {
            [size.max(((k - 1) * d + 1).saturating_sub(2 * p)).max(1), k, s, p, d]
        };
        Case { images, groups, channels: [c, o], axes: axes.into_iter().map(axis).collect(), seed }
    })
}

impl Case {
    fn each(&self, of: impl Fn(&[usize; 5]) -> usize) -> Vec<usize> {
        self.axes.iter().map(of).collect()
    }

    fn x(&self) -> Variable {
        let shape = [vec![self.images, self.groups * self.channels[0]], self.each(|axis| axis[0])].concat();
        variable(&shape, self.seed)
    }

    fn w(&self) -> Variable {
        let shape = [vec![self.groups * self.channels[1], self.channels[0]], self.each(|axis| axis[1])].concat();
        variable(&shape, self.seed ^ 1)
    }

    /// What a convolution of x gives the sizes of.
    fn y(&self) -> Variable {
        let out = self.each(|&[size, k, s, p, d]| get_conv_outsize(size, k, s, p, false, d));
        variable(&[vec![self.images, self.groups * self.channels[1]], out].concat(), self.seed ^ 2)
    }

    fn convolution(&self) -> F::ConvolutionND {
        let function = F::ConvolutionND::new().stride(self.each(|axis| axis[2])).pad(self.each(|axis| axis[3]));
        function.dilate(self.each(|axis| axis[4])).groups(self.groups)
    }

    fn deconvolution(&self) -> F::DeconvolutionND {
        let function = F::DeconvolutionND::new().stride(self.each(|axis| axis[2])).pad(self.each(|axis| axis[3]));
        function.dilate(self.each(|axis| axis[4])).groups(self.groups).outsize(self.each(|axis| axis[0]))
    }
}

fn same(got: &Variable, want: &Variable) -> std::result::Result<(), TestCaseError> {
    prop_assert_eq!(contents(got).map_err(refused)?, contents(want).map_err(refused)?);
    Ok(())
}

/// The gradients of the sum of the outputs, weighted by `weights`.
fn gradients(
    outputs: &[Variable],
    inputs: &[Variable],
    weights: &[Array],
) -> std::result::Result<Vec<Variable>, TestCaseError> {
    let grad_outputs = weights.iter().map(|weight| Some(Variable::constant(weight.clone()))).collect();
    let options = GradOptions { grad_outputs, create_graph: false };
    let found = grad_with(outputs.to_vec(), inputs.to_vec(), options).map_err(refused)?;
    Ok(found.into_iter().flatten().collect())
}

proptest! {
    #[test]
    fn deconvolution_is_the_transpose_of_convolution(case in cases()) {
        let (x, w, y) = (case.x(), case.w(), case.y());
        let left = (case.convolution().call(&x, &w, None) * &y).sum();
        let right = (&x * case.deconvolution().call(&y, &w, None)).sum();
        same(&left, &right)?;
    }

    #[test]
    fn the_gradient_of_a_convolution_is_a_deconvolution(case in cases()) {
        let (x, w, y) = (case.x(), case.w(), case.y());
        let convolved = case.convolution().call(&x, &w, None);
        let gx = gradients(&[convolved], std::slice::from_ref(&x), &[y.data().clone()])?;
        same(&gx[0], &case.deconvolution().call(&y, &w, None))?;
        let transposed = case.deconvolution().call(&y, &w, None);
        let gy = gradients(&[transposed], std::slice::from_ref(&y), &[x.data().clone()])?;
        same(&gy[0], &case.convolution().call(&x, &w, None))?;
    }

    #[test]
    fn groups_are_convolutions_side_by_side(case in cases()) {
        let (x, w) = (case.x(), case.w());
        let one = Case { groups: 1, ..case.clone() };
        let parts = F::split_axis(&x, case.groups, 1).into_iter().zip(F::split_axis(&w, case.groups, 0));
        let parts: Vec<Variable> = parts.map(|(x, w)| one.convolution().call(x, w, None)).collect();
        same(&case.convolution().call(&x, &w, None), &F::concat(parts))?;
    }

    #[test]
    fn depthwise_convolutions_are_convolutions_of_each_channel(
        images in 0usize..3, channels in 1usize..4, multiplier in 1usize..4, stride in 1usize..3, seed in any::<u64>()
    ) {
        let (x, w) = (variable(&[images, channels, 4, 3], seed), variable(&[multiplier, channels, 2, 2], seed ^ 1));
        let y = F::DepthwiseConvolution2D::new().stride(stride).pad(1).call(&x, &w, None);
        let parts = F::split_axis(&x, channels, 1).into_iter().zip(F::split_axis(&w, channels, 1));
        let parts: Vec<Variable> =
            parts.map(|(x, w)| F::Convolution2D::new().stride(stride).pad(1).call(x, w, None)).collect();
        same(&y, &F::concat(parts))?;
    }

    #[test]
    fn embedding_is_a_product_with_one_hot_vectors(
        ids in prop::collection::vec(0i64..5, 0..8), ignored in prop::option::of(0i64..5), seed in any::<u64>()
    ) {
        let w = variable(&[5, 3], seed);
        let hot = |id: &i64| (0..5).map(|row| f64::from(row == *id && Some(*id) != ignored)).collect::<Vec<f64>>();
        let one_hot = Array::from_vec(ids.iter().flat_map(hot).collect(), [ids.len(), 5]);
        let embedded = F::EmbedId::new().ignore_label(ignored).call(Array::from(ids), &w);
        let product = F::matmul(one_hot, &w);
        same(&embedded, &product)?;
        let gy = [whole_numbers(embedded.shape(), seed ^ 1)];
        same(&gradients(&[embedded], std::slice::from_ref(&w), &gy)?[0], &gradients(&[product], &[w], &gy)?[0])?;
    }

    #[test]
    fn bilinear_forms_are_sums_over_pairs(
        batch in 0usize..4, left in 0usize..4, right in 0usize..4, out in 1usize..4, seed in any::<u64>()
    ) {
        let (e1, e2) = (variable(&[batch, left], seed), variable(&[batch, right], seed ^ 1));
        let w = variable(&[left, right, out], seed ^ 2);
        let y = F::bilinear(&e1, &e2, &w, None, None, None);
        same(&y, &F::einsum("bj,bk,jkl->bl", [&e1, &e2, &w]))?;
        // The roles of the inputs can be exchanged.
        same(&y, &F::bilinear(&e2, &e1, F::transpose(&w, &[1, 0, 2]), None, None, None))?;
    }
}

/// The loss of rows of W, used in up to three ways.
fn lookups(w: &Parameter, ids: &[i64], uses: [bool; 3], weights: &Array) -> Variable {
    let rows = F::EmbedId::new().ignore_label(-1).call(Array::from(ids), w);
    let mut loss = (rows.square() * weights).sum();
    if uses[0] {
        loss += F::embed_id(Array::from([[1i32, 4], [4, 4]]), w).sum();
    }
    if uses[1] {
        loss += F::embed_id(Array::from([2i64]), w.var() * 2.0).sum();
    }
    if uses[2] {
        loss += w.var().square().sum();
    }
    loss
}

proptest! {
    #[test]
    fn gradients_found_row_by_row_are_the_dense_ones(
        ids in prop::collection::vec(-1i64..12, 0..8), uses in prop::array::uniform3(any::<bool>()), passes in 1usize..3,
        seed in any::<u64>()
    ) {
        let w = Parameter::new(whole_numbers(&[12, 3], seed));
        let weights = whole_numbers(&[ids.len(), 3], seed ^ 1);
        for _ in 0..passes {
            lookups(&w, &ids, uses, &weights).backward().map_err(refused)?;
        }
        // The same by products with one-hot vectors.
        let dense = Parameter::new(whole_numbers(&[12, 3], seed));
        let hot = |ids: &[i64]| {
            let of = |id: &i64| (0..12).map(|row| f64::from(row == *id)).collect::<Vec<f64>>();
            Array::from_vec(ids.iter().flat_map(of).collect(), [ids.len(), 12])
        };
        let mut loss = (F::matmul(hot(&ids), &dense).square() * &weights).sum();
        if uses[0] {
            loss += F::matmul(hot(&[1, 4, 4, 4]), &dense).sum();
        }
        if uses[1] {
            loss += F::matmul(hot(&[2]), dense.var() * 2.0).sum();
        }
        if uses[2] {
            loss += dense.var().square().sum();
        }
        (loss * passes as f64).backward().map_err(refused)?;
        let want = dense.grad().unwrap().to_f64_vec().map_err(refused)?;
        prop_assert_eq!(w.grad().unwrap().to_f64_vec().map_err(refused)?, want.clone());
        match w.grad_rows() {
            None => prop_assert!(uses[1] || uses[2] || !few(&ids, uses)),
            Some(rows) => {
                prop_assert!(!uses[1] && !uses[2]);
                let indices = rows.indices().to_vec::<i64>().map_err(refused)?;
                prop_assert!(indices.is_sorted() && indices.len() <= 6);
                let missing = (0..12).filter(|row| !indices.contains(row));
                prop_assert!(missing.into_iter().all(|row| want[3 * row as usize..][..3] == [0.0; 3]));
                let found = rows.rows().to_f64_vec().map_err(refused)?;
                for (row, &index) in indices.iter().enumerate() {
                    prop_assert_eq!(&found[3 * row..][..3], &want[3 * index as usize..][..3]);
                }
            }
        }
    }

    #[test]
    fn optimizers_do_the_same_with_rows_as_with_dense_gradients(
        ids in prop::collection::vec(-1i64..12, 1..6), rule in 0usize..4, seed in any::<u64>()
    ) {
        let pair = || [0, 1].map(|_| Parameter::new(whole_numbers(&[12, 3], seed) * 0.125));
        let weights = whole_numbers(&[ids.len(), 3], seed ^ 1);
        fn train<R: UpdateRule>(
            rule: R,
            [rows, dense]: [Parameter; 2],
            ids: &[i64],
            weights: &Array,
        ) -> chainer::Result<[Array; 2]> {
            let mut optimizer = rule.setup_params([("rows", rows.clone()), ("dense", dense.clone())]);
            for _ in 0..3 {
                rows.cleargrad();
                lookups(&rows, ids, [false; 3], weights).backward()?;
                // A gradient that was set is taken as it is.
                dense.set_grad(&rows.grad_var())?;
                assert!(dense.grad_rows().is_none());
                optimizer.update()?;
            }
            Ok([rows.array()?, dense.array()?])
        }
        let [rows, dense] = match rule {
            0 => train(optimizers::SGD::new(0.3), pair(), &ids, &weights),
            1 => train(optimizers::AdaGrad::default(), pair(), &ids, &weights),
            2 => train(optimizers::MomentumSGD::new(0.3), pair(), &ids, &weights),
            _ => train(optimizers::Adam::new(0.1), pair(), &ids, &weights),
        }
        .map_err(refused)?;
        let bits = |x: &Array| x.to_vec::<f64>().map(|x| x.into_iter().map(f64::to_bits).collect::<Vec<u64>>());
        prop_assert_eq!(bits(&rows).map_err(refused)?, bits(&dense).map_err(refused)?);
    }
}

/// Whether at most half of the rows of a table of twelve are named.
fn few(ids: &[i64], uses: [bool; 3]) -> bool {
    let also: &[i64] = if uses[0] { &[1, 4] } else { &[] };
    let named: std::collections::BTreeSet<&i64> = ids.iter().filter(|&&id| id >= 0).chain(also).collect();
    named.len() <= 6
}

/// Sequences of three inputs and two units, with first states, weights and biases for so many gates.
struct Sequences {
    states: [Variable; 2],
    ws: Vec<Variable>,
    bs: Vec<Variable>,
    xs: Vec<Variable>,
}

/// Numbers from -1 to 1.
fn small(shape: &[usize], seed: u64) -> Variable {
    Variable::new(whole_numbers(shape, seed) * 0.125)
}

impl Sequences {
    fn new(lengths: &[usize], gates: usize, seed: u64) -> Self {
        let at = |i: usize| seed.wrapping_add(i as u64 * 7919);
        let w = |i: usize| small(&[2, if i < gates { 3 } else { 2 }], at(i));
        Sequences {
            states: [100, 101].map(|i| small(&[1, lengths[0], 2], at(i))),
            ws: (0..2 * gates).map(w).collect(),
            bs: (0..2 * gates).map(|i| small(&[2], at(i + 20))).collect(),
            xs: lengths.iter().enumerate().map(|(t, &rows)| small(&[rows, 3], at(t + 40))).collect(),
        }
    }

    /// What gate `i` of so many adds up at an input and a state.
    fn gate(&self, gates: usize, i: usize, x: &Variable, h: &Variable) -> Variable {
        F::linear(x, &self.ws[i], &self.bs[i]) + F::linear(h, &self.ws[gates + i], &self.bs[gates + i])
    }

    fn all(&self) -> Vec<Variable> {
        [&self.states[..], &self.ws, &self.bs, &self.xs].concat()
    }
}

/// A step from the states h and c.
type OneStep = fn(&Sequences, &Variable, &Variable, &Variable) -> (Variable, Variable);

fn lstm_step(s: &Sequences, x: &Variable, h: &Variable, c: &Variable) -> (Variable, Variable) {
    let [i, f, a, o] = [0, 1, 2, 3].map(|gate| s.gate(4, gate, x, h));
    let c = f.sigmoid() * c + i.sigmoid() * a.tanh();
    (o.sigmoid() * c.tanh(), c)
}

fn gru_step(s: &Sequences, x: &Variable, h: &Variable, c: &Variable) -> (Variable, Variable) {
    let (r, z) = (s.gate(3, 0, x, h).sigmoid(), s.gate(3, 1, x, h).sigmoid());
    let new = (F::linear(x, &s.ws[2], &s.bs[2]) + r * F::linear(h, &s.ws[5], &s.bs[5])).tanh();
    ((1.0 - &z) * new + z * h, c.clone())
}

fn rnn_step(s: &Sequences, x: &Variable, h: &Variable, c: &Variable) -> (Variable, Variable) {
    (s.gate(1, 0, x, h).tanh(), c.clone())
}

/// A loop over the steps; the last h of every sequence, and all outputs.
fn looped(s: &Sequences, step: OneStep) -> (Variable, Vec<Variable>) {
    let mut states = s.states.clone().map(|state| F::get_item(state, 0));
    let mut ys = Vec::new();
    for x in &s.xs {
        let rows = x.len() as isize;
        let [(h, h_rest), (c, c_rest)] =
            states.map(|state| (F::get_item(&state, (..rows,)), F::get_item(&state, (rows..,))));
        let (h, c) = step(s, x, &h, &c);
        ys.push(h.clone());
        let join = |parts: [Variable; 2]| F::Concat::new().axis(0).call(parts);
        states = [join([h, h_rest]), join([c, c_rest])];
    }
    let [h, _] = states;
    (h, ys)
}

fn close(got: &[Variable], want: &[Variable]) -> std::result::Result<(), TestCaseError> {
    prop_assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        let (got, want) = (contents(got).map_err(refused)?, contents(want).map_err(refused)?);
        prop_assert_eq!(&got.0, &want.0);
        for (got, want) in got.1.iter().zip(&want.1) {
            prop_assert!((got - want).abs() <= 1e-12 * want.abs().max(1.0), "{got} for {want}");
        }
    }
    Ok(())
}

fn falling_lengths() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0usize..4, 1..6).prop_map(|mut lengths| {
        lengths.sort_by_key(|&length| std::cmp::Reverse(length));
        lengths
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn recurrent_layers_are_loops_of_single_steps(
        lengths in falling_lengths(), cell in 0usize..3, seed in any::<u64>()
    ) {
        let (gates, step) = [(4, lstm_step as OneStep), (3, gru_step), (1, rnn_step)][cell];
        let s = Sequences::new(&lengths, gates, seed);
        let (hx, ws, bs) = (&s.states[0], [&s.ws], [&s.bs]);
        let (hy, ys) = match cell {
            0 => {
                let (hy, _, ys) = F::n_step_lstm(1, 0.0, hx, &s.states[1], ws, bs, &s.xs);
                (hy, ys)
            }
            1 => F::n_step_gru(1, 0.0, hx, ws, bs, &s.xs),
            _ => F::n_step_rnn(1, 0.0, hx, ws, bs, &s.xs),
        };
        let (h, steps) = looped(&s, step);
        let got: Vec<Variable> = std::iter::once(F::get_item(&hy, 0)).chain(ys).collect();
        let want: Vec<Variable> = std::iter::once(h).chain(steps).collect();
        close(&got, &want)?;
        let weights: Vec<Array> =
            got.iter().enumerate().map(|(i, y)| whole_numbers(y.shape(), seed ^ i as u64)).collect();
        close(&gradients(&got, &s.all(), &weights)?, &gradients(&want, &s.all(), &weights)?)?;
    }

    #[test]
    fn the_backward_direction_is_the_forward_one_of_turned_sequences(
        rows in 0usize..3, steps in 1usize..5, seed in any::<u64>()
    ) {
        let s = Sequences::new(&vec![rows; steps], 3, seed);
        let state = F::Concat::new().axis(0).call(&s.states);
        let (hy, ys) = F::n_step_bigru(1, 0.0, &state, [&s.ws, &s.ws], [&s.bs, &s.bs], &s.xs);
        let turned: Vec<Variable> = s.xs.iter().rev().cloned().collect();
        let (hy_turned, ys_turned) = F::n_step_gru(1, 0.0, &s.states[1], [&s.ws], [&s.bs], turned);
        close(&[F::get_item(&hy, (1..,))], &[hy_turned])?;
        for (y, turned) in ys.iter().zip(ys_turned.iter().rev()) {
            close(&[F::get_item(y, (.., 2..))], std::slice::from_ref(turned))?;
        }
    }
}

/// Sizes at which several threads have something to do.
#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let of = |shape: &[usize], seed: u64| {
        Variable::new(chainer::random::Generator::new(seed).normal(shape, 0.0, 0.5, Dtype::F32))
    };
    let run = || -> chainer::Result<Vec<Vec<f32>>> {
        let (x, w) = (of(&[4, 16, 24, 24], 1), of(&[16, 16, 3, 3], 2));
        let (narrow, wide) = (of(&[8, 96, 9, 9], 3), of(&[2, 96, 3, 3], 4));
        let (xs, state) = ((0..6).map(|t| of(&[64, 96], 10 + t)).collect::<Vec<_>>(), of(&[1, 64, 96], 5));
        let ws: Vec<Variable> = (0..8).map(|i| of(&[96, 96], 20 + i)).collect();
        let bs: Vec<Variable> = (0..8).map(|i| of(&[96], 30 + i)).collect();
        let (hy, cy, ys) = F::n_step_lstm(1, 0.0, &state, &state, [&ws], [&bs], &xs);
        let outputs = [
            F::Convolution2D::new().pad(1).call(&x, &w, None),
            F::Deconvolution2D::new().stride(2).call(&x, &w, None),
            F::depthwise_convolution_2d(&narrow, &wide, None),
            F::bilinear(&ys[0], &ys[1], of(&[96, 96, 8], 40), None, None, None),
            F::embed_id(Array::from_vec((0..4000i32).map(|i| i * i % 96).collect(), 4000), &ws[0]),
            hy,
            cy,
            ys[5].clone(),
        ];
        let total = outputs.iter().fold(Variable::constant(Array::scalar(0f32)), |sum, y| sum + y.square().sum());
        total.backward()?;
        let gradients = [&x, &w, &narrow, &wide, &xs[3], &state, &ws[0], &ws[6], &bs[2]].map(|x| x.grad());
        outputs.iter().chain(gradients.iter().flatten()).map(Variable::to_vec::<f32>).collect()
    };
    set_num_threads(1);
    let alone = run();
    set_num_threads(3);
    let together = run();
    set_num_threads(0);
    let (alone, together) = (alone.unwrap(), together.unwrap());
    assert_eq!(alone.len(), 17);
    for (i, (alone, together)) in alone.iter().zip(&together).enumerate() {
        assert!(alone.iter().zip(together).all(|(a, b)| a.to_bits() == b.to_bits()), "result {i}");
    }
}
