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

#[test]
fn a_convolution_does_the_work_on_its_result() {
    let _alone = alone();
    let geometry = crate::kernel::Conv {
        stride: [1, 1].into_iter().collect(),
        pad: [1, 1].into_iter().collect(),
        dilate: [1, 1].into_iter().collect(),
        groups: 1,
    };
    let graph = check(&[random([4, 3, 48, 48]), random([16, 3, 3, 3]), random([16, 1, 1])], |x| {
        let y = ops::convolution(&x[0], &x[1], &geometry, false);
        y.force().unwrap();
        vec![(y + &x[2]).maximum(0.0)]
    });
    assert_eq!(graph.ops.len(), 1, "{graph}");
}

#[test]
fn constants_of_the_host_are_what_they_were() {
    let _alone = alone();
    check(&[random([6])], |x| {
        // Consumed: outside a capture its memory would be written over.
        let c = Array::from_vec(vec![1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], 6) * 2.0 + &x[0];
        c.force().unwrap();
        let mut d = Array::from_vec(vec![0.5f32; 6], 6);
        d.put_slices(&Array::from([1i64]), &Array::from([7.0f32]), 0).unwrap();
        vec![c, d]
    });
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

/// Captures `work` on leaves that it is given.
fn captured(leaves: &[Array], work: impl FnOnce(&[Array]) -> Vec<Array>) -> Graph {
    let capture = Capture::start().unwrap();
    let mut bound: Vec<Array> = leaves.to_vec();
    bound.iter_mut().for_each(|array| {
        leaf(array).unwrap();
    });
    let results = work(&bound);
    capture.finish(&results, Vec::new()).unwrap_or_else(|refusal| panic!("{refusal}")).graph
}

/// Work of which passes take something in every way.
fn varied(x: &[Array]) -> Vec<Array> {
    let unused = ops::matmul(&x[0].transpose(), &x[0]);
    let twice = [(); 2].map(|()| ops::matmul(&x[0], &x[0].transpose()));
    let ready = Array::from([1.0f32, 2.0]).sum(None, false);
    let small = &x[1] * 3.0;
    [&unused, &twice[0], &twice[1], &ready, &small].iter().for_each(|array| drop(array.force().unwrap().clone()));
    let h = &twice[0] + &twice[1] * &ready;
    h.force().unwrap();
    let e = (&h).exp();
    e.force().unwrap();
    let p = &e / (&e).sum([1], true);
    p.force().unwrap();
    vec![p + small.broadcast_to([5, 5]), h.transpose() + 1.0, &x[1] - 1.0]
}

#[test]
fn passes_account_for_every_kernel() {
    let _alone = alone();
    let graph = captured(&[random([5, 4]), random([5])], varied);
    for passes in combinations() {
        let mut after = graph.clone();
        let report = passes.run(&mut after);
        assert_eq!(report.captured, graph.ops.len());
        let gone = report.dead
            + report.common
            + report.folded
            + report.inlined
            + report.fused
            + report.on_products
            + report.grouped;
        assert_eq!(report.captured, after.ops.len() + gone, "{passes:?} {report:?}");
        assert_eq!(report.dead > 0, passes.dead, "{passes:?} {report:?}");
        assert_eq!(report.common > 0, passes.common, "{passes:?} {report:?}");
        assert_eq!(report.folded > 0, passes.fold, "{passes:?} {report:?}");
        assert_eq!(report.fused > 0, passes.fuse, "{passes:?} {report:?}");
    }
}

/// Why the passes leave two kernels.
fn reasons(leaves: &[Array], work: impl FnOnce(&[Array]) -> Vec<Array>) -> (Vec<super::passes::Reason>, String) {
    let mut graph = captured(leaves, work);
    let report = Passes { group: false, epilogue: false, ..Passes::default() }.run(&mut graph);
    let executable = Executable::new(&graph).unwrap();
    let text = Explanation { graph: &graph, report: &report, executable: &executable }.to_string();
    (report.apart.iter().map(|apart| apart.why).collect(), text)
}

#[test]
fn neighbours_that_stay_apart_say_why() {
    use super::passes::Reason;
    let _alone = alone();
    let x = [random([6, 6]), random([6])];
    let exp = |x: &Array| {
        let y = x.exp();
        y.force().unwrap();
        y
    };
    let (why, text) = reasons(&x, |x| vec![exp(&x[0]).transpose() + 1.0]);
    assert_eq!(why, [Reason::Window], "{text}");
    let (why, text) = reasons(&x, |x| vec![exp(&x[0]).reshape([36]) + 1.0]);
    assert_eq!(why, [Reason::Space], "{text}");
    let (why, text) = reasons(&x, |x| {
        let e = exp(&x[0]);
        let sum = (&e).sum([1], true);
        sum.force().unwrap();
        vec![e / sum]
    });
    assert_eq!(why, [Reason::Reduced], "{text}");
    let (why, text) = reasons(&x, |x| {
        let e = exp(&x[0]);
        let rows = (&e).sum([1], false);
        rows.force().unwrap();
        vec![rows, e.max([0], false)]
    });
    assert_eq!(why, [Reason::Reductions], "{text}");
    let (why, text) = reasons(&x, |x| {
        let e = exp(&x[0]);
        vec![ops::matmul(&e, &x[0]) + e]
    });
    assert!(matches!(why[..], [Reason::Detour(_)]) && text.contains("kernel 1 stands between"), "{text}");
    let (why, text) = reasons(&x, |x| {
        (0..30).fold(vec![exp(&x[0])], |mut made, i| {
            let next = (&made[i] * 0.5 + &x[0]).tanh();
            next.force().unwrap();
            made.push(next);
            made
        })
    });
    assert!(matches!(why[..], [Reason::Arrays(_), ..]), "{text}");
    let (why, text) = reasons(&x, |x| {
        let long = |x: &Array| {
            let y = (0..40).fold(x.clone(), |y, _| y.tanh());
            y.force().unwrap();
            y
        };
        vec![long(&long(&x[0]))]
    });
    assert_eq!(why, [Reason::Instructions(80)], "{text}");
}

#[test]
fn explanations_count_kernels_and_bytes() {
    let _alone = alone();
    let x = [random([30, 20]), random([20, 10])];
    let mut graph = captured(&x, |x| {
        let y = ops::matmul(&x[0], &x[1]);
        y.force().unwrap();
        let e = (&y).exp();
        e.force().unwrap();
        vec![e + 1.0]
    });
    let report = Passes { epilogue: false, ..Passes::default() }.run(&mut graph);
    let mut executable = Executable::new(&graph).unwrap();
    executable.set_timed(true);
    let bound: Vec<Bound> = x.iter().map(|x| Bound::new(x).unwrap()).collect();
    drop(executable.run(&bound, &[]).unwrap());
    let text = Explanation { graph: &graph, report: &report, executable: &executable }.to_string();
    let lines: Vec<&str> = text.lines().collect();
    let first: Vec<&str> = lines[1].split_whitespace().collect();
    // Kernel 0, of one captured; 2 * 30 * 20 * 10 operations; (600 + 200 + 300) elements of 4 bytes.
    assert_eq!(first[..4], ["0", "1", "12.0k", "4.40k"], "{text}");
    let second: Vec<&str> = lines[2].split_whitespace().collect();
    assert_eq!(second[..2], ["1", "2"], "{text}");
    assert_eq!(lines[3], "3 kernels were captured, 2 run (1 fused into others).", "{text}");
    assert!(lines[4].contains("mean of 1 runs") && lines[5].contains("1.20k for results"), "{text}");
    assert_eq!(
        (short(999), short(1000), short(12_345), short(123_456_789)),
        ("999".into(), "1.00k".into(), "12.3k".into(), "123M".into())
    );
}
