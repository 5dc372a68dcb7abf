//! At given points of time.

use chainer_kernels::Result;

use super::{Trigger, serialize_previous};
use crate::reporter::Observation;
use crate::serializers::Serializer;
use crate::training::{Clock, Unit};

/// Fires once at each of some points of time.
#[derive(Clone, Debug)]
pub struct ManualScheduleTrigger {
    points: Vec<f64>,
    unit: Unit,
    previous: Option<(usize, f64)>,
}

impl ManualScheduleTrigger {
    /// Fires at the iteration on which each point, in `unit`, is reached. Points in epochs may be fractions.
    pub fn new(points: impl IntoIterator<Item = f64>, unit: Unit) -> Self {
        ManualScheduleTrigger { points: points.into_iter().collect(), unit, previous: None }
    }
}

impl Trigger for ManualScheduleTrigger {
    fn fire(&mut self, clock: &Clock, _: &Observation) -> Result<bool> {
        let before = match (self.previous, self.unit) {
            (Some((iteration, _)), Unit::Iteration) => iteration as f64,
            (Some((_, detail)), Unit::Epoch) => detail,
            (None, unit) => clock.passed_before(unit),
        };
        self.previous = Some((clock.iteration, clock.epoch_detail));
        let now = clock.passed(self.unit);
        Ok(self.points.iter().any(|point| before < *point && *point <= now))
    }

    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        serialize_previous(serializer, &mut self.previous)
    }
}

#[cfg(test)]
mod tests {
    use super::super::clocks;
    use super::*;

    #[test]
    fn each_point_fires_once() {
        let fired = |points: &[f64], unit| {
            let mut trigger = ManualScheduleTrigger::new(points.iter().copied(), unit);
            let clocks = clocks(5, 2, 12);
            let fired = clocks.iter().filter(|clock| trigger.fire(clock, &Observation::new()).unwrap());
            fired.map(|clock| clock.iteration).collect::<Vec<_>>()
        };
        assert_eq!(fired(&[1.0, 3.0], Unit::Epoch), [3, 8]);
        assert_eq!(fired(&[2.0, 2.0, 11.0], Unit::Iteration), [2, 11]);
        assert_eq!(fired(&[0.5], Unit::Epoch), [2]);
        assert_eq!(fired(&[], Unit::Epoch), [0; 0]);
    }
}
