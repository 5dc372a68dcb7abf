//! The models of every kind of training step, 50 steps each.

use std::sync::Arc;

use chainer::functions as F;
use chainer::links as L;
use chainer::optimizer::{GradientClipping, WeightDecay};
use chainer::prelude::*;
use chainer::{Array, GradOptions, Result, UpdateRule, grad_with, optimizers};

use super::{Training, alone, labels, numbers, same_bits};

const STEPS: usize = 50;

type Pair = (Variable, Variable);

fn constant(array: Array) -> Variable {
    Variable::constant(array)
}

#[chain]
struct Mlp {
    l1: L::Linear,
    l2: L::Linear,
    l3: L::Linear,
}

impl Mlp {
    fn new() -> Self {
        Mlp { l1: L::Linear::new(None, 30), l2: L::Linear::new(None, 20), l3: L::Linear::new(None, 5) }
    }
}

impl Forward for Mlp {
    fn forward(&self, x: &Variable) -> Variable {
        self.l3.forward(&F::relu(self.l2.forward(&F::relu(self.l1.forward(x)))))
    }
}

/// A classifier with softmax cross entropy.
fn classifier<M: Forward, R: UpdateRule>(
    model: M,
    rule: R,
    hooks: impl Fn(&mut chainer::Optimizer<R>),
    states: impl Fn(&M) -> Vec<Array> + 'static,
) -> Training<Pair> {
    let model = Arc::new(model);
    let mut optimizer = rule.setup(&*model);
    hooks(&mut optimizer);
    let (params, watched) = (model.params(), model.clone());
    Training {
        params,
        arrays: Box::new(move || states(&watched)),
        step: Box::new(move |(x, t)| {
            let loss = F::softmax_cross_entropy(model.forward(&x), &t);
            model.cleargrads();
            loss.backward()?;
            optimizer.update()?;
            Ok(loss)
        }),
    }
}

fn batch(i: usize) -> Pair {
    (constant(numbers([16, 12], i as u64)), constant(labels(16, 5, i as u64 + 1000)))
}

#[test]
fn mlp_with_adam() {
    let _alone = alone();
    let (captures, replays) =
        same_bits(STEPS, || classifier(Mlp::new(), optimizers::Adam::default(), |_| {}, |_| vec![]), batch);
    // The first call gives the parameters their shapes.
    assert_eq!((captures, replays), (2, STEPS - 2));
}

#[test]
fn mlp_with_hooks() {
    let _alone = alone();
    let hooks = |optimizer: &mut chainer::Optimizer<optimizers::MomentumSGD>| {
        optimizer.add_hook(WeightDecay::new(0.01));
        optimizer.add_hook(GradientClipping::new(0.5));
    };
    let rule = || optimizers::MomentumSGD::default().lr(0.1);
    let (captures, replays) = same_bits(STEPS, || classifier(Mlp::new(), rule(), hooks, |_| vec![]), batch);
    assert_eq!((captures, replays), (2, STEPS - 2));
}

#[chain]
struct Convnet {
    c1: L::Convolution2D,
    b1: L::BatchNormalization,
    c2: L::Convolution2D,
    b2: L::BatchNormalization,
    out: L::Linear,
}

impl Convnet {
    fn new() -> Self {
        Convnet {
            c1: L::Convolution2D::new(2, 6, 3),
            b1: L::BatchNormalization::new(6),
            c2: L::Convolution2D::new(6, 4, 3),
            b2: L::BatchNormalization::new(4),
            out: L::Linear::new(None, 5),
        }
    }
}

impl Forward for Convnet {
    fn forward(&self, x: &Variable) -> Variable {
        let h = F::max_pooling_2d(F::relu(self.b1.forward(&self.c1.forward(x))), 2);
        let h = F::dropout(F::relu(self.b2.forward(&self.c2.forward(&h))), 0.4);
        self.out.forward(&h)
    }
}

