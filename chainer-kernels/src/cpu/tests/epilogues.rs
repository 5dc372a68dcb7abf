//! Products with an epilogue against the plain product followed by the map, bit for bit.

use std::ops::Range;
use std::sync::Arc;

use proptest::prelude::*;
use smallvec::SmallVec;

use super::arrays::{Random, bits, duplicate, layout, same};
use super::programs::random_program;
use crate::View;
use crate::backend::Backend;
use crate::cpu::epilogue::After;
use crate::cpu::{Cpu, pool, strided};
use crate::dtype::Dtype;
use crate::kernel::{Conv, Epilogue, Kernel, Map};
use crate::op::Op;
use crate::program::{Instr, Program, Value};
use crate::shape::Shape;

/// Runs `fused`, whose product `plain` computes, for several numbers of threads, and both one after the other.
fn compare(
    random: &mut Random,
    plain: &Kernel,
    fused: impl Fn(Epilogue) -> Kernel,
    operands: [View; 2],
    shape: &Shape,
    program: Program,
) -> Result<(), TestCaseError> {
    let program = Arc::new(program);
    let scalars: SmallVec<[u64; 8]> = program.scalars.iter().map(|&dtype| random.number(dtype)).collect();
    let flat = random.below(2) == 0;
    let others: Vec<View> = program.inputs[1..].iter().map(|&dtype| layout(random, shape, dtype, true, flat)).collect();
    let mut outputs = |flat: bool| -> Vec<View> {
        let dtypes = program.outputs.iter().map(|&o| program.instrs[o as usize].out);
        dtypes.map(|dtype| layout(random, shape, dtype, false, flat)).collect()
    };
    let wanted = outputs(true);
    let product = strided::fresh(program.inputs[0], shape).unwrap();
    Cpu.execute(plain, &operands, std::slice::from_ref(&product)).unwrap();
    let map = Map { program: program.clone(), scalars: scalars.clone(), shape: shape.clone() };
    Cpu.execute(&Kernel::Map(map), &[&[product], &others[..]].concat(), &wanted).unwrap();

    let kernel = fused(Epilogue { program: program.clone(), scalars });
    let inputs = [&operands[..], &others].concat();
    for threads in [1, 2, 5] {
        let got = outputs(threads != 2);
        pool::set_num_threads(threads);
        let result = Cpu.execute(&kernel, &inputs, &got);
        pool::set_num_threads(0);
        result.unwrap();
        for (k, (got, want)) in got.iter().zip(&wanted).enumerate() {
            let differs = bits(got).into_iter().zip(bits(want)).position(|(g, w)| !same(g, w, got.dtype));
            prop_assert!(
                differs.is_none(),
                "output {k} at {differs:?} of {shape:?} with {threads} threads: {}\n{program:#?}",
                kernel.describe(&inputs, std::slice::from_ref(got)),
            );
        }
    }
    Ok(())
}

fn program_over(random: &mut Random, wanted: impl Fn(Dtype) -> bool) -> Program {
    loop {
        let mut program = random_program(random, false);
        if wanted(program.inputs[0]) {
            // The product itself is asked for as well, now and then.
            if random.below(4) == 0 {
                let dtype = program.inputs[0];
                let args = [Value::Input(0), Value::Scalar(0), Value::Scalar(0)];
                program.instrs.push(Instr { op: Op::Identity, dtype, out: dtype, args });
                program.outputs.push(program.instrs.len() as u16 - 1);
            }
            return program;
        }
    }
}

/// Operands of a product.
fn factors(random: &mut Random, batch: &[usize], [m, n, k]: [usize; 3], dtype: Dtype) -> [View; 2] {
    [[m, k], [k, n]].map(|matrix| {
        let (broadcasts, plain) = (random.below(3) == 0, random.below(2) == 0);
        layout(random, &Shape::new(&[batch, &matrix].concat()), dtype, broadcasts, plain)
    })
}

