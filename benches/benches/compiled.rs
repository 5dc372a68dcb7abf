//! Training steps define-by-run against the same steps compiled, at batches where overhead dominates and where the work does.
//!
//! Prints a table: the median time of a step in both ways, measured in turns, and their ratio; kernels and memory of the graph. A word
//! behind `--` picks the rows that contain it.

use std::sync::Arc;
use std::time::Instant;

use chainer::optimizer::GradientClipping;
use chainer::prelude::*;
use chainer::{GradOptions, Result, compile, functions as F, grad_with, links as L, optimizers};
use chainer_benches::uniform;

type Step = Box<dyn FnMut((Vec<Variable>, Vec<Variable>)) -> Result<Variable>>;

/// A row of the table: what makes a step for a batch size, and its arguments.
struct Row {
    name: &'static str,
    batches: [usize; 2],
    step: fn() -> Step,
    arguments: fn(usize) -> (Vec<Variable>, Vec<Variable>),
}

fn constant(seed: u64, shape: &[usize]) -> Variable {
    Variable::constant(uniform(seed, shape))
}

fn labels(n: usize, classes: usize, seed: usize) -> Variable {
    Variable::constant(Array::from((0..n).map(|i| ((i * 7 + seed) % classes) as i32).collect::<Vec<_>>()))
}

fn classifier<M: Forward>(model: M, rule: impl UpdateRule) -> Step {
    let model = Arc::new(model);
    let mut optimizer = rule.setup(&*model);
    Box::new(move |(x, t)| {
        let loss = F::softmax_cross_entropy(model.forward(&x[0]), &t[0]);
        model.cleargrads();
        loss.backward()?;
        optimizer.update()?;
        Ok(loss)
    })
}

fn mlp() -> Step {
    let relu = |h| F::relu(h);
    let model = seq![L::Linear::new(64, 128), relu, L::Linear::new(128, 128), relu, L::Linear::new(128, 10)];
    classifier(model, optimizers::Adam::default())
}

fn convnet() -> Step {
    let relu = |h| F::relu(h);
    let block = |from, to| {
        seq![L::Convolution2D::new(from, to, 3).nobias(true), L::BatchNormalization::new(to), relu, |h| {
            F::max_pooling_2d(h, 2)
        }]
    };
    let model = seq![block(3, 16), block(16, 32), |h| F::dropout(h, 0.5), L::Linear::new(None, 10)];
    classifier(model, optimizers::MomentumSGD::default())
}

#[chain]
struct Words {
    embed: L::EmbedID,
    l1: L::LSTM,
    l2: L::LSTM,
    out: L::Linear,
}

fn language_model() -> Step {
    let model = Arc::new(Words {
        embed: L::EmbedID::new(500, 64),
        l1: L::LSTM::new(64, 64),
        l2: L::LSTM::new(64, 64),
        out: L::Linear::new(64, 500),
    });
    let mut optimizer = optimizers::SGD::new(0.1).setup(&*model);
    optimizer.add_hook(GradientClipping::new(5.0));
    Box::new(move |(words, next)| {
        let mut loss = Variable::constant(Array::scalar(0f32));
        for (word, next) in words.iter().zip(&next) {
            let h = model.l2.forward(&model.l1.forward(&model.embed.forward(word)));
            loss += F::softmax_cross_entropy(model.out.forward(&h), next);
        }
        model.cleargrads();
        loss.backward()?;
        loss.unchain_backward();
        optimizer.update()?;
        Ok(loss)
    })
}

fn adversaries() -> Step {
    let net = |n, out| {
        Arc::new(seq![
            L::Linear::new(n, 64),
            |h| F::leaky_relu(h),
            L::Linear::new(64, 64),
            F::tanh,
            L::Linear::new(64, out)
        ])
    };
    let (generator, critic) = (net(16, 32), net(32, 1));
    let mut of_generator = optimizers::Adam::default().setup(&*generator);
    let mut of_critic = optimizers::Adam::default().setup(&*critic);
    Box::new(move |(z, real)| {
        let made = generator.forward(&z[0]);
        let loss = F::softplus(-critic.forward(&made)).sum();
        generator.cleargrads();
        loss.backward()?;
        of_generator.update()?;
        let both = F::softplus(critic.forward(&made.detach())).sum() + F::softplus(-critic.forward(&real[0])).sum();
        critic.cleargrads();
        both.backward()?;
        of_critic.update()?;
        Ok(loss + both)
    })
}

