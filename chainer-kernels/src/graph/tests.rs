//! Graphs against the runs that they were captured from, with passes on and off.

use super::passes::Passes;
use super::*;
use crate::random::default_generator;
use crate::{Array, ArrayOps, Dtype, Result, ops};

/// Every combination of passes.
fn combinations() -> impl Iterator<Item = Passes> {
    (0..128u8).map(|bits| {
        let on = |i: u8| bits >> i & 1 == 1;
        Passes { dead: on(0), common: on(1), fold: on(2), fuse: on(3), epilogue: on(4), group: on(5), schedule: on(6) }
    })
}

fn bits(array: &Array) -> Vec<u64> {
    array.to_f64_vec().unwrap().into_iter().map(f64::to_bits).collect()
}

/// Captures `work` over `leaves` and runs it three times with every combination of passes: results equal those of `work` itself.
fn check(leaves: &[Array], work: impl Fn(&[Array]) -> Vec<Array>) -> Graph {
    let state = default_generator().state();
    let capture = Capture::start().unwrap();
    let mut bound: Vec<Array> = leaves.to_vec();
    bound.iter_mut().for_each(|array| {
        leaf(array).unwrap();
    });
    let results = work(&bound);
    let graph = capture.finish(&results, Vec::new()).unwrap_or_else(|refusal| panic!("{refusal}")).graph;
    for passes in combinations() {
        let mut graph = graph.clone();
        passes.run(&mut graph);
        let mut executable = Executable::new(&graph).unwrap();
        default_generator().set_state(state);
        for run in 0..3 {
            let leaves: Vec<Array> = leaves.iter().map(|x| (x + run as f64 * 0.25).contiguous()).collect();
            let state = default_generator().state();
            let want: Vec<_> = work(&leaves).iter().map(bits).collect();
            default_generator().set_state(state);
            let bound: Vec<Bound> = leaves.iter().map(|x| Bound::new(x).unwrap()).collect();
            let outcomes = executable.run(&bound, &[]).unwrap();
            for (outcome, want) in outcomes.iter().zip(want) {
                let Outcome::Array(got) = outcome else { panic!("nothing was to be replaced") };
                assert_eq!(bits(got), want, "{passes:?}, run {run}\n{graph}");
            }
        }
    }
    let mut best = graph;
    Passes::default().run(&mut best);
    best
}

fn random(shape: impl Into<crate::Shape>) -> Array {
    let x = default_generator().normal(shape, 0.0, 1.0, Dtype::F32);
    x.force().unwrap();
    x
}

/// Tests share the process's generator.
static GENERATOR: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn alone() -> std::sync::MutexGuard<'static, ()> {
    GENERATOR.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[test]
fn elementwise_work_becomes_one_kernel() {
    let _alone = alone();
    let graph = check(&[random([5, 7]), random([7])], |x| {
        let a = (&x[0] * 2.0 + &x[1]).tanh();
        a.force().unwrap();
        let b = (&a).exp() - &x[0];
        b.force().unwrap();
        vec![b * a]
    });
    assert_eq!(graph.ops.len(), 1, "{graph}");
}

#[test]
fn a_reduction_takes_its_prologue_in() {
    let _alone = alone();
    let graph = check(&[random([40, 30])], |x| {
        let a = (&x[0]).exp();
        a.force().unwrap();
        let b = &a + 1.0;
        b.force().unwrap();
        vec![b.sum([0], false), a]
    });
    assert_eq!(graph.ops.len(), 1, "{graph}");
}

#[test]
fn a_network_with_softmax_and_its_gradient() {
    let _alone = alone();
    let leaves = [random([20, 12]), random([12, 9]), random([9])];
    let graph = check(&leaves, |x| {
        let h = ops::matmul(&x[0], &x[1]) + &x[2];
        let y = (&h).maximum(0.0);
        let shifted = &y - (&y).max([1], true);
        let e = (&shifted).exp();
        let p = &e / (&e).sum([1], true);
        p.force().unwrap();
        let loss = -(&p).log().mean(None, false);
        let gh = (&p - 0.5) * h.greater(0.0).astype(Dtype::F32);
        gh.force().unwrap();
        let gw = ops::matmul(&x[0].transpose(), &gh);
        let gb = (&gh).sum([0], false);
        vec![loss, gw, gb, p.transpose()]
    });
    assert!(graph.ops.len() <= 7, "{graph}");
    assert!(graph.to_dot().contains("matmul"));
}

#[test]
fn windows_and_stretched_operands() {
    let _alone = alone();
    check(&[random([6, 8]), random([8])], |x| {
        let a = &x[0] + 1.0;
        a.force().unwrap();
        let t = a.transpose();
        let b = &t * 2.0;
        b.force().unwrap();
        let row = a.reshape([48]);
        let c = (&row) - 3.0;
        c.force().unwrap();
        let stretched = (&x[1] * 3.0).broadcast_to([4, 8]);
        stretched.force().unwrap();
        vec![b, c, stretched + 1.0, a.transpose().reshape([6, 8]) + x[0].clone()]
    });
}

#[test]
fn random_numbers_are_fresh_in_every_run() {
    let _alone = alone();
    let graph = check(&[random([33])], |x| {
        let mask = default_generator().uniform([33], 0.0, 1.0, Dtype::F32).greater(0.5);
        let y = mask.select(&x[0], 0.0);
        y.force().unwrap();
        let noise = default_generator().normal([33], 0.0, 0.1, Dtype::F32);
        vec![&y + noise, y]
    });
    assert_eq!(graph.draws, 68);
}

