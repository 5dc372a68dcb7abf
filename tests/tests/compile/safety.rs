//! What cannot be captured runs define-by-run and says why; what a caller holds stays as it is; errors come out as they would.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use chainer::functions as F;
use chainer::links as L;
use chainer::prelude::*;
use chainer::{Array, Dtype, ErrorKind, Result, compile, optimizers, using_config};

use super::{alone, bits, labels, numbers};

fn constant(array: Array) -> Variable {
    Variable::constant(array)
}

#[test]
fn a_call_that_reads_on_the_host_stays_define_by_run() {
    let _alone = alone();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let mut f = compile(move |x: Array| {
        counted.fetch_add(1, Relaxed);
        let y = constant(x).exp();
        let peak = F::max(&y, None, false).item::<f64>().unwrap_or(1.0);
        y / peak
    });
    for i in 0..4 {
        let x = numbers([5], i);
        let want = constant(x.clone()).exp();
        let want = &want / F::max(&want, None, false).item::<f64>().unwrap();
        assert_eq!(bits(f.call(x).data()), bits(want.data()));
    }
    assert_eq!((calls.load(Relaxed), f.replays()), (4, 0));
}

#[test]
fn results_that_are_held_stay_as_they_are() {
    let _alone = alone();
    let mut f = compile(|x: Variable| (&x * 2.0, F::sum(x, None, false)));
    let held: Vec<_> = (0..5).map(|i| f.call(constant(numbers([3], i)))).collect();
    for (i, (double, sum)) in held.iter().enumerate() {
        let x = constant(numbers([3], i as u64));
        assert_eq!(bits(double.data()), bits((&x * 2.0).data()));
        assert_eq!(bits(sum.data()), bits(F::sum(x, None, false).data()));
    }
    assert_eq!(f.replays(), 4);
}

#[test]
fn a_parameter_that_is_held_stays_as_it_is_and_one_that_is_set_is_used() -> Result<()> {
    let _alone = alone();
    let w = Parameter::new(Array::from([1.0f32, 2.0]));
    let shared = w.clone();
    let mut f = compile(move |x: Variable| {
        let y = &x * &shared;
        shared.set(shared.array().unwrap() + 1.0);
        y
    });
    let one = || constant(Array::ones(2, Dtype::F32));
    assert_eq!(f.call(one()).to_vec::<f32>()?, [1.0, 2.0]);
    let held = w.array()?;
    assert_eq!(f.call(one()).to_vec::<f32>()?, [2.0, 3.0]);
    assert_eq!((held.to_vec::<f32>()?, w.array()?.to_vec::<f32>()?), (vec![2.0, 3.0], vec![3.0, 4.0]));
    w.set(Array::from([10.0f32, 20.0]));
    assert_eq!(f.call(one()).to_vec::<f32>()?, [10.0, 20.0]);
    // Another shape is another graph.
    w.set(Array::from([5.0f32]));
    assert_eq!(f.call(one()).to_vec::<f32>()?, [5.0, 5.0]);
    assert_eq!((f.captures(), f.replays()), (2, 2));
    Ok(())
}

#[test]
fn arguments_and_configuration_choose_the_graph() {
    let _alone = alone();
    let mut f = compile(|(x, scale): (Variable, f64)| F::dropout(x * scale, 0.5));
    let x = |n: usize| constant(Array::ones(n, Dtype::F32));
    for _ in 0..2 {
        drop(f.call((x(3), 1.0)));
        drop(f.call((x(4), 1.0)));
        assert_eq!(f.call((x(3), 2.5)).to_vec::<f32>().unwrap().len(), 3);
        let _evaluation = using_config(|c| c.train = false);
        assert_eq!(f.call((x(3), 3.0)).to_vec::<f32>().unwrap(), [3.0; 3]);
    }
    assert_eq!((f.captures(), f.replays()), (4, 4));
}

#[test]
fn a_bad_label_is_the_same_error_and_changes_nothing() -> Result<()> {
    let _alone = alone();
    let model = Arc::new(L::Linear::new(4, 3));
    let mut optimizer = optimizers::Adam::default().setup(&*model);
    let shared = model.clone();
    let mut step = compile(move |(x, t): (Variable, Variable)| -> Result<Variable> {
        let loss = F::softmax_cross_entropy(shared.forward(&x), &t);
        shared.cleargrads();
        loss.backward()?;
        optimizer.update()?;
        Ok(loss)
    });
    let x = || constant(numbers([6, 4], 0));
    for _ in 0..3 {
        drop(step.call((x(), constant(labels(6, 3, 0))))?);
    }
    let before: Vec<_> = model.params().iter().map(|p| bits(&p.array().unwrap())).collect();
    let error = step.call((x(), constant(Array::from([0i32, 1, 2, 7, 0, 0])))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IndexOutOfBounds);
    assert!(error.to_string().contains("t[3] = 7"), "{error}");
    let after: Vec<_> = model.params().iter().map(|p| bits(&p.array().unwrap())).collect();
    assert_eq!(before, after);
    // Ignored labels count, and need a graph of their own.
    drop(step.call((x(), constant(Array::from([0i32, 1, -1, -1, 0, 0]))))?);
    drop(step.call((x(), constant(labels(6, 3, 1))))?);
    assert_eq!((step.captures(), step.replays()), (2, 3));
    Ok(())
}

