//! Reductions of random programs against the interpreter.

use proptest::prelude::*;
use smallvec::SmallVec;

use super::arrays::{Random, bits, indices, layout, same};
use super::programs::random_shape;
use super::reference::{Wide, decode, encode, interpret};
use crate::View;
use crate::cpu::{pool, reduce};
use crate::dtype::Dtype;
use crate::kernel::{Reduce, ReduceOp};
use crate::op::Op;
use crate::program::{Instr, Program, Value};
use crate::shape::Shape;

const ALL: [ReduceOp; 8] = [
    ReduceOp::Sum,
    ReduceOp::Prod,
    ReduceOp::Max,
    ReduceOp::Min,
    ReduceOp::Any,
    ReduceOp::All,
    ReduceOp::ArgMax,
    ReduceOp::ArgMin,
];

/// A reduction of the values in row-major order, from its definition; sums of floats in float64.
fn fold(op: ReduceOp, values: &[Wide], dtype: Dtype) -> Wide {
    let real = |x: &Wide| match *x {
        Wide::Int(x) => x as f64,
        Wide::Single(x) => x as f64,
        Wide::Double(x) => x,
    };
    let integer = |x: &Wide| if let Wide::Int(x) = *x { x } else { 0 };
    let made = |x: f64| if dtype == Dtype::F64 { Wide::Double(x) } else { Wide::Single(x as f32) };
    let is_nan = |x: &Wide| real(x).is_nan();
    let best = |max: bool| {
        let first_nan = values.iter().position(is_nan);
        first_nan.or_else(|| {
            (0..values.len()).reduce(|best, k| {
                let better = match (values[k], values[best]) {
                    (Wide::Int(x), Wide::Int(y)) => {
                        if max {
                            x > y
                        } else {
                            x < y
                        }
                    }
                    (x, y) => {
                        if max {
                            real(&x) > real(&y)
                        } else {
                            real(&x) < real(&y)
                        }
                    }
                };
                if better { k } else { best }
            })
        })
    };
    match op {
        ReduceOp::Sum if dtype == Dtype::Bool => Wide::Int(values.iter().any(|x| integer(x) != 0) as i128),
        ReduceOp::Sum if dtype.is_float() => made(values.iter().map(real).sum()),
        ReduceOp::Sum => Wide::Int(values.iter().map(integer).sum()),
        ReduceOp::Prod if dtype == Dtype::Bool => Wide::Int(values.iter().all(|x| integer(x) != 0) as i128),
        ReduceOp::Prod if dtype.is_float() => made(values.iter().map(real).product()),
        ReduceOp::Prod => Wide::Int(values.iter().fold(1u64, |p, x| p.wrapping_mul(integer(x) as u64)) as i128),
        ReduceOp::Any => Wide::Int(values.iter().any(|x| integer(x) != 0) as i128),
        ReduceOp::All => Wide::Int(values.iter().all(|x| integer(x) != 0) as i128),
        ReduceOp::Max => values[best(true).unwrap()],
        ReduceOp::Min => values[best(false).unwrap()],
        ReduceOp::ArgMax => Wide::Int(best(true).unwrap() as i128),
        ReduceOp::ArgMin => Wide::Int(best(false).unwrap() as i128),
    }
}

/// `x` squared or negated, beside another output; `value` is the instruction to reduce or the input itself.
fn prologue(dtype: Dtype, value: Value) -> (Program, Value) {
    let unused = Value::Scalar(0);
    let op = if dtype == Dtype::Bool { Op::Invert } else { Op::Neg };
    let instrs = vec![
        Instr { op, dtype, out: dtype, args: [Value::Input(0), unused, unused] },
        Instr { op: Op::Maximum, dtype, out: dtype, args: [Value::Instr(0), Value::Input(1), unused] },
    ];
    (Program::new(vec![dtype, dtype], vec![], instrs, vec![0]), value)
}

