//! Losses: sums over all alignments and label sequences, reductions, precision.

use chainer::functions::Reduction;
use chainer::random::Generator;
use chainer::{Array, ArrayOps, Dtype, Shape, Variable, functions as F};
use proptest::prelude::*;

use crate::refused;

/// Normal numbers.
fn normal(shape: &[usize], seed: u64) -> Array {
    Generator::new(seed).normal(shape, 0.0, 2.0, Dtype::F64).copy()
}

/// Whole numbers `0..below`.
fn below(shape: &[usize], below: usize, seed: u64) -> Array {
    Generator::new(seed).integers(shape, 0, below as i64).copy()
}

fn values(x: &Variable) -> std::result::Result<Vec<f64>, TestCaseError> {
    x.data().to_f64_vec().map_err(refused)
}

fn close(got: f64, want: f64, tolerance: f64) -> bool {
    got == want || (got - want).abs() <= tolerance * want.abs().max(1.0)
}

/// Every sequence of `steps` numbers `0..classes`.
fn sequences(steps: usize, classes: usize) -> impl Iterator<Item = Vec<usize>> {
    (0..classes.pow(steps as u32))
        .map(move |number| (0..steps as u32).map(|i| number / classes.pow(i) % classes).collect())
}

/// The labels that a sequence of classes gives: repetitions count once, blanks not at all.
fn labels_of(sequence: &[usize], blank: usize) -> Vec<usize> {
    let new = |i: &usize| *i == 0 || sequence[*i] != sequence[*i - 1];
    (0..sequence.len()).filter(new).map(|i| sequence[i]).filter(|&class| class != blank).collect()
}

