//! The loop itself.

use std::panic::Location;
use std::path::PathBuf;

use chainer_kernels::{Error, ErrorKind, Position, Result};

use super::extension::{Context, Entry, Extension};
use super::runner::{Runner, Whole};
use super::triggers::IntoTrigger;
use super::{Clock, Updater};
use crate::reporter::{Observation, Reporter};
use crate::serializers::{Serializable, Serializer};

/// Updates a model until its stop trigger fires, and runs extensions in between.
///
/// One iteration is: an update; then, by descending priority, each extension whose trigger fires; then the snapshots that extensions
/// asked for. The state of all of it can be saved ([`snapshot`](super::extensions::snapshot)) and restored
/// ([`load_npz`](crate::serializers::load_npz)) into a trainer that was set up the same way; the resumed run then continues as if it
/// had not been interrupted.
pub struct Trainer {
    updater: Box<dyn Updater>,
    runner: Runner,
    has_run: bool,
}

impl Trainer {
    /// Trains with `updater` until `stop`, such as `(20, Epoch)`.
    pub fn new(updater: impl Updater + 'static, stop: impl IntoTrigger) -> Self {
        let mut runner = Runner::new(stop);
        updater.register(&mut runner.reporter);
        Trainer { updater: Box::new(updater), runner, has_run: false }
    }

    /// The folder for results instead of `result`. It is made when training starts.
    pub fn out(mut self, folder: impl Into<PathBuf>) -> Self {
        self.runner.out = folder.into();
        self
    }

    /// Registers an extension with its own trigger, name and priority; the returned entry changes them:
    /// `trainer.extend(snapshot()).trigger((10, Epoch))`.
    pub fn extend(&mut self, extension: impl Extension + 'static) -> &mut Entry {
        self.runner.extend(extension)
    }

    /// Registers a closure as an extension; its argument needs no type.
    pub fn extend_fn(&mut self, extension: impl FnMut(&mut Context<'_>) -> Result<()> + 'static) -> &mut Entry {
        self.extend(extension).name("closure")
    }

    /// What updates the parameters.
    pub fn updater(&mut self) -> &mut dyn Updater {
        &mut *self.updater
    }

    /// The names of observers, to which others can be added.
    pub fn reporter(&mut self) -> &mut Reporter {
        &mut self.runner.reporter
    }

    /// The values observed at the last update.
    pub fn observation(&self) -> &Observation {
        &self.runner.observation
    }

    /// Seconds of training so far, those before a resumed snapshot included.
    pub fn elapsed_time(&self) -> f64 {
        self.runner.elapsed_time()
    }

    /// How far training has come.
    pub fn clock(&self) -> Clock {
        self.runner.clock(&*self.updater)
    }

    /// Trains until the stop trigger fires. A trainer runs once; to train on, make a new one and load a snapshot into it.
    ///
    /// # Errors
    /// The output folder cannot be written; an update or an extension failed. Extensions are finalized in any case.
    #[track_caller]
    pub fn run(&mut self) -> Result<()> {
        let _position = Position::enter(Location::caller());
        if self.has_run {
            return Err(Error::new(ErrorKind::State, "Trainer::run", "this trainer has run; a trainer runs once"));
        }
        self.has_run = true;
        let trained = self.train();
        let finalized = self.runner.finalize();
        self.updater.finalize();
        trained.and(finalized)
    }

    fn train(&mut self) -> Result<()> {
        let Trainer { updater, runner, .. } = self;
        runner.start(&mut **updater)?;
        while !runner.is_over(&**updater)? {
            // What the last update left behind is dropped before the next one needs the memory.
            runner.observation.clear();
            let (updated, observation) = runner.reporter.observe(|| updater.update());
            updated?;
            runner.after_update(&mut **updater, observation)?;
        }
        Ok(())
    }
}

impl Serializable for Trainer {
    fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
        Whole { updater: &mut *self.updater, runner: &mut self.runner }.serialize(s)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::super::extensions::testing::CountingUpdater;
    use super::super::{Epoch, Iteration, PRIORITY_WRITER};
    use super::*;

    #[test]
    fn extensions_run_by_priority_and_see_earlier_values() {
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = Trainer::new(CountingUpdater::new(10, 5), (2, Epoch)).out(folder.path());
        let seen = Rc::new(RefCell::new(Vec::new()));
        let log = seen.clone();
        trainer.extend_fn(move |c| {
            log.borrow_mut().push((c.clock.iteration, c.observation.number("extra")?));
            Ok(())
        });
        trainer
            .extend_fn(|c| {
                c.observation.insert("extra", c.clock.iteration as f64 * 10.0);
                Ok(())
            })
            .trigger((2, Iteration))
            .priority(PRIORITY_WRITER);
        trainer.run().unwrap();
        assert_eq!(*seen.borrow(), [(1, None), (2, Some(20.0)), (3, None), (4, Some(40.0))]);
        assert_eq!(trainer.run().unwrap_err().kind(), ErrorKind::State);
    }

    #[test]
    fn an_error_ends_training_and_finalizes() {
        struct Failing(Rc<RefCell<bool>>);
        impl Extension for Failing {
            fn run(&mut self, _: &mut Context<'_>) -> Result<()> {
                Err(Error::new(ErrorKind::State, "Failing", "no"))
            }
            fn finalize(&mut self) -> Result<()> {
                *self.0.borrow_mut() = true;
                Ok(())
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let finalized = Rc::new(RefCell::new(false));
        let mut trainer = Trainer::new(CountingUpdater::new(10, 5), (1, Epoch)).out(folder.path());
        trainer.extend(Failing(finalized.clone()));
        assert_eq!(trainer.run().unwrap_err().operation(), "Failing");
        assert!(*finalized.borrow());
    }

    #[test]
    fn a_file_in_the_way_of_the_output_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("result");
        std::fs::write(&file, "").unwrap();
        for out in [file.clone(), file.join("below")] {
            let error = Trainer::new(CountingUpdater::new(10, 5), (1, Epoch)).out(&out).run().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io);
            assert!(error.to_string().contains("result"), "{error}");
        }
    }
}
