//! Random programs over random layouts: fused equals one instruction at a time, bit for bit, and equals the interpreter.

use proptest::prelude::*;

use super::arrays::{Random, bits, from_bits, indices, layout, same};
use super::reference::interpret;
use crate::View;
use crate::cpu::compiled::Compiled;
use crate::cpu::simd::SimdLevel;
use crate::cpu::{map, pool};
use crate::dtype::Dtype;
use crate::op::{Op, Rule};
use crate::program::{Instr, Program, Value};
use crate::shape::Shape;

/// Operations whose result is defined to the last bit.
fn is_exact(op: Op) -> bool {
    !(op.flops() >= 15 || matches!(op, Op::Cbrt | Op::FloorDiv | Op::Remainder | Op::Fmod | Op::Ldexp | Op::Nextafter))
        || matches!(op, Op::Uniform)
}

/// A program of well-typed random instructions. The sign of a NaN is nobody's business, so nothing reads it.
pub(super) fn random_program(random: &mut Random, exact: bool) -> Program {
    let dtypes = |random: &mut Random| random.one_of(&Dtype::ALL);
    let inputs: Vec<Dtype> = (0..1 + random.below(4)).map(|_| dtypes(random)).collect();
    let scalars: Vec<Dtype> = (0..random.below(3)).map(|_| dtypes(random)).collect();
    let mut program = Program::new(inputs, scalars, vec![], vec![]);
    let wanted = 1 + random.below(12);
    while program.instrs.len() < wanted {
        let op = random.one_of(Op::ALL);
        if matches!(op, Op::Uniform | Op::Normal | Op::Cast | Op::Signbit | Op::Copysign) || exact && !is_exact(op) {
            continue;
        }
        // Mostly a dtype that is there already.
        let dtype = match random.below(4) {
            0 => dtypes(random),
            _ => program.inputs[random.below(program.inputs.len())],
        };
        let types = match op {
            Op::Index => Some((Dtype::I64, dtype)),
            Op::Select => Some((dtype, dtype)),
            Op::FrexpExponent => Some((dtype.to_float(), Dtype::I32)),
            _ => op.dtypes(dtype),
        };
        let Some((dtype, out)) = types else { continue };
        debug_assert!(
            op.rule() != Rule::Special || matches!(op, Op::Index | Op::Select | Op::FrexpExponent | Op::Identity)
        );
        let mut args = [Value::Scalar(0); 3];
        for (k, arg) in args.iter_mut().take(op.arity()).enumerate() {
            let wanted = if op == Op::Select && k == 0 { Dtype::Bool } else { dtype };
            *arg = operand(random, &mut program, wanted);
        }
        program.instrs.push(Instr { op, dtype, out, args });
    }
    let last = program.instrs.len() - 1;
    program.outputs = (0..last as u16).filter(|_| random.below(4) == 0).collect();
    program.outputs.push(last as u16);
    program
}

/// Any value of a program, cast if need be.
fn operand(random: &mut Random, program: &mut Program, dtype: Dtype) -> Value {
    let (i, s, n) = (program.inputs.len(), program.scalars.len(), program.instrs.len());
    // Recent results more often, so that chains grow.
    let k = random.below(i + s + 2 * n);
    let value = if k < i {
        Value::Input(k as u16)
    } else if k < i + s {
        Value::Scalar((k - i) as u16)
    } else {
        Value::Instr(((k - i - s) / 2) as u16)
    };
    let from = program.dtype(value);
    if from == dtype {
        return value;
    }
    let unused = Value::Scalar(0);
    program.instrs.push(Instr { op: Op::Cast, dtype: from, out: dtype, args: [value, unused, unused] });
    Value::Instr(program.instrs.len() as u16 - 1)
}

pub(super) fn random_shape(random: &mut Random) -> Shape {
    let dims: &[usize] = match random.below(6) {
        0 => &[],
        1 => &[1500],
        2 => &[3, 700],
        3 => &[65, 9],
        4 => &[2, 5, 7, 3],
        _ => &[4, 1, 130],
    };
    dims.iter().copied().collect()
}

