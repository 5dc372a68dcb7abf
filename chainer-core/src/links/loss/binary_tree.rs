//! [`BinaryTree`].

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;

use crate::{Error, ErrorKind, Result};

/// A binary tree whose leaves are words `0, 1, …`, for [`BinaryHierarchicalSoftmax`](super::BinaryHierarchicalSoftmax). It is written as
/// nested pairs.
///
/// ```
/// use chainer::links::BinaryTree;
/// let tree = BinaryTree::from(((0, 1), 2));
/// assert_eq!(tree.to_string(), "((0, 1), 2)");
/// assert_eq!(tree.inner_nodes(), 2);
/// // Of inner node 0, the root, to the left, then of inner node 1 to the right.
/// assert_eq!(tree.paths()?[&1], [(0, 1), (1, -1)]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BinaryTree {
    // The root is the last one. A flat list: trees may be as deep as they have words.
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Node {
    Word(usize),
    /// The places of the left and the right part.
    Inner(usize, usize),
}

/// The inner nodes on the way from the root to a word, each with 1 if the word is in its left part and -1 if in its right one.
pub type TreePath = Vec<(usize, i8)>;

impl From<usize> for BinaryTree {
    fn from(word: usize) -> Self {
        BinaryTree { nodes: vec![Node::Word(word)] }
    }
}

impl<L: Into<BinaryTree>, R: Into<BinaryTree>> From<(L, R)> for BinaryTree {
    fn from((left, right): (L, R)) -> Self {
        let mut nodes = left.into().nodes;
        let (left, right) = (nodes.len(), right.into().nodes);
        nodes.extend(right.into_iter().map(|node| match node {
            Node::Inner(a, b) => Node::Inner(a + left, b + left),
            word => word,
        }));
        let right = nodes.len();
        nodes.push(Node::Inner(left - 1, right - 1));
        BinaryTree { nodes }
    }
}

impl BinaryTree {
    /// The tree in which the paths to frequent words are short (Huffman, 1952): words with their counts or frequencies. Of equal counts
    /// the first is joined first.
    ///
    /// # Errors
    /// There is no word, or a count is not a number.
    ///
    /// ```
    /// use chainer::links::BinaryTree;
    /// let tree = BinaryTree::huffman([(0, 8), (1, 5), (2, 6), (3, 4)])?;
    /// assert_eq!(tree.to_string(), "((3, 1), (2, 0))");
    /// # Ok::<(), chainer::Error>(())
    /// ```
    pub fn huffman(word_counts: impl IntoIterator<Item = (usize, impl Into<f64>)>) -> Result<BinaryTree> {
        const NAME: &str = "huffman";
        let (mut nodes, mut heap) = (Vec::new(), BinaryHeap::new());
        for (word, count) in word_counts {
            let count = count.into();
            if count.is_nan() {
                return Err(Error::value(NAME, "counts that are numbers", format_args!("word {word}: {count}")));
            }
            heap.push(Reverse(Part { count, place: nodes.len() }));
            nodes.push(Node::Word(word));
        }
        while let Some(Reverse(left)) = heap.pop() {
            let Some(Reverse(right)) = heap.pop() else { return Ok(BinaryTree { nodes }) };
            heap.push(Reverse(Part { count: left.count + right.count, place: nodes.len() }));
            nodes.push(Node::Inner(left.place, right.place));
        }
        Err(Error::value(NAME, "len(word_counts) > 0", "0 <= 0"))
    }

    /// How many nodes are no words.
    pub fn inner_nodes(&self) -> usize {
        self.nodes.iter().filter(|node| matches!(node, Node::Inner(..))).count()
    }

