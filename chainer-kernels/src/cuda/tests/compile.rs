//! Everything that the emitter can write, compiled by the real NVRTC to PTX and to machine code. No GPU is needed.
//!
//! Where NVRTC is not installed these tests print why they skip and pass. With `CHAINER_REQUIRE_NVRTC=1` they fail instead.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{GROUP, Recorder, every_instruction, grouped, joined, rows, single};
use crate::cuda::Source;
use crate::cuda::emit::{map, map_name};
use crate::cuda::layout::Layout;
use crate::cuda::nvrtc::{Nvrtc, Target};
use crate::cuda::reduce::{ReduceLayout, reduce};
use crate::dtype::Dtype;
use crate::error::ErrorKind;
use crate::kernel::ReduceOp;
use crate::op::Op;
use crate::program::{Program, Value};
use crate::shape::Strides;

/// The compiler without its disk cache, or `None` after saying why not.
fn compiler() -> Option<Nvrtc> {
    match Nvrtc::load() {
        Ok(nvrtc) => Some(nvrtc.with_cache(None)),
        Err(error) if std::env::var_os("CHAINER_REQUIRE_NVRTC").is_some_and(|v| v == "1") => panic!("{error}"),
        Err(error) => {
            // Past the test harness, which shows the output of failed tests only.
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "skipped: the generated CUDA C is not compiled.\n{error}");
            None
        }
    }
}

/// Compiles for both architectures to both targets, without a remark of the compiler, and finds every kernel in the result.
fn compiles(nvrtc: &Nvrtc, source: &Source) {
    for capability in [80, 90] {
        let (ptx, cubin, log) = nvrtc.compile_to_both(source, capability).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(log, "", "remarks");
        let text = String::from_utf8(ptx).unwrap();
        assert!(text.contains(&format!(".target sm_{capability}")));
        for entry in &source.entries {
            assert!(text.contains(&format!(".visible .entry {entry}(")), "{entry} is missing");
        }
        assert_eq!(&cubin[..4], b"\x7fELF");
    }
}

fn dense_map(name: &str, program: &Program) -> Source {
    let operands = vec![&[1isize][..]; program.inputs.len() + program.outputs.len()];
    map(name, program, &Layout::map(&[1000], &operands).class).unwrap()
}

/// Kernels of some instructions each.
fn grouped_maps(instructions: &[(Op, Dtype, Dtype)]) -> Vec<Source> {
    let groups = instructions.chunks(GROUP).enumerate();
    groups.map(|(i, group)| dense_map(&format!("group{i}"), &grouped(group))).collect()
}

#[test]
fn every_operation_in_every_dtype_compiles() {
    let Some(nvrtc) = compiler() else { return };
    let all = every_instruction();
    assert!(Op::ALL.iter().all(|op| all.iter().any(|(other, ..)| op == other)), "no operation is left out");
    for part in grouped_maps(&all).chunks(40) {
        compiles(&nvrtc, &joined(part));
    }
}

/// C has functions called `exp` and `floor`, and so have the headers.
#[test]
fn names_of_kernels_clash_with_no_function() {
    let Some(nvrtc) = compiler() else { return };
    let all = every_instruction();
    let named = |&op: &Op| {
        let &(_, dtype, out) = all.iter().rev().find(|(other, ..)| *other == op)?;
        let program = single(op, dtype, out);
        (map_name(&program) != "map_copy").then(|| dense_map(&map_name(&program), &program))
    };
    let sources: Vec<Source> = Op::ALL.iter().filter_map(named).collect();
    nvrtc.compile(&joined(&sources), Target::Ptx, 80).unwrap();
}

