//! Stop when a value no longer improves.

use chainer_kernels::Result;

use super::best_value::{not_reported, serialize_watch};
use super::{IntoTrigger, Trigger};
use crate::reporter::Observation;
use crate::serializers::Serializer;
use crate::summary::DictSummary;
use crate::training::{Clock, Unit};

/// A stop trigger that fires when a value has not improved for some checks, or when training has lasted long enough.
///
/// The value is the mean over a check interval (one epoch unless [`every`](Self::every) says otherwise) of what was reported.
pub struct EarlyStoppingTrigger {
    monitor: String,
    maximize: bool,
    patience: usize,
    check: Box<dyn Trigger>,
    longest: Box<dyn Trigger>,
    best: Option<f64>,
    waited: usize,
    summary: DictSummary,
}

impl EarlyStoppingTrigger {
    /// Watches `monitor` (such as `validation/main/loss`): larger is better if its name ends in `accuracy`, else smaller. Stops
    /// after 3 checks without an improvement, or after 100 epochs.
    pub fn new(monitor: impl Into<String>) -> Self {
        let monitor = monitor.into();
        EarlyStoppingTrigger {
            maximize: monitor.ends_with("accuracy"),
            monitor,
            patience: 3,
            check: (1, Unit::Epoch).into_trigger(),
            longest: (100, Unit::Epoch).into_trigger(),
            best: None,
            waited: 0,
            summary: DictSummary::new(),
        }
    }

    /// Whether larger is better.
    pub fn maximize(mut self, maximize: bool) -> Self {
        self.maximize = maximize;
        self
    }

    /// How many checks without an improvement to bear.
    pub fn patience(mut self, checks: usize) -> Self {
        self.patience = checks;
        self
    }

    /// How often to check.
    pub fn every(mut self, interval: impl IntoTrigger) -> Self {
        self.check = interval.into_trigger();
        self
    }

    /// When to stop in any case.
    pub fn at_most(mut self, longest: impl IntoTrigger) -> Self {
        self.longest = longest.into_trigger();
        self
    }
}

impl Trigger for EarlyStoppingTrigger {
    fn fire(&mut self, clock: &Clock, observation: &Observation) -> Result<bool> {
        if self.longest.fire(clock, observation)? {
            return Ok(true);
        }
        if let Some(value) = observation.number(&self.monitor)? {
            self.summary.add([(&self.monitor, value)]);
        }
        if !self.check.fire(clock, observation)? {
            return Ok(false);
        }
        let Some((_, value)) = std::mem::take(&mut self.summary).compute_mean().pop() else {
            return Err(not_reported("EarlyStoppingTrigger", &self.monitor, observation));
        };
        if self.best.is_none_or(|best| if self.maximize { value > best } else { value < best }) {
            self.best = Some(value);
            self.waited = 0;
        } else {
            self.waited += 1;
        }
        Ok(self.waited >= self.patience)
    }

    fn training_length(&self) -> Option<(f64, Unit)> {
        self.longest.training_length()
    }

    fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
        self.check.serialize(&mut s.child("interval_trigger"))?;
        self.longest.serialize(&mut s.child("max_trigger"))?;
        s.optional("count", &mut self.waited)?;
        serialize_watch(s, &mut self.summary, &mut self.best, "best_value")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_runs_out() {
        let mut trigger = EarlyStoppingTrigger::new("loss").patience(2).every((1, Unit::Iteration));
        let mut stopped_at = None;
        for (i, loss) in [3.0, 2.0, 2.5, 1.0, 1.5, 1.2, 0.5].into_iter().enumerate() {
            let mut observation = Observation::new();
            observation.insert("loss", loss);
            if trigger.fire(&Clock { iteration: i + 1, ..Clock::default() }, &observation).unwrap() {
                stopped_at = Some(i + 1);
                break;
            }
        }
        assert_eq!(stopped_at, Some(6));
    }
}