    /// The path to each word. Inner nodes are numbered from the root on, each before what it has on the left, that before what it has on
    /// the right.
    ///
    /// # Errors
    /// A word occurs twice.
    pub fn paths(&self) -> Result<BTreeMap<usize, TreePath>> {
        let mut paths = BTreeMap::new();
        let (mut inner, mut path) = (0, TreePath::new());
        // What is still to be visited, with the length of the path to it and the direction in which it lies there.
        let mut waiting = vec![(self.nodes.len() - 1, 0, 1)];
        while let Some((place, depth, side)) = waiting.pop() {
            path.truncate(depth);
            if let Some(last) = path.last_mut() {
                last.1 = side;
            }
            match self.nodes[place] {
                Node::Word(word) => {
                    if paths.insert(word, path.clone()).is_some() {
                        let message = format!("Expect: every word occurs once\nActual: {word} occurs twice");
                        return Err(Error::new(ErrorKind::InvalidValue, "BinaryTree", message));
                    }
                }
                Node::Inner(left, right) => {
                    path.push((inner, 1));
                    inner += 1;
                    waiting.push((right, depth + 1, -1));
                    waiting.push((left, depth + 1, 1));
                }
            }
        }
        Ok(paths)
    }
}

/// A tree that waits to be joined.
#[derive(PartialEq)]
struct Part {
    count: f64,
    place: usize,
}

impl Eq for Part {}
impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Part {
    fn cmp(&self, other: &Self) -> Ordering {
        self.count.total_cmp(&other.count).then(self.place.cmp(&other.place))
    }
}

impl fmt::Display for BinaryTree {
    /// Nested pairs: `((0, 1), 2)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        enum Write {
            Node(usize),
            Text(&'static str),
        }
        let mut waiting = vec![Write::Node(self.nodes.len() - 1)];
        while let Some(next) = waiting.pop() {
            match next {
                Write::Text(text) => f.write_str(text)?,
                Write::Node(place) => match self.nodes[place] {
                    Node::Word(word) => write!(f, "{word}")?,
                    Node::Inner(left, right) => {
                        f.write_str("(")?;
                        let rest = [Write::Text(")"), Write::Node(right), Write::Text(", "), Write::Node(left)];
                        waiting.extend(rest);
                    }
                },
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_words_have_short_paths() {
        let counts = [8.0, 3.0, 5.0, 6.0, 1.0, 1.0];
        let tree = BinaryTree::huffman(counts.into_iter().enumerate()).unwrap();
        let paths = tree.paths().unwrap();
        let cost: f64 = paths.iter().map(|(&word, path)| counts[word] * path.len() as f64).sum();
        // 1 + 1, 2 + 3, 5 + 5, 6 + 8, 10 + 14.
        assert_eq!(cost, 2.0 + 5.0 + 10.0 + 14.0 + 24.0);
        assert_eq!(tree.inner_nodes(), 5);
    }

    #[test]
    fn trees_may_be_as_deep_as_they_have_words() {
        // Each word counts as much as all before it together.
        let words = 500;
        let tree = BinaryTree::huffman((0..words).map(|word| (word, 2f64.powi(word as i32)))).unwrap();
        let paths = tree.paths().unwrap();
        assert_eq!((paths[&0].len(), paths[&(words - 1)].len()), (words - 1, 1));
        assert_eq!(tree.to_string().matches('(').count(), words - 1);
        let chain = (1..100_000).fold(BinaryTree::from(0), |mut tree, word| {
            let left = tree.nodes.len() - 1;
            tree.nodes.extend([Node::Word(word), Node::Inner(left, left + 1)]);
            tree
        });
        assert!(chain.to_string().ends_with("99998), 99999)"));
    }

    #[test]
    fn what_is_no_tree_of_words_is_refused() {
        let none: [(usize, f64); 0] = [];
        assert!(BinaryTree::huffman(none).unwrap_err().to_string().contains("len(word_counts) > 0"));
        assert!(BinaryTree::huffman([(0, 1.0), (3, f64::NAN)]).unwrap_err().to_string().contains("word 3: NaN"));
        let error = BinaryTree::from((0, (1, 0))).paths().unwrap_err().to_string();
        assert!(error.contains("0 occurs twice"), "{error}");
        assert_eq!(BinaryTree::huffman([(7, 1)]).unwrap().paths().unwrap()[&7], []);
    }
}