fn run(op: ReduceOp, dtype: Dtype, shape: &Shape, axes: &[usize], value: Value, random: &mut Random, plain: bool) {
    let (program, value) = prologue(dtype, value);
    let inputs = [0, 1].map(|_| layout(random, shape, dtype, true, plain));
    let kept: Shape = shape.iter().enumerate().map(|(axis, &d)| if axes.contains(&axis) { 1 } else { d }).collect();
    let out_dtype = if matches!(op, ReduceOp::ArgMax | ReduceOp::ArgMin) { Dtype::I64 } else { dtype };
    let result = layout(random, &kept, out_dtype, false, plain);
    let extra = layout(random, shape, dtype, false, plain);
    let kernel = Reduce {
        program: program.clone().into(),
        scalars: SmallVec::new(),
        shape: shape.clone(),
        axes: SmallVec::from_slice(axes),
        op,
        value,
    };
    reduce::execute(&kernel, &inputs, &[result.clone(), extra.clone()]).unwrap();

    let columns: Vec<Vec<u64>> = inputs.iter().map(bits).collect();
    let mut groups: Vec<Vec<Wide>> = vec![vec![]; kept.size()];
    let strides = kept.strides();
    for (k, index) in indices(shape).enumerate() {
        let at = [columns[0][k], columns[1][k]];
        let results = interpret(&program, &at, &[], k as u64);
        let reduced = match value {
            Value::Input(i) => at[i as usize],
            Value::Instr(i) => results[i as usize],
            Value::Scalar(_) => unreachable!(),
        };
        let group = index.iter().enumerate().filter(|(axis, _)| !axes.contains(axis));
        let group: usize = group.map(|(axis, &i)| i * strides[axis] as usize).sum();
        groups[group].push(decode(reduced, dtype));
    }
    for (got, values) in bits(&result).into_iter().zip(&groups) {
        let want = encode(fold(op, values, out_dtype.max(dtype)), out_dtype);
        let exact = !(dtype.is_float() && matches!(op, ReduceOp::Sum | ReduceOp::Prod));
        let close = match (decode(got, out_dtype), decode(want, out_dtype)) {
            (Wide::Single(a), Wide::Single(b)) => (a - b).abs() <= b.abs() * 1e-6 + 1e-6,
            (Wide::Double(a), Wide::Double(b)) => (a - b).abs() <= b.abs() * 1e-12 + 1e-12,
            _ => false,
        };
        assert!(
            same(got, want, out_dtype) || !exact && close,
            "{op:?} of {dtype} {shape:?} over {axes:?}: {got:#x}, expected {want:#x}"
        );
    }
    for (k, got) in bits(&extra).into_iter().enumerate() {
        let want = interpret(&program, &[columns[0][k], columns[1][k]], &[], k as u64)[0];
        assert!(same(got, want, dtype));
    }
}

/// More where the code is optimised: `cargo test --release` looks deeper.
const CASES: u32 = if cfg!(debug_assertions) { 40 } else { 2000 };

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reductions_agree_with_the_definition(seed: u64) {
        let mut random = Random(seed);
        let op = random.one_of(&ALL);
        let mut dtype = random.one_of(&Dtype::ALL);
        if matches!(op, ReduceOp::Any | ReduceOp::All) {
            dtype = Dtype::Bool;
        }
        if matches!(dtype, Dtype::Bool) && matches!(op, ReduceOp::ArgMax | ReduceOp::ArgMin) {
            dtype = Dtype::F32;
        }
        let shape = random_shape(&mut random);
        let axes: Vec<usize> = (0..shape.ndim()).filter(|_| random.below(2) == 0).collect();
        let value = random.one_of(&[Value::Input(0), Value::Instr(0), Value::Instr(1)]);
        let plain = random.below(3) == 0;
        run(op, dtype, &shape, &axes, value, &mut random, plain);
    }
}

