//! How much work compiled steps do: kernels and memory.

use std::sync::Arc;

use chainer::functions as F;
use chainer::hooks::KernelCounter;
use chainer::links as L;
use chainer::prelude::*;
use chainer::{Array, Result, compile, optimizers, seq};
use chainer_kernels::View;
use chainer_kernels::backend::{KernelHook, add_hook};
use chainer_kernels::cpu::memory_statistics;
use chainer_kernels::kernel::Kernel;

use super::{alone, labels, numbers};

type Pair = (Variable, Variable);

fn mlp(units: usize) -> L::Sequential {
    seq![
        L::Linear::new(20, units),
        |h| F::relu(h),
        L::Linear::new(units, units),
        |h| F::relu(h),
        L::Linear::new(units, 10)
    ]
}

fn mlp_step(units: usize) -> impl FnMut(Pair) -> Result<Variable> {
    step_of(Arc::new(mlp(units)))
}

fn step_of(model: Arc<L::Sequential>) -> impl FnMut(Pair) -> Result<Variable> {
    let mut optimizer = optimizers::Adam::default().setup(&*model);
    move |(x, t)| {
        let loss = F::softmax_cross_entropy(model.forward(&x), &t);
        model.cleargrads();
        loss.backward()?;
        optimizer.update()?;
        Ok(loss)
    }
}

fn batch() -> Pair {
    let arrays: (Array, Array) = (numbers([32, 20], 1), labels(32, 10, 2));
    (Variable::constant(arrays.0), Variable::constant(arrays.1))
}

#[test]
fn an_mlp_step_has_few_kernels() -> Result<()> {
    let _alone = alone();
    let mut step = compile(mlp_step(16));
    for _ in 0..3 {
        drop(step.call(batch())?);
    }
    let pair = batch();
    let counter = KernelCounter::start();
    drop(step.call(pair)?);
    let count = counter.take();
    let products = count.descriptions.iter().filter(|line| line.starts_with("matmul")).count();
    let graph = step.graph().unwrap();
    assert!(products <= 9 && count.kernels - products <= 8, "{} kernels\n{}", count.kernels, graph.text());
    assert!(graph.kernels() < graph.captured_kernels());
    Ok(())
}

#[test]
fn replays_allocate_nothing() -> Result<()> {
    let _alone = alone();
    let mut step = compile(mlp_step(64));
    let pair = batch();
    for _ in 0..3 {
        drop(step.call(pair.clone())?);
    }
    let before = memory_statistics();
    for _ in 0..10 {
        drop(step.call(pair.clone())?);
    }
    let after = memory_statistics();
    assert_eq!(after.allocations - before.allocations, 0);
    assert_eq!(after.bytes_in_use, before.bytes_in_use);
    Ok(())
}

#[test]
fn temporaries_share_their_memory() -> Result<()> {
    let _alone = alone();
    let mut step = compile(mlp_step(64));
    for _ in 0..3 {
        drop(step.call(batch())?);
    }
    let memory = step.graph().unwrap().memory();
    assert!(memory.lower_bound <= memory.arena && memory.arena < memory.temporaries, "{memory:?}");
    assert!(memory.arena as f64 <= 1.25 * memory.lower_bound as f64, "{memory:?}");
    Ok(())
}

#[test]
fn a_budget_of_memory_is_kept_by_making_things_again() -> Result<()> {
    let _alone = alone();
    let run = |budget: Option<usize>| -> Result<(Vec<u64>, usize, usize)> {
        let w = chainer::Parameter::new(numbers([48, 48], 3));
        let shared = w.clone();
        let step = move |x: Variable| -> Result<()> {
            let mut h = x;
            for _ in 0..6 {
                h = F::exp(F::tanh(F::matmul(&h, &shared)) * 0.1);
            }
            shared.cleargrad();
            F::sum(h, None, false).backward()
        };
        let mut step = match budget {
            Some(bytes) => compile(step).memory_budget(bytes),
            None => compile(step),
        };
        for _ in 0..3 {
            step.call(Variable::constant(numbers([64, 48], 1)))?;
        }
        let graph = step.graph().unwrap();
        assert_eq!(graph.explain().contains("for the budget of memory"), budget.is_some());
        Ok((super::bits(&w.grad().unwrap()), graph.memory().arena, graph.recomputed().map_or(0, |r| r.kernels)))
    };
    let (want, free, _) = run(None)?;
    let (got, bound, repeated) = run(Some(free * 3 / 4))?;
    assert_eq!(got, want);
    assert!(repeated > 0 && bound < free, "{bound} of {free} bytes, {repeated} kernels again");
    Ok(())
}

fn convnet() -> L::Sequential {
    seq![
        L::Convolution2D::new(3, 8, 3),
        L::BatchNormalization::new(8),
        |h| F::dropout(F::max_pooling_2d(F::relu(h), 2), 0.3),
        L::Linear::new(8 * 7 * 7, 10)
    ]
}

/// The most bytes in use after any kernel.
#[derive(Default)]
struct Peak(std::cell::Cell<usize>);

impl KernelHook for Peak {
    fn after(&self, _: &Kernel, _: &[View], _: &[View]) -> Result<()> {
        self.0.set(self.0.get().max(memory_statistics().bytes_in_use));
        Ok(())
    }
}

/// The peak of a call beyond what was there before.
fn peak(call: impl FnOnce() -> Result<Variable>) -> Result<usize> {
    let hook = std::rc::Rc::new(Peak::default());
    let before = memory_statistics().bytes_in_use;
    let _guard = add_hook(hook.clone());
    drop(call()?);
    Ok(hook.0.get() - before)
}

#[test]
fn graphs_take_no_more_memory_than_define_by_run() -> Result<()> {
    let _alone = alone();
    let check = |build: &dyn Fn() -> L::Sequential, batch: &dyn Fn() -> Pair| -> Result<()> {
        let model = Arc::new(build());
        let (mut eager, mut step) = (step_of(model.clone()), compile(step_of(Arc::new(build()))));
        for _ in 0..3 {
            drop(eager(batch())?);
            drop(step.call(batch())?);
        }
        let pair = batch();
        // They would be freed in the call, and hide what it takes.
        model.cleargrads();
        let before = peak(|| eager(pair.clone()))?;
        let now = peak(|| step.call(pair.clone()))?;
        let graph = step.graph().unwrap();
        let (memory, traced) = (graph.memory(), graph.traced_peak());
        assert!(memory.arena + memory.results <= before, "{memory:?}, define-by-run {before}, traced {traced}");
        assert!(memory.arena + memory.results <= traced, "{memory:?}, define-by-run {before}, traced {traced}");
        // The arena is there already, and so is what the last call returned.
        assert_eq!(now, 0);
        // What was measured while tracing is what define-by-run takes.
        assert!((0.8..1.25).contains(&(traced as f64 / before as f64)), "define-by-run {before}, traced {traced}");
        Ok(())
    };
    check(&|| mlp(64), &batch)?;
    let images = || (Variable::constant(numbers([16, 3, 16, 16], 1)), Variable::constant(labels(16, 10, 2)));
    check(&convnet, &images)
}
