//! Axes of size 1 leave the index spaces of elementwise work, so that what only differs in them can be fused.

use super::super::ir::{Graph, Operand};
use crate::kernel::Kernel;
use crate::shape::Shape;

pub(super) fn run(graph: &mut Graph) {
    for op in &mut graph.ops {
        let keep: Vec<bool> = match &mut op.kernel {
            Kernel::Map(map) => {
                let keep: Vec<bool> = map.shape.iter().map(|&size| size != 1).collect();
                map.shape = kept(&map.shape, &keep);
                keep
            }
            Kernel::Reduce(reduce) => {
                let mut keep: Vec<bool> = reduce.shape.iter().map(|&size| size != 1).collect();
                // A reduction over nothing would be another one.
                if let Some(&first) = reduce.axes.first()
                    && reduce.axes.iter().all(|&axis| !keep[axis])
                {
                    keep[first] = true;
                }
                let place = |axis: usize| keep[..axis].iter().filter(|keep| **keep).count();
                reduce.axes = reduce.axes.iter().filter(|&&axis| keep[axis]).map(|&axis| place(axis)).collect();
                reduce.shape = kept(&reduce.shape, &keep);
                keep
            }
            _ => continue,
        };
        for operand in op.inputs.iter_mut().chain(&mut op.outputs) {
            squeeze(operand, &keep);
        }
    }
}

fn squeeze(operand: &mut Operand, keep: &[bool]) {
    operand.shape = kept(&operand.shape, keep);
    let strides = operand.strides.iter().zip(keep).filter(|(_, keep)| **keep).map(|(stride, _)| *stride);
    operand.strides = strides.collect();
}

fn kept(shape: &Shape, keep: &[bool]) -> Shape {
    shape.iter().zip(keep).filter(|(_, keep)| **keep).map(|(size, _)| *size).collect()
}