fn sum_of(x: &View, axes: &[usize], op: ReduceOp) -> Vec<u64> {
    let kept: Shape = x.shape.iter().enumerate().map(|(axis, &d)| if axes.contains(&axis) { 1 } else { d }).collect();
    let dtype = if matches!(op, ReduceOp::ArgMax | ReduceOp::ArgMin) { Dtype::I64 } else { x.dtype };
    let out = layout(&mut Random(1), &kept, dtype, false, true);
    let kernel = Reduce {
        program: Program::new(vec![x.dtype], vec![], vec![], vec![]).into(),
        scalars: SmallVec::new(),
        shape: x.shape.clone(),
        axes: SmallVec::from_slice(axes),
        op,
        value: Value::Input(0),
    };
    reduce::execute(&kernel, std::slice::from_ref(x), std::slice::from_ref(&out)).unwrap();
    bits(&out)
}

#[test]
fn large_reductions_do_not_depend_on_threads_and_are_accurate() {
    for (dims, axes) in [
        (&[200_001][..], &[0][..]),
        (&[800, 257], &[0]),
        (&[800, 257], &[1]),
        (&[800, 257], &[0, 1]),
        (&[20, 8, 1500], &[0, 2]),
        (&[3, 70_000], &[1]),
        (&[3, 70_000], &[0]),
        (&[20_000, 10], &[0]),
        (&[20_000, 10], &[1]),
    ] {
        let shape = Shape::new(dims);
        for dtype in [Dtype::F32, Dtype::F64] {
            let x = layout(&mut Random(5), &shape, dtype, false, true);
            for op in [ReduceOp::Sum, ReduceOp::ArgMin] {
                let results = [1, 2, 5].map(|threads| {
                    pool::set_num_threads(threads);
                    sum_of(&x, axes, op)
                });
                pool::set_num_threads(0);
                assert!(
                    results[0] == results[1] && results[0] == results[2],
                    "{op:?} of {dtype} {dims:?} over {axes:?}"
                );
                if axes.len() == dims.len() {
                    let values: Vec<Wide> = bits(&x).into_iter().map(|b| decode(b, dtype)).collect();
                    let want = fold(op, &values, if op == ReduceOp::ArgMin { Dtype::I64 } else { dtype });
                    match (decode(results[0][0], if op == ReduceOp::ArgMin { Dtype::I64 } else { dtype }), want) {
                        (Wide::Single(a), Wide::Single(b)) => assert!((a - b).abs() <= b.abs() * 1.2e-7, "{a} {b}"),
                        (Wide::Double(a), Wide::Double(b)) => assert!((a - b).abs() <= b.abs() * 1e-11, "{a} {b}"),
                        (a, b) => assert_eq!(a, b),
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_reduces_to_the_neutral_element() {
    let x = layout(&mut Random(5), &Shape::new(&[3, 0]), Dtype::F32, false, true);
    assert_eq!(sum_of(&x, &[1], ReduceOp::Sum), [0; 3]);
    assert_eq!(sum_of(&x, &[1], ReduceOp::Prod), [1f32.to_bits() as u64; 3]);
    assert_eq!(sum_of(&x, &[0, 1], ReduceOp::Sum), [0]);
    assert_eq!(sum_of(&x, &[0], ReduceOp::Sum), [0; 0]);
}

#[test]
fn infinities_and_nans_survive_sums() {
    let sum = |values: &[f64]| {
        let bits: Vec<u64> = values.iter().map(|x| x.to_bits()).collect();
        let x = super::arrays::from_bits(&bits, Dtype::F64);
        f64::from_bits(sum_of(&x, &[0], ReduceOp::Sum)[0])
    };
    assert_eq!(sum(&[1.0, f64::INFINITY, 2.0]), f64::INFINITY);
    assert!(sum(&[f64::NEG_INFINITY, f64::INFINITY]).is_nan());
    assert!(sum(&[1.0, f64::NAN]).is_nan());
    assert_eq!(sum(&[1e100, 1.0, -1e100]), 1.0);
}
