use chainer_kernels::hooks::KernelCounter;

use super::*;
use crate::optimizers::{AdaDelta, AdaGrad, Adam, MomentumSGD, NesterovAG, RMSprop, RMSpropGraves, SGD, SMORMS3};
use crate::serializers::{load_npz, save_npz};
use crate::{ArrayOps, Dtype};

fn parameter(values: &[f64]) -> Parameter {
    Parameter::new(Array::from_slice(values, values.len()))
}

fn values(param: &Parameter) -> Vec<f64> {
    param.array().unwrap().to_vec().unwrap()
}

/// One parameter that starts at `start`, updated by each of `grads` in turn.
fn trained<R: UpdateRule>(rule: R, start: f64, grads: &[f64]) -> (f64, Optimizer<R>) {
    let param = parameter(&[start]);
    let mut optimizer = rule.setup_params([("p", param.clone())]);
    for &grad in grads {
        param.set_grad(Array::from([grad])).unwrap();
        optimizer.update().unwrap();
    }
    (values(&param)[0], optimizer)
}

#[test]
fn rules_follow_their_formulas() {
    let grads = [0.5, -1.5, 2.0];
    let close =
        |name: &str, got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{name}: {got} instead of {want}");

    let mut p = 1.0;
    grads.iter().for_each(|g| p -= 0.1 * g);
    close("SGD", trained(SGD::new(0.1), 1.0, &grads).0, p);

    let (mut p, mut v) = (1.0, 0.0);
    for g in grads {
        v = 0.9 * v - 0.1 * g;
        p += v;
    }
    close("MomentumSGD", trained(MomentumSGD::new(0.1), 1.0, &grads).0, p);

    let (mut p, mut m, mut v, mut t) = (1.0, 0.0, 0.0, 0);
    for g in grads {
        t += 1;
        m += 0.1 * (g - m);
        v += 0.001 * (g * g - v);
        let lr = 0.01 * (1.0 - 0.999f64.powi(t)).sqrt() / (1.0 - 0.9f64.powi(t));
        p -= lr * m / (v.sqrt() + 1e-8);
    }
    close("Adam", trained(Adam::new(0.01), 1.0, &grads).0, p);

    let (mut p, mut h) = (1.0, 0.0);
    for g in grads {
        h += g * g;
        p -= 0.1 * g / (f64::sqrt(h) + 1e-8);
    }
    close("AdaGrad", trained(AdaGrad::default().lr(0.1), 1.0, &grads).0, p);
}

#[test]
fn the_parameter_and_its_states_are_one_kernel() {
    fn kernels<R: UpdateRule>(rule: R) -> (usize, usize) {
        let params = [parameter(&[1.0, 2.0, 3.0]), parameter(&[4.0, 5.0])];
        let mut optimizer = rule.setup_params(params.iter().enumerate().map(|(i, p)| (i.to_string(), p.clone())));
        let mut step = || {
            for param in &params {
                param.set_grad(Array::from_vec(vec![0.5f64; param.size()], param.size())).unwrap();
            }
            optimizer.update().unwrap();
        };
        step();
        let counter = KernelCounter::start();
        step();
        (counter.count().kernels, counter.count().written)
    }
    let states = |n: usize| (2, 2 * (1 + n));
    assert_eq!(kernels(SGD::default()), states(0));
    assert_eq!(kernels(MomentumSGD::default()), states(1));
    assert_eq!(kernels(NesterovAG::default()), states(1));
    assert_eq!(kernels(Adam::default()), states(2));
    assert_eq!(kernels(AdaGrad::default()), states(1));
    assert_eq!(kernels(AdaDelta::default()), states(2));
    assert_eq!(kernels(RMSprop::default()), states(1));
    assert_eq!(kernels(RMSpropGraves::default()), states(3));
    assert_eq!(kernels(SMORMS3::default()), states(3));
}

#[test]
fn a_missing_gradient_counts_as_zero_and_frozen_parameters_stay() {
    let (moving, frozen) = (parameter(&[1.0]), parameter(&[1.0]));
    let unknown = Parameter::uninitialized(|shape| Array::zeros(shape, Dtype::F32));
    let params = [("a", moving.clone()), ("b", frozen.clone()), ("c", unknown)];
    let mut optimizer = MomentumSGD::new(1.0).setup_params(params);
    for param in [&moving, &frozen] {
        param.set_grad(Array::from([1.0f64])).unwrap();
    }
    frozen.set_requires_grad(false);
    optimizer.update().unwrap();
    moving.cleargrad();
    optimizer.update().unwrap();
    // The velocity goes on: 1 - 1 - 0.9.
    assert!((values(&moving)[0] + 0.9).abs() < 1e-12);
    assert_eq!(values(&frozen), [1.0]);
}

#[test]
fn a_shared_parameter_is_updated_once() {
    let shared = parameter(&[1.0]);
    let mut optimizer = SGD::new(1.0).setup_params([("a", shared.clone()), ("b", shared.clone())]);
    shared.set_grad(Array::from([1.0f64])).unwrap();
    optimizer.update().unwrap();
    assert_eq!(values(&shared), [0.0]);
}

