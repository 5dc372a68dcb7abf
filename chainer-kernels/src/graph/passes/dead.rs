//! Operations that nobody needs go, and outputs of elementwise programs that nobody reads.

use super::super::ir::{Graph, Operation};
use super::super::program::{Builder, Code};
use crate::kernel::{Kernel, Map, Reduce};
use crate::program::Value;

pub(super) fn run(graph: &mut Graph) {
    let mut needed = graph.escapes();
    let mut kept: Vec<Operation> = Vec::with_capacity(graph.ops.len());
    for mut op in std::mem::take(&mut graph.ops).into_iter().rev() {
        let is_needed = |k: usize| needed[op.outputs[k].tensor.index()];
        if !(0..op.outputs.len()).any(is_needed) {
            continue;
        }
        let unread: Vec<bool> = (0..op.outputs.len()).map(|k| !is_needed(k)).collect();
        if unread.contains(&true) {
            trim(&mut op, &unread);
        }
        for input in &op.inputs {
            needed[input.tensor.index()] = true;
        }
        kept.push(op);
    }
    kept.reverse();
    graph.ops = kept;
}

/// Takes the outputs that nobody reads from an elementwise program. The result of a reduction and the outputs of other kernels stay.
fn trim(op: &mut Operation, unread: &[bool]) {
    let (code, first) = match &op.kernel {
        Kernel::Map(Map { program, scalars, .. }) => {
            (Code { program: program.clone(), scalars: scalars.clone(), live: op.live.clone() }, 0)
        }
        Kernel::Reduce(Reduce { program, scalars, .. }) if !unread[0] => {
            (Code { program: program.clone(), scalars: scalars.clone(), live: op.live.clone() }, 1)
        }
        _ => return,
    };
    let mut builder = Builder::default();
    let inputs: Vec<Value> = code.program.inputs.iter().map(|&dtype| builder.input(dtype)).collect();
    let instrs = builder.append(&code, &inputs);
    let outputs = code.program.outputs.iter().zip(&unread[first..]).filter(|(_, unread)| !**unread);
    let outputs: Vec<Value> = outputs.map(|(at, _)| instrs[*at as usize]).collect();
    // Two outputs of equal value would become one: leave such a program alone.
    let mut different = outputs.clone();
    different.sort_unstable_by_key(|v| if let Value::Instr(i) = v { *i } else { u16::MAX });
    different.dedup();
    if different.len() != outputs.len() || different != outputs {
        return;
    }
    let reduced = match &op.kernel {
        Kernel::Reduce(reduce) => Some(match reduce.value {
            Value::Instr(i) => instrs[i as usize],
            Value::Input(i) => inputs[i as usize],
            scalar => scalar,
        }),
        _ => None,
    };
    if matches!(reduced, Some(Value::Scalar(_))) {
        return;
    }
    let values: Vec<Value> = reduced.into_iter().collect();
    let built = builder.finish(&values, &outputs);
    match &mut op.kernel {
        Kernel::Map(map) => (map.program, map.scalars) = (built.code.program, built.code.scalars),
        Kernel::Reduce(reduce) => {
            (reduce.program, reduce.scalars) = (built.code.program, built.code.scalars);
            reduce.value = built.values[0];
        }
        _ => {}
    }
    op.live = built.code.live;
    let mut at = 0;
    op.inputs.retain(|_| {
        at += 1;
        built.kept_inputs[at - 1]
    });
    at = 0;
    op.outputs.retain(|_| {
        at += 1;
        !unread[at - 1]
    });
}