fn gradient_penalty() -> Step {
    let critic = Arc::new(seq![L::Linear::new(32, 64), F::tanh, L::Linear::new(64, 1)]);
    let mut optimizer = optimizers::Adam::default().setup(&*critic);
    Box::new(move |(x, _)| {
        let x = Variable::new(x[0].data().clone());
        let y = critic.forward(&x).sum();
        let options = GradOptions { create_graph: true, ..Default::default() };
        let Some(gradient) = grad_with([&y], [&x], options)?.remove(0) else { return Ok(y) };
        let norm = F::sqrt(F::sum(&gradient * &gradient, 1, false) + 1e-6);
        let loss = y + ((norm - 1.0) * 10.0).sum();
        critic.cleargrads();
        loss.backward()?;
        optimizer.update()?;
        Ok(loss)
    })
}

const ROWS: [Row; 5] = [
    Row {
        name: "MLP 64-128-128-10, Adam",
        batches: [8, 1024],
        step: mlp,
        arguments: |n| (vec![constant(1, &[n, 64])], vec![labels(n, 10, 0)]),
    },
    Row {
        name: "convnet, batch normalization, dropout",
        batches: [2, 64],
        step: convnet,
        arguments: |n| (vec![constant(1, &[n, 3, 16, 16])], vec![labels(n, 10, 0)]),
    },
    Row {
        name: "2-layer LSTM, 10 steps, clipping",
        batches: [4, 64],
        step: language_model,
        arguments: |n| ((0..10).map(|t| labels(n, 500, t)).collect(), (1..11).map(|t| labels(n, 500, t)).collect()),
    },
    Row {
        name: "GAN, two optimizers",
        batches: [8, 512],
        step: adversaries,
        arguments: |n| (vec![constant(1, &[n, 16])], vec![constant(2, &[n, 32])]),
    },
    Row {
        name: "gradient penalty (twice)",
        batches: [8, 512],
        step: gradient_penalty,
        arguments: |n| (vec![constant(1, &[n, 32])], vec![]),
    },
];

/// Median microseconds of a call in each of two ways, measured in turns.
fn medians(mut ways: [&mut dyn FnMut(); 2]) -> [f64; 2] {
    let mut times = [Vec::new(), Vec::new()];
    let start = Instant::now();
    while start.elapsed().as_secs_f64() < 3.0 || times[0].len() < 20 {
        for (way, times) in ways.iter_mut().zip(&mut times) {
            let start = Instant::now();
            way();
            times.push(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    })
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    println!(
        "{:<40} {:>6} {:>12} {:>12} {:>6} {:>9} {:>10}",
        "step", "batch", "traced, µs", "compiled, µs", "ratio", "kernels", "arena, KiB"
    );
    for row in ROWS.iter().filter(|row| words.iter().all(|word| row.name.contains(word.as_str()))) {
        for batch in row.batches {
            let arguments = (row.arguments)(batch);
            let (mut traced, mut compiled) = ((row.step)(), compile((row.step)()));
            for _ in 0..3 {
                drop(traced(arguments.clone()).and_then(|loss| loss.item::<f32>()));
                drop(compiled.call(arguments.clone()).and_then(|loss| loss.item::<f32>()));
            }
            let [before, after] =
                medians([&mut || drop(traced(arguments.clone()).and_then(|loss| loss.item::<f32>())), &mut || {
                    drop(compiled.call(arguments.clone()).and_then(|loss| loss.item::<f32>()));
                }]);
            let graph = compiled.graph();
            let kernels = graph.as_ref().map_or(String::new(), |g| format!("{}/{}", g.kernels(), g.captured_kernels()));
            let arena = graph.as_ref().map_or(0, |g| g.memory().arena >> 10);
            println!(
                "{:<40} {batch:>6} {before:>12.1} {after:>12.1} {:>6.2} {kernels:>9} {arena:>10}",
                row.name,
                before / after
            );
        }
    }
}