#[test]
fn convnet_with_batch_normalization_and_dropout() {
    let _alone = alone();
    let build = || {
        classifier(
            Convnet::new(),
            optimizers::Adam::default(),
            |_| {},
            |model| vec![model.b1.avg_mean(), model.b1.avg_var(), model.b2.avg_mean(), model.b2.avg_var()],
        )
    };
    let images = |i| (constant(numbers([8, 2, 10, 10], i as u64)), constant(labels(8, 5, i as u64 + 1000)));
    let (captures, replays) = same_bits(STEPS, build, images);
    assert_eq!((captures, replays), (2, STEPS - 2));
}

#[chain]
struct LanguageModel {
    embed: L::EmbedID,
    l1: L::LSTM,
    l2: L::LSTM,
    out: L::Linear,
}

#[test]
fn language_model_with_truncated_backpropagation() {
    let _alone = alone();
    let build = || {
        let model = Arc::new(LanguageModel {
            embed: L::EmbedID::new(11, 8),
            l1: L::LSTM::new(8, 9),
            l2: L::LSTM::new(9, 10),
            out: L::Linear::new(10, 11),
        });
        let mut optimizer = optimizers::SGD::new(0.5).setup(&*model);
        optimizer.add_hook(GradientClipping::new(1.0));
        let (params, watched) = (model.params(), model.clone());
        Training {
            params,
            arrays: Box::new(move || {
                let states = [watched.l1.c(), watched.l1.h(), watched.l2.c(), watched.l2.h()];
                states.into_iter().flatten().map(|state| state.into_data()).collect()
            }),
            step: Box::new(move |(words, next): (Vec<Variable>, Vec<Variable>)| {
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
            }),
        }
    };
    let text = |i: usize| {
        let column = |t: usize| constant(labels(6, 11, (i * 5 + t) as u64));
        ((0..5).map(column).collect(), (1..6).map(column).collect())
    };
    let (captures, replays) = same_bits(STEPS, build, text);
    // Without a state, and with one.
    assert_eq!((captures, replays), (2, STEPS - 2));
}

#[test]
fn two_networks_with_an_optimizer_each() {
    let _alone = alone();
    let build = || {
        let net = |n, out| {
            Arc::new(L::Sequential::new().push(L::Linear::new(n, 16)).push(F::tanh).push(L::Linear::new(16, out)))
        };
        let (generator, critic) = (net(4, 6), net(6, 1));
        let mut of_generator = optimizers::Adam::new(0.01).setup(&*generator);
        let mut of_critic = optimizers::RMSprop::default().setup(&*critic);
        Training {
            params: generator.params().into_iter().chain(critic.params()).collect(),
            arrays: Box::new(Vec::new),
            step: Box::new(move |(z, real): Pair| {
                let made = generator.forward(&z);
                let judged = critic.forward(&made);
                let loss = F::softplus(-&judged).sum() / 7.0;
                generator.cleargrads();
                loss.backward()?;
                of_generator.update()?;
                let of_made = F::softplus(critic.forward(&made.detach())).sum() / 7.0;
                let of_real = F::softplus(-critic.forward(&real)).sum() / 7.0;
                let both = of_made + of_real;
                critic.cleargrads();
                both.backward()?;
                of_critic.update()?;
                Ok(loss + both)
            }),
        }
    };
    let batch = |i| (constant(numbers([7, 4], i as u64)), constant(numbers([7, 6], i as u64 + 1000)));
    let (captures, replays) = same_bits(STEPS, build, batch);
    assert_eq!((captures, replays), (1, STEPS - 1));
}

#[test]
fn a_gradient_penalty_differentiates_twice() {
    let _alone = alone();
    let build = || {
        let critic =
            Arc::new(L::Sequential::new().push(L::Linear::new(6, 16)).push(F::tanh).push(L::Linear::new(16, 1)));
        let mut optimizer = optimizers::Adam::new(0.01).setup(&*critic);
        Training {
            params: critic.params(),
            arrays: Box::new(Vec::new),
            step: Box::new(move |x: Variable| {
                let x = Variable::new(x.into_data());
                let y = F::sum(critic.forward(&x), None, false);
                let options = GradOptions { create_graph: true, ..Default::default() };
                let gradient = grad_with([&y], [&x], options)?.remove(0).unwrap();
                let norm = F::sqrt(F::sum(&gradient * &gradient, 1, false) + 1e-6);
                let loss = y + ((norm - 1.0) * 10.0).sum() / 7.0;
                critic.cleargrads();
                loss.backward()?;
                optimizer.update()?;
                Ok(loss)
            }),
        }
    };
    let (captures, replays) = same_bits(STEPS, build, |i| constant(numbers([7, 6], i as u64)));
    assert_eq!((captures, replays), (1, STEPS - 1));
}

