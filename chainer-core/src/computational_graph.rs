//! The graph of a computation as a drawing: [`build_computational_graph`] and DOT.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use crate::graph::{Creator, GraphNode, MapRecord, SavedOperand};
use crate::variable::type_label;
use crate::{AsVariables, Scalar};
use chainer_kernels::Op;

/// How nodes of one kind are drawn: DOT attributes and their values, in this order.
pub type NodeStyle = Vec<(String, String)>;

/// The direction of a drawing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RankDirection {
    /// Top to bottom.
    #[default]
    TopBottom,
    /// Bottom to top.
    BottomTop,
    /// Left to right.
    LeftRight,
    /// Right to left.
    RightLeft,
}

impl RankDirection {
    /// As DOT spells it: `TB`, `BT`, `LR` or `RL`.
    pub const fn name(self) -> &'static str {
        match self {
            RankDirection::TopBottom => "TB",
            RankDirection::BottomTop => "BT",
            RankDirection::LeftRight => "LR",
            RankDirection::RightLeft => "RL",
        }
    }
}

/// A node of a drawing.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct DrawnNode {
    /// The text in the node.
    pub label: String,
    /// Whether it stands for a function; otherwise for a variable.
    pub is_function: bool,
}

/// A graph of functions and variables, to be drawn. Its public fields say how; [`dump`](ComputationalGraph::dump) gives the text.
///
/// ```
/// use chainer::computational_graph::{build_computational_graph, RankDirection};
/// use chainer::{Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, 2.0])).with_name("x");
/// let mut graph = build_computational_graph([&(&x * &x).sum()]);
/// graph.rankdir = RankDirection::LeftRight;
/// let dot = graph.dump();
/// assert!(dot.starts_with("digraph graphname{rankdir=LR;"));
/// assert!(dot.contains("label=\"x: (2), float32\""));
/// assert!(dot.contains("label=\"_ * _\""));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ComputationalGraph {
    /// The nodes.
    pub nodes: Vec<DrawnNode>,
    /// The edges: indices into `nodes`, in the direction of the forward computation.
    pub edges: Vec<(usize, usize)>,
    /// How variables are drawn. Default: grey octagons.
    pub variable_style: NodeStyle,
    /// How functions are drawn. Default: blue records.
    pub function_style: NodeStyle,
    /// The direction.
    pub rankdir: RankDirection,
    /// Draws functions only.
    pub remove_variable: bool,
    /// Shows the names of variables.
    pub show_name: bool,
    names: Vec<Option<String>>,
}

