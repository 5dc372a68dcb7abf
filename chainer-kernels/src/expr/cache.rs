//! Programs by structure: a repeated sequence of operations costs one hash and one comparison.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHasher};

use crate::program::Program;

/// Past this many programs the cache starts anew: something makes a new structure at every step.
const CAPACITY: usize = 8192;

/// All programs met so far.
#[derive(Default)]
pub(super) struct ProgramCache {
    // By hash, so that looking up allocates nothing.
    programs: FxHashMap<u64, Vec<Arc<Program>>>,
    len: usize,
}

impl ProgramCache {
    /// The program equal to `wanted`.
    pub(super) fn get(&mut self, wanted: &Program) -> Arc<Program> {
        let mut hasher = FxHasher::default();
        wanted.hash(&mut hasher);
        let bucket = self.programs.entry(hasher.finish()).or_default();
        if let Some(found) = bucket.iter().find(|p| ***p == *wanted) {
            return found.clone();
        }
        let program = Arc::new(wanted.clone());
        bucket.push(program.clone());
        self.len += 1;
        if self.len > CAPACITY {
            self.programs.clear();
            self.len = 0;
        }
        program
    }
}