#[test]
fn loops_of_varying_length_have_a_graph_each() {
    let _alone = alone();
    let build = || {
        let (cell, out) = (Arc::new(L::Linear::new(6, 6)), Arc::new(L::Linear::new(6, 3)));
        let params: Vec<_> = cell.params().into_iter().chain(out.params()).collect();
        let named = params.iter().enumerate().map(|(i, p)| (i.to_string(), p.clone())).collect::<Vec<_>>();
        let mut optimizer = optimizers::AdaGrad::default().setup_params(named);
        let all = params.clone();
        Training {
            params,
            arrays: Box::new(Vec::new),
            step: Box::new(move |(x, t, times): (Variable, Variable, usize)| {
                let h = (0..times).fold(x, |h, _| F::tanh(cell.forward(&h)));
                let loss = F::softmax_cross_entropy(out.forward(&h), &t);
                all.iter().for_each(|p| p.cleargrad());
                loss.backward()?;
                optimizer.update()?;
                Ok(loss)
            }),
        }
    };
    let batch = |i: usize| (constant(numbers([5, 6], i as u64)), constant(labels(5, 3, i as u64 + 1000)), 1 + i % 4);
    let (captures, replays) = same_bits(STEPS, build, batch);
    assert_eq!((captures, replays), (4, STEPS - 4));
}

#[test]
fn the_updater_compiles_the_whole_step() -> Result<()> {
    let _alone = alone();
    let train = |compiled: bool| {
        chainer::random::seed(3);
        let model = Arc::new(L::Classifier::new(Mlp::new()));
        let optimizer = optimizers::Adam::default().setup(&*model);
        let examples: Vec<_> = (0..40).map(|i| (numbers([12], i), (i % 5) as i32)).collect();
        let updater = StandardUpdater::new(SerialIterator::new(examples, 8).shuffle(false), optimizer, &model);
        let updater = if compiled { updater.compiled() } else { updater };
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = Trainer::new(updater, (6, Epoch)).out(folder.path());
        trainer.extend(chainer::training::extensions::LogReport::new());
        trainer.run().unwrap();
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
        let losses: Vec<_> = log.lines().filter(|line| line.contains("main/")).map(str::to_owned).collect();
        let params: Vec<_> = model.params().iter().map(|p| super::bits(&p.array().unwrap())).collect();
        (losses, params)
    };
    let (eager, compiled) = (train(false), train(true));
    assert!(!eager.0.is_empty());
    assert_eq!(eager, compiled);
    Ok(())
}

/// A model whose forward pass is compiled, trained by a loop of the user's own: the same bits, gradients through it too.
#[test]
fn gradients_flow_through_a_compiled_forward_pass() -> Result<()> {
    let _alone = alone();
    let train = |compiled: bool| -> Result<(Vec<Vec<u64>>, usize)> {
        chainer::random::seed(7);
        let model = Arc::new(Convnet::new());
        let shared = model.clone();
        let mut forward = chainer::compile(move |x: Variable| shared.forward(&x));
        let mut optimizer = optimizers::Adam::default().setup(&*model);
        let mut trace = Vec::new();
        for i in 0..12 {
            // Gradients flow to what the argument was computed from, too.
            let scale = Variable::new(Array::from([1.5f32]));
            let x = constant(numbers([8, 2, 10, 10], i)) * F::broadcast_to(&scale, [8, 2, 10, 10]);
            let y = if compiled { forward.call(x) } else { model.forward(&x) };
            let loss = F::softmax_cross_entropy(y, labels(8, 5, i + 1000));
            model.cleargrads();
            loss.backward()?;
            optimizer.update()?;
            trace.push(super::bits(loss.data()));
            trace.push(super::bits(scale.grad().unwrap().data()));
        }
        trace.extend(model.params().iter().map(|p| super::bits(&p.array().unwrap())));
        trace.extend([model.b1.avg_mean(), model.b2.avg_var()].iter().map(super::bits));
        Ok((trace, forward.replays()))
    };
    let (eager, compiled) = (train(false)?, train(true)?);
    assert_eq!(eager.0, compiled.0);
    assert_eq!(compiled.1, 10);
    Ok(())
}

