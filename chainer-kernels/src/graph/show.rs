//! A graph for people: a line for each kernel, and DOT.

use std::fmt::{self, Write};

use petgraph::dot::{Config, Dot};

use super::ir::{Graph, Leaf, Operand, Operation};

impl Graph {
    /// What is known of a window: `%3 float32(100, 10)`.
    fn label(&self, operand: &Operand) -> String {
        let tensor = &self.tensors[operand.tensor.index()];
        let name = match tensor.leaf {
            Some(Leaf::Bound(number)) => format!("@{number}"),
            Some(Leaf::Constant(_)) => "const".to_owned(),
            None => format!("%{}", operand.tensor.0),
        };
        let window = if operand.is_whole(tensor.size) { "" } else { " window" };
        format!("{name} {}{:?}{window}", tensor.dtype, operand.shape)
    }

    /// What an operation does: `%3 float32(100, 10) = matmul(@0 float32(100, 20), const float32(20, 10))`.
    pub(super) fn line(&self, op: &Operation) -> String {
        let list = |operands: &[Operand]| operands.iter().map(|o| self.label(o)).collect::<Vec<_>>().join(", ");
        format!("{} = {}({})", list(&op.outputs), op.kernel.describe(&[], &[]), list(&op.inputs))
    }

    /// The graph in the DOT language of Graphviz: a node for each kernel, an edge for each tensor that one writes and another reads.
    pub fn to_dot(&self) -> String {
        let dag = self.dag();
        let node = |_: &petgraph::graph::DiGraph<_, _>, (_, op): (_, &super::ir::OpId)| {
            let op = &self.ops[op.0 as usize];
            let shape = op.outputs.first().map(|o| format!("{:?}", o.shape)).unwrap_or_default();
            format!("label = \"{}\\n{shape}\" shape = box", op.kernel.describe(&[], &[]).replace('"', "'"))
        };
        let edge = |_: &petgraph::graph::DiGraph<_, _>,
                    edge: petgraph::graph::EdgeReference<'_, super::ir::TensorId>| {
            let tensor = &self.tensors[edge.weight().index()];
            format!("label = \"{} × {}\"", tensor.dtype, tensor.size)
        };
        let mut text = String::new();
        let _ = write!(
            text,
            "{:?}",
            Dot::with_attr_getters(&dag, &[Config::NodeNoLabel, Config::EdgeNoLabel], &edge, &node)
        );
        text
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for op in &self.ops {
            writeln!(f, "{}", self.line(op))?;
        }
        let results: Vec<String> = self.results.iter().map(|result| self.label(result)).collect();
        write!(f, "return {}", results.join(", "))
    }
}
