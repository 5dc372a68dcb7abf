//! The source of random arrays: a seed and a position, no other state.

use std::sync::atomic::{AtomicU64, Ordering};

use super::repeat;
use crate::array::{Array, ArrayOps};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::graph;
use crate::op::Op;
use crate::shape::Shape;

/// A stream of random numbers: the seed and how many have been taken. Both together are all of its state, so a saved position goes
/// on bit for bit, and the numbers do not depend on the device or the number of threads.
///
/// Random arrays are elementwise sources: they fuse with what consumes them, and a dropout mask is never stored.
///
/// ```
/// use chainer_kernels::{Dtype, random::Generator};
/// let generator = Generator::new(7);
/// let first = generator.uniform([3], 0.0, 1.0, Dtype::F32).to_vec::<f32>()?;
/// let again = Generator::new(7).uniform([3], 0.0, 1.0, Dtype::F32).to_vec::<f32>()?;
/// assert_eq!(first, again);
/// assert_ne!(first, generator.uniform([3], 0.0, 1.0, Dtype::F32).to_vec::<f32>()?);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[derive(Debug)]
pub struct Generator {
    seed: AtomicU64,
    position: AtomicU64,
}

impl Generator {
    /// The stream of a seed, from its beginning.
    pub const fn new(seed: u64) -> Self {
        Generator { seed: AtomicU64::new(seed), position: AtomicU64::new(0) }
    }

    /// The seed and the position.
    pub fn state(&self) -> (u64, u64) {
        (self.seed.load(Ordering::Relaxed), self.position.load(Ordering::Relaxed))
    }

    /// Goes on from a state that [`Generator::state`] returned.
    pub fn set_state(&self, (seed, position): (u64, u64)) {
        self.seed.store(seed, Ordering::Relaxed);
        self.position.store(position, Ordering::Relaxed);
    }

    /// Takes `count` places of the stream, or those that it took before: the seed and the first place.
    fn take(&self, count: usize) -> (u64, u64) {
        // An even number, so that the pairs of normal numbers never straddle two arrays.
        let count = (count as u64).next_multiple_of(2);
        repeat::place(|| (self.seed.load(Ordering::Relaxed), self.position.fetch_add(count, Ordering::Relaxed)))
    }

    /// Goes on by `count` places. Returns the seed and where the stream stood.
    pub(crate) fn advance(&self, count: u64) -> (u64, u64) {
        (self.seed.load(Ordering::Relaxed), self.position.fetch_add(count, Ordering::Relaxed))
    }

    fn source(&self, op: Op, shape: Shape, dtype: Dtype, operation: &'static str) -> Array {
        if !dtype.is_float() {
            return Array::failed(Error::mismatch(operation, "a float dtype", dtype));
        }
        let place = self.take(shape.size());
        Array::random(op, place, std::ptr::eq(self, &DEFAULT), shape, dtype)
    }

    /// Uniform numbers in `[low, high)`. `dtype` is a float type.
    pub fn uniform(&self, shape: impl Into<Shape>, low: f64, high: f64, dtype: Dtype) -> Array {
        let unit = self.source(Op::Uniform, shape.into(), dtype, "uniform");
        match (low, high) {
            (0.0, 1.0) => unit,
            _ => unit.mul(high - low).add(low),
        }
    }

    /// Normal numbers of a mean and a standard deviation. `dtype` is a float type.
    pub fn normal(&self, shape: impl Into<Shape>, mean: f64, deviation: f64, dtype: Dtype) -> Array {
        let standard = self.source(Op::Normal, shape.into(), dtype, "normal");
        match (mean, deviation) {
            (0.0, 1.0) => standard,
            (0.0, _) => standard.mul(deviation),
            _ => standard.mul(deviation).add(mean),
        }
    }

    /// Integers in `[low, high)` as int64. An empty range gives a failed array.
    pub fn integers(&self, shape: impl Into<Shape>, low: i64, high: i64) -> Array {
        if low >= high {
            return Array::failed(Error::value("integers", "low < high", format_args!("{low} >= {high}")));
        }
        let unit = self.source(Op::Uniform, shape.into(), Dtype::F64, "integers");
        // The product rounds to `high - low` at most where the range is beyond 2^53.
        unit.mul((high - low) as f64).floor().astype(Dtype::I64).add(low).minimum(high - 1)
    }

    /// A random order of `0..n`.
    pub fn permutation(&self, n: usize) -> Vec<usize> {
        if graph::is_capturing() {
            graph::refuse("a random order is drawn on the host", None);
        }
        let (seed, offset) = self.take(n);
        let mut order: Vec<usize> = (0..n).collect();
        // Fisher-Yates; one word a step.
        for i in (1..n).rev() {
            let word = super::philox::word(seed, offset.wrapping_add(i as u64));
            order.swap(i, ((word as u64 * (i as u64 + 1)) >> 32) as usize);
        }
        order
    }
}

static DEFAULT: Generator = Generator::new(0);

/// The process's own generator, which library code draws from.
pub fn default_generator() -> &'static Generator {
    &DEFAULT
}

/// Restarts the process's generator with a seed.
pub fn seed(seed: u64) {
    DEFAULT.set_state((seed, 0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_depend_on_seed_and_position_alone() {
        let generator = Generator::new(3);
        let whole = generator.normal([100], 0.0, 1.0, Dtype::F32).to_vec::<f32>().unwrap();
        generator.set_state((3, 50));
        let tail = generator.normal([50], 0.0, 1.0, Dtype::F32).to_vec::<f32>().unwrap();
        assert_eq!(whole[50..], tail);
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let generator = Generator::new(1);
        let n = 20_000;
        let check = |x: Array, mean: f64, variance: f64| {
            let (m, v) = ((&x).mean(None, false).item::<f64>().unwrap(), x.var(None, false).item::<f64>().unwrap());
            assert!((m - mean).abs() < 0.03 && (v - variance).abs() < 0.05, "mean {m}, variance {v}");
        };
        check(generator.uniform([n], -1.0, 1.0, Dtype::F32), 0.0, 1.0 / 3.0);
        check(generator.normal([n], 0.5, 1.0, Dtype::F64), 0.5, 1.0);
    }

    #[test]
    fn integers_fill_their_range_and_permutations_are_complete() {
        let generator = Generator::new(5);
        let mut seen = generator.integers([200], -2, 3).to_vec::<i64>().unwrap();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [-2, -1, 0, 1, 2]);
        assert!(generator.integers([2], 3, 3).is_failed());
        let mut order = generator.permutation(100);
        assert_ne!(order, (0..100).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
        assert!(generator.uniform([2], 0.0, 1.0, Dtype::I32).is_failed());
    }
}