#[test]
fn hooks_run_in_order_and_change_the_gradients() {
    let (a, b) = (parameter(&[3.0]), parameter(&[-4.0]));
    let mut optimizer = SGD::new(1.0).setup_params([("a", a.clone()), ("b", b.clone())]);
    optimizer.add_hook(WeightDecay::new(1.0));
    optimizer.add_hook(GradientClipping::new(1.0));
    a.set_grad(Array::from([0.0f64])).unwrap();
    // b has no gradient: decay counts all the same.
    optimizer.update().unwrap();
    assert!((values(&a)[0] - (3.0 - 0.6)).abs() < 1e-12 && (values(&b)[0] - (-4.0 + 0.8)).abs() < 1e-12);
    let hooked = a.grad().unwrap().to_vec::<f64>().unwrap()[0];
    assert!((hooked - 0.6).abs() < 1e-12);

    optimizer.remove_hook("WeightDecay").unwrap();
    let message = optimizer.remove_hook("WeightDecay").unwrap_err().to_string();
    assert!(message.contains("GradientClipping") && message.contains("\"WeightDecay\""), "{message}");
    // A gradient of norm 0 stays as it is.
    for param in [&a, &b] {
        param.set_grad(Array::from([0.0f64])).unwrap();
    }
    optimizer.update().unwrap();
    assert!((values(&a)[0] - 2.4).abs() < 1e-12);

    optimizer.add_hook_as("refuse", |_: &HookTarget<'_>| Err(Error::value("test", "nothing", "something")));
    let t = optimizer.t();
    assert!(optimizer.update().is_err());
    assert_eq!(optimizer.t(), t);
}

#[test]
fn lasso_and_noise_add_to_the_gradient() {
    let param = parameter(&[-2.0]);
    let mut optimizer = SGD::new(0.0).setup_params([("p", param.clone())]);
    optimizer.add_hook(Lasso::new(0.5));
    optimizer
        .add_hook(GradientNoise::with_noise(0.3, |shape, dtype, eta, t| Array::full(shape, eta + t as f64, dtype)));
    for t in 0..2 {
        param.set_grad(Array::from([1.0f64])).unwrap();
        optimizer.update().unwrap();
        let hooked = param.grad().unwrap().to_vec::<f64>().unwrap()[0];
        assert!((hooked - (1.0 - 0.5 + 0.3 + t as f64)).abs() < 1e-12);
    }
    let noise = exponential_decay_noise(&[10000].into(), Dtype::F64, 0.3, 3).square().mean(None, false);
    let want = 0.3 / 4f64.powf(0.55);
    assert!((noise.item::<f64>().unwrap() / want - 1.0).abs() < 0.1);
}

#[test]
fn hyperparameters_have_names() {
    let mut optimizer = Adam::default().setup_params([("p", parameter(&[1.0]))]);
    optimizer.set_hyperparameter("alpha", 0.5).unwrap();
    assert_eq!((optimizer.alpha, optimizer.hyperparameter("alpha")), (0.5, Some(0.5)));
    // Adam's rate follows from alpha and the number of updates.
    assert_eq!(optimizer.lr(), None);
    let message = optimizer.set_hyperparameter("lr", 0.1).unwrap_err().to_string();
    assert!(message.contains("alpha") && message.contains("\"lr\""), "{message}");
    assert_eq!(AdaDelta::default().setup_params([("p", parameter(&[1.0]))]).lr(), None);
    assert_eq!(SGD::new(0.25).setup_params([("p", parameter(&[1.0]))]).lr(), Some(0.25));
}

#[test]
fn a_failed_gradient_changes_nothing() {
    let (good, bad) = (parameter(&[1.0]), parameter(&[1.0]));
    let mut optimizer = SGD::new(1.0).setup_params([("good", good.clone()), ("bad", bad.clone())]);
    good.set_grad(Array::from([1.0f64])).unwrap();
    bad.set(Array::failed(Error::value("test", "a value", "none")));
    assert!(optimizer.update().is_err());
    assert_eq!((values(&good), optimizer.t()), (vec![1.0], 0));
}

#[test]
fn a_snapshot_goes_on_bit_for_bit_under_chainers_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("optimizer.npz");
    let (start, grads) = (1.0, [0.5, -1.5, 2.0, 0.25]);
    let (want, _) = trained(Adam::default(), start, &grads);

    let (halfway, mut optimizer) = trained(Adam::default(), start, &grads[..2]);
    optimizer.new_epoch();
    save_npz(&path, &mut optimizer).unwrap();

    let param = parameter(&[halfway]);
    let mut restored = Adam::default().setup_params([("p", param.clone())]);
    load_npz(&path, &mut restored).unwrap();
    assert_eq!((restored.t(), restored.epoch()), (2, 1));
    assert!(restored.state("p", "m").is_some() && restored.state("p", "x").is_none());
    for grad in &grads[2..] {
        param.set_grad(Array::from([*grad])).unwrap();
        restored.update().unwrap();
    }
    assert_eq!(values(&param)[0], want);

    let mut other = Adam::default().setup_params([("p", parameter(&[1.0, 2.0]))]);
    let message = load_npz(&path, &mut other).unwrap_err().to_string();
    assert!(message.contains("p/m"), "{message}");
    let mut other = Adam::default().setup_params([("q", parameter(&[1.0]))]);
    assert!(load_npz(&path, &mut other).unwrap_err().to_string().contains("q/m"));
}

#[test]
fn an_update_writes_into_the_memory_of_the_old_values() {
    let param = parameter(&[1.0; 1000]);
    let mut optimizer = Adam::default().setup_params([("p", param.clone())]);
    let mut step = || {
        param.set_grad(Array::from_vec(vec![0.5f64; 1000], 1000)).unwrap();
        optimizer.update().unwrap();
        let address = |array: &Array| array.view::<f64>().unwrap().array().as_ptr() as usize;
        let state = |key: &str| address(&optimizer.state("p", key).unwrap());
        [address(&param.array().unwrap()), state("m"), state("v")]
    };
    // The first update gives memory to states that were constants.
    step();
    assert_eq!(step(), step());
    // Who still holds the old value keeps it.
    let held = param.array().unwrap();
    let before = held.to_vec::<f64>().unwrap();
    step();
    assert_eq!(held.to_vec::<f64>().unwrap(), before);
    assert_ne!(values(&param), before);
}
