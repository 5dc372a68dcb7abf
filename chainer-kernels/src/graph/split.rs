//! A graph in two: what has to be there at once, and what is computed later from it, such as gradients.

use super::ir::{Graph, Leaf, Operand, TensorId};

/// What a leaf of the later graph is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LaterLeaf {
    /// The leaf of this number of the whole graph.
    Leaf(u32),
    /// What the earlier graph keeps, by number: its results after those of the whole graph.
    Kept(u32),
}

/// The two parts of a graph.
pub struct Split {
    /// Makes the first results of the whole graph, and keeps what the later part reads of its work.
    pub earlier: Graph,
    /// Makes the other results.
    pub later: Graph,
    /// The leaves of the later part.
    pub leaves: Vec<LaterLeaf>,
}

/// Splits a graph behind what makes its first `results` results. Where more than `budget` bytes would be kept, cheap work is done again in
/// the later part instead.
pub fn split(graph: &Graph, results: usize, budget: Option<usize>) -> Split {
    let mut needed = vec![false; graph.tensors.len()];
    graph.results[..results].iter().for_each(|result| needed[result.tensor.index()] = true);
    let mut early = vec![false; graph.ops.len()];
    for (op, early) in graph.ops.iter().zip(&mut early).rev() {
        if op.outputs.iter().any(|output| needed[output.tensor.index()]) {
            *early = true;
            op.inputs.iter().for_each(|input| needed[input.tensor.index()] = true);
        }
    }
    let repeated = budget.map_or_else(Vec::new, |budget| repeated(graph, &early, results, budget));
    let part = |wanted: bool| {
        let wants = |i: &usize| early[*i] == wanted || !wanted && repeated.contains(i);
        let ops = (0..graph.ops.len()).filter(wants);
        Graph { ops: ops.map(|i| graph.ops[i].clone()).collect(), tensors: graph.tensors.clone(), ..Graph::default() }
    };
    let (mut earlier, mut later) = (part(true), part(false));
    later.results = graph.results[results..].to_vec();
    // What the later part does not make itself is bound: leaves of the whole graph, and what the earlier part keeps.
    let made = later.writers();
    let mut leaves = Vec::new();
    let mut kept: Vec<TensorId> = Vec::new();
    let mut read: Vec<TensorId> =
        later.ops.iter().flat_map(|op| &op.inputs).chain(&later.results).map(|o| o.tensor).collect();
    read.sort_unstable();
    read.dedup();
    for tensor in read {
        let at = tensor.index();
        let source = match graph.tensors[at].leaf {
            _ if made[at].is_some() => continue,
            Some(Leaf::Constant(_)) => continue,
            Some(Leaf::Bound(number)) => LaterLeaf::Leaf(number),
            None => {
                kept.push(tensor);
                LaterLeaf::Kept(kept.len() as u32 - 1)
            }
        };
        later.tensors[at].leaf = Some(Leaf::Bound(later.bound.len() as u32));
        later.bound.push(tensor);
        leaves.push(source);
    }
    earlier.bound = graph.bound.clone();
    earlier.updates = graph.updates.clone();
    earlier.draws = graph.draws;
    earlier.externals = graph.externals;
    earlier.results = graph.results[..results].to_vec();
    let whole = |tensor: &TensorId| Operand::whole(*tensor, [graph.tensors[tensor.index()].size].into());
    earlier.results.extend(kept.iter().map(whole));
    Split { earlier, later, leaves }
}

/// The operations of the earlier part that the later one does again.
fn repeated(graph: &Graph, early: &[bool], results: usize, budget: usize) -> Vec<usize> {
    let writers = graph.writers();
    let returned = |tensor: TensorId| graph.results[..results].iter().any(|result| result.tensor == tensor);
    let mut repeated: Vec<usize> = Vec::new();
    loop {
        // What is read later and made earlier.
        let later = |i: usize| !early[i] || repeated.contains(&i);
        let mut kept: Vec<(TensorId, usize)> = (0..graph.ops.len())
            .filter(|&i| later(i))
            .flat_map(|i| &graph.ops[i].inputs)
            .filter_map(|input| writers[input.tensor.index()].map(|writer| (input.tensor, writer.0 as usize)))
            .filter(|&(_, writer)| !later(writer))
            .collect();
        kept.sort_unstable();
        kept.dedup();
        let bytes = |tensor: TensorId| graph.tensors[tensor.index()].bytes();
        // What is returned takes no more memory for being read again.
        let total: usize = kept.iter().filter(|(tensor, _)| !returned(*tensor)).map(|(tensor, _)| bytes(*tensor)).sum();
        if total <= budget {
            return repeated;
        }
        let there = |input: &Operand| {
            let tensor = &graph.tensors[input.tensor.index()];
            tensor.leaf.is_some() || returned(input.tensor) || kept.iter().any(|(kept, _)| *kept == input.tensor)
        };
        let best = kept
            .iter()
            .filter(|(tensor, writer)| {
                let op = &graph.ops[*writer];
                !returned(*tensor) && super::recompute::cheap(op) && op.inputs.iter().all(there)
            })
            .map(|(tensor, writer)| {
                (*writer, bytes(*tensor) as f64 / super::recompute::work(graph, &graph.ops[*writer]))
            })
            .max_by(|a, b| a.1.total_cmp(&b.1));
        match best {
            Some((writer, _)) => repeated.push(writer),
            None => return repeated,
        }
    }
}
