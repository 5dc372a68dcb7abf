//! Fused programs taken apart and put together.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::number::LiveSlots;
use crate::dtype::Dtype;
use crate::op::Op;
use crate::program::{Instr, Program, ScalarBits, Value};

/// A program with the values of its scalars.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) program: Arc<Program>,
    pub(super) scalars: SmallVec<[ScalarBits; 8]>,
    pub(super) live: LiveSlots,
}

/// Puts one program together of several. What two of them compute alike is computed once.
#[derive(Default)]
pub(super) struct Builder {
    inputs: Vec<Dtype>,
    scalars: Vec<Dtype>,
    bits: SmallVec<[ScalarBits; 8]>,
    live: LiveSlots,
    instrs: Vec<Instr>,
    known: FxHashMap<Instr, u16>,
}

/// What [`Builder::finish`] makes.
pub(super) struct Built {
    pub(super) code: Code,
    /// For each input of the builder, whether the program still has it.
    pub(super) kept_inputs: Vec<bool>,
    /// The values that were asked for, as the program calls them.
    pub(super) values: Vec<Value>,
}

impl Builder {
    /// One more input array.
    pub(super) fn input(&mut self, dtype: Dtype) -> Value {
        self.inputs.push(dtype);
        Value::Input(self.inputs.len() as u16 - 1)
    }

    /// An instruction of its own that repeats a value.
    pub(super) fn copy(&mut self, value: Value, dtype: Dtype) -> Value {
        let args = [value, Value::Scalar(0), Value::Scalar(0)];
        self.instrs.push(Instr { op: Op::Identity, dtype, out: dtype, args });
        Value::Instr(self.instrs.len() as u16 - 1)
    }

    /// Appends a program whose inputs are these values. Returns what its instructions have become.
    pub(super) fn append(&mut self, code: &Code, inputs: &[Value]) -> Vec<Value> {
        let scalars: Vec<Value> = (0..code.scalars.len()).map(|i| self.scalar(code, i)).collect();
        let mut values: Vec<Value> = Vec::with_capacity(code.program.instrs.len());
        for instr in &code.program.instrs {
            let mut moved = *instr;
            for (place, arg) in moved.args.iter_mut().enumerate() {
                *arg = match *arg {
                    // Operands that do not count stay `Scalar(0)`, so that equal instructions are equal.
                    _ if place >= instr.op.arity() => Value::Scalar(0),
                    Value::Input(i) => inputs[i as usize],
                    Value::Scalar(i) => scalars[i as usize],
                    Value::Instr(i) => values[i as usize],
                };
            }
            let next = self.instrs.len() as u16;
            let at = *self.known.entry(moved).or_insert(next);
            if at == next {
                self.instrs.push(moved);
            }
            values.push(Value::Instr(at));
        }
        values
    }

    fn scalar(&mut self, code: &Code, i: usize) -> Value {
        let (bits, dtype) = (code.scalars[i], code.program.scalars[i]);
        let source = code.live.iter().find(|(slot, _)| *slot as usize == i).map(|(_, source)| *source);
        let source_of = |at: usize| self.live.iter().find(|(slot, _)| *slot as usize == at).map(|(_, source)| *source);
        let same = |at: &usize| {
            self.scalars[*at] == dtype && source_of(*at) == source && (source.is_some() || self.bits[*at] == bits)
        };
        let at = (0..self.bits.len()).find(same).unwrap_or_else(|| {
            self.bits.push(bits);
            self.scalars.push(dtype);
            self.live.extend(source.map(|source| (self.bits.len() as u16 - 1, source)));
            self.bits.len() - 1
        });
        Value::Scalar(at as u16)
    }

    /// The program that computes `values` and writes `outputs`, which are among them and instructions, without what neither needs.
    pub(super) fn finish(self, values: &[Value], outputs: &[Value]) -> Built {
        let mut needed = vec![false; self.instrs.len()];
        for value in values.iter().chain(outputs) {
            if let Value::Instr(i) = value {
                needed[*i as usize] = true;
            }
        }
        for i in (0..needed.len()).rev() {
            if needed[i] {
                for operand in self.instrs[i].operands() {
                    if let Value::Instr(j) = operand {
                        needed[*j as usize] = true;
                    }
                }
            }
        }
        let operands = || {
            let read = (0..needed.len()).filter(|&i| needed[i]).flat_map(|i| self.instrs[i].operands().iter().copied());
            read.chain(values.iter().copied())
        };
        let used = |n: usize, of: fn(Value) -> Option<u16>| {
            let mut used = vec![false; n];
            operands().filter_map(of).for_each(|i| used[i as usize] = true);
            used
        };
        let kept_inputs = used(self.inputs.len(), |v| if let Value::Input(i) = v { Some(i) } else { None });
        let kept_scalars = used(self.scalars.len(), |v| if let Value::Scalar(i) = v { Some(i) } else { None });
        let (inputs, scalars, instrs) = (places(&kept_inputs), places(&kept_scalars), places(&needed));
        let moved = |value: Value| match value {
            Value::Input(i) => Value::Input(inputs[i as usize]),
            Value::Scalar(i) => Value::Scalar(scalars[i as usize]),
            Value::Instr(i) => Value::Instr(instrs[i as usize]),
        };
        let program = Program::new(
            kept(&self.inputs, &kept_inputs),
            kept(&self.scalars, &kept_scalars),
            kept(&self.instrs, &needed)
                .into_iter()
                .map(|instr| {
                    let arity = instr.op.arity();
                    let mut place = 0;
                    let args = instr.args.map(|arg| {
                        place += 1;
                        if place > arity { Value::Scalar(0) } else { moved(arg) }
                    });
                    Instr { args, ..instr }
                })
                .collect(),
            {
                let mut written: Vec<u16> = outputs
                    .iter()
                    .filter_map(|v| if let Value::Instr(i) = moved(*v) { Some(i) } else { None })
                    .collect();
                written.sort_unstable();
                written.dedup();
                written
            },
        );
        let live = self.live.iter().filter(|(slot, _)| kept_scalars[*slot as usize]);
        let code = Code {
            program: Arc::new(program),
            scalars: kept(&self.bits, &kept_scalars).into(),
            live: live.map(|(slot, source)| (scalars[*slot as usize], *source)).collect(),
        };
        Built { code, kept_inputs, values: values.iter().map(|v| moved(*v)).collect() }
    }
}

/// Where each kept element comes to stand.
fn places(kept: &[bool]) -> Vec<u16> {
    let mut next = 0;
    let place = |&kept: &bool| {
        next += kept as u16;
        next - kept as u16
    };
    kept.iter().map(place).collect()
}

fn kept<T: Copy>(all: &[T], kept: &[bool]) -> Vec<T> {
    all.iter().zip(kept).filter(|(_, kept)| **kept).map(|(x, _)| *x).collect()
}
