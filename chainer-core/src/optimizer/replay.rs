//! An optimizer in captured calls: each run counts an update and asks the rule for the numbers of that update.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chainer_kernels::graph::{external_numbers, logged_numbers};
use chainer_kernels::random::Generator;

use super::UpdateRule;
use crate::compile::{self, Effect};
use crate::{Array, Dtype, Error, ErrorKind, Result, Scalar, Shape};

/// What an optimizer shares with the graphs that update by it.
pub(super) struct Shared<R> {
    /// Complete updates.
    pub(super) t: AtomicUsize,
    /// The rule as graphs know it.
    rule: Mutex<Option<R>>,
    /// Whether that is still the optimizer's.
    current: AtomicBool,
}

impl<R: UpdateRule> Shared<R> {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Shared { t: AtomicUsize::new(0), rule: Mutex::new(None), current: AtomicBool::new(false) })
    }

    /// The rule may have changed.
    pub(super) fn outdate(&self) {
        self.current.store(false, Relaxed);
    }

    /// Shows graphs the rule as it is now.
    pub(super) fn publish(&self, rule: &R) {
        if !self.current.swap(true, Relaxed) {
            *self.rule() = Some(rule.clone());
        }
    }

    fn rule(&self) -> MutexGuard<'_, Option<R>> {
        self.rule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The updates of a captured call.
pub(super) struct Updates<R> {
    shared: Arc<Shared<R>>,
    parts: Vec<Part>,
}

/// The update of a parameter: its numbers, and arrays of its kind to ask the rule for them.
struct Part {
    shape: Shape,
    dtype: Dtype,
    parameter: Array,
    states: Vec<Array>,
    numbers: usize,
}

impl<R: UpdateRule> Updates<R> {
    pub(super) fn new(shared: &Arc<Shared<R>>) -> Self {
        Updates { shared: shared.clone(), parts: Vec::new() }
    }

    /// Lets the rule compute an update whose scalars are numbers of the captured graph.
    pub(super) fn update(&mut self, rule: &R, t: usize, value: Array, grad: Array, states: &mut [Array]) -> Array {
        // Never computed: what is asked for is what the rule does with numbers.
        let like = |array: &Array| Generator::new(0).uniform(array.shape().clone(), 0.0, 1.0, array.dtype());
        let (parameter, stubs) = (like(&value), states.iter().map(like).collect());
        let (shape, dtype) = (value.shape().clone(), value.dtype());
        let (new, _, numbers) = external_numbers(|| rule.update_one(t, value, grad, states));
        self.parts.push(Part { shape, dtype, parameter, states: stubs, numbers: numbers.len() });
        new
    }

    /// The captured call ends with this.
    pub(super) fn register(self) {
        compile::effect(Arc::new(self));
    }
}

impl<R: UpdateRule> Effect for Updates<R> {
    fn is_current(&self) -> bool {
        self.shared.current.load(Relaxed)
    }

    fn numbers(&self, numbers: &mut Vec<Scalar>) -> Result<()> {
        let rule = self.shared.rule();
        let Some(rule) = &*rule else { return Ok(()) };
        let t = self.shared.t.load(Relaxed) + 1;
        // Parameters of one kind have the same numbers.
        let mut known: Vec<(&Part, Vec<Scalar>)> = Vec::new();
        for part in &self.parts {
            let same = known.iter().find(|(other, _)| other.shape == part.shape && other.dtype == part.dtype);
            if let Some((_, found)) = same {
                numbers.extend(found);
                continue;
            }
            let (parameter, mut states) = (part.parameter.clone(), part.states.clone());
            let grad = part.parameter.clone();
            let (_, found) = logged_numbers(|| drop(rule.update_one(t, parameter, grad, &mut states)));
            if found.len() != part.numbers {
                let message =
                    format!("the rule {} computes update {t} in another way than the one before", rule.name());
                return Err(Error::new(ErrorKind::State, "compile", message));
            }
            numbers.extend(&found);
            known.push((part, found));
        }
        Ok(())
    }

    fn commit(&self) {
        self.shared.t.fetch_add(1, Relaxed);
    }
}