/// More where the code is optimised.
const CASES: u32 = if cfg!(debug_assertions) { 24 } else { 1000 };

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_matrix_product_with_its_map(seed: u64) {
        let mut random = Random(seed);
        let program = program_over(&mut random, |_| true);
        let (batch, size): (&[usize], _) = match random.below(8) {
            0 => (&[], [1, 1 + random.below(700), random.below(20)]),
            1 => (&[], [1 + random.below(700), 1, random.below(20)]),
            2 => (&[], [1 + random.below(300), 1 + random.below(300), random.below(4)]),
            3 => (&[], [200 + random.below(50), 97, 33]),
            4 => (&[], [[20, 230, 33], [4500, 33, 3]][random.below(2)]),
            5 => (&[3, 2], [1 + random.below(9), 1 + random.below(9), random.below(9)]),
            6 => (&[7], [1, 1 + random.below(40), 5]),
            _ => (&[2, 0], [3, 4, 5]),
        };
        let operands = factors(&mut random, batch, size, program.inputs[0]);
        let shape = Shape::new(&[batch, &size[..2]].concat());
        compare(&mut random, &Kernel::MatMul, Kernel::MatMulMap, operands, &shape, program)?;
    }

    #[test]
    fn a_convolution_with_its_map(seed: u64) {
        let mut random = Random(seed);
        let program = program_over(&mut random, Dtype::is_float);
        let (images, groups) = (random.below(4), 1 + random.below(2));
        let (channels, filters) = (1 + random.below(5), 1 + random.below(5));
        // Tiles that end after the first column, whole images, images that share a panel.
        let axes: &[usize] = [&[97][..], &[4097], &[9, 12], &[3, 2], &[2, 3, 4], &[70, 70]][random.below(6)];
        let kernel: Vec<usize> = axes.iter().map(|_| 1 + random.below(3)).collect();
        let stride = 1 + random.below(2);
        let conv = Conv {
            stride: axes.iter().map(|_| stride).collect(),
            pad: kernel.iter().map(|&k| k / 2).collect(),
            dilate: axes.iter().map(|_| 1).collect(),
            groups,
        };
        let out = axes.iter().zip(&kernel).map(|(&n, &k)| (n + k / 2 * 2 - k) / stride + 1);
        let shape: Shape = [images, groups * filters].into_iter().chain(out).collect();
        let dims = |lead: [usize; 2], tail: &[usize]| Shape::new(&[&lead, tail].concat());
        let operands = [dims([images, groups * channels], axes), dims([groups * filters, channels], &kernel)].map(|shape| {
            let plain = random.below(2) == 0;
            layout(&mut random, &shape, program.inputs[0], false, plain)
        });
        let fused = |epilogue| Kernel::ConvMap(conv.clone(), epilogue);
        compare(&mut random, &Kernel::Conv(conv.clone()), fused, operands, &shape, program)?;
    }
}