proptest! {
    #[test]
    fn ctc_is_the_sum_over_all_alignments(
        steps in 1usize..6, labels in 0usize..4, blank in 0usize..3, seed in any::<u64>(), lengths in any::<bool>()
    ) {
        const CLASSES: usize = 3;
        let batch = 2;
        let x = normal(&[steps, batch, CLASSES], seed);
        // Never the blank.
        let t: Vec<i64> = below(&[batch * labels], CLASSES - 1, seed ^ 1).to_vec::<i64>().map_err(refused)?;
        let t: Vec<i64> = t.into_iter().map(|label| label + i64::from(label >= blank as i64)).collect();
        let mut function = F::ConnectionistTemporalClassification::new(blank).reduce(Reduction::No);
        let mut sizes = vec![(steps, labels); batch];
        if lengths {
            let draw = |max, seed| below(&[batch], max + 1, seed).to_vec::<i64>();
            let (input, label) = (draw(steps, seed ^ 2).map_err(refused)?, draw(labels, seed ^ 3).map_err(refused)?);
            sizes = input.iter().zip(&label).map(|(&input, &label)| (input as usize, label as usize)).collect();
            function = function.input_length(Array::from(input)).label_length(Array::from(label));
        }
        let xs: Vec<Variable> = (0..steps).map(|time| Variable::new(x.slice(time as isize))).collect();
        let loss = function.call(&xs, Array::from_vec(t.clone(), [batch, labels]));
        let got = values(&loss)?;
        loss.sum().backward().map_err(refused)?;
        let grads = xs.iter().map(|x| values(&x.grad().expect("a gradient"))).collect::<Result<Vec<_>, _>>()?;
        let logits = x.to_f64_vec().map_err(refused)?;
        for (sample, (steps, labels_here)) in sizes.into_iter().enumerate() {
            let probability = |time: usize, class: usize| {
                let row = &logits[(time * batch + sample) * CLASSES..][..CLASSES];
                row[class].exp() / row.iter().map(|x| x.exp()).sum::<f64>()
            };
            let wanted: Vec<usize> = t[sample * labels..][..labels_here].iter().map(|&label| label as usize).collect();
            let (mut sum, mut occupied) = (0.0, vec![[0.0; CLASSES]; steps]);
            for sequence in sequences(steps, CLASSES).filter(|sequence| labels_of(sequence, blank) == wanted) {
                let product: f64 = sequence.iter().enumerate().map(|(time, &class)| probability(time, class)).product();
                sum += product;
                sequence.iter().enumerate().for_each(|(time, &class)| occupied[time][class] += product);
            }
            prop_assert!(close(got[sample], -sum.ln(), 1e-9), "{} for {}", got[sample], -sum.ln());
            for (time, grads) in grads.iter().enumerate() {
                for class in 0..CLASSES {
                    // Nothing behind the end, and nothing if there is no alignment.
                    let counts = time < steps && sum > 0.0;
                    let want = if counts { probability(time, class) - occupied[time][class] / sum } else { 0.0 };
                    prop_assert!(close(grads[sample * CLASSES + class], want, 1e-9));
                }
            }
        }
    }

    #[test]
    fn a_random_field_is_the_sum_over_all_label_sequences(
        sizes in prop::collection::vec(1usize..4, 1..5), labels in 1usize..4, seed in any::<u64>()
    ) {
        let mut batches = sizes;
        batches.sort_unstable_by(|a, b| b.cmp(a));
        let cost = normal(&[labels, labels], seed);
        let xs: Vec<Array> = batches.iter().enumerate().map(|(i, &b)| normal(&[b, labels], seed ^ (i as u64 + 1))).collect();
        let ys: Vec<Array> = batches.iter().enumerate().map(|(i, &b)| below(&[b], labels, seed ^ (i as u64 + 9))).collect();
        let losses = values(&F::Crf1d::new().reduce(Reduction::No).call(&cost, &xs[..], &ys[..]))?;
        let (best, paths) = F::argmax_crf1d(&cost, &xs[..]);
        let best = values(&best)?;
        let read = |array: &Array| array.to_f64_vec().map_err(refused);
        let (cost, flat) = (read(&cost)?, xs.iter().map(read).collect::<Result<Vec<_>, _>>()?);
        let ys = ys.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let paths = paths.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        for sample in 0..batches[0] {
            let length = batches.iter().filter(|&&batch| batch > sample).count();
            let score = |sequence: &[usize]| -> f64 {
                let own: f64 = sequence.iter().enumerate().map(|(i, &label)| flat[i][sample * labels + label]).sum();
                own + sequence.windows(2).map(|pair| cost[pair[0] * labels + pair[1]]).sum::<f64>()
            };
            let of = |labels: &[Vec<f64>]| (0..length).map(|i| labels[i][sample] as usize).collect::<Vec<_>>();
            let all: Vec<f64> = sequences(length, labels).map(|sequence| score(&sequence)).collect();
            let partition = all.iter().map(|score| score.exp()).sum::<f64>().ln();
            prop_assert!(close(losses[sample], partition - score(&of(&ys)), 1e-9));
            let largest = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(close(best[sample], largest, 1e-12));
            prop_assert!(close(score(&of(&paths)), largest, 1e-12));
        }
    }
}

proptest! {
    // Each case is all losses.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn reduced_losses_are_sums_and_means_of_the_single_ones(batch in 1usize..5, width in 2usize..5, seed in any::<u64>()) {
        for (name, loss) in losses(batch, width, seed, Dtype::F64) {
            let single = values(&loss(Reduction::No))?;
            let (sum, mean) = (values(&loss(Reduction::Sum))?[0], values(&loss(Reduction::Mean))?[0]);
            let want: f64 = single.iter().sum();
            prop_assert!(close(sum, want, 1e-12), "{name}: sum {sum} for {want}");
            // Of each sample, not of each class.
            let count = if name == "hinge" { batch } else { single.len() };
            prop_assert!(close(mean, want / count as f64, 1e-12), "{name}: mean {mean} for {}", want / count as f64);
        }
    }

    #[test]
    fn losses_in_float32_are_those_in_float64_up_to_rounding(batch in 1usize..5, width in 2usize..5, seed in any::<u64>()) {
        let (exact, rounded) = (losses(batch, width, seed, Dtype::F64), losses(batch, width, seed, Dtype::F32));
        for ((name, exact), (_, rounded)) in exact.into_iter().zip(rounded) {
            let rounded = rounded(Reduction::No);
            prop_assert_eq!(rounded.dtype(), Dtype::F32);
            for (got, want) in values(&rounded)?.into_iter().zip(values(&exact(Reduction::No))?) {
                prop_assert!(close(got, want, 2e-5), "{name}: {got} for {want}");
            }
        }
    }
}

