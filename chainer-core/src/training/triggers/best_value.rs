//! When a reported value is better than ever before.

use chainer_kernels::{Error, ErrorKind, Result};

use super::{IntoTrigger, Trigger};
use crate::reporter::Observation;
use crate::serializers::{Serializable, Serializer};
use crate::summary::DictSummary;
use crate::training::{Clock, Unit};

/// Fires when the mean of a value over an interval is better than that of every interval before.
pub struct BestValueTrigger {
    key: String,
    interval: Box<dyn Trigger>,
    is_better: fn(best: f64, value: f64) -> bool,
    best: Option<f64>,
    summary: DictSummary,
}

/// Fires when a value is larger than ever: see [`MaxValueTrigger::new`].
pub struct MaxValueTrigger;

/// Fires when a value is smaller than ever: see [`MinValueTrigger::new`].
pub struct MinValueTrigger;

impl MaxValueTrigger {
    /// Fires when the mean of `key` (such as `validation/main/accuracy`) over an epoch is larger than in every epoch before.
    #[allow(clippy::new_ret_no_self)] // Chainer's name for a constructor; the two differ in the comparison only.
    pub fn new(key: impl Into<String>) -> BestValueTrigger {
        BestValueTrigger::new(key, |best, value| value > best)
    }
}

impl MinValueTrigger {
    /// Fires when the mean of `key` (such as `validation/main/loss`) over an epoch is smaller than in every epoch before.
    #[allow(clippy::new_ret_no_self)]
    pub fn new(key: impl Into<String>) -> BestValueTrigger {
        BestValueTrigger::new(key, |best, value| value < best)
    }
}

impl BestValueTrigger {
    /// Fires when the mean of `key` over an epoch is better than the best before.
    pub fn new(key: impl Into<String>, is_better: fn(best: f64, value: f64) -> bool) -> Self {
        let interval = (1, Unit::Epoch).into_trigger();
        BestValueTrigger { key: key.into(), interval, is_better, best: None, summary: DictSummary::new() }
    }

    /// Compares every so often, instead of once an epoch.
    pub fn every(mut self, interval: impl IntoTrigger) -> Self {
        self.interval = interval.into_trigger();
        self
    }
}

impl Trigger for BestValueTrigger {
    fn fire(&mut self, clock: &Clock, observation: &Observation) -> Result<bool> {
        if let Some(value) = observation.number(&self.key)? {
            self.summary.add([(&self.key, value)]);
        }
        if !self.interval.fire(clock, observation)? {
            return Ok(false);
        }
        let Some((_, value)) = std::mem::take(&mut self.summary).compute_mean().pop() else {
            return Err(not_reported("BestValueTrigger", &self.key, observation));
        };
        let better = self.best.is_none_or(|best| (self.is_better)(best, value));
        if better {
            self.best = Some(value);
        }
        Ok(better)
    }

    fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
        self.interval.serialize(&mut s.child("interval_trigger"))?;
        serialize_watch(s, &mut self.summary, &mut self.best, "best_value")
    }
}

/// The part of the state that value-watching triggers share. Snapshots of Chainer 1 lack it.
pub(super) fn serialize_watch(
    s: &mut Serializer<'_>,
    summary: &mut DictSummary,
    best: &mut Option<f64>,
    key: &str,
) -> Result<()> {
    // No best value yet: no entry.
    let mut value = best.unwrap_or(f64::NAN);
    if (s.is_loading() || best.is_some()) && s.optional(key, &mut value)? {
        *best = Some(value);
    }
    let mut s = s.child("summary");
    if !s.is_loading() || s.get("_names")?.is_some() {
        summary.serialize(&mut s)?;
    }
    Ok(())
}

pub(super) fn not_reported(trigger: &'static str, key: &str, observation: &Observation) -> Error {
    let message = format!("Expect: a reported value {key:?}\nActual: {:?} were reported", observation.names());
    Error::new(ErrorKind::InvalidValue, trigger, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fired(mut trigger: BestValueTrigger, values: &[f64]) -> Vec<bool> {
        let step = |(i, value): (usize, &f64)| {
            let mut observation = Observation::new();
            observation.insert("main/loss", *value);
            trigger.fire(&Clock { iteration: i + 1, ..Clock::default() }, &observation).unwrap()
        };
        values.iter().enumerate().map(step).collect()
    }

    #[test]
    fn ties_do_not_fire() {
        let max = MaxValueTrigger::new("main/loss").every((1, Unit::Iteration));
        let want = [true, true, false, true, false, false, true];
        assert_eq!(fired(max, &[0.1, 0.3, 0.2, 0.5, 0.5, 0.4, 0.9]), want);
        let min = MinValueTrigger::new("main/loss").every((1, Unit::Iteration));
        assert_eq!(fired(min, &[0.4, 0.3, 0.35, 0.1, 0.1, 0.5]), [true, true, false, true, false, false]);
        let mean = MaxValueTrigger::new("main/loss").every((2, Unit::Iteration));
        assert_eq!(fired(mean, &[1.0, 3.0, 2.5, 1.0, 2.0, 3.0]), [false, true, false, false, false, true]);
    }

    #[test]
    fn a_value_that_nobody_reports_is_an_error() {
        let mut trigger = MaxValueTrigger::new("main/typo").every((1, Unit::Iteration));
        let mut observation = Observation::new();
        observation.insert("main/loss", 1.0);
        let error = trigger.fire(&Clock { iteration: 1, ..Clock::default() }, &observation).unwrap_err();
        assert!(error.to_string().contains("main/typo") && error.to_string().contains("main/loss"), "{error}");
    }
}
