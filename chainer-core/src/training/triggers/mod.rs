//! Triggers decide when something happens: when an extension runs, when training stops.

mod best_value;
mod early_stopping;
mod interval;
mod schedule;

pub use best_value::{BestValueTrigger, MaxValueTrigger, MinValueTrigger};
pub use early_stopping::EarlyStoppingTrigger;
pub use interval::IntervalTrigger;
pub use schedule::ManualScheduleTrigger;

use chainer_kernels::Result;

use super::{Clock, Unit};
use crate::reporter::Observation;
use crate::serializers::Serializer;

/// Decides at every iteration whether something is to happen now.
pub trait Trigger {
    /// Whether to fire, given how far training has come and what the last update observed. Called once an iteration.
    ///
    /// # Errors
    /// A value that the trigger watches was not reported, or has failed.
    fn fire(&mut self, clock: &Clock, observation: &Observation) -> Result<bool>;

    /// As a stop trigger: how long training will be, if that is known beforehand.
    fn training_length(&self) -> Option<(f64, Unit)> {
        None
    }

    /// Stores or restores the trigger's state.
    fn serialize(&mut self, _serializer: &mut Serializer<'_>) -> Result<()> {
        Ok(())
    }
}

impl<T: Trigger + ?Sized> Trigger for Box<T> {
    fn fire(&mut self, clock: &Clock, observation: &Observation) -> Result<bool> {
        (**self).fire(clock, observation)
    }
    fn training_length(&self) -> Option<(f64, Unit)> {
        (**self).training_length()
    }
    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        (**self).serialize(serializer)
    }
}

/// What can be given where a trigger is wanted: a trigger, `(20, Epoch)`, `(0.5, Epoch)`, `(1000, Iteration)`, or a closure over
/// the clock.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a trigger",
    label = "expected something like `(20, Epoch)` or `(1000, Iteration)`"
)]
pub trait IntoTrigger {
    /// The trigger meant.
    fn into_trigger(self) -> Box<dyn Trigger>;
}

impl<T: Trigger + 'static> IntoTrigger for T {
    fn into_trigger(self) -> Box<dyn Trigger> {
        Box::new(self)
    }
}

impl IntoTrigger for (usize, Unit) {
    fn into_trigger(self) -> Box<dyn Trigger> {
        Box::new(IntervalTrigger::new(self.0 as f64, self.1))
    }
}

impl IntoTrigger for (f64, Unit) {
    fn into_trigger(self) -> Box<dyn Trigger> {
        Box::new(IntervalTrigger::new(self.0, self.1))
    }
}

/// A trigger made of a closure: `trigger_fn(|clock| clock.iteration == 1)`.
pub fn trigger_fn(fire: impl FnMut(&Clock) -> bool + 'static) -> Box<dyn Trigger> {
    struct Closure<F>(F);
    impl<F: FnMut(&Clock) -> bool> Trigger for Closure<F> {
        fn fire(&mut self, clock: &Clock, _: &Observation) -> Result<bool> {
            Ok((self.0)(clock))
        }
    }
    Box::new(Closure(fire))
}

/// The trigger that never fires.
pub fn never() -> Box<dyn Trigger> {
    trigger_fn(|_| false)
}

/// Which values of a trigger's past are needed to go on after a resume. Snapshots of Chainer 1 lack them.
fn serialize_previous(s: &mut Serializer<'_>, previous: &mut Option<(usize, f64)>) -> Result<()> {
    let (mut iteration, mut epoch_detail) =
        previous.map_or((-1, -1.0), |(iteration, detail)| (iteration as i64, detail));
    let known =
        s.optional("previous_iteration", &mut iteration)? & s.optional("previous_epoch_detail", &mut epoch_detail)?;
    *previous = match usize::try_from(iteration) {
        Ok(iteration) if known && epoch_detail >= 0.0 => Some((iteration, epoch_detail)),
        _ => None,
    };
    Ok(())
}

/// Clocks as a training loop would show them, for the tests of what is driven by them.
#[cfg(test)]
pub(super) fn clocks(examples: usize, batch_size: usize, updates: usize) -> Vec<Clock> {
    use crate::iterators::{DatasetIterator, SerialIterator};
    let mut iterator = SerialIterator::new((0..examples).collect::<Vec<_>>(), batch_size).shuffle(false);
    (1..=updates)
        .map(|iteration| {
            iterator.next_batch().unwrap();
            Clock {
                iteration,
                epoch: iterator.epoch(),
                epoch_detail: iterator.epoch_detail(),
                previous_epoch_detail: iterator.previous_epoch_detail(),
                is_new_epoch: iterator.is_new_epoch(),
                elapsed_time: 0.0,
            }
        })
        .collect()
}