/// Cuts `0..size` at random places.
fn pieces(random: &mut Random, size: usize) -> Vec<Range<usize>> {
    let mut bounds: Vec<usize> = (0..random.below(4)).map(|_| random.below(size + 1)).collect();
    bounds.extend([0, size]);
    bounds.sort_unstable();
    bounds.windows(2).map(|pair| pair[0]..pair[1]).filter(|range| !range.is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// The program's places are those in the whole product, whatever the block.
    #[test]
    fn blocks_of_any_cut_make_the_whole(seed: u64) {
        let mut random = Random(seed);
        let mut program = program_over(&mut random, |_| true);
        program.instrs.push(Instr { op: Op::Index, dtype: Dtype::I64, out: Dtype::I64, args: [Value::Scalar(0); 3] });
        program.outputs.push(program.instrs.len() as u16 - 1);
        let program = Arc::new(program);
        let dims: &[usize] = [&[2, 3, 5, 7][..], &[4, 300], &[3, 2, 40], &[5, 1, 9, 1], &[1, 1], &[2, 600]][random.below(6)];
        let shape = Shape::new(dims);
        let columns = 1 + random.below(dims.len());
        let rows = random.below(columns);
        let flat = random.below(2) == 0;
        let others: Vec<View> = (program.inputs[1..].iter())
            .map(|&dtype| layout(&mut random, &shape, dtype, !flat, flat))
            .collect();
        let outputs = |random: &mut Random| -> Vec<View> {
            let dtypes = program.outputs.iter().map(|&o| program.instrs[o as usize].out);
            dtypes.map(|dtype| layout(random, &shape, dtype, false, true)).collect()
        };
        let (got, wanted) = (outputs(&mut random), outputs(&mut random));
        let scalars: SmallVec<[u64; 8]> = program.scalars.iter().map(|&dtype| random.number(dtype)).collect();
        let epilogue = Epilogue { program: program.clone(), scalars: scalars.clone() };
        let after = After::new("test", &epilogue, &others, &got).unwrap();
        let inputs = [&[duplicate(after.product())], &others[..]].concat();
        let blocks = after.blocks(rows, columns, 2);
        // Layouts whose axes do not merge have no blocks.
        prop_assert!(blocks.is_some() || !flat);
        let Some(blocks) = blocks else { return Ok(()) };
        Cpu.execute(&Kernel::Map(Map { program: program.clone(), scalars, shape: shape.clone() }), &inputs, &wanted).unwrap();
        let size = |axes: Range<usize>| dims[axes].iter().product::<usize>();
        let (items, rows, columns) = (size(0..rows), size(rows..columns), size(columns..dims.len()));
        for items in pieces(&mut random, items) {
            for rows in pieces(&mut random, rows) {
                for columns in pieces(&mut random, columns) {
                    // SAFETY: the views have the shape; the blocks do not overlap.
                    unsafe { blocks.run(items.clone(), rows.clone(), columns) };
                }
            }
        }
        for (k, (got, want)) in got.iter().zip(&wanted).enumerate() {
            let differs = bits(got).into_iter().zip(bits(want)).position(|(g, w)| !same(g, w, got.dtype));
            prop_assert!(differs.is_none(), "output {k} at {differs:?} of {shape:?}\n{program:#?}");
        }
    }
}

/// `max(product + bias, 0)`, and what else is asked for.
fn bias_and_relu(dtype: Dtype, outputs: Vec<u16>) -> Program {
    let instr = |op, args| Instr { op, dtype, out: dtype, args };
    let (product, bias, zero) = (Value::Input(0), Value::Input(1), Value::Scalar(0));
    Program::new(
        vec![dtype, dtype],
        vec![dtype],
        vec![
            instr(Op::Identity, [product, zero, zero]),
            instr(Op::Add, [product, bias, zero]),
            instr(Op::Maximum, [Value::Instr(1), zero, zero]),
            instr(Op::Mul, [product, Value::Instr(2), zero]),
        ],
        outputs,
    )
}

/// Every place that the product may lie in while the program still reads it, in every dtype, where products are cut.
#[test]
fn outputs_of_every_kind_beside_the_product() {
    let mut random = Random(5);
    for dtype in [Dtype::F32, Dtype::F64, Dtype::F16, Dtype::BF16, Dtype::I32] {
        let all = [vec![1, 3, 3], vec![0, 1, 2, 3], vec![2], vec![0, 2], vec![1], vec![2, 3], vec![3], vec![0]];
        for outputs in &all[..if dtype == Dtype::F32 { 8 } else { 2 }] {
            for (batch, size) in [(&[][..], [210, 40, 9]), (&[], [40, 210, 9]), (&[40], [30, 7, 9])] {
                let operands = [[size[0], size[2]], [size[2], size[1]]]
                    .map(|matrix| layout(&mut random, &Shape::new(&[batch, &matrix].concat()), dtype, false, true));
                let shape = Shape::new(&[batch, &size[..2]].concat());
                let program = bias_and_relu(dtype, outputs.clone());
                compare(&mut random, &Kernel::MatMul, Kernel::MatMulMap, operands, &shape, program).unwrap();
            }
        }
    }
}

#[test]
fn a_matrix_times_its_transpose_with_a_map() {
    let mut random = Random(9);
    let a = layout(&mut random, &Shape::new(&[130, 20]), Dtype::F32, false, true);
    let mut b = a.clone();
    (b.shape, b.strides) = (Shape::new(&[20, 130]), a.strides.iter().rev().copied().collect());
    let program = bias_and_relu(Dtype::F32, vec![2, 3]);
    compare(&mut random, &Kernel::MatMul, Kernel::MatMulMap, [a, b], &Shape::new(&[130, 130]), program).unwrap();
}

#[test]
fn the_kernels_say_what_they_are() {
    let f = Dtype::F32;
    let program = Arc::new(bias_and_relu(f, vec![2]));
    let epilogue = Epilogue { program: program.clone(), scalars: SmallVec::from_slice(&[0]) };
    let view = |dims: &[usize]| strided::fresh(f, &Shape::new(dims)).unwrap();
    let row = view(&[5]).broadcast(&Shape::new(&[3, 5]));
    let (inputs, outputs) = ([view(&[3, 4]), view(&[4, 5]), row], [view(&[3, 5])]);
    let kernel = Kernel::MatMulMap(epilogue.clone());
    assert_eq!(kernel.describe(&[], &[]), "matmul_map[identity add maximum multiply]");
    assert_eq!(kernel.flops(&inputs, &outputs), 2 * 3 * 4 * 5 + 15 * program.flops());
    assert_eq!(kernel.bytes(&inputs, &outputs), 4 * (12 + 20 + 5 + 15));
    assert_eq!(kernel.dtype(&inputs, &outputs), f);
    assert!(Cpu.execute(&kernel, &inputs[..2], &outputs).is_err());
    assert!(Cpu.execute(&kernel, &inputs, &[]).is_err());

    let geometry = |n: usize| SmallVec::from_slice(&[n, n]);
    let conv = Conv { stride: geometry(1), pad: geometry(0), dilate: geometry(1), groups: 1 };
    let kernel = Kernel::ConvMap(conv, epilogue);
    let (inputs, outputs) = ([view(&[2, 3, 5, 5]), view(&[4, 3, 2, 2]), view(&[2, 4, 4, 4])], [view(&[2, 4, 4, 4])]);
    assert_eq!(kernel.name(), "convolution_map");
    assert_eq!(kernel.flops(&inputs, &outputs), 128 * (2 * 12 + program.flops()));
    assert!(Cpu.execute(&kernel, &inputs[..2], &outputs).is_err());
}
