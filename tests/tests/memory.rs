//! Claims about memory: what is freed when. One test at a time, because the statistics belong to the process.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chainer::{Array, Dtype, Parameter, Variable, functions as F, no_backprop_mode};
use chainer_kernels::cpu::memory_statistics;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn in_use() -> usize {
    memory_statistics().bytes_in_use
}

fn step(w: &Parameter) {
    let x = Array::ones([8, 100], Dtype::F32);
    let h = (w.var() * x).tanh();
    let loss = F::sum(&h * &h, None, false);
    w.cleargrad();
    loss.backward().unwrap();
    let grad = w.grad().unwrap();
    w.set(w.array().unwrap() - grad * 0.01);
}

#[test]
fn bytes_alive_after_many_steps_equal_those_after_a_few() {
    let _alone = alone();
    let start = in_use();
    {
        let w = Parameter::new(Array::full([8, 100], 0.5, Dtype::F32));
        (0..10).for_each(|_| step(&w));
        w.array().unwrap().force().unwrap();
        let few = in_use();
        (10..1000).for_each(|_| step(&w));
        w.array().unwrap().force().unwrap();
        assert_eq!(in_use(), few);
    }
    assert_eq!(in_use(), start);
}

#[test]
fn a_dropped_graph_frees_what_it_saved() {
    let _alone = alone();
    let start = in_use();
    let x = Variable::new(Array::from_vec(vec![0.5f32; 1000], 1000));
    x.data().force().unwrap();
    let leaf_only = in_use();
    let y = (0..20).fold(x.clone(), |h, _| h.exp().log().force());
    assert!(in_use() > leaf_only);
    let end = y.clone();
    drop(y);
    assert!(in_use() > leaf_only, "the graph still lives");
    drop(end);
    assert_eq!(in_use(), leaf_only);
    drop(x);
    assert_eq!(in_use(), start);
}

#[test]
fn unchaining_frees_the_past() {
    let _alone = alone();
    let x = Variable::new(Array::from_vec(vec![0.5f32; 1000], 1000));
    x.data().force().unwrap();
    let leaf_only = in_use();
    let mut h = x.clone();
    let mut after_one = None;
    for _ in 0..20 {
        h = h.exp().log().tanh().force();
        h.unchain_backward();
        let now = *after_one.get_or_insert(in_use());
        assert_eq!(in_use(), now);
    }
    drop(h);
    assert_eq!(in_use(), leaf_only);
}

#[test]
fn nothing_is_kept_without_backprop() {
    let _alone = alone();
    let _off = no_backprop_mode();
    let x = Variable::new(Array::from_vec(vec![0.5f32; 1000], 1000));
    let mut h = x.exp().force();
    let one = in_use();
    for _ in 0..50 {
        h = h.tanh().force();
        assert_eq!(in_use(), one);
    }
}

#[test]
fn double_backward_leaves_no_cycle_behind() {
    let _alone = alone();
    let start = in_use();
    for _ in 0..3 {
        let x = Variable::new(Array::from_vec(vec![0.5f32; 1000], 1000));
        let y = (&x * &x * &x).sum();
        let options = chainer::GradOptions { create_graph: true, ..Default::default() };
        let gx = chainer::grad_with([&y], [&x], options).unwrap()[0].clone().unwrap();
        gx.sum().backward().unwrap();
        assert_eq!(x.grad().unwrap().to_vec::<f32>().unwrap()[0], 3.0);
    }
    assert_eq!(in_use(), start);
}

/// The most that is in use at once while `work` runs, beyond what was in use before. Whether other work needed more before cannot be
/// told; what these tests allow is more than the others need.
fn most(work: impl FnOnce()) -> usize {
    let before = in_use();
    work();
    memory_statistics().peak_bytes_in_use.saturating_sub(before)
}

#[test]
fn attention_needs_memory_for_its_inputs_and_not_for_their_product() {
    let _alone = alone();
    const LENGTH: usize = 2000;
    let most = most(|| {
        let [q, k, v] = [0.1f32, 0.2, 0.3].map(|x| Variable::new(Array::from_vec(vec![x; LENGTH * 4], [LENGTH, 4])));
        let y = F::ScaledDotProductAttention::new().causal(true).call(&q, &k, &v);
        y.sum().backward().unwrap();
    });
    assert!(most < LENGTH * LENGTH, "{most} bytes");
}

#[test]
fn what_is_forgotten_is_not_in_memory() {
    let _alone = alone();
    const SIZE: usize = 1 << 16;
    let held = |forgets: bool| {
        let x = Variable::new(Array::from_vec(vec![0.5f32; SIZE], [SIZE / 256, 256]));
        let w = Variable::new(Array::from_vec(vec![0.01f32; SIZE], [256, 256]));
        let inside = w.clone();
        let layers = move |xs: &[Variable]| (0..5).fold(xs[0].clone(), |h, _| F::tanh(F::matmul(h, &inside)));
        let before = in_use();
        let y = if forgets { F::forget(layers, [&x]) } else { layers(std::slice::from_ref(&x)) }.force();
        let held = in_use() - before;
        y.sum().backward().unwrap();
        (held, x.grad().unwrap().to_vec::<f32>().unwrap(), w.grad().unwrap().to_vec::<f32>().unwrap())
    };
    let ((all, gx, gw), (little, gx_again, gw_again)) = (held(false), held(true));
    assert_eq!((gx, gw), (gx_again, gw_again));
    // The result alone.
    assert!(all >= 4 * SIZE * 5 && little == 4 * SIZE, "{all} bytes, {little} bytes");
}

/// Computes the value where it stands, so that there is memory to count.
trait Force {
    fn force(self) -> Self;
}

impl Force for Variable {
    fn force(self) -> Self {
        self.data().force().unwrap();
        self
    }
}
