//! Elementwise work on a product or convolution that nothing else reads is done where that is computed, block by block while it is in
//! cache.

use smallvec::SmallVec;

use super::super::ir::{Graph, Operand, Operation};
use super::super::program::{Builder, Code};
use crate::kernel::{Epilogue, Kernel, Map};
use crate::program::Value;

pub(super) fn run(graph: &mut Graph) {
    let (readers, writers) = (graph.readers(), graph.writers());
    let mut taken = vec![false; graph.ops.len()];
    // What replaces a leaf is written over it, which this kernel cannot do: its blocks may be read again.
    let replaces = |op: &Operation| {
        let new = |tensor| graph.updates.iter().any(|update| graph.results[update.result as usize].tensor == tensor);
        op.outputs.iter().any(|output| new(output.tensor))
    };
    let stays: Vec<bool> = graph.ops.iter().map(replaces).collect();
    for i in (0..graph.ops.len()).filter(|&i| !stays[i]) {
        let Kernel::Map(map) = &graph.ops[i].kernel else { continue };
        let product = graph.ops[i].inputs.iter().find_map(|input| {
            let writer = writers[input.tensor.index()]?.0 as usize;
            let op = &graph.ops[writer];
            // A result is read outside, too.
            let alone = readers[input.tensor.index()] == 1;
            let whole = input.shape == map.shape
                && op.outputs[0].shape == map.shape
                && input.is_whole(graph.tensors[input.tensor.index()].size);
            (takes_work(graph, op) && alone && whole && !taken[writer]).then_some(writer)
        });
        let Some(product) = product else { continue };
        if let Some(fused) = fused(&graph.ops[product], &graph.ops[i]) {
            graph.ops[i] = fused;
            taken[product] = true;
        }
    }
    let mut at = 0;
    graph.ops.retain(|_| {
        at += 1;
        !taken[at - 1]
    });
}

/// Products, and convolutions by windows (of single elements they are no faster so) whose results do not stay in cache by themselves.
fn takes_work(graph: &Graph, op: &Operation) -> bool {
    match &op.kernel {
        Kernel::MatMul => true,
        Kernel::Conv(_) => {
            let window: usize = op.inputs[1].shape[2..].iter().product();
            window > 1 && graph.tensors[op.outputs[0].tensor.index()].bytes() > LARGE
        }
        _ => false,
    }
}

/// Bytes beyond which a convolution's result leaves the cache before it is read again.
const LARGE: usize = 512 << 10;

/// The product with the work on it.
fn fused(product: &Operation, map: &Operation) -> Option<Operation> {
    let Kernel::Map(Map { program, scalars, .. }) = &map.kernel else { return None };
    let code = Code { program: program.clone(), scalars: scalars.clone(), live: map.live.clone() };
    let made = product.outputs[0].tensor;
    let dtype = program.inputs[map.inputs.iter().position(|input| input.tensor == made)?];
    let mut builder = Builder::default();
    // The product is the first input.
    let first = builder.input(dtype);
    let mut others: Vec<Operand> = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    for (input, &dtype) in map.inputs.iter().zip(&program.inputs) {
        values.push(if input.tensor == made {
            first
        } else {
            others.push(input.clone());
            builder.input(dtype)
        });
    }
    let instrs = builder.append(&code, &values);
    let outputs: Vec<Value> = program.outputs.iter().map(|at| instrs[*at as usize]).collect();
    if !outputs.windows(2).all(|pair| matches!(pair, [Value::Instr(a), Value::Instr(b)] if a < b)) {
        return None;
    }
    let built = builder.finish(&[], &outputs);
    if !built.kept_inputs[0] {
        return None;
    }
    let kept = others.into_iter().zip(&built.kept_inputs[1..]).filter(|(_, kept)| **kept).map(|(operand, _)| operand);
    let inputs: SmallVec<[Operand; 4]> = product.inputs.iter().cloned().chain(kept).collect();
    let epilogue = Epilogue { program: built.code.program, scalars: built.code.scalars };
    let kernel = match &product.kernel {
        Kernel::Conv(conv) => Kernel::ConvMap(conv.clone(), epilogue),
        _ => Kernel::MatMulMap(epilogue),
    };
    Some(Operation { kernel, live: built.code.live, inputs, outputs: map.outputs.clone() })
}
