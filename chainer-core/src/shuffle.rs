//! Random orders of examples, the same on every machine and in every version.
//!
//! An order is a pure function of a seed and a counter: the numbers come from Philox4x32-10, which the kernels have for random arrays,
//! and are used by the Fisher–Yates shuffle. So the random state of an iterator is two integers, and resuming
//! from them continues with the same orders.

use std::sync::atomic::{AtomicU64, Ordering};

use chainer_kernels::random::default_generator;
use chainer_kernels::random::philox::philox4x32_10;

/// A source of random orders: a seed and the number of orders drawn from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shuffler {
    seed: u64,
    drawn: u64,
}

impl Shuffler {
    /// The source of a seed.
    pub fn new(seed: u64) -> Self {
        Shuffler { seed, drawn: 0 }
    }

    /// A source with a seed of its own that follows from the process's ([`set_seed`]).
    pub fn fresh() -> Self {
        Shuffler::new(fresh_seed())
    }

    /// The next random order of `0..n`.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let stream = self.drawn;
        self.drawn += 1;
        permutation(n, self.seed, stream)
    }

    /// The seed and the number of orders drawn, for a snapshot.
    pub fn state(&self) -> [u64; 2] {
        [self.seed, self.drawn]
    }

    /// The source that was in this state.
    pub fn from_state([seed, drawn]: [u64; 2]) -> Self {
        Shuffler { seed, drawn }
    }
}

/// The random order of `0..n` with this seed and stream.
pub fn permutation(n: usize, seed: u64, stream: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    let mut random = Words::new(seed, stream);
    for last in (1..n).rev() {
        order.swap(last, random.below(last as u64 + 1) as usize);
    }
    order
}

/// How many seeds were handed out since the process's seed was set.
static HANDED_OUT: AtomicU64 = AtomicU64::new(0);

/// Sets the seed of everything random in this process that is given no seed of its own: initial weights, dropout, the orders of
/// iterators and random splits made from now on. It is 0 at the start, so the same program gives the same results again.
pub fn set_seed(seed: u64) {
    chainer_kernels::random::seed(seed);
    HANDED_OUT.store(0, Ordering::Relaxed);
}

/// A seed for something that was given none: the first one since [`set_seed`] always is the same, the second another, and so on.
pub(crate) fn fresh_seed() -> u64 {
    let (seed, _) = default_generator().state();
    // Far from the streams of orders, which count from 0.
    Words::new(seed, HANDED_OUT.fetch_add(1, Ordering::Relaxed) ^ (1 << 63)).next_u64()
}

/// The words of one stream in order.
struct Words {
    key: [u32; 2],
    stream: u64,
    block: u64,
    ready: [u32; 4],
    left: usize,
}

impl Words {
    fn new(seed: u64, stream: u64) -> Self {
        Words { key: [seed as u32, (seed >> 32) as u32], stream, block: 0, ready: [0; 4], left: 0 }
    }

    fn next_u32(&mut self) -> u32 {
        if self.left == 0 {
            let counter =
                [self.block as u32, (self.block >> 32) as u32, self.stream as u32, (self.stream >> 32) as u32];
            self.ready = philox4x32_10(counter, self.key);
            self.block += 1;
            self.left = 4;
        }
        self.left -= 1;
        self.ready[3 - self.left]
    }

    fn next_u64(&mut self) -> u64 {
        let low = self.next_u32() as u64;
        low | (self.next_u32() as u64) << 32
    }

    /// A number below `bound`, each equally likely: the high half of a product, with the few words refused that would favour some
    /// numbers (Lemire, *Fast random integer generation in an interval*, 2019).
    fn below(&mut self, bound: u64) -> u64 {
        let refused = bound.wrapping_neg() % bound;
        loop {
            let product = self.next_u64() as u128 * bound as u128;
            if product as u64 >= refused {
                return (product >> 64) as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_holds_every_number_once_and_repeats() {
        for n in [0, 1, 2, 1000] {
            let order = permutation(n, 7, 0);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert!(sorted.into_iter().eq(0..n));
            assert_eq!(order, permutation(n, 7, 0));
        }
        assert_ne!(permutation(1000, 7, 0), permutation(1000, 7, 1));
        assert_ne!(permutation(1000, 7, 0), permutation(1000, 8, 0));
        // Pinned: resuming an old snapshot depends on it.
        assert_eq!(permutation(8, 0, 0), [3, 5, 6, 1, 0, 2, 4, 7]);
    }

    #[test]
    fn every_order_of_three_is_about_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        let mut shuffler = Shuffler::new(1);
        for _ in 0..6000 {
            *counts.entry(shuffler.permutation(3)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|n| (850..1150).contains(n)), "{counts:?}");
    }

    #[test]
    fn the_state_continues_the_orders() {
        let mut shuffler = Shuffler::new(3);
        shuffler.permutation(10);
        let mut restored = Shuffler::from_state(shuffler.state());
        assert_eq!(shuffler.permutation(10), restored.permutation(10));
    }
}