/// Each instruction as a program of its own, over whole arrays.
fn step_by_step(program: &Program, scalars: &[u64], shape: &Shape, inputs: &[View], level: SimdLevel) -> Vec<View> {
    let mut results: Vec<View> = vec![];
    for instr in &program.instrs {
        let (mut views, mut own_scalars) = (vec![], vec![]);
        let mut own = Program::new(vec![], vec![], vec![*instr], vec![0]);
        for arg in own.instrs[0].args.iter_mut().take(instr.op.arity()) {
            let dtype = program.dtype(*arg);
            *arg = match *arg {
                Value::Scalar(i) => {
                    own.scalars.push(dtype);
                    own_scalars.push(scalars[i as usize]);
                    Value::Scalar(own_scalars.len() as u16 - 1)
                }
                Value::Input(i) => {
                    own.inputs.push(dtype);
                    views.push(inputs[i as usize].clone());
                    Value::Input(views.len() as u16 - 1)
                }
                Value::Instr(i) => {
                    own.inputs.push(dtype);
                    views.push(results[i as usize].clone());
                    Value::Input(views.len() as u16 - 1)
                }
            };
        }
        let mut out = from_bits(&vec![0; shape.size()], instr.out);
        (out.shape, out.strides) = (shape.clone(), shape.strides());
        let compiled = Compiled::new(&own, None, level).unwrap();
        map::execute_compiled(&compiled, &own_scalars, shape, &views, std::slice::from_ref(&out));
        results.push(out);
    }
    results
}

/// More where the code is optimised: `cargo test --release` looks deeper.
const CASES: u32 = if cfg!(debug_assertions) { 40 } else { 2000 };

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fused_equals_one_instruction_at_a_time(seed: u64) {
        let mut random = Random(seed);
        let exact = random.below(2) == 0;
        let program = random_program(&mut random, exact);
        let shape = random_shape(&mut random);
        let scalars: Vec<u64> = program.scalars.iter().map(|&d| random.number(d)).collect();
        let plain = random.below(3) == 0;
        let inputs: Vec<View> =
            program.inputs.iter().map(|&d| layout(&mut random, &shape, d, true, plain)).collect();
        for level in SimdLevel::available() {
            let outputs: Vec<View> = program
                .outputs
                .iter()
                .map(|&o| layout(&mut random, &shape, program.instrs[o as usize].out, false, plain))
                .collect();
            let compiled = Compiled::new(&program, None, level).unwrap();
            map::execute_compiled(&compiled, &scalars, &shape, &inputs, &outputs);
            let unfused = step_by_step(&program, &scalars, &shape, &inputs, level);
            for (out, &o) in outputs.iter().zip(&program.outputs) {
                for (k, (got, want)) in bits(out).into_iter().zip(bits(&unfused[o as usize])).enumerate() {
                    prop_assert!(
                        same(got, want, out.dtype),
                        "output {o} at {k}: {got:#x}, alone {want:#x} at {level:?}\n{program:#?} over {shape:?}"
                    );
                }
            }
            if exact {
                let columns: Vec<Vec<u64>> = inputs.iter().map(bits).collect();
                let outs: Vec<Vec<u64>> = outputs.iter().map(bits).collect();
                for k in (0..shape.size()).step_by(1 + shape.size() / 100) {
                    let at: Vec<u64> = columns.iter().map(|c| c[k]).collect();
                    let want = interpret(&program, &at, &scalars, k as u64);
                    for (out, &o) in outs.iter().zip(&program.outputs) {
                        prop_assert!(
                            same(out[k], want[o as usize], program.instrs[o as usize].out),
                            "output {o} at {k}: {:#x}, expected {:#x} at {level:?}\n{program:#?} over {shape:?}",
                            out[k], want[o as usize]
                        );
                    }
                }
            }
        }
    }
}

fn binary(op: Op, x: Value, y: Value, dtype: Dtype) -> Instr {
    Instr { op, dtype, out: dtype, args: [x, y, Value::Scalar(0)] }
}

