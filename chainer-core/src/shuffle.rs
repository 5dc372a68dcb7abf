//! Random orders of examples, the same on every machine and in every version.
//!
//! An order is a pure function of a seed and a counter: the numbers come from Philox4x32-10 (Salmon et al., *Parallel random numbers: as
//! easy as 1, 2, 3*, 2011) and are used by the Fisher–Yates shuffle. So the random state of an iterator is two integers, and resuming
//! from them continues with the same orders.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

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

    /// A source that differs from run to run, unless [`set_seed`] fixed the seeds of this process.
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

static SEED: Mutex<Option<u64>> = Mutex::new(None);
static HANDED_OUT: AtomicU64 = AtomicU64::new(0);

/// Fixes the seeds of all iterators and random splits made from now on that are given none: the first made after this call always
/// gets the same one, the second another, and so on. The environment variable `CHAINER_SEED` does this from the start.
pub fn set_seed(seed: u64) {
    *SEED.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(seed);
    HANDED_OUT.store(0, Ordering::Relaxed);
}

/// A seed for something that was given none.
pub(crate) fn fresh_seed() -> u64 {
    let fixed = *SEED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let fixed = fixed.or_else(|| std::env::var("CHAINER_SEED").ok()?.parse().ok());
    let serial = HANDED_OUT.fetch_add(1, Ordering::Relaxed);
    // The standard library's hash keys are the one source of entropy that needs no dependency.
    let base = fixed.unwrap_or_else(|| {
        use std::hash::{BuildHasher, Hasher};
        std::collections::hash_map::RandomState::new().build_hasher().finish()
    });
    Words::new(base, serial ^ (1 << 63)).next_u64()
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
            self.ready = philox(counter, self.key);
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

/// Philox4x32 with ten rounds.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let a = counter[0] as u64 * 0xD251_1F53;
        let b = counter[2] as u64 * 0xCD9E_8D57;
        counter = [(b >> 32) as u32 ^ counter[1] ^ key[0], b as u32, (a >> 32) as u32 ^ counter[3] ^ key[1], a as u32];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_numbers() {
        // The known answers of the authors' Random123 library.
        assert_eq!(philox([0; 4], [0; 2]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
        assert_eq!(philox([!0; 4], [!0; 2]), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
    }

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
