//! Adding values to what is observed.

use chainer_kernels::{Error, Result};

use super::super::{Context, Extension, PRIORITY_WRITER};
use super::find_optimizer;
use crate::reporter::ReportValue;

/// Observes a value at every iteration under a key: what `value` makes of the context.
pub fn observe_value<V: ReportValue>(
    key: impl Into<String>,
    value: impl FnMut(&mut Context<'_>) -> Result<V> + 'static,
) -> impl Extension + 'static {
    struct ObserveValue<F>(String, F);
    impl<V: ReportValue, F: FnMut(&mut Context<'_>) -> Result<V> + 'static> Extension for ObserveValue<F> {
        fn run(&mut self, context: &mut Context<'_>) -> Result<()> {
            let value = (self.1)(context)?;
            context.observation.insert(&*self.0, value);
            Ok(())
        }
        fn default_name(&self) -> String {
            "observe_value".to_owned()
        }
        fn default_priority(&self) -> i32 {
            PRIORITY_WRITER
        }
    }
    ObserveValue(key.into(), value)
}

/// Observes the learning rate of the main optimizer as `lr`.
pub fn observe_lr() -> impl Extension + 'static {
    observe_value("lr", |context| {
        let optimizer = find_optimizer("observe_lr", context, "main")?;
        optimizer
            .hyperparameter("lr")
            .ok_or_else(|| Error::value("observe_lr", "an optimizer with a learning rate", "none"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::CountingUpdater;
    use super::*;
    use crate::training::{Iteration, Trainer};

    #[test]
    fn values_are_observed() {
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = Trainer::new(CountingUpdater::new(4, 1), (3, Iteration)).out(folder.path());
        trainer.extend(observe_lr());
        trainer.extend(observe_value("twice", |c| Ok(2 * c.clock.iteration)));
        trainer.run().unwrap();
        assert_eq!(trainer.observation().number("lr").unwrap(), Some(1.0));
        assert_eq!(trainer.observation().number("twice").unwrap(), Some(6.0));
    }
}
