//! The loop itself.

use std::collections::HashSet;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::time::Instant;

use chainer_kernels::random::default_generator;
use chainer_kernels::{Error, ErrorKind, Position, Result};

use super::extension::{Context, Entry, Extension, Logs, SaveRequest};
use super::triggers::{IntoTrigger, Trigger};
use super::{Clock, Updater};
use crate::reporter::{Observation, Reporter};
use crate::serializers::{Serializable, Serializer, create_folder};

/// Updates a model until its stop trigger fires, and runs extensions in between.
///
/// One iteration is: an update; then, by descending priority, each extension whose trigger fires; then the snapshots that extensions
/// asked for. The state of all of it can be saved ([`snapshot`](super::extensions::snapshot)) and restored
/// ([`load_npz`](crate::serializers::load_npz)) into a trainer that was set up the same way; the resumed run then continues as if it
/// had not been interrupted.
pub struct Trainer {
    updater: Box<dyn Updater>,
    stop: Box<dyn Trigger>,
    out: PathBuf,
    /// In the order of registration.
    entries: Vec<Entry>,
    reporter: Reporter,
    observation: Observation,
    logs: Logs,
    started: Option<Instant>,
    /// Seconds of training before the snapshot that was resumed.
    elapsed_before: f64,
    has_run: bool,
}

impl Trainer {
    /// Trains with `updater` until `stop`, such as `(20, Epoch)`.
    pub fn new(updater: impl Updater + 'static, stop: impl IntoTrigger) -> Self {
        let mut reporter = Reporter::new();
        updater.register(&mut reporter);
        Trainer {
            updater: Box::new(updater),
            stop: stop.into_trigger(),
            out: "result".into(),
            entries: Vec::new(),
            reporter,
            observation: Observation::new(),
            logs: Logs::new(),
            started: None,
            elapsed_before: 0.0,
            has_run: false,
        }
    }

    /// The folder for results instead of `result`. It is made when training starts.
    pub fn out(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out = folder.into();
        self
    }

    /// Registers an extension with its own trigger, name and priority; the returned entry changes them:
    /// `trainer.extend(snapshot()).trigger((10, Epoch))`.
    pub fn extend(&mut self, extension: impl Extension + 'static) -> &mut Entry {
        let (trigger, name) = (extension.default_trigger(), extension.default_name());
        let priority = extension.default_priority();
        let at = self.entries.len();
        self.entries.push(Entry::new(Box::new(extension), trigger, name, priority));
        &mut self.entries[at]
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
        &mut self.reporter
    }

    /// The values observed at the last update.
    pub fn observation(&self) -> &Observation {
        &self.observation
    }

    /// Seconds of training so far, those before a resumed snapshot included.
    pub fn elapsed_time(&self) -> f64 {
        self.elapsed_before + self.started.map_or(0.0, |started| started.elapsed().as_secs_f64())
    }

    /// How far training has come.
    pub fn clock(&self) -> Clock {
        Clock {
            iteration: self.updater.iteration(),
            epoch: self.updater.epoch(),
            epoch_detail: self.updater.epoch_detail(),
            previous_epoch_detail: self.updater.previous_epoch_detail(),
            is_new_epoch: self.updater.is_new_epoch(),
            elapsed_time: self.elapsed_time(),
        }
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
        let finalized = self.finalize();
        trained.and(finalized)
    }