fn style(pairs: &[(&str, &str)]) -> NodeStyle {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

/// The graph of everything that `outputs` were computed from, as far as it was recorded. Where the graph was cut
/// ([`unchain_backward`](crate::Variable::unchain_backward)) it ends.
///
/// See [`ComputationalGraph`] for an example.
pub fn build_computational_graph(outputs: impl AsVariables) -> ComputationalGraph {
    let mut builder = Builder::default();
    let mut work: Vec<Arc<GraphNode>> = Vec::new();
    for output in outputs.as_variables() {
        if let Some(node) = output.node {
            builder.variable(&node, &mut work);
        }
    }
    while let Some(node) = work.pop() {
        builder.expand(&node, &mut work);
    }
    let Builder { nodes, names, edges, .. } = builder;
    ComputationalGraph {
        nodes,
        edges,
        variable_style: style(&[("shape", "octagon"), ("style", "filled"), ("fillcolor", "#E0E0E0")]),
        function_style: style(&[("shape", "record"), ("style", "filled"), ("fillcolor", "#6495ED")]),
        rankdir: RankDirection::default(),
        remove_variable: false,
        show_name: true,
        names,
    }
}

#[derive(Default)]
struct Builder {
    nodes: Vec<DrawnNode>,
    names: Vec<Option<String>>,
    edges: Vec<(usize, usize)>,
    /// The drawn number of a graph node or a call, by address.
    numbers: HashMap<usize, usize>,
    /// Keeps every node that was numbered alive, so that no address is used twice.
    held: Vec<Arc<GraphNode>>,
}

impl Builder {
    fn add(&mut self, label: String, is_function: bool, name: Option<String>) -> usize {
        self.nodes.push(DrawnNode { label, is_function });
        self.names.push(name);
        self.nodes.len() - 1
    }

    /// The number of a variable; a new one is queued.
    fn variable(&mut self, node: &Arc<GraphNode>, work: &mut Vec<Arc<GraphNode>>) -> usize {
        let address = Arc::as_ptr(node).addr();
        if let Some(&number) = self.numbers.get(&address) {
            return number;
        }
        let name = node.lock().name.as_deref().map(str::to_owned);
        let number = self.add(type_label(&node.shape, node.dtype), false, name);
        self.numbers.insert(address, number);
        self.held.push(node.clone());
        work.push(node.clone());
        number
    }

    /// Draws the creator of a variable with its inputs.
    fn expand(&mut self, node: &Arc<GraphNode>, work: &mut Vec<Arc<GraphNode>>) {
        let own = self.variable(node, work);
        // What is needed is copied out: no two nodes are locked at once.
        enum Drawn {
            Map(String, Vec<Arc<GraphNode>>),
            Call(Arc<crate::graph::Call>),
        }
        let drawn = {
            let state = node.lock();
            match &state.creator {
                Creator::None => return,
                Creator::Map(record) => {
                    Drawn::Map(map_label(record), record.inputs.iter().flatten().cloned().collect())
                }
                Creator::Call(call, _) => Drawn::Call(call.clone()),
                Creator::FirstOrderOnly { name, .. } => Drawn::Map((*name).to_owned(), Vec::new()),
            }
        };
        match drawn {
            Drawn::Map(label, inputs) => {
                let function = self.add(label, true, None);
                self.edges.push((function, own));
                for input in &inputs {
                    let number = self.variable(input, work);
                    self.edges.push((number, function));
                }
            }
            Drawn::Call(call) => {
                let address = Arc::as_ptr(&call).addr();
                if let Some(&function) = self.numbers.get(&address) {
                    self.edges.push((function, own));
                    return;
                }
                let function = self.add(call.function.label().into_owned(), true, None);
                self.numbers.insert(address, function);
                self.edges.push((function, own));
                for (input, (shape, dtype)) in call.inputs.iter().zip(&call.input_types) {
                    let number = match input {
                        Some(input) => self.variable(input, work),
                        // A constant, such as a batch of data.
                        None => self.add(type_label(shape, *dtype), false, None),
                    };
                    self.edges.push((number, function));
                }
            }
        }
    }
}

impl ComputationalGraph {
    /// The graph in the DOT language, as `dot -Tpng` reads it.
    pub fn dump(&self) -> String {
        let mut text = format!("digraph graphname{{rankdir={};", self.rankdir.name());
        for (number, node) in self.nodes.iter().enumerate() {
            if self.remove_variable && !node.is_function {
                continue;
            }
            let style = if node.is_function { &self.function_style } else { &self.variable_style };
            let label = match &self.names[number] {
                Some(name) if self.show_name => format!("{name}: {}", node.label),
                _ => node.label.clone(),
            };
            let _ = write!(text, "{number} [label=\"{}\"", escape(&label, node.is_function));
            for (key, value) in style {
                let _ = write!(text, ", {key}=\"{}\"", escape(value, false));
            }
            text.push_str("];");
        }
        for (from, to) in self.drawn_edges() {
            let _ = write!(text, "{from} -> {to};");
        }
        text.push('}');
        text
    }

    /// The edges that are drawn: with the variables removed, from function to function.
    fn drawn_edges(&self) -> Vec<(usize, usize)> {
        if !self.remove_variable {
            return self.edges.clone();
        }
        let mut makers: HashMap<usize, usize> = HashMap::new();
        for &(from, to) in &self.edges {
            if self.nodes[from].is_function {
                makers.insert(to, from);
            }
        }
        let through = self.edges.iter().filter(|(from, _)| !self.nodes[*from].is_function);
        through.filter_map(|(variable, function)| Some((*makers.get(variable)?, *function))).collect()
    }
}

/// Text inside DOT's quotes; in a record's label some more characters have a meaning.
fn escape(text: &str, record: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '\\') || (record && matches!(c, '{' | '}' | '|' | '<' | '>')) {
            out.push('\\');
        }
        out.push(if c == '\n' { ' ' } else { c });
    }
    out
}

