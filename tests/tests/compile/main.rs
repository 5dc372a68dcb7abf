//! Compiled steps against define-by-run: the same bits, fewer kernels, no memory.

mod explain;
mod models;
mod properties;
mod safety;
mod work;

use std::sync::{Mutex, MutexGuard, PoisonError};

use chainer::random::default_generator;
use chainer::{Array, Parameter, Result, Variable, compile};

/// The generator of random numbers and the statistics of memory belong to the process.
pub fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A model in training.
pub struct Training<A> {
    /// All that changes beside the parameters.
    pub arrays: Box<dyn Fn() -> Vec<Array>>,
    pub params: Vec<Parameter>,
    pub step: Box<dyn FnMut(A) -> Result<Variable>>,
}

pub fn bits(array: &Array) -> Vec<u64> {
    array.to_f64_vec().unwrap().into_iter().map(f64::to_bits).collect()
}

/// Trains one model define-by-run and its twin compiled, and compares losses, parameters and states after every step. Returns how many
/// steps were captured and how many ran as graphs.
pub fn same_bits<A: compile::Arguments>(
    steps: usize,
    build: impl Fn() -> Training<A>,
    batch: impl Fn(usize) -> A,
) -> (usize, usize) {
    let trace = |training: &Training<A>, loss: &Variable| -> Vec<Vec<u64>> {
        let params = training.params.iter().map(|p| bits(&p.array().unwrap()));
        std::iter::once(bits(loss.data())).chain(params).chain((training.arrays)().iter().map(bits)).collect()
    };
    chainer::random::seed(1);
    let mut eager = build();
    let want: Vec<_> = (0..steps)
        .map(|i| {
            let loss = (eager.step)(batch(i)).unwrap();
            trace(&eager, &loss)
        })
        .collect();
    let position = default_generator().state();

    chainer::random::seed(1);
    let mut twin = build();
    let step = std::mem::replace(&mut twin.step, Box::new(|_| unreachable!()));
    let mut step = chainer::compile(step);
    for (i, want) in want.iter().enumerate() {
        let loss = step.call(batch(i)).unwrap();
        let got = trace(&twin, &loss);
        for (k, (got, want)) in got.iter().zip(want).enumerate() {
            assert_eq!(got, want, "array {k} after step {i}\n{}", step.graph().map_or(String::new(), |g| g.text()));
        }
    }
    assert_eq!(default_generator().state(), position);
    (step.captures(), step.replays())
}

/// Numbers that depend on a seed alone, without a step of the process's generator.
pub fn numbers(shape: impl Into<chainer::Shape>, seed: u64) -> Array {
    let array = chainer::random::Generator::new(seed).normal(shape, 0.0, 1.0, chainer::Dtype::F32);
    array.force().unwrap();
    array
}

/// Labels below `classes`.
pub fn labels(n: usize, classes: i64, seed: u64) -> Array {
    use chainer::ArrayOps;
    chainer::random::Generator::new(seed).integers([n], 0, classes).astype(chainer::Dtype::I32).contiguous()
}
