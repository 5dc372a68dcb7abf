//! The graphs of one piece of work, by what they were captured for.

use chainer_kernels::graph::passes::Passes;

use super::record::capture;
use super::session;
use super::variant::Variant;
use crate::config::{Config, Mode, config};
use crate::reporter;
use crate::{Dtype, Shape, Variable};

/// Graphs for one kind of arguments at most: beyond that something differs in every call.
const VARIANTS: usize = 8;
/// Kinds of arguments at most; the oldest goes.
const KEYS: usize = 64;

/// What has to be the same for a graph to be that of a call.
#[derive(Clone, PartialEq)]
pub(super) struct Key {
    pub(super) arguments: Vec<Argument>,
    pub(super) plain: Vec<u64>,
    config: Config,
    reports: bool,
}

#[derive(Clone, PartialEq)]
pub(super) struct Argument {
    shape: Shape,
    dtype: Dtype,
    requires_grad: bool,
}

impl Key {
    pub(super) fn new(variables: &[Variable], plain: Vec<u64>) -> Key {
        let argument =
            |x: &Variable| Argument { shape: x.shape().clone(), dtype: x.dtype(), requires_grad: x.requires_grad() };
        let arguments = variables.iter().map(argument).collect();
        Key { arguments, plain, config: config(), reports: reporter::is_collecting() }
    }
}

/// All graphs of one piece of work.
pub(crate) struct Cache {
    pub(super) passes: Passes,
    entries: Vec<Entry>,
    warned: bool,
    /// Bytes that a graph may take for temporary tensors; beyond that cheap work is done again.
    pub(super) budget: Option<usize>,
    /// How many calls ran as graphs.
    pub(crate) replays: usize,
    /// How many calls were captured.
    pub(super) captures: usize,
    /// Whether runs measure their kernels.
    pub(super) timed: bool,
    /// Every so many replays the work is captured again and compared; 0: never.
    pub(super) verify: usize,
}

struct Entry {
    key: Key,
    variants: Vec<Variant>,
    /// Calls with this key run define-by-run.
    refused: bool,
}

impl Default for Cache {
    fn default() -> Self {
        let passes = Passes::default();
        Cache {
            passes,
            entries: Vec::new(),
            warned: false,
            budget: None,
            replays: 0,
            captures: 0,
            timed: false,
            verify: 0,
        }
    }
}

/// What a piece of work returns, as the cache sees it.
pub(crate) trait Work<R> {
    fn call(&mut self, arguments: &[Variable]) -> R;
    fn variables(returned: &mut R, visit: &mut dyn FnMut(&mut Variable));
    fn failure(returned: &R) -> Option<crate::Error>;
    fn failed(error: crate::Error) -> R;
    fn template(returned: &R) -> R;
}

impl Cache {
    /// The newest graph.
    pub(crate) fn graph(&self) -> Option<super::CompiledGraph<'_>> {
        let variant = self.entries.iter().rev().find_map(|entry| entry.variants.last())?;
        Some(super::CompiledGraph { variant })
    }

    /// Measures the kernels of later runs, or no longer.
    pub(crate) fn set_timed(&mut self, timed: bool) {
        self.timed = timed;
        self.entries.iter_mut().flat_map(|entry| &mut entry.variants).for_each(|variant| variant.set_timed(timed));
    }

    /// Does the work: by a graph if there is one that fits, otherwise define-by-run, and captures it.
    pub(crate) fn run<R: 'static, W: Work<R>>(&mut self, arguments: &[Variable], plain: Vec<u64>, work: &mut W) -> R {
        let failed = arguments.iter().any(|x| x.check().is_err());
        // Hooks and debug mode want to see every operation.
        if failed || session::is_active() || !Mode::current().plain() {
            return work.call(arguments);
        }
        let key = Key::new(arguments, plain);
        let at = match self.entries.iter().position(|entry| entry.key == key) {
            Some(at) => at,
            None => {
                if self.entries.len() >= KEYS {
                    self.entries.remove(0);
                    self.warn("its arguments are of another kind in every call; graphs are made and thrown away");
                }
                self.entries.push(Entry { key, variants: Vec::new(), refused: false });
                self.entries.len() - 1
            }
        };
        if self.entries[at].refused {
            return work.call(arguments);
        }
        for i in 0..self.entries[at].variants.len() {
            match self.entries[at].variants[i].fits(arguments) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(error) => return W::failed(error),
            }
            self.replays += 1;
            if self.verify > 0 && self.replays.is_multiple_of(self.verify) {
                return self.verified(at, i, arguments, work);
            }
            return match self.entries[at].variants[i].replay() {
                Ok(outcomes) => self.entries[at].variants[i].hand_out::<R, W>(outcomes, arguments),
                Err(error) => W::failed(error),
            };
        }
        if self.entries[at].variants.len() >= VARIANTS {
            self.entries[at].refused = true;
            self.warn("something beside its arguments differs in every call");
            return work.call(arguments);
        }
        self.captures += 1;
        let (returned, captured) = capture::<R, W>(arguments, work, self.passes, self.budget);
        match captured {
            Ok(Some(mut variant)) => {
                variant.set_timed(self.timed);
                self.entries[at].variants.push(variant);
            }
            Ok(None) => {}
            Err(refusal) => {
                self.entries[at].refused = true;
                self.warn(&refusal.to_string());
            }
        }
        returned
    }

    /// Captures the work again, and says where it differs from the graph that would have been run.
    fn verified<R: 'static, W: Work<R>>(&mut self, at: usize, i: usize, arguments: &[Variable], work: &mut W) -> R {
        self.entries[at].variants[i].unbind();
        let (returned, captured) = capture::<R, W>(arguments, work, Passes::NONE, None);
        let difference = match captured {
            Ok(Some(again)) => {
                super::compare::first_difference(&self.entries[at].variants[i].captured, &again.captured)
            }
            Ok(None) => None,
            Err(refusal) => Some(refusal.to_string()),
        };
        if let Some(difference) = difference {
            self.entries[at].refused = true;
            self.warned = false;
            self.warn(&format!("it is not the same in every call: {difference}"));
        }
        returned
    }

    fn warn(&mut self, reason: &str) {
        if !std::mem::replace(&mut self.warned, true) {
            eprintln!("chainer: a compiled call runs define-by-run: {reason}");
        }
    }
}
