//! Every operation of every dtype, alone, at every vector level.

use super::arrays::{bits, from_bits, mask, same};
use super::reference::{Wide, decode, encode, evaluate};
use crate::View;
use crate::cpu::compiled::Compiled;
use crate::cpu::map;
use crate::cpu::simd::SimdLevel;
use crate::dtype::Dtype;
use crate::op::{Op, Rule};
use crate::program::{Instr, Program, Value};
use crate::shape::Shape;
use crate::{bf16, f16};

/// Numbers at which something happens.
fn interesting(dtype: Dtype) -> Vec<u64> {
    let mut numbers = vec![];
    if dtype.is_float() {
        let largest =
            [(Dtype::F16, 65504.0), (Dtype::BF16, 3.38e38), (Dtype::F32, 3.4028234e38), (Dtype::F64, 1.7e308)];
        let largest = largest.iter().find(|(d, _)| *d == dtype).map_or(0.0, |l| l.1);
        for x in [
            0.0,
            1.0,
            0.5,
            2.0,
            3.0,
            0.1,
            0.25,
            1.5,
            2.5,
            0.7,
            0.3,
            5.0,
            7.75,
            10.0,
            20.0,
            33.3,
            80.0,
            87.9,
            89.0,
            100.0,
            104.5,
            720.0,
            1e-3,
            1e-5,
            6e-8,
            1e-20,
            1e-38,
            1e-40,
            1e-310,
            1e4,
            1e6,
            1e10,
            0.9999,
            1.0001,
            largest,
            f64::INFINITY,
            1.57,
            3.15,
            0.34657,
            17.5,
            0.66,
            3.9,
        ] {
            for x in [x, -x] {
                numbers.push(match dtype {
                    Dtype::F16 => f16::from_f64(x).to_bits() as u64,
                    Dtype::BF16 => bf16::from_f64(x).to_bits() as u64,
                    Dtype::F32 => (x as f32).to_bits() as u64,
                    _ => x.to_bits(),
                });
            }
        }
        numbers.push(encode(Wide::Double(f64::NAN), Dtype::F64) >> (64 - 8 * dtype.size()));
    } else if dtype == Dtype::Bool {
        numbers = vec![0, 1, 1, 0];
    } else {
        for x in [0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 32, 63, 64, 100, 127, 128, 255, 32767, 65535, 1 << 31, i64::MAX] {
            numbers.extend([x as u64 & mask(dtype), (x as u64).wrapping_neg() & mask(dtype)]);
        }
        numbers.push(i64::MIN as u64 >> (64 - 8 * dtype.size()));
    }
    numbers
}

fn one(op: Op, dtype: Dtype, out: Dtype) -> Program {
    let mut args = [Value::Scalar(0); 3];
    for (k, arg) in args.iter_mut().take(op.arity()).enumerate() {
        *arg = Value::Input(k as u16);
    }
    let mut inputs = vec![dtype; op.arity()];
    if op == Op::Select {
        inputs[0] = Dtype::Bool;
    }
    Program::new(inputs, vec![], vec![Instr { op, dtype, out, args }], vec![0])
}

/// How many units in the last place an operation may be off; `None` where it must be exact.
fn tolerance(op: Op, dtype: Dtype) -> Option<f64> {
    let ulp = match op {
        Op::Exp
        | Op::Exp2
        | Op::Expm1
        | Op::Log
        | Op::Log2
        | Op::Log10
        | Op::Log1p
        | Op::Sin
        | Op::Cos
        | Op::Tan
        | Op::Arcsin
        | Op::Arccos
        | Op::Arctan
        | Op::Sinh
        | Op::Cosh
        | Op::Tanh
        | Op::Arcsinh
        | Op::Arccosh
        | Op::Arctanh
        | Op::Sigmoid
        | Op::Softplus
        | Op::Erf
        | Op::Erfc
        | Op::Erfinv
        | Op::Erfcinv
        | Op::Lgamma
        | Op::Digamma
        | Op::Polygamma
        | Op::Cbrt
        | Op::Arctan2
        | Op::Hypot
        | Op::Pow
        | Op::Logaddexp
        | Op::Logaddexp2 => 4.0,
        // The reference divides and takes remainders in float64.
        Op::FloorDiv | Op::Remainder if dtype.is_float() => 1.0,
        _ => return None,
    };
    Some(if dtype.size() == 2 { 1.0 } else { ulp })
}

