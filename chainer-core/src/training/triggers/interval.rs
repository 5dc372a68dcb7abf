//! Every so many epochs or iterations.

use chainer_kernels::{Error, Result};

use super::{Trigger, serialize_previous};
use crate::reporter::Observation;
use crate::serializers::Serializer;
use crate::training::{Clock, Unit};

/// Fires every `period` epochs or iterations. Epochs may be fractions.
///
/// As a stop trigger it ends training at `period`.
#[derive(Clone, Debug)]
pub struct IntervalTrigger {
    period: f64,
    unit: Unit,
    /// Iteration and epoch detail at the last call.
    previous: Option<(usize, f64)>,
}

impl IntervalTrigger {
    /// Fires every `period` of `unit`. A period that is not positive, or a fraction of an iteration, is an error at the first call.
    pub fn new(period: f64, unit: Unit) -> Self {
        IntervalTrigger { period, unit, previous: None }
    }

    fn check(&self) -> Result<()> {
        let whole = self.unit == Unit::Epoch || self.period.fract() == 0.0;
        if self.period > 0.0 && self.period.is_finite() && whole {
            return Ok(());
        }
        let expect = match self.unit {
            Unit::Epoch => "a positive period",
            Unit::Iteration => "a positive whole number of iterations as period",
        };
        Err(Error::value("IntervalTrigger", expect, self.period))
    }

    /// How many whole periods fit into a time. The small addition makes ten steps of a tenth one period.
    fn periods(&self, time: f64) -> f64 {
        (time / self.period + 1e-9).floor()
    }
}

impl Trigger for IntervalTrigger {
    fn fire(&mut self, clock: &Clock, _: &Observation) -> Result<bool> {
        self.check()?;
        let before = match (self.previous, self.unit) {
            (Some((iteration, _)), Unit::Iteration) => iteration as f64,
            (Some((_, detail)), Unit::Epoch) => detail,
            (None, unit) => clock.passed_before(unit),
        };
        self.previous = Some((clock.iteration, clock.epoch_detail));
        Ok(self.periods(before) != self.periods(clock.passed(self.unit)))
    }

    fn training_length(&self) -> Option<(f64, Unit)> {
        Some((self.period, self.unit))
    }

    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        serialize_previous(serializer, &mut self.previous)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{IntoTrigger, clocks};
    use super::*;

    fn fired(trigger: impl IntoTrigger, examples: usize, batch_size: usize, updates: usize) -> Vec<usize> {
        let mut trigger = trigger.into_trigger();
        let clocks = clocks(examples, batch_size, updates);
        let fired = clocks.iter().filter(|clock| trigger.fire(clock, &Observation::new()).unwrap());
        fired.map(|clock| clock.iteration).collect()
    }

    #[test]
    fn whole_and_fractional_periods() {
        assert_eq!(fired((2, Unit::Epoch), 7, 3, 12), [5, 10]);
        assert_eq!(fired((3, Unit::Iteration), 7, 3, 10), [3, 6, 9]);
        assert_eq!(fired((0.5, Unit::Epoch), 4, 1, 6), [2, 4, 6]);
        assert_eq!(fired((0.1, Unit::Epoch), 10, 1, 12), (1..=12).collect::<Vec<_>>());
        assert_eq!(fired((1, Unit::Epoch), 2, 5, 3), [1, 2, 3]);
    }

    #[test]
    fn impossible_periods_are_errors() {
        for (period, unit) in [(0.0, Unit::Epoch), (-1.0, Unit::Epoch), (1.5, Unit::Iteration), (f64::NAN, Unit::Epoch)]
        {
            assert!(IntervalTrigger::new(period, unit).fire(&Clock::default(), &Observation::new()).is_err());
        }
    }
}