#[test]
fn learning_rates_may_change_between_steps() -> Result<()> {
    let _alone = alone();
    let train = |compiled: bool| -> Result<Vec<Vec<u64>>> {
        chainer::random::seed(5);
        let model = Arc::new(L::Classifier::new(L::Linear::new(4, 3)));
        let optimizer = optimizers::MomentumSGD::default().setup(&*model);
        let examples: Vec<_> = (0..6).map(|i| (numbers([4], i), (i % 3) as i32)).collect();
        let updater = StandardUpdater::new(SerialIterator::new(examples, 3).shuffle(false), optimizer, &model);
        let mut updater = if compiled { updater.compiled() } else { updater };
        use chainer::training::Updater;
        for i in 0..8 {
            updater.optimizer("main").unwrap().set_hyperparameter("lr", 0.1 / (1 + i) as f64)?;
            updater.update()?;
        }
        assert_eq!(updater.replays(), if compiled { 7 } else { 0 });
        Ok(model.params().iter().map(|p| bits(&p.array().unwrap())).collect())
    };
    assert_eq!(train(false)?, train(true)?);
    Ok(())
}

#[test]
fn gradients_are_results_where_no_optimizer_takes_them() -> Result<()> {
    let _alone = alone();
    let w = Parameter::new(Array::from([1.0f32, 2.0]));
    let shared = w.clone();
    let mut f = compile(move |x: Variable| (x * &shared).exp().sum().backward());
    let x = Array::from([0.5f32, -1.0]);
    for i in 1..4 {
        f.call(constant(x.clone()))?;
        // They add up, as define-by-run.
        let want: Vec<f32> = [0.5 * 0.5f32.exp(), -(-2f32).exp()].map(|g| g * i as f32).to_vec();
        let got = w.grad().unwrap().to_vec::<f32>()?;
        assert!(got.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-5), "{got:?} {want:?}");
    }
    assert_eq!((f.captures(), f.replays()), (2, 1));
    w.cleargrad();
    f.call(constant(x))?;
    assert!((w.grad().unwrap().to_vec::<f32>()?[0] - 0.5 * 0.5f32.exp()).abs() < 1e-6);
    Ok(())
}

#[test]
fn what_differs_between_calls_is_found() {
    let _alone = alone();
    let factor = Arc::new(AtomicUsize::new(2));
    let shared = factor.clone();
    let mut f = compile(move |x: Variable| x * shared.load(Relaxed) as f64).verify_every(2);
    let x = || constant(Array::ones(2, Dtype::F32));
    drop(f.call(x()));
    factor.store(3, Relaxed);
    // A graph knows nothing of it …
    assert_eq!(f.call(x()).to_vec::<f32>().unwrap(), [2.0; 2]);
    // … until it is compared, and from then on everything is right.
    for _ in 0..3 {
        assert_eq!(f.call(x()).to_vec::<f32>().unwrap(), [3.0; 2]);
    }
}

#[test]
fn states_of_other_kinds_are_refused_and_stay_right() {
    let _alone = alone();
    let calls = chainer::State::new(0usize);
    let mut f = compile(|x: Variable| {
        calls.update(|calls| *calls += 1);
        x + calls.get() as f64
    });
    for i in 1..4 {
        assert_eq!(f.call(constant(Array::zeros(1, Dtype::F32))).item::<f64>().unwrap(), i as f64);
    }
    drop(f);
    assert_eq!(calls.get(), 3);
}

/// A graph that does not fit, or a handle that was held for a while, must not keep later calls from working in place.
#[test]
fn updates_are_in_place_again_when_nobody_holds_the_parameter() -> Result<()> {
    let _alone = alone();
    let w = Parameter::new(numbers([64], 1));
    let shared = w.clone();
    let mut f = compile(move |(x, twice): (Variable, bool)| -> Result<()> {
        shared.set(shared.array()? + x.data() * if twice { 2.0 } else { 1.0 });
        Ok(())
    });
    let x = constant(numbers([64], 2));
    for twice in [false, true, false, true] {
        f.call((x.clone(), twice))?;
    }
    let held = w.array()?;
    f.call((x.clone(), false))?;
    drop(held);
    f.call((x.clone(), true))?;
    let before = chainer_kernels::cpu::memory_statistics().allocations;
    for i in 0..6 {
        f.call((x.clone(), i % 2 == 0))?;
    }
    assert_eq!(chainer_kernels::cpu::memory_statistics().allocations, before);
    Ok(())
}

/// Labels that lie in a state are checked before each run, as arguments are.
#[test]
fn labels_in_a_state_are_checked() -> Result<()> {
    let _alone = alone();
    let t = Arc::new(chainer::State::new(labels(4, 3, 1)));
    let shared = t.clone();
    let mut f = compile(move |x: Variable| F::softmax_cross_entropy(x, shared.get()).detach());
    let x = || constant(numbers([4, 3], 2));
    for seed in 0..3 {
        t.set(labels(4, 3, seed));
        let want = F::softmax_cross_entropy(x(), labels(4, 3, seed));
        assert_eq!(bits(f.call(x()).data()), bits(want.data()));
    }
    assert_eq!(f.replays(), 2);
    t.set(Array::from([0i32, 1, 9, 2]));
    assert!(f.call(x()).check().unwrap_err().to_string().contains("t[2] = 9"));
    Ok(())
}
