//! Programs by structure: a repeated sequence of operations costs one hash and one comparison.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::draft::Draft;
use crate::program::Program;

/// Past this many programs the cache starts anew: something makes a new structure at every step.
const CAPACITY: usize = 8192;

/// All programs met so far.
#[derive(Default)]
pub(super) struct ProgramCache {
    // By hash, so that looking up allocates nothing.
    programs: FxHashMap<u64, Vec<(Draft, Known)>>,
    len: usize,
}

/// A program and what planning asks of it every time.
pub(super) struct Known {
    pub(super) program: Arc<Program>,
    /// [`Program::last_reads`].
    pub(super) last_reads: Box<[Option<u16>]>,
}

impl ProgramCache {
    /// The program that `wanted` drafts.
    pub(super) fn get(&mut self, wanted: &Draft) -> &Known {
        if self.len >= CAPACITY {
            self.programs.clear();
            self.len = 0;
        }
        let bucket = self.programs.entry(wanted.hash()).or_default();
        let at = bucket.iter().position(|(draft, _)| draft == wanted).unwrap_or_else(|| {
            let program = wanted.program();
            let last_reads = program.last_reads().into_boxed_slice();
            bucket.push((wanted.clone(), Known { program: Arc::new(program), last_reads }));
            self.len += 1;
            bucket.len() - 1
        });
        &bucket[at].1
    }
}