    fn train(&mut self) -> Result<()> {
        check_writable(&self.out)?;
        self.settle_names();
        self.started = Some(Instant::now());
        self.for_each_extension(|entry, context| {
            entry.extension.initialize(context)?;
            if entry.run_before_training { entry.extension.run(context) } else { Ok(()) }
        })?;
        while !self.is_over()? {
            // What the last update left behind is dropped before the next one needs the memory.
            self.observation.clear();
            let (updated, observation) = self.reporter.observe(|| self.updater.update());
            self.observation = observation;
            updated?;
            if !self.entries.iter().any(|entry| entry.extension.needs_graph()) {
                self.observation.detach();
            }
            self.for_each_extension(|entry, context| {
                if entry.trigger.fire(context.clock, context.observation)? {
                    entry.extension.run(context)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn is_over(&mut self) -> Result<bool> {
        let clock = self.clock();
        // Always asked, so that it sees every iteration. A run that was resumed beyond its end is over, too.
        let fired = self.stop.fire(&clock, &self.observation)?;
        let passed = |(length, unit)| clock.passed(unit) >= length - 1e-9;
        Ok(fired || self.stop.training_length().is_some_and(passed))
    }

    /// Lets every extension have its turn, by priority, and then takes the snapshots that they asked for.
    fn for_each_extension(&mut self, mut turn: impl FnMut(&mut Entry, &mut Context<'_>) -> Result<()>) -> Result<()> {
        let clock = self.clock();
        let mut save_requests = Vec::new();
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        order.sort_by_key(|i| std::cmp::Reverse(self.entries[*i].priority));
        for i in order {
            let Trainer { updater, stop, out, entries, reporter, observation, logs, .. } = self;
            let entry = &mut entries[i];
            let name = entry.name.clone();
            let (result, reported) = reporter.observe(|| {
                let mut context = Context {
                    updater: &mut **updater,
                    observation: &mut *observation,
                    clock: &clock,
                    out,
                    name: &name,
                    training_length: stop.training_length(),
                    logs,
                    save_requests: &mut save_requests,
                };
                turn(entry, &mut context)
            });
            observation.merge(reported);
            result?;
        }
        for SaveRequest { path, save } in save_requests {
            save(&path, self)?;
        }
        Ok(())
    }

    fn finalize(&mut self) -> Result<()> {
        let mut result = Ok(());
        for entry in &mut self.entries {
            result = result.and(entry.extension.finalize());
        }
        self.updater.finalize();
        result
    }

    /// Gives extensions of the same name numbers: the second is called `name_1`.
    fn settle_names(&mut self) {
        let mut taken = HashSet::new();
        for entry in &mut self.entries {
            let mut name = entry.name.clone();
            let mut number = 0;
            while !taken.insert(name.clone()) {
                number += 1;
                name = format!("{}_{number}", entry.name);
            }
            entry.name = name;
        }
    }
}

/// Makes the output folder and tries to write to it: better now than after the first epoch.
fn check_writable(folder: &Path) -> Result<()> {
    create_folder("Trainer::run", folder)?;
    tempfile::tempfile_in(folder).map(drop).map_err(|error| Error::io("Trainer::run", folder, error))
}

/// The keys are Chainer's. Those that only its version 7 knows (the triggers') and ours (`random_state`) may be missing.
impl Serializable for Trainer {
    fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
        self.settle_names();
        self.updater.serialize(&mut s.child("updater"))?;
        self.stop.serialize(&mut s.child("stop_trigger"))?;
        for entry in &mut self.entries {
            entry.extension.serialize(&mut s.child("extensions").child(&entry.name))?;
            entry.trigger.serialize(&mut s.child("extension_triggers").child(&entry.name))?;
        }
        // Dropout goes on with the numbers that it would have drawn. Chainer keeps no such state.
        let (seed, position) = default_generator().state();
        let mut random = vec![seed, position];
        if s.optional("random_state", &mut random)? && s.is_loading() {
            let [seed, position] = random[..] else { return Err(s.error("random_state", "expected two numbers")) };
            default_generator().set_state((seed, position));
        }
        let mut elapsed = self.elapsed_time();
        s.value("_snapshot_elapsed_time", &mut elapsed)?;
        if s.is_loading() {
            self.elapsed_before = elapsed;
        }
        Ok(())
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
    fn equal_names_get_numbers() {
        let mut trainer = Trainer::new(CountingUpdater::new(10, 5), (1, Epoch));
        for _ in 0..3 {
            trainer.extend_fn(|_| Ok(())).name("a");
        }
        trainer.extend_fn(|_| Ok(())).name("a_1");
        trainer.settle_names();
        trainer.settle_names();
        let names: Vec<_> = trainer.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["a", "a_1", "a_2", "a_1_1"]);
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
