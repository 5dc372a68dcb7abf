//! [`BinaryHierarchicalSoftmax`].

use std::collections::BTreeMap;
use std::panic::Location;

use chainer_kernels::{ArrayOps, Index, Position};

use super::BinaryTree;
use super::binary_tree::TreePath;
use crate::functions::{check_integers, checked};
use crate::initializers::{Initializer, Uniform};
use crate::links::first_value::FirstValue;
use crate::{Array, Forward, Parameter, Result, Variable, chain, functions as F, type_check};

/// The negative log-likelihood of words by a hierarchical softmax: a word's probability is the product of those of the turns on its path
/// through a binary tree, `sigmoid(x w)` for left and `sigmoid(-x w)` for right at each inner node, which has a row w in W. A loss costs
/// as much as paths are long, not as there are words (Morin and Bengio, *Hierarchical probabilistic neural network language model*,
/// 2005).
///
/// Called with x (N, in_size) and words t (N,) it gives the sum over the batch. W (inner nodes, in_size) starts as uniform numbers in
/// `[-1, 1)`.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let loss = L::BinaryHierarchicalSoftmax::new(3, ((0, 1), 2));
/// let x = Variable::new(Array::zeros([2, 3], Dtype::F32));
/// // Two turns lead to word 1, one to word 2.
/// let t = Variable::constant(Array::from([1i32, 2]));
/// let y = loss.forward((&x, &t));
/// assert!((y.item::<f32>()? - 3.0 * 2f32.ln()).abs() < 1e-6);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct BinaryHierarchicalSoftmax {
    #[chain(name = "W")]
    w: Parameter,
    in_size: usize,
    inner_nodes: usize,
    /// The path to each word; the error of a tree that has none.
    #[plain]
    paths: Result<BTreeMap<usize, TreePath>>,
}

const NAME: &str = "BinaryHierarchicalSoftmax";

impl BinaryHierarchicalSoftmax {
    /// The loss of inputs (N, in_size) over the words of a tree.
    #[track_caller]
    pub fn new(in_size: usize, tree: impl Into<BinaryTree>) -> Self {
        let (tree, at) = (tree.into(), Location::caller());
        let inner_nodes = tree.inner_nodes();
        let paths = tree.paths().map_err(|error| error.at(at));
        let w = FirstValue::of(Uniform::new(1.0)).parameter("W", Some([inner_nodes, in_size].into()));
        BinaryHierarchicalSoftmax { w, in_size, inner_nodes, paths }
    }

    /// The tree in which the paths to frequent words are short; see [`BinaryTree::huffman`].
    ///
    /// # Errors
    /// There is no word, or a count is not a number.
    pub fn create_huffman_tree(word_counts: impl IntoIterator<Item = (usize, impl Into<f64>)>) -> Result<BinaryTree> {
        BinaryTree::huffman(word_counts)
    }

    /// The first value of W: an initializer, an array, a number or a closure. W starts anew.
    #[track_caller]
    pub fn initial_w(mut self, initializer: impl Initializer) -> Self {
        self.w = FirstValue::of(initializer).parameter("W", Some([self.inner_nodes, self.in_size].into()));
        self
    }

    /// The vectors of the inner nodes.
    pub fn w(&self) -> &Parameter {
        &self.w
    }

    fn loss(&self, x: &Variable, t: &Variable) -> Result<Variable> {
        x.check()?;
        t.check()?;
        let paths = self.paths.as_ref().map_err(Clone::clone)?;
        let (w, t) = (self.w.var(), t.data());
        w.check()?;
        checked(NAME, || {
            type_check::float("x", x.data())?;
            type_check::integer("t", t)?;
            type_check::ndim("x", x.data(), 2)?;
            type_check::ndim("t", t, 1)?;
            type_check::same_size("x", x.data(), 0, "t", t, 0)?;
            type_check::same_dtype("x", x.data(), "W", w.data())?;
            type_check::same_size("x", x.data(), 1, "W", w.data(), 1)
        })?;
        let (mut rows, mut nodes, mut sides): (Vec<i64>, Vec<i64>, Vec<f32>) = Default::default();
        check_integers(
            NAME,
            "t",
            t,
            || "t is a word of the tree".to_owned(),
            |row, word| {
                let path = usize::try_from(word).ok().and_then(|word| paths.get(&word));
                for &(node, side) in path.into_iter().flatten() {
                    rows.push(row as i64);
                    nodes.push(node as i64);
                    sides.push(side.into());
                }
                path.is_some()
            },
        )?;
        let turns = rows.len();
        let x = F::get_item(x, [Index::Array(Array::from_vec(rows, turns))]);
        let scores = (x * F::embed_id(Array::from_vec(nodes, turns), w)).sum_axes(1, false);
        // -log(sigmoid(y)) is softplus(-y).
        let sides = Array::from_vec(sides, turns).astype(scores.dtype());
        Ok((-(scores * sides)).softplus().sum())
    }
}

impl Forward<(Variable, Variable)> for BinaryHierarchicalSoftmax {
    #[track_caller]
    fn forward(&self, (x, t): (&Variable, &Variable)) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        self.loss(x, t).map_err(|error| error.at(at)).into()
    }
}
