//! What a loop runs beside its updates, whoever makes these: extensions, their clock and what they observe.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use chainer_kernels::random::default_generator;
use chainer_kernels::{Error, Result};

use super::extension::{Context, Entry, Extension, Logs, SaveRequest};
use super::triggers::{IntoTrigger, Trigger};
use super::{Clock, Updater};
use crate::reporter::{Observation, Reporter};
use crate::serializers::{Serializable, Serializer, create_folder};

/// The extensions of a loop with everything that they share. The updater stays with the owner, who hands it in.
pub(super) struct Runner {
    stop: Box<dyn Trigger>,
    pub out: PathBuf,
    /// In the order of registration.
    entries: Vec<Entry>,
    pub reporter: Reporter,
    pub observation: Observation,
    logs: Logs,
    started: Option<Instant>,
    /// Seconds of training before the snapshot that was resumed.
    elapsed_before: f64,
}

impl Runner {
    pub fn new(stop: impl IntoTrigger) -> Self {
        Runner {
            stop: stop.into_trigger(),
            out: "result".into(),
            entries: Vec::new(),
            reporter: Reporter::new(),
            observation: Observation::new(),
            logs: Logs::new(),
            started: None,
            elapsed_before: 0.0,
        }
    }

    pub fn extend(&mut self, extension: impl Extension + 'static) -> &mut Entry {
        let (trigger, name) = (extension.default_trigger(), extension.default_name());
        let priority = extension.default_priority();
        let at = self.entries.len();
        self.entries.push(Entry::new(Box::new(extension), trigger, name, priority));
        &mut self.entries[at]
    }

    /// Seconds of training so far, those before a resumed snapshot included.
    pub fn elapsed_time(&self) -> f64 {
        self.elapsed_before + self.started.map_or(0.0, |started| started.elapsed().as_secs_f64())
    }

    /// How far training has come.
    pub fn clock(&self, updater: &dyn Updater) -> Clock {
        Clock {
            iteration: updater.iteration(),
            epoch: updater.epoch(),
            epoch_detail: updater.epoch_detail(),
            previous_epoch_detail: updater.previous_epoch_detail(),
            is_new_epoch: updater.is_new_epoch(),
            elapsed_time: self.elapsed_time(),
        }
    }

    /// Makes the output folder and lets every extension get ready.
    pub fn start(&mut self, updater: &mut dyn Updater) -> Result<()> {
        check_writable(&self.out)?;
        self.settle_names();
        self.started = Some(Instant::now());
        self.for_each_extension(updater, |entry, context| {
            entry.extension.initialize(context)?;
            if entry.run_before_training { entry.extension.run(context) } else { Ok(()) }
        })
    }

    /// Whether the stop trigger fires. To be asked once before each iteration, so that it sees every one.
    pub fn is_over(&mut self, updater: &dyn Updater) -> Result<bool> {
        let clock = self.clock(updater);
        let fired = self.stop.fire(&clock, &self.observation)?;
        // A run that was resumed beyond its end is over, too.
        let passed = |(length, unit)| clock.passed(unit) >= length - 1e-9;
        Ok(fired || self.stop.training_length().is_some_and(passed))
    }

    /// Takes what was observed at an update, and runs the extensions whose triggers fire.
    pub fn after_update(&mut self, updater: &mut dyn Updater, observation: Observation) -> Result<()> {
        self.observation = observation;
        if !self.entries.iter().any(|entry| entry.extension.needs_graph()) {
            self.observation.detach();
        }
        self.for_each_extension(updater, |entry, context| {
            if entry.trigger.fire(context.clock, context.observation)? {
                entry.extension.run(context)?;
            }
            Ok(())
        })
    }

    /// Lets every extension have its turn, by priority, and then takes the snapshots that they asked for.
    fn for_each_extension(
        &mut self,
        updater: &mut dyn Updater,
        mut turn: impl FnMut(&mut Entry, &mut Context<'_>) -> Result<()>,
    ) -> Result<()> {
        let clock = self.clock(updater);
        let mut save_requests = Vec::new();
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        order.sort_by_key(|i| std::cmp::Reverse(self.entries[*i].priority));
        for i in order {
            let Runner { stop, out, entries, reporter, observation, logs, .. } = self;
            let entry = &mut entries[i];
            let name = entry.name.clone();
            let (result, reported) = reporter.observe(|| {
                let mut context = Context {
                    updater: &mut *updater,
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
            save(&path, &mut Whole { updater: &mut *updater, runner: self })?;
        }
        Ok(())
    }

    /// Lets every extension finish; the first error is returned.
    pub fn finalize(&mut self) -> Result<()> {
        let mut result = Ok(());
        for entry in &mut self.entries {
            result = result.and(entry.extension.finalize());
        }
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
/// A loop with its updater: what a snapshot holds.
pub(super) struct Whole<'a> {
    pub updater: &'a mut dyn Updater,
    pub runner: &'a mut Runner,
}

/// The keys are Chainer's. Those that only its version 7 knows (the triggers') and ours (`random_state`) may be missing.
impl Serializable for Whole<'_> {
    fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
        let Whole { updater, runner } = self;
        runner.settle_names();
        updater.serialize(&mut s.child("updater"))?;
        runner.stop.serialize(&mut s.child("stop_trigger"))?;
        for entry in &mut runner.entries {
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
        let mut elapsed = runner.elapsed_time();
        s.value("_snapshot_elapsed_time", &mut elapsed)?;
        if s.is_loading() {
            runner.elapsed_before = elapsed;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_get_numbers() {
        let mut runner = Runner::new((1, crate::training::Epoch));
        let nothing = || |_: &mut Context<'_>| Ok(());
        for _ in 0..3 {
            runner.extend(nothing()).name("a");
        }
        runner.extend(nothing()).name("a_1");
        runner.settle_names();
        runner.settle_names();
        let names: Vec<_> = runner.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["a", "a_1", "a_2", "a_1_1"]);
    }
}
