//! Little elementwise work on something that is then stretched over a larger space is done there: reading the small array and writing the
//! result cost a kernel, the work itself next to nothing.

use super::super::ir::{Graph, Operand, Operation};
use super::super::program::{Builder, Code};
use crate::kernel::{Kernel, Map, Reduce};
use crate::op::Op;
use crate::program::Value;
use crate::shape::Strides;

/// Instructions that may be repeated for every element of the larger space.
const INSTRUCTIONS: usize = 2;

pub(super) fn run(graph: &mut Graph) {
    let escapes = graph.escapes();
    for small in 0..graph.ops.len() {
        if !repeatable(&graph.ops[small]) {
            continue;
        }
        let made = graph.ops[small].outputs[0].clone();
        if escapes[made.tensor.index()] {
            continue;
        }
        let reads = |op: &Operation| op.inputs.iter().any(|input| input.tensor == made.tensor);
        let readers: Vec<usize> = (0..graph.ops.len()).filter(|&i| reads(&graph.ops[i])).collect();
        let new: Option<Vec<Operation>> =
            readers.iter().map(|&reader| inlined(&graph.ops[small], &made, &graph.ops[reader])).collect();
        for (reader, op) in readers.into_iter().zip(new.unwrap_or_default()) {
            graph.ops[reader] = op;
        }
    }
}

/// A map with one result and few instructions, of which none draws numbers or knows its place.
fn repeatable(op: &Operation) -> bool {
    let Kernel::Map(Map { program, .. }) = &op.kernel else { return false };
    let plain = |op: Op| !matches!(op, Op::Uniform | Op::Normal | Op::Index) && op.flops() <= 1;
    op.outputs.len() == 1
        && !op.inputs.is_empty()
        && program.instrs.len() <= INSTRUCTIONS
        && program.instrs.iter().all(|instr| plain(instr.op))
}

/// The reader with the small work done in its own space; `None` where that cannot be.
fn inlined(small: &Operation, made: &Operand, reader: &Operation) -> Option<Operation> {
    let Kernel::Map(Map { program: small_program, scalars, .. }) = &small.kernel else { return None };
    let small_code = Code { program: small_program.clone(), scalars: scalars.clone(), live: small.live.clone() };
    let code = match &reader.kernel {
        Kernel::Map(Map { program, scalars, .. }) | Kernel::Reduce(Reduce { program, scalars, .. }) => {
            Code { program: program.clone(), scalars: scalars.clone(), live: reader.live.clone() }
        }
        _ => return None,
    };
    let mut builder = Builder::default();
    let mut inputs: Vec<Operand> = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    for (input, &dtype) in reader.inputs.iter().zip(&code.program.inputs) {
        if input.tensor != made.tensor {
            inputs.push(input.clone());
            values.push(builder.input(dtype));
            continue;
        }
        let mut own = Vec::with_capacity(small.inputs.len());
        for (operand, &dtype) in small.inputs.iter().zip(&small_code.program.inputs) {
            inputs.push(stretched(operand, made, input)?);
            own.push(builder.input(dtype));
        }
        let instrs = builder.append(&small_code, &own);
        values.push(instrs[small_code.program.outputs[0] as usize]);
    }
    let instrs = builder.append(&code, &values);
    let outputs: Vec<Value> = code.program.outputs.iter().map(|at| instrs[*at as usize]).collect();
    let ascending = outputs.windows(2).all(|pair| matches!(pair, [Value::Instr(a), Value::Instr(b)] if a < b));
    if !ascending {
        return None;
    }
    let reduced: Vec<Value> = match &reader.kernel {
        Kernel::Reduce(reduce) => vec![match reduce.value {
            Value::Input(i) => values[i as usize],
            Value::Instr(i) => instrs[i as usize],
            Value::Scalar(_) => return None,
        }],
        _ => Vec::new(),
    };
    let built = builder.finish(&reduced, &outputs);
    let kept = inputs.into_iter().zip(&built.kept_inputs).filter(|(_, kept)| **kept).map(|(operand, _)| operand);
    let (program, scalars) = (built.code.program, built.code.scalars);
    let kernel = match &reader.kernel {
        Kernel::Map(map) => Kernel::Map(Map { program, scalars, shape: map.shape.clone() }),
        Kernel::Reduce(reduce) => Kernel::Reduce(Reduce { program, scalars, value: built.values[0], ..reduce.clone() }),
        _ => return None,
    };
    Some(Operation { kernel, live: built.code.live, inputs: kept.collect(), outputs: reader.outputs.clone() })
}

/// `operand`, element by element what `made` was made of, as the window `seen` on `made` sees it.
fn stretched(operand: &Operand, made: &Operand, seen: &Operand) -> Option<Operand> {
    if seen.offset != 0 {
        return None;
    }
    let mut taken = vec![false; made.shape.ndim()];
    let mut strides = Strides::new();
    for (&size, &stride) in seen.shape.iter().zip(&seen.strides) {
        if stride == 0 || size == 1 {
            strides.push(0);
            continue;
        }
        // The axis of the small space that this one walks along.
        let axis =
            (0..taken.len()).find(|&axis| !taken[axis] && made.strides[axis] == stride && made.shape[axis] == size)?;
        taken[axis] = true;
        strides.push(operand.strides[axis]);
    }
    Some(Operand { tensor: operand.tensor, shape: seen.shape.clone(), strides, offset: operand.offset })
}