#[test]
fn an_output_may_take_the_memory_of_a_dying_input() {
    let f = Dtype::F32;
    let (x, y) = (Value::Input(0), Value::Input(1));
    // x * y + x, written over x; and x - y written over y.
    for (instrs, over) in [
        (vec![binary(Op::Mul, x, y, f), binary(Op::Add, Value::Instr(0), x, f)], 0),
        (vec![binary(Op::Sub, x, y, f)], 1),
    ] {
        for shape in
            [Shape::new(&[]), Shape::new(&[5]), Shape::new(&[3000]), Shape::new(&[40, 11]), Shape::new(&[3, 400])]
        {
            for plain in [true, false] {
                for level in SimdLevel::available() {
                    let mut random = Random(7);
                    let program = Program::new(vec![f, f], vec![], instrs.clone(), vec![instrs.len() as u16 - 1]);
                    let inputs = [0, 1].map(|k| layout(&mut random, &shape, f, k != over, plain));
                    let before = inputs.each_ref().map(bits);
                    let compiled = Compiled::new(&program, None, level).unwrap();
                    map::execute_compiled(&compiled, &[], &shape, &inputs, &[inputs[over].clone()]);
                    for (k, got) in bits(&inputs[over]).into_iter().enumerate() {
                        let want = interpret(&program, &[before[0][k], before[1][k]], &[], k as u64);
                        assert_eq!(got, *want.last().unwrap());
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_outside_a_strided_output_is_written() {
    let f = Dtype::F32;
    let buffer = from_bits(&vec![7f32.to_bits() as u64; 6 * 400], f);
    let mut out = buffer.clone();
    (out.shape, out.strides, out.offset) = (Shape::new(&[6, 100]), smallvec::smallvec![400, 2], 30);
    let program = Program::new(
        vec![],
        vec![f],
        vec![Instr { op: Op::Identity, dtype: f, out: f, args: [Value::Scalar(0); 3] }],
        vec![0],
    );
    let compiled = Compiled::new(&program, None, SimdLevel::current()).unwrap();
    map::execute_compiled(&compiled, &[1f32.to_bits() as u64], &out.shape, &[], std::slice::from_ref(&out));
    let written: std::collections::HashSet<usize> = indices(&[6, 100]).map(|i| 30 + i[0] * 400 + i[1] * 2).collect();
    for (k, got) in bits(&buffer).into_iter().enumerate() {
        let want = if written.contains(&k) { 1f32 } else { 7f32 };
        assert_eq!(f32::from_bits(got as u32), want, "at {k}");
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let f = Dtype::F32;
    let mut random = Random(3);
    let program = Program::new(
        vec![f, f],
        vec![Dtype::U64, Dtype::U64],
        vec![
            binary(Op::Mul, Value::Input(0), Value::Input(1), f),
            Instr { op: Op::Tanh, dtype: f, out: f, args: [Value::Instr(0), Value::Scalar(0), Value::Scalar(0)] },
            Instr {
                op: Op::Normal,
                dtype: Dtype::U64,
                out: f,
                args: [Value::Scalar(0), Value::Scalar(1), Value::Scalar(0)],
            },
            binary(Op::Add, Value::Instr(1), Value::Instr(2), f),
        ],
        vec![3],
    );
    for dims in [&[40_000][..], &[3, 12_003], &[9_000, 6], &[30, 30, 50]] {
        let shape = Shape::new(dims);
        let inputs = [layout(&mut random, &shape, f, false, true), layout(&mut random, &shape, f, true, false)];
        let compiled = Compiled::new(&program, None, SimdLevel::current()).unwrap();
        let results: Vec<Vec<u64>> = [1, 2, 5]
            .iter()
            .map(|&threads| {
                pool::set_num_threads(threads);
                let out = layout(&mut random, &shape, f, false, true);
                map::execute_compiled(&compiled, &[42, 1 << 40], &shape, &inputs, std::slice::from_ref(&out));
                bits(&out)
            })
            .collect();
        pool::set_num_threads(0);
        assert!(results[0] == results[1] && results[0] == results[2], "over {dims:?}");
    }
}