type Loss = Box<dyn Fn(Reduction) -> Variable>;

/// Each loss that has a reduction, of random inputs (batch, width) of a dtype.
fn losses(batch: usize, width: usize, seed: u64, dtype: Dtype) -> Vec<(&'static str, Loss)> {
    // The same numbers in each dtype: eighths of whole numbers.
    let number = |i: u64| Variable::constant(((normal(&[batch, width], seed ^ i) * 8.0).rint() / 8.0).astype(dtype));
    let label = |below_: usize, i: u64| below(&[batch], below_, seed ^ i);
    let (a, b, c) = (number(1), number(2), number(3));
    let (t, binary) = (label(width, 4), label(2, 5));
    let bits = below(&[batch, width], 2, seed ^ 6);
    let samples = below(&[batch, 3], width, seed ^ 7);
    let weight = Variable::constant(((normal(&[width, width], seed ^ 8) * 8.0).rint() / 8.0).astype(dtype));
    let mut losses: Vec<(&'static str, Loss)> = Vec::new();
    macro_rules! loss {
        ($name:literal, $reduce:ident, $($captured:ident),+ => $call:expr) => {{
            $(let $captured = $captured.clone();)+
            losses.push(($name, Box::new(move |$reduce: Reduction| $call)));
        }};
    }
    loss!("bernoulli_nll", r, a, b => F::BernoulliNll::new().reduce(r).call(&a, &b));
    loss!("black_out", r, a, t, weight, samples => F::BlackOut::new().reduce(r).call(&a, &t, &weight, &samples));
    loss!("connectionist_temporal_classification", r, a, b, c => {
        let labels = Array::ones([a.len(), 1], Dtype::I32);
        F::ConnectionistTemporalClassification::new(0).reduce(r).call([&a, &b, &c], labels)
    });
    loss!("contrastive", r, a, b, binary => F::Contrastive::new().margin(4.0).reduce(r).call(&a, &b, &binary));
    loss!("cosine_embedding_loss", r, a, b, binary => {
        F::CosineEmbeddingLoss::new().reduce(r).call(&a, &b, &binary * 2 - 1)
    });
    loss!("crf1d", r, a, b, t, weight => F::Crf1d::new().reduce(r).call(&weight, [&a, &b], [&t, &t]));
    loss!("focal_loss", r, a, bits => F::FocalLoss::new().reduce(r).call(&a, &bits));
    loss!("softmax_focal_loss", r, a, t => F::SoftmaxFocalLoss::new().reduce(r).call(&a, &t));
    loss!("gaussian_kl_divergence", r, a, b => F::GaussianKlDivergence::new().reduce(r).call(&a, &b));
    loss!("gaussian_nll", r, a, b, c => F::GaussianNll::new().reduce(r).call(&a, &b, &c));
    loss!("hinge", r, a, t => F::Hinge::new().reduce(r).call(&a, &t));
    loss!("huber_loss", r, a, b => F::HuberLoss::new(1.0).reduce(r).call(&a, &b));
    loss!("kl_divergence", r, a, b => F::KlDivergence::new().reduce(r).call(F::log_softmax(&a), F::softmax(&b)));
    loss!("negative_sampling", r, a, t, weight, samples => {
        F::NegativeSampling::new(2).reduce(r).call(&a, &t, &weight, &|_: &Shape| samples.clone())
    });
    loss!("nll_loss", r, a, t => F::NllLoss::new().reduce(r).call(&a, &t));
    loss!("sigmoid_cross_entropy", r, a, bits => F::SigmoidCrossEntropy::new().reduce(r).call(&a, &bits));
    loss!("smooth_l1_loss", r, a, b => F::SmoothL1Loss::new().reduce(r).call(&a, &b));
    loss!("softmax_cross_entropy", r, a, t => F::SoftmaxCrossEntropy::new().label_smoothing(0.1).reduce(r).call(&a, &t));
    loss!("triplet", r, a, b, c => F::Triplet::new().reduce(r).call(&a, &b, &c));
    losses
}