fn real(bits: u64, dtype: Dtype) -> f64 {
    match decode(bits, dtype) {
        Wide::Int(x) => x as f64,
        Wide::Single(x) => x as f64,
        Wide::Double(x) => x,
    }
}

/// The distance in units in the last place.
fn distance(got: u64, want: u64, dtype: Dtype) -> f64 {
    if same(got, want, dtype) {
        return 0.0;
    }
    // The bits of floats of one sign are in order.
    let place = |bits: u64| {
        let sign = 1u64 << (8 * dtype.size() - 1);
        if bits & sign != 0 { -((bits & !sign) as i128) } else { bits as i128 }
    };
    if real(got, dtype).is_nan() != real(want, dtype).is_nan() {
        return f64::INFINITY;
    }
    (place(got) - place(want)).abs() as f64
}

/// Some elements that are wrong.
fn differences(program: &Program, inputs: &[Vec<u64>], level: SimdLevel) -> Vec<String> {
    let instr = &program.instrs[0];
    let n = inputs.first().map_or(10, Vec::len);
    let views: Vec<View> = inputs.iter().zip(&program.inputs).map(|(bits, &d)| from_bits(bits, d)).collect();
    let out = from_bits(&vec![0; n], instr.out);
    let compiled = Compiled::new(program, None, level).unwrap();
    map::execute_compiled(&compiled, &[], &Shape::new(&[n]), &views, std::slice::from_ref(&out));
    let mut wrong = vec![];
    for (k, got) in bits(&out).into_iter().enumerate() {
        let args: Vec<Wide> = inputs.iter().zip(&program.inputs).map(|(b, &d)| decode(b[k], d)).collect();
        let want = encode(evaluate(instr, &args, k as u64), instr.out);
        match tolerance(instr.op, instr.dtype) {
            Some(ulp) if instr.out.is_float() => {
                let mut off = distance(got, want, instr.out);
                if matches!(instr.op, Op::Logaddexp | Op::Logaddexp2) && real(got, instr.out).is_finite() {
                    // The terms may cancel: what counts is the last place of the larger operand.
                    let largest = (0..2).map(|i| real(inputs[i][k], instr.dtype).abs()).fold(1.0, f64::max);
                    let epsilon = match instr.dtype {
                        Dtype::F16 => 9.8e-4,
                        Dtype::BF16 => 7.9e-3,
                        Dtype::F32 => f32::EPSILON as f64,
                        _ => f64::EPSILON,
                    };
                    off = off.min((real(got, instr.out) - real(want, instr.out)).abs() / (largest * epsilon));
                }
                if off > ulp {
                    let (got, want) = (real(got, instr.out), real(want, instr.out));
                    wrong.push(format!("{args:?}: {got:e}, expected {want:e}: {off} ulp"));
                }
            }
            _ if same(got, want, instr.out) => {}
            _ => wrong.push(format!("{args:?}: {got:#x}, expected {want:#x}")),
        }
    }
    wrong.truncate(5);
    wrong
}

fn check(program: &Program, inputs: &[Vec<u64>], level: SimdLevel) {
    let wrong = differences(program, inputs, level);
    assert!(wrong.is_empty(), "{:?} at {level:?}: {wrong:#?}", program.instrs[0]);
}