#[test]
fn every_reduction_in_every_form_compiles() {
    let Some(nvrtc) = compiler() else { return };
    let ops = [
        ReduceOp::Sum,
        ReduceOp::Prod,
        ReduceOp::Max,
        ReduceOp::Min,
        ReduceOp::Any,
        ReduceOp::All,
        ReduceOp::ArgMax,
        ReduceOp::ArgMin,
    ];
    let forms: [(&str, &[usize], &[usize]); 6] = [
        ("warp", &[50, 10], &[1]),
        ("block", &[3, 5000], &[1]),
        ("columns", &[100, 40], &[0]),
        ("full", &[700, 700], &[0, 1]),
        ("tall", &[10_000, 40], &[0]),
        ("middle", &[8, 9, 10, 11], &[1, 3]),
    ];
    let mut sources = Vec::new();
    for (i, op) in ops.into_iter().enumerate() {
        for (j, dtype) in Dtype::ALL.into_iter().enumerate() {
            if matches!(op, ReduceOp::Any | ReduceOp::All) && dtype != Dtype::Bool {
                continue;
            }
            // Every operation in every dtype, and in every form; not every dtype in every form.
            let all_forms = matches!(dtype, Dtype::Bool | Dtype::BF16);
            for (form, shape, axes) in
                forms.iter().enumerate().filter(|(k, _)| all_forms || *k == (i + j) % 6).map(|f| f.1)
            {
                let program = Program { inputs: vec![dtype], ..Program::default() };
                let mut result = rows(shape);
                axes.iter().for_each(|&axis| result[axis] = 0);
                let layout = ReduceLayout::new(&program, shape, axes, &[&rows(shape), &result]);
                let name = format!("{}_{dtype}_{form}", op.name());
                sources.push(reduce(&name, &program, op, Value::Input(0), &layout.class).unwrap());
            }
        }
    }
    compiles(&nvrtc, &joined(&sources));
}

/// A float kernel that computes in double anywhere is 2 to 64 times slower on a GPU, and its bits are not float's.
#[test]
fn float_kernels_hold_no_double() {
    let Some(nvrtc) = compiler() else { return };
    // CUDA's own reduction of huge angles is in double, and so are functions too rare to be worth a float form.
    let may = |op| matches!(op, Op::Sin | Op::Cos | Op::Tan | Op::Cast | Op::Digamma | Op::Polygamma);
    let float = |dtype| matches!(dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16);
    let mut instructions = every_instruction();
    instructions.retain(|&(op, dtype, out)| float(dtype) && out != Dtype::F64 && !may(op));
    let ptx = nvrtc.compile(&joined(&grouped_maps(&instructions)), Target::Ptx, 80).unwrap();
    let text = String::from_utf8(ptx.code).unwrap();
    if let Some(line) = text.lines().find(|line| line.contains(".f64")) {
        panic!("{line}\n{text}");
    }
}

#[test]
fn a_mistake_is_an_error_with_the_compilers_words() {
    let Some(nvrtc) = compiler() else { return };
    let mut source = dense_map("broken", &single(Op::Exp, Dtype::F32, Dtype::F32));
    source.body = source.body.replace("expf", "no_such_function");
    let error = nvrtc.compile(&source, Target::Ptx, 80).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Device);
    assert!(error.to_string().contains("broken.cu") && error.to_string().contains("no_such_function"), "{error}");
    source.body.push('\0');
    assert_eq!(nvrtc.compile(&source, Target::Ptx, 80).unwrap_err().kind(), ErrorKind::InvalidValue);
}