#[test]
fn several_calls_may_wait_for_their_gradients() -> Result<()> {
    let _alone = alone();
    let w = Parameter::new(numbers([4, 4], 1));
    let shared = w.clone();
    let mut cell = chainer::compile(move |x: Variable| F::dropout(F::tanh(F::matmul(&x, &shared)), 0.3));
    let mut run = |compiled: bool| -> Result<Vec<Vec<u64>>> {
        chainer::random::seed(2);
        w.cleargrad();
        let x = Variable::new(numbers([3, 4], 2));
        let mut h = x.clone();
        for _ in 0..4 {
            h = if compiled { cell.call(h) } else { F::dropout(F::tanh(F::matmul(&h, &w)), 0.3) };
        }
        h.sum().backward()?;
        Ok(vec![super::bits(h.data()), super::bits(x.grad().unwrap().data()), super::bits(&w.grad().unwrap())])
    };
    let want = run(false)?;
    for _ in 0..3 {
        assert_eq!(run(true)?, want);
    }
    assert_eq!(cell.captures(), 1);
    // Twice is too often.
    let x = Variable::new(numbers([3, 4], 2));
    let options = GradOptions { create_graph: true, ..Default::default() };
    let y = cell.call(x.clone());
    assert_eq!(y.creator_name().as_deref(), Some("compiled"));
    let error = grad_with([&y.sum()], [&x], options).err().unwrap();
    assert!(error.to_string().contains("cannot be differentiated again"), "{error}");
    Ok(())
}

#[chain]
struct Twice {
    a: Arc<StaticMlp>,
    b: L::Linear,
}

#[chain]
struct StaticMlp {
    l1: L::Linear,
    l2: L::Linear,
}

#[chain(static_graph)]
impl Forward for StaticMlp {
    fn forward(&self, x: &Variable) -> Variable {
        let h = F::dropout(F::relu(self.l1.forward(x)), 0.25);
        if h.check().is_err() {
            return h;
        }
        self.l2.forward(&h)
    }
}

#[chain(static_graph)]
impl Forward<(Variable, Variable)> for Twice {
    fn forward(&self, (x, y): (&Variable, &Variable)) -> Variable {
        self.b.forward(&F::tanh(self.a.forward(x) + y))
    }
}

#[test]
fn a_model_of_static_graphs_trains_as_define_by_run() -> Result<()> {
    let _alone = alone();
    let train = |compiled: bool| -> Result<Vec<Vec<u64>>> {
        chainer::random::seed(9);
        let inner = Arc::new(StaticMlp { l1: L::Linear::new(None, 9), l2: L::Linear::new(9, 6) });
        let model = Arc::new(Twice { a: inner, b: L::Linear::new(6, 5) });
        let mut optimizer = optimizers::Adam::default().setup(&*model);
        let mut trace = Vec::new();
        for i in 0..10 {
            let (x, y) = (constant(numbers([8, 7], i)), constant(numbers([8, 6], i + 50)));
            let output = if compiled {
                model.forward((&x, &y))
            } else {
                let h = F::dropout(F::relu(model.a.l1.forward(&x)), 0.25);
                model.b.forward(&F::tanh(model.a.l2.forward(&h) + &y))
            };
            let loss = F::softmax_cross_entropy(output, labels(8, 5, i + 1000));
            model.cleargrads();
            loss.backward()?;
            optimizer.update()?;
            trace.push(super::bits(loss.data()));
        }
        trace.extend(model.params().iter().map(|p| super::bits(&p.array().unwrap())));
        Ok(trace)
    };
    assert_eq!(train(false)?, train(true)?);
    Ok(())
}