#[test]
fn what_is_constant_or_dead_or_double_goes() {
    let _alone = alone();
    let table = random([4, 3]);
    let graph = check(&[random([4, 3])], |x| {
        let ready = ops::matmul(&table.transpose(), &table);
        ready.force().unwrap();
        let (a, b) = (ops::matmul(&x[0], &ready), ops::matmul(&x[0], &ready));
        a.force().unwrap();
        b.force().unwrap();
        let unused = ops::matmul(&x[0].transpose(), &x[0]);
        unused.force().unwrap();
        vec![a + b]
    });
    assert_eq!(graph.ops.len(), 2, "{graph}");
}

#[test]
fn leaves_are_replaced_in_place_unless_somebody_holds_them() -> Result<()> {
    let mut w = Array::from([1.0f32, 2.0, 3.0]);
    let capture = Capture::start().unwrap();
    leaf(&mut w)?;
    let next = &w * 2.0;
    let captured = capture.finish(std::slice::from_ref(&next), vec![Update { leaf: 0, result: 0 }]);
    let mut graph = captured.unwrap_or_else(|refusal| panic!("{refusal}")).graph;
    Passes::default().run(&mut graph);
    let mut executable = Executable::new(&graph)?;
    drop(next);
    let outcomes = executable.run(&[Bound::new(&w)?], &[])?;
    assert!(matches!(outcomes[..], [Outcome::InPlace]));
    assert_eq!(w.to_vec::<f32>()?, [2.0, 4.0, 6.0]);
    let held = w.clone();
    let outcomes = executable.run(&[Bound::new(&w)?], &[])?;
    let [Outcome::Array(new)] = &outcomes[..] else { panic!("somebody holds it") };
    assert_eq!(new.to_vec::<f32>()?, [4.0, 8.0, 12.0]);
    assert_eq!(held.to_vec::<f32>()?, [2.0, 4.0, 6.0]);
    Ok(())
}

#[test]
fn runs_take_no_memory() -> Result<()> {
    let _alone = alone();
    let mut x = random([64, 64]);
    let capture = Capture::start().unwrap();
    leaf(&mut x)?;
    let y = ops::matmul(&x, &x);
    y.force()?;
    let z = ops::matmul(&y, &(&x).exp()).sum(None, false);
    let mut graph = capture.finish(&[z], Vec::new()).unwrap_or_else(|refusal| panic!("{refusal}")).graph;
    Passes::default().run(&mut graph);
    let mut executable = Executable::new(&graph)?;
    drop(executable.run(&[Bound::new(&x)?], &[])?);
    let report = executable.memory();
    assert!(report.lower_bound <= report.arena && report.arena <= report.temporaries + 64, "{report:?}");
    let bound = [Bound::new(&x)?];
    let before = crate::cpu::memory_statistics().bytes_in_use;
    for _ in 0..3 {
        drop(executable.run(&bound, &[])?);
    }
    assert_eq!(crate::cpu::memory_statistics().bytes_in_use, before);
    Ok(())
}

#[test]
fn host_reads_are_named() {
    let mut x = Array::from([1.0f32, 2.0]);
    let capture = Capture::start().unwrap();
    leaf(&mut x).unwrap();
    let constant = Array::from([3.0f32]);
    assert_eq!(constant.item::<f32>().unwrap(), 3.0);
    let y = (&x).sum(None, false);
    let line = line!() + 1;
    let value = y.item::<f32>().unwrap();
    let refusal = capture.finish(&[y * value as f64], Vec::new()).err().unwrap();
    assert_eq!((refusal.at.map(|at| at.line()), refusal.what.contains("`item`")), (Some(line), true), "{refusal}");
    assert!(!is_capturing());
}

#[test]
fn numbers_are_set_for_each_run() -> Result<()> {
    let rate = |x: &Array, t: f64| (x * t).add(1.0).mul(t * 0.5);
    let mut x = Array::from([1.0f32, 2.0]);
    let capture = Capture::start().unwrap();
    leaf(&mut x)?;
    let (y, first, values) = external_numbers(|| rate(&x, 2.0));
    assert_eq!((first, values.len()), (0, 3));
    let mut graph = capture.finish(&[y], Vec::new()).unwrap_or_else(|refusal| panic!("{refusal}")).graph;
    Passes::default().run(&mut graph);
    let mut executable = Executable::new(&graph)?;
    for t in [2.0, 3.0, 1.0] {
        let (want, values) = logged_numbers(|| rate(&x, t));
        let outcomes = executable.run(&[Bound::new(&x)?], &values)?;
        let [Outcome::Array(got)] = &outcomes[..] else { panic!("nothing was to be replaced") };
        assert_eq!(got.to_vec::<f32>()?, want.to_vec::<f32>()?);
    }
    Ok(())
}

#[test]
fn branches_run_one_after_the_other() {
    let _alone = alone();
    // Traced breadth first: all large arrays live at once. Depth first one does.
    let graph = check(&[random([64, 64])], |x| {
        let large: Vec<Array> = (0..4).map(|i| ops::matmul(&x[0], &(&x[0] * (i + 1) as f64))).collect();
        large.iter().for_each(|y| {
            y.force().unwrap();
        });
        large.into_iter().map(|y| ops::matmul(&y, &y).sum(None, false)).collect()
    });
    let need = Executable::new(&graph).unwrap().memory().lower_bound;
    assert!(need <= 3 * 64 * 64 * 4, "{need}\n{graph}");
}
