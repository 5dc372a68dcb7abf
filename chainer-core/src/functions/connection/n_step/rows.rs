//! The rows of a batch of sequences that are going on, while shorter sequences wait.

use chainer_kernels::ops;

use crate::functions::{Concat, get_item};
use crate::{Array, Variable};

/// What [`Rows`] and the gates of a step need of arrays and variables alike.
pub(in super::super) trait Value: Clone {
    /// The part `from..to` along an axis of a value of at most two.
    fn part(&self, axis: usize, from: usize, to: usize) -> Self;
    /// Values one after the other along an axis.
    fn join(parts: Vec<Self>, axis: usize) -> Self;
}

impl Value for Array {
    fn part(&self, axis: usize, from: usize, to: usize) -> Self {
        let range = from as isize..to as isize;
        if axis == 0 { self.slice((range,)) } else { self.slice((.., range)) }
    }
    fn join(parts: Vec<Self>, axis: usize) -> Self {
        ops::concatenate(&parts.iter().collect::<Vec<_>>(), axis as isize)
    }
}

impl Value for Variable {
    fn part(&self, axis: usize, from: usize, to: usize) -> Self {
        let range = from as isize..to as isize;
        if axis == 0 { get_item(self, (range,)) } else { get_item(self, (.., range)) }
    }
    fn join(parts: Vec<Self>, axis: usize) -> Self {
        Concat::new().axis(axis as isize).call(parts)
    }
}

/// The state of a batch whose sequences begin or end at different steps: that of the first rows goes on, that of the others waits.
pub(super) struct Rows<X> {
    // Counted here: a value that has failed has no shape.
    going: (X, usize),
    /// The last are the rows that follow those that go on.
    waiting: Vec<(X, usize)>,
}

impl<X: Value> Rows<X> {
    /// All `count` rows go on.
    pub(super) fn new(all: X, count: usize) -> Self {
        Rows { going: (all, count), waiting: Vec::new() }
    }

    /// Lets the first `count` rows go on, and gives them.
    pub(super) fn resize(&mut self, count: usize) -> &X {
        let (going, have) = &self.going;
        if count < *have {
            self.waiting.push((going.part(0, count, *have), have - count));
            self.going = (going.part(0, 0, count), count);
        } else if count > *have {
            let mut missing = count - have;
            let mut parts = vec![going.clone()];
            while missing > 0
                && let Some((next, rows)) = self.waiting.pop()
            {
                if rows > missing {
                    self.waiting.push((next.part(0, missing, rows), rows - missing));
                    parts.push(next.part(0, 0, missing));
                    missing = 0;
                } else {
                    missing -= rows;
                    parts.push(next);
                }
            }
            self.going = (X::join(parts, 0), count);
        }
        &self.going.0
    }

    /// Replaces the rows that go on.
    pub(super) fn set(&mut self, going: X) {
        self.going.0 = going;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_wait_and_go_on_in_their_order() {
        let mut rows = Rows::new(Array::from([0i32, 1, 2, 3, 4]), 5);
        assert_eq!(rows.resize(2).to_vec::<i32>().unwrap(), [0, 1]);
        rows.set(Array::from([10i32, 11]));
        assert_eq!(rows.resize(1).to_vec::<i32>().unwrap(), [10]);
        assert_eq!(rows.resize(3).to_vec::<i32>().unwrap(), [10, 11, 2]);
        rows.set(Array::from([20i32, 21, 22]));
        assert_eq!(rows.resize(0).to_vec::<i32>().unwrap(), [0i32; 0]);
        assert_eq!(rows.resize(5).to_vec::<i32>().unwrap(), [20, 21, 22, 3, 4]);
    }
}
