//! The extensions that come with the framework.

mod console;
mod dump_graph;
mod evaluator;
mod log_report;
mod observe;
mod plot_report;
mod print_report;
mod progress_bar;
mod shift;
mod snapshot;

pub use dump_graph::{DumpGraph, dump_graph};
pub use evaluator::Evaluator;
pub use log_report::LogReport;
pub use observe::{observe_lr, observe_value};
pub use plot_report::PlotReport;
pub use print_report::PrintReport;
pub use progress_bar::ProgressBar;
pub use shift::{ExponentialShift, LinearShift};
pub use snapshot::{Snapshot, snapshot, snapshot_object};

use chainer_kernels::{Error, Result};

use super::UpdateStep;
use super::extension::Context;

/// The optimizer of a name, for extensions that change or read it.
fn find_optimizer<'a>(
    operation: &'static str,
    context: &'a mut Context<'_>,
    name: &str,
) -> Result<&'a mut dyn UpdateStep> {
    context
        .updater
        .optimizer(name)
        .ok_or_else(|| Error::value(operation, "the name of an optimizer of the updater", format!("{name:?}")))
}

/// A training loop without a model, for the tests of what runs beside it.
#[cfg(test)]
pub(in crate::training) mod testing {
    use std::collections::BTreeMap;

    use super::super::Updater;
    use super::*;
    use crate::iterators::{DatasetIterator, SerialIterator};
    use crate::reporter::{Reporter, report_values};
    use crate::serializers::Serializer;

    /// Counts updates and reports the count as the loss.
    pub struct CountingUpdater {
        iterator: SerialIterator<Vec<usize>>,
        iteration: usize,
        pub optimizer: FakeOptimizer,
    }

    impl CountingUpdater {
        pub fn new(examples: usize, batch_size: usize) -> Self {
            Self::seeded(examples, batch_size, 0)
        }

        pub fn seeded(examples: usize, batch_size: usize, seed: u64) -> Self {
            let iterator = SerialIterator::new((0..examples).collect(), batch_size).seed(seed);
            CountingUpdater { iterator, iteration: 0, optimizer: FakeOptimizer::new(1.0) }
        }
    }

    impl Updater for CountingUpdater {
        fn update(&mut self) -> Result<()> {
            let batch = self.iterator.next_batch()?.unwrap_or_default();
            self.iteration += 1;
            let accuracy = batch[0] as f64 / self.iterator.dataset().len() as f64;
            report_values([("main/loss", &(1.0 / self.iteration as f64)), ("main/accuracy", &accuracy)]);
            Ok(())
        }
        fn iteration(&self) -> usize {
            self.iteration
        }
        fn epoch(&self) -> usize {
            self.iterator.epoch()
        }
        fn epoch_detail(&self) -> f64 {
            self.iterator.epoch_detail()
        }
        fn previous_epoch_detail(&self) -> Option<f64> {
            self.iterator.previous_epoch_detail()
        }
        fn is_new_epoch(&self) -> bool {
            self.iterator.is_new_epoch()
        }
        fn optimizer(&mut self, name: &str) -> Option<&mut dyn UpdateStep> {
            (name == "main").then_some(&mut self.optimizer as _)
        }
        fn register(&self, _: &mut Reporter) {}
        fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
            DatasetIterator::serialize(&mut self.iterator, &mut s.child("iterator:main"))?;
            s.value("iteration", &mut self.iteration)
        }
    }

    pub struct FakeOptimizer(pub BTreeMap<String, f64>);

    impl FakeOptimizer {
        pub fn new(lr: f64) -> Self {
            FakeOptimizer([("lr".to_owned(), lr)].into())
        }
    }

    impl UpdateStep for FakeOptimizer {
        fn update(&mut self) -> Result<()> {
            Ok(())
        }
        fn new_epoch(&mut self) {}
        fn hyperparameter(&self, name: &str) -> Option<f64> {
            self.0.get(name).copied()
        }
        fn set_hyperparameter(&mut self, name: &str, value: f64) -> Result<()> {
            self.0.insert(name.to_owned(), value);
            Ok(())
        }
        fn serialize(&mut self, _: &mut Serializer<'_>) -> Result<()> {
            Ok(())
        }
    }
}