/// What a drawing shows of an operation; `None` for leaves.
pub(crate) fn creator_label(creator: &Creator) -> Option<String> {
    match creator {
        Creator::None => None,
        Creator::Map(record) => Some(map_label(record)),
        Creator::Call(call, _) => Some(call.function.label().into_owned()),
        Creator::FirstOrderOnly { name, .. } => Some((*name).to_owned()),
    }
}

/// Operators as they are written, with the number where one operand was one and was kept; other operations by their names.
fn map_label(record: &MapRecord) -> String {
    let operand = |i: usize| match &record.saved[i] {
        SavedOperand::Scalar(Scalar::Float(x)) => format!("{x:?}"),
        SavedOperand::Scalar(Scalar::Int(x)) => x.to_string(),
        SavedOperand::Scalar(Scalar::UInt(x)) => x.to_string(),
        SavedOperand::Scalar(Scalar::Bool(x)) => x.to_string(),
        _ => "_".to_owned(),
    };
    let symbol = match record.op {
        Op::Neg => return "-_".to_owned(),
        Op::Abs => return "|_|".to_owned(),
        Op::Add => "+",
        Op::Sub => "-",
        Op::Mul => "*",
        Op::Div => "/",
        Op::Remainder => "%",
        Op::Pow => "**",
        other => return other.name().to_owned(),
    };
    format!("{} {symbol} {}", operand(0), operand(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Array, Dtype, Variable, functions as F};

    #[test]
    fn a_shared_variable_is_drawn_once() {
        let x = Variable::new(Array::zeros([2, 3], Dtype::F32)).with_name("x");
        let y = &x * &x + 1.0;
        let graph = build_computational_graph([&F::sum(&y, None, false), &y]);
        let labels: Vec<&str> = graph.nodes.iter().map(|n| &n.label[..]).collect();
        assert_eq!(
            labels,
            ["float32", "(2, 3), float32", "_ + _", "(2, 3), float32", "_ * _", "(2, 3), float32", "sum"]
        );
        assert_eq!(graph.edges.len(), 7);
    }

    #[test]
    fn styles_names_and_variables_can_be_left_out() {
        let x = Variable::new(Array::zeros(3, Dtype::F32)).with_name("x \"quoted\"");
        let mut graph = build_computational_graph([&x.exp().sum()]);
        let dot = graph.dump();
        assert!(dot.contains(
            "label=\"x \\\"quoted\\\": (3), float32\", shape=\"octagon\", style=\"filled\", fillcolor=\"#E0E0E0\""
        ));
        assert!(dot.contains("label=\"exp\", shape=\"record\", style=\"filled\", fillcolor=\"#6495ED\""));
        graph.show_name = false;
        graph.variable_style.clear();
        assert!(graph.dump().contains("[label=\"(3), float32\"];"));
        graph.remove_variable = true;
        let dot = graph.dump();
        assert!(!dot.contains("float32"), "{dot}");
        assert_eq!(dot.matches("->").count(), 1, "{dot}");
    }

    #[test]
    fn the_graph_ends_where_it_was_cut() {
        let x = Variable::new(Array::zeros(3, Dtype::F32));
        let h = x.exp();
        let y = h.sum();
        h.unchain_backward();
        assert_eq!(build_computational_graph([&y]).nodes.len(), 3);
        assert!(build_computational_graph([&Variable::constant(Array::scalar(1.0f32))]).nodes.is_empty());
    }
}