#[test]
fn every_operation_agrees_with_the_reference() {
    let mut wrong = vec![];
    for level in SimdLevel::available() {
        for &op in Op::ALL {
            if op.rule() == Rule::Special && op != Op::FrexpExponent {
                continue;
            }
            let mut existing: Vec<(Dtype, Dtype)> = Dtype::ALL.into_iter().filter_map(|d| op.dtypes(d)).collect();
            if op == Op::FrexpExponent {
                existing = Dtype::ALL.into_iter().filter(|d| d.is_float()).map(|d| (d, Dtype::I32)).collect();
            }
            existing.dedup();
            assert!(!existing.is_empty());
            for (dtype, out) in existing {
                let numbers = interesting(dtype);
                let inputs = if op.arity() == 1 {
                    vec![numbers]
                } else {
                    let all = |f: fn(&u64, &u64) -> u64| {
                        numbers.iter().flat_map(|x| numbers.iter().map(move |y| f(x, y))).collect::<Vec<_>>()
                    };
                    vec![all(|x, _| *x), all(|_, y| *y)]
                };
                if matches!(op, Op::FloorDiv | Op::Remainder | Op::Nextafter | Op::Ldexp) && dtype.is_float() {
                    // Quotients beyond the type's precision are a matter of taste; the rest has its own tests.
                    continue;
                }
                for difference in differences(&one(op, dtype, out), &inputs, level) {
                    wrong.push(format!("{op:?} of {dtype} at {level:?}: {difference}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn casts_selections_and_copies_agree_with_the_reference() {
    for level in SimdLevel::available() {
        for from in Dtype::ALL {
            let numbers = interesting(from);
            check(&one(Op::Identity, from, from), std::slice::from_ref(&numbers), level);
            for to in Dtype::ALL {
                check(&one(Op::Cast, from, to), std::slice::from_ref(&numbers), level);
            }
            let condition = (0..numbers.len() as u64).map(|k| k % 3 % 2).collect();
            let reversed = numbers.iter().rev().copied().collect();
            check(&one(Op::Select, from, from), &[condition, numbers, reversed], level);
            check(&one(Op::Index, Dtype::I64, from), &[], level);
        }
    }
}

/// `op(x, y)` in float32, float64 and float16.
fn floats(op: Op, x: f64, y: f64) -> [f64; 3] {
    [Dtype::F32, Dtype::F64, Dtype::F16].map(|dtype| {
        let as_bits = |x: f64| match dtype {
            Dtype::F32 => (x as f32).to_bits() as u64,
            Dtype::F16 => f16::from_f64(x).to_bits() as u64,
            _ => x.to_bits(),
        };
        let (x, y, out) = (from_bits(&[as_bits(x)], dtype), from_bits(&[as_bits(y)], dtype), from_bits(&[0], dtype));
        let compiled = Compiled::new(&one(op, dtype, dtype), None, SimdLevel::current()).unwrap();
        map::execute_compiled(&compiled, &[], &[1], &[x, y], std::slice::from_ref(&out));
        real(bits(&out)[0], dtype)
    })
}

#[test]
fn float_division_follows_python() {
    let inf = f64::INFINITY;
    for (x, y, quotient, rest) in [
        (7.0, 2.0, 3.0, 1.0),
        (-7.0, 2.0, -4.0, 1.0),
        (7.0, -2.0, -4.0, -1.0),
        (-7.0, -2.0, 3.0, -1.0),
        (6.0, 3.0, 2.0, 0.0),
        (1.0, 0.25, 4.0, 0.0),
        (-1.0, inf, -1.0, inf),
        (1.0, inf, 0.0, 1.0),
        (1.0, 0.0, inf, f64::NAN),
        (0.5, 1.0, 0.0, 0.5),
        (inf, 1.0, f64::NAN, f64::NAN),
    ] {
        for got in floats(Op::FloorDiv, x, y) {
            assert!(got == quotient || got.is_nan() && quotient.is_nan(), "{x} // {y} = {got}");
        }
        for got in floats(Op::Remainder, x, y) {
            assert!(got == rest || got.is_nan() && rest.is_nan(), "{x} % {y} = {got}");
        }
    }
    assert!(floats(Op::Remainder, -2.0, 2.0).iter().all(|r| r.to_bits() == 0));
    assert!(floats(Op::Remainder, 2.0, -2.0).iter().all(|r| r.to_bits() == (-0.0f64).to_bits()));
}

#[test]
fn next_after_steps_in_the_grid_of_its_dtype() {
    assert_eq!(floats(Op::Nextafter, 1.0, 2.0), [1.0 + f32::EPSILON as f64, 1.0 + f64::EPSILON, 1.0 + 0.0009765625]);
    assert_eq!(floats(Op::Nextafter, 0.0, -1.0), [-1.401298464324817e-45, -5e-324, -5.960464477539063e-8]);
    assert_eq!(floats(Op::Nextafter, 1.0, 1.0), [1.0; 3]);
    assert_eq!(floats(Op::Nextafter, -1.0, 0.0)[2], -0.99951171875);
    assert!(floats(Op::Nextafter, f64::NAN, 1.0).iter().all(|x| x.is_nan()));
    for level in SimdLevel::available() {
        for dtype in [Dtype::F16, Dtype::BF16] {
            let numbers: Vec<u64> = interesting(dtype).into_iter().step_by(7).collect();
            let x = numbers.iter().flat_map(|&x| numbers.iter().map(move |_| x)).collect();
            let y = numbers.iter().flat_map(|_| numbers.iter().copied()).collect();
            check(&one(Op::Nextafter, dtype, dtype), &[x, y], level);
        }
    }
}

#[test]
fn ldexp_scales_by_powers_of_two() {
    assert_eq!(floats(Op::Ldexp, 0.75, 4.0), [12.0; 3]);
    assert_eq!(floats(Op::Ldexp, 3.0, -2.0), [0.75; 3]);
    assert_eq!(floats(Op::Ldexp, 1.0, 5000.0), [f64::INFINITY; 3]);
}

#[test]
fn an_operation_that_a_dtype_lacks_is_an_error() {
    let error = Compiled::new(&one(Op::BitwiseAnd, Dtype::F32, Dtype::F32), None, SimdLevel::current());
    assert!(error.err().unwrap().to_string().contains("bitwise_and"));
}

#[test]
fn random_numbers_follow_their_definition() {
    use crate::random::philox;
    let seed = 0x1234_5678_9abc_def0u64;
    let word = |w: u64| philox::words(seed, w / 4)[(w % 4) as usize];
    for level in SimdLevel::available() {
        for offset in [0u64, 3, (1 << 34) + 1] {
            for (op, dtype) in [
                (Op::Uniform, Dtype::F32),
                (Op::Uniform, Dtype::F64),
                (Op::Normal, Dtype::F32),
                (Op::Normal, Dtype::F64),
            ] {
                let args = [Value::Scalar(0), Value::Scalar(1), Value::Scalar(0)];
                let instrs = vec![Instr { op, dtype: Dtype::U64, out: dtype, args }];
                let program = Program::new(vec![], vec![Dtype::U64; 2], instrs, vec![0]);
                let out = from_bits(&[0; 1500], dtype);
                let compiled = Compiled::new(&program, None, level).unwrap();
                map::execute_compiled(&compiled, &[seed, offset], &[1500], &[], std::slice::from_ref(&out));
                for (k, got) in bits(&out).into_iter().enumerate() {
                    let e = offset + k as u64;
                    let uniform = |k: u64| match dtype {
                        Dtype::F32 => (word(k) >> 8) as f64 / (1u64 << 24) as f64,
                        _ => ((word(2 * k) as u64 | (word(2 * k + 1) as u64) << 32) >> 11) as f64 / (1u64 << 53) as f64,
                    };
                    let smallest =
                        if dtype == Dtype::F32 { 1.0 / (1u64 << 24) as f64 } else { 1.0 / (1u64 << 53) as f64 };
                    let got = real(got, dtype);
                    if op == Op::Uniform {
                        assert_eq!(got, uniform(e), "{dtype} at {e}");
                    } else {
                        let (first, angle) = (uniform(e & !1) + smallest, std::f64::consts::TAU * uniform(e | 1));
                        let want =
                            (-2.0 * first.ln()).sqrt() * if e.is_multiple_of(2) { angle.cos() } else { angle.sin() };
                        let allowed = if dtype == Dtype::F32 { 3e-6 } else { 1e-14 };
                        assert!((got - want).abs() <= allowed, "{dtype} at {e}: {got}, expected {want}");
                    }
                }
            }
        }
    }
}
