//! Groups of maps against the same maps one by one.

use std::sync::Arc;

use proptest::prelude::*;

use super::arrays::{Random, bits, duplicate, layout, same};
use super::programs::{random_program, random_shape};
use crate::View;
use crate::backend::Backend;
use crate::cpu::{Cpu, pool};
use crate::dtype::Dtype;
use crate::kernel::{Kernel, Map};
use crate::op::Op;
use crate::program::{Instr, Program, Value};
use crate::shape::Shape;

/// A map, its inputs and its outputs.
struct Case {
    map: Map,
    inputs: Vec<View>,
    outputs: Vec<View>,
}

/// An input that an output may be written over.
fn dying_input(program: &Program) -> Option<(usize, usize)> {
    let last = program.last_reads();
    (0..program.inputs.len()).find_map(|i| {
        let fits =
            |&o: &u16| program.instrs[o as usize].out == program.inputs[i] && last[i].is_none_or(|last| last <= o);
        Some((i, program.outputs.iter().position(fits)?))
    })
}

fn random_case(random: &mut Random) -> Case {
    let program = random_program(random, false);
    let shape = match random.below(5) {
        0 => Shape::new(&[[40_000, 1], [3, 12_003], [9_000, 6]][random.below(3)]),
        1 => Shape::new(&[3, 0, 2]),
        _ => random_shape(random),
    };
    let plain = random.below(2) == 0;
    let in_place = dying_input(&program).filter(|_| random.below(2) == 0);
    let inputs: Vec<View> = (program.inputs.iter().enumerate())
        .map(|(i, &dtype)| layout(random, &shape, dtype, in_place.is_none_or(|(over, _)| over != i), plain))
        .collect();
    let outputs = (program.outputs.iter().enumerate())
        .map(|(k, &o)| match in_place {
            Some((i, over)) if over == k => inputs[i].clone(),
            _ => layout(random, &shape, program.instrs[o as usize].out, false, plain),
        })
        .collect();
    let scalars = program.scalars.iter().map(|&dtype| random.number(dtype)).collect();
    Case { map: Map { program: Arc::new(program), scalars, shape }, inputs, outputs }
}

/// The same case on memory of its own; what shared a buffer still does.
fn apart(case: &Case) -> Case {
    let inputs: Vec<View> = case.inputs.iter().map(duplicate).collect();
    let output = |view: &View| {
        let over = case.inputs.iter().position(|input| Arc::ptr_eq(&input.buffer, &view.buffer));
        over.map_or_else(|| duplicate(view), |i| inputs[i].clone())
    };
    let outputs = case.outputs.iter().map(output).collect();
    Case { map: case.map.clone(), inputs, outputs }
}

fn run_group(cases: &[Case]) {
    let kernel = Kernel::MapGroup(cases.iter().map(|case| case.map.clone()).collect());
    let list = |views: fn(&Case) -> &Vec<View>| cases.iter().flat_map(views).cloned().collect::<Vec<_>>();
    let (inputs, outputs) = (list(|case| &case.inputs), list(|case| &case.outputs));
    Cpu.execute(&kernel, &inputs, &outputs).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 14, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_group_equals_its_maps(seed: u64) {
        let mut random = Random(seed);
        let cases: Vec<Case> = (0..random.below(7)).map(|_| random_case(&mut random)).collect();
        let groups: Vec<Vec<Case>> = [1, 2, 5]
            .iter()
            .map(|&threads| {
                let group: Vec<Case> = cases.iter().map(apart).collect();
                pool::set_num_threads(threads);
                run_group(&group);
                group
            })
            .collect();
        pool::set_num_threads(0);
        for (k, case) in cases.iter().enumerate() {
            Cpu.execute(&Kernel::Map(case.map.clone()), &case.inputs, &case.outputs).unwrap();
            for (o, want) in case.outputs.iter().enumerate() {
                let want = bits(want);
                for group in &groups {
                    let got = &group[k].outputs[o];
                    let differs = bits(got).into_iter().zip(&want).position(|(g, &w)| !same(g, w, got.dtype));
                    prop_assert!(differs.is_none(), "map {k}, output {o} at {differs:?}\n{:#?}", case.map);
                }
            }
        }
    }
}

/// `x + place` over `n` elements, written over x.
fn counted(n: usize) -> Case {
    let f = Dtype::F32;
    let (index, sum) = (Value::Scalar(0), Value::Instr(0));
    let program = Program::new(
        vec![f],
        vec![],
        vec![
            Instr { op: Op::Index, dtype: Dtype::I64, out: f, args: [index; 3] },
            Instr { op: Op::Add, dtype: f, out: f, args: [Value::Input(0), sum, sum] },
        ],
        vec![1],
    );
    let shape = Shape::new(&[n]);
    let x = layout(&mut Random(n as u64), &shape, f, false, true);
    Case {
        map: Map { program: Arc::new(program), scalars: Default::default(), shape },
        inputs: vec![x.clone()],
        outputs: vec![x],
    }
}

#[test]
fn big_maps_are_cut_and_small_ones_kept_whole() {
    for threads in [1, 2, 3] {
        pool::set_num_threads(threads);
        let cases: Vec<Case> = [300_000, 7, 0, 1, 5_000, 90_000, 64].into_iter().map(counted).collect();
        let before: Vec<Vec<u64>> = cases.iter().map(|case| bits(&case.inputs[0])).collect();
        run_group(&cases);
        pool::set_num_threads(0);
        for (case, before) in cases.iter().zip(before) {
            for (k, (got, x)) in bits(&case.outputs[0]).into_iter().zip(before).enumerate() {
                assert_eq!(
                    f32::from_bits(got as u32),
                    f32::from_bits(x as u32) + k as f32,
                    "at {k} with {threads} threads"
                );
            }
        }
    }
}

#[test]
fn the_group_says_what_it_is() {
    let cases = [counted(100), counted(50), counted(2)];
    let kernel = Kernel::MapGroup(cases.iter().map(|case| case.map.clone()).collect());
    let views: Vec<View> = cases.iter().map(|case| case.inputs[0].clone()).collect();
    assert_eq!(kernel.name(), "map_group");
    assert_eq!(kernel.describe(&[], &[]), "map_group 3x[index add]");
    assert_eq!(kernel.flops(&views, &views), 152 * cases[0].map.program.flops());
    assert_eq!(kernel.bytes(&views, &views), 2 * 4 * 152);
    assert_eq!(kernel.dtype(&views, &views), Dtype::F32);
    for wrong in [&views[..2], &[views.clone(), views.clone()].concat()] {
        assert!(Cpu.execute(&kernel, wrong, &views).is_err());
        assert!(Cpu.execute(&kernel, &views, wrong).is_err());
    }
    run_group(&[]);
}