#[test]
fn the_second_compilation_comes_from_the_disk() {
    let Some(nvrtc) = compiler() else { return };
    let folder = std::env::temp_dir().join(format!("chainer-nvrtc-test-{}", std::process::id()));
    let nvrtc = nvrtc.with_cache(Some(folder.clone()));
    let source = dense_map("cached", &single(Op::Exp, Dtype::F32, Dtype::F32));
    let first = nvrtc.compile(&source, Target::Cubin, 80).unwrap();
    let second = nvrtc.compile(&source, Target::Cubin, 80).unwrap();
    assert_eq!((first.cached, second.cached), (false, true));
    assert_eq!(first.code, second.code);
    // Another architecture, target or text is another entry.
    assert!(!nvrtc.compile(&source, Target::Cubin, 90).unwrap().cached);
    assert!(!nvrtc.compile(&source, Target::Ptx, 80).unwrap().cached);
    let other = dense_map("cached", &single(Op::Log, Dtype::F32, Dtype::F32));
    assert!(!nvrtc.compile(&other, Target::Cubin, 80).unwrap().cached);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// An array's strides over a shape: dense, transposed, broadcast along some axes, or with gaps and backwards.
fn any_strides(shape: Vec<usize>) -> impl Strategy<Value = Strides> {
    let axes = shape.len();
    (0..4u8, prop::collection::vec(any::<bool>(), axes)).prop_map(move |(kind, flags)| {
        let mut strides = rows(&shape);
        match kind {
            0 => {}
            1 => {
                let reversed: Vec<usize> = shape.iter().rev().copied().collect();
                strides = rows(&reversed).into_iter().rev().collect();
            }
            2 => strides.iter_mut().zip(&flags).for_each(|(stride, &fixed)| *stride *= !fixed as isize),
            _ => strides.iter_mut().zip(&flags).for_each(|(stride, &back)| *stride *= if back { -2 } else { 2 }),
        }
        strides
    })
}

/// A program of some instructions whose operands have the right dtypes (by casts), with one to three outputs.
pub(super) fn any_program(instructions: Vec<(Op, Dtype, Dtype)>) -> impl Strategy<Value = Program> {
    let dtype = prop::sample::select(Dtype::ALL.to_vec());
    let instruction = prop::sample::select(instructions);
    let choices = prop::collection::vec((instruction, any::<[prop::sample::Index; 3]>()), 1..12);
    let inputs = prop::collection::vec(dtype.clone(), 1..4);
    let outputs = prop::collection::vec(any::<prop::sample::Index>(), 1..4);
    (inputs, prop::collection::vec(dtype, 0..3), choices, outputs).prop_map(|(inputs, scalars, choices, outputs)| {
        let mut r = Recorder::default();
        let mut values: Vec<Value> = inputs.into_iter().map(|dtype| r.input(dtype)).collect();
        values.extend(scalars.into_iter().map(|dtype| r.scalar(dtype)));
        let (seed, offset) = (r.scalar(Dtype::U64), r.scalar(Dtype::U64));
        for ((op, dtype, out), picks) in choices {
            let operands: Vec<Value> = match op {
                Op::Uniform | Op::Normal => vec![seed, offset],
                _ => (0..op.arity())
                    .map(|i| {
                        let value = *picks[i].get(&values);
                        let wanted = if op == Op::Select && i == 0 { Dtype::Bool } else { dtype };
                        let has = r.0.dtype(value);
                        if has == wanted { value } else { r.instr(Op::Cast, has, wanted, &[value]) }
                    })
                    .collect(),
            };
            values.push(r.instr(op, dtype, out, &operands));
        }
        let mut written: Vec<u16> = outputs.iter().map(|pick| pick.index(r.0.instrs.len()) as u16).collect();
        written.sort_unstable();
        written.dedup();
        r.0.outputs = written;
        r.0
    })
}

/// A program with a shape and the strides of its operands.
fn any_case() -> impl Strategy<Value = (Program, Vec<usize>, Vec<Strides>, Vec<bool>)> {
    (any_program(every_instruction()), prop::collection::vec(1usize..5, 0..4)).prop_flat_map(|(program, shape)| {
        let operands = program.inputs.len() + program.outputs.len() + 1;
        let strides = prop::collection::vec(any_strides(shape.clone()), operands);
        let reduced = prop::collection::vec(any::<bool>(), shape.len());
        (Just(program), Just(shape), strides, reduced)
    })
}

#[test]
fn random_programs_compile() {
    let Some(nvrtc) = compiler() else { return };
    // Many small programs in few compilations.
    let mut runner = TestRunner::deterministic();
    let mut sources = Vec::new();
    for i in 0..60 {
        let (program, shape, strides, reduced) = any_case().new_tree(&mut runner).unwrap().current();
        let operands: Vec<&[isize]> = strides.iter().map(|s| &s[..]).collect();
        let mut layout = Layout::map(&shape, &operands[..operands.len() - 1]);
        // Arrays beyond 32 bits do not fit here, but their kernels do.
        layout.class.wide = i % 4 == 0;
        sources.push(map(&format!("map{i}"), &program, &layout.class).unwrap());

        let axes: Vec<usize> = (0..shape.len()).filter(|&axis| reduced[axis]).collect();
        let mut layout = ReduceLayout::new(&program, &shape, &axes, &operands);
        layout.class.class.wide = i % 4 == 0;
        layout.class.two_passes = i % 3 == 0;
        let value = Value::Instr(program.outputs[0]);
        sources.push(reduce(&format!("reduce{i}"), &program, ReduceOp::Max, value, &layout.class).unwrap());
    }
    compiles(&nvrtc, &joined(&sources));
}
