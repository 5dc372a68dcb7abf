//! Tests of the emitter: snapshots of its text, compilation of everything that it can write by the real NVRTC, and execution on
//! the host.

mod compile;
mod host;
mod snapshots;

use crate::Shape;
use crate::cuda::{HEADERS, Source};
use crate::dtype::Dtype;
use crate::op::{Op, Rule};
use crate::program::{Instr, Program, Value};
use crate::shape::Strides;

/// Builds programs in tests.
#[derive(Default)]
pub(super) struct Recorder(pub Program);

impl Recorder {
    pub(super) fn input(&mut self, dtype: Dtype) -> Value {
        self.0.inputs.push(dtype);
        Value::Input(self.0.inputs.len() as u16 - 1)
    }

    pub(super) fn scalar(&mut self, dtype: Dtype) -> Value {
        self.0.scalars.push(dtype);
        Value::Scalar(self.0.scalars.len() as u16 - 1)
    }

    /// An instruction that computes in `dtype` and returns `out`.
    pub(super) fn instr(&mut self, op: Op, dtype: Dtype, out: Dtype, operands: &[Value]) -> Value {
        let mut args = [Value::Scalar(0); 3];
        args[..operands.len()].copy_from_slice(operands);
        self.0.instrs.push(Instr { op, dtype, out, args });
        Value::Instr(self.0.instrs.len() as u16 - 1)
    }

    /// An instruction whose dtypes follow from its last operand.
    pub(super) fn op(&mut self, op: Op, operands: &[Value]) -> Value {
        let dtype = self.0.dtype(operands[operands.len() - 1]);
        let (dtype, out) = if op == Op::Select { (dtype, dtype) } else { op.dtypes(dtype).unwrap() };
        self.instr(op, dtype, out, operands)
    }

    pub(super) fn write(&mut self, value: Value) {
        let Value::Instr(i) = value else { panic!("only instructions are written") };
        self.0.outputs.push(i);
    }
}

/// Row-major strides.
pub(super) fn rows(shape: &[usize]) -> Strides {
    Shape::new(shape).strides()
}

/// Every operation with every pair of dtypes that the recorder may give it: (operation, dtype, dtype of the result).
pub(super) fn every_instruction() -> Vec<(Op, Dtype, Dtype)> {
    let mut all = Vec::new();
    for &op in Op::ALL {
        for dtype in Dtype::ALL {
            match (op, op.rule()) {
                (Op::Uniform | Op::Normal, _) if !dtype.is_float() => {}
                (Op::Index, _) => all.push((op, Dtype::I64, dtype)),
                (Op::Uniform | Op::Normal, _) => all.push((op, Dtype::U64, dtype)),
                (Op::Cast, _) => all.extend(Dtype::ALL.map(|out| (op, dtype, out))),
                (Op::FrexpExponent, _) if dtype.is_float() => all.push((op, dtype, Dtype::I32)),
                (Op::Select, _) => all.push((op, dtype, dtype)),
                (_, Rule::Special) => {}
                // Several dtypes are computed in the same one; it counts once.
                _ => all.extend(op.dtypes(dtype).map(|(dtype, out)| (op, dtype, out))),
            }
        }
    }
    all.sort();
    all.dedup();
    all
}

/// A program of one instruction, over as many inputs as it has operands.
pub(super) fn single(op: Op, dtype: Dtype, out: Dtype) -> Program {
    grouped(&[(op, dtype, out)])
}

/// A program of several instructions, each over inputs and with an output of its own.
pub(super) fn grouped(instructions: &[(Op, Dtype, Dtype)]) -> Program {
    let mut recorder = Recorder::default();
    for &(op, dtype, out) in instructions {
        let operands: Vec<Value> = match op {
            Op::Uniform | Op::Normal => vec![recorder.scalar(Dtype::U64), recorder.scalar(Dtype::U64)],
            Op::Select => vec![recorder.input(Dtype::Bool), recorder.input(dtype), recorder.input(dtype)],
            _ => (0..op.arity()).map(|_| recorder.input(dtype)).collect(),
        };
        let value = recorder.instr(op, dtype, out, &operands);
        recorder.write(value);
    }
    recorder.0
}

/// How many instructions a grouped program has: fewer kernels compile faster.
pub(super) const GROUP: usize = 8;

/// Several generated files as one, which compiles faster.
pub(super) fn joined(sources: &[Source]) -> Source {
    let used = |header: &&str| sources.iter().any(|source| source.headers.contains(header));
    Source {
        headers: HEADERS.iter().map(|(name, _)| *name).filter(|header| used(header)).collect(),
        body: sources.iter().map(|source| source.body.as_str()).collect::<Vec<_>>().join("\n"),
        entries: sources.iter().flat_map(|source| source.entries.clone()).collect(),
    }
}
