//! The extensions of a trainer for a loop that the user writes.

use std::path::PathBuf;
use std::sync::Arc;

use chainer_kernels::{Error, Result};

use super::extension::{Context, Entry, Extension};
use super::runner::{Runner, Whole};
use super::standard_updater::register_links;
use super::triggers::IntoTrigger;
use super::{Clock, UpdateStep, Updater};
use crate::Link;
use crate::reporter::{Collecting, Observation, Reporter};
use crate::serializers::{Serializable, Serializer};

/// Runs extensions beside a loop of your own: where a [`Trainer`](super::Trainer) with an [`Updater`] does not fit.
///
/// Each pass of the loop takes one guard ([`Manager::iteration`]). While the guard exists, what the models report is observed;
/// [`IterationGuard::finish`] counts the iteration and runs the extensions whose triggers fire.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::training::{Manager, extensions as E};
/// use chainer::{functions as F, links as L, optimizers};
/// use std::sync::Arc;
///
/// # let folder = tempfile::tempdir().unwrap();
/// let model = Arc::new(L::Classifier::new(L::Linear::new(None, 2)));
/// let mut optimizer = optimizers::Adam::default().setup(&model);
/// let batches = vec![(Array::from([[0.0f32, 1.0]]), Array::from([1i32])), (Array::from([[1.0f32, 0.0]]), Array::from([0i32]))];
///
/// let mut manager = Manager::new(batches.len(), (3, Epoch)).model("main", &model).out(folder.path());
/// manager.extend(E::LogReport::new());
/// while !manager.is_over()? {
///     for (x, t) in &batches {
///         let iteration = manager.iteration()?;
///         let loss = model.forward((&Variable::constant(x.clone()), &Variable::constant(t.clone())));
///         model.cleargrads();
///         loss.backward()?;
///         optimizer.update()?;
///         iteration.finish()?;
///     }
/// }
/// let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
/// assert!(log.contains("main/loss") && log.contains("\"iteration\": 6"));
/// # Ok::<(), chainer::Error>(())
/// ```
///
/// A snapshot holds the counts, the models and optimizers that the manager was given, and the extensions; load it into a manager that
/// was set up the same way. Where the examples come from is the loop's own affair: [`Manager::clock`] says how far it had come.
pub struct Manager {
    progress: Progress,
    runner: Runner,
    started: bool,
    finalized: bool,
    /// The iteration at which the stop trigger was asked last, and its answer.
    over: Option<(usize, bool)>,
}

impl Manager {
    /// A manager for a loop of `iterations_per_epoch` iterations an epoch that ends when `stop` says so, such as `(20, Epoch)`.
    pub fn new(iterations_per_epoch: usize, stop: impl IntoTrigger) -> Self {
        let progress = Progress { iterations_per_epoch, iteration: 0, models: Vec::new(), optimizers: Vec::new() };
        Manager { progress, runner: Runner::new(stop), started: false, finalized: false, over: None }
    }

    /// Gives a model its name: what it reports stands below it (`main/loss`), and snapshots hold it.
    pub fn model<M: Link>(mut self, name: impl Into<String>, model: &Arc<M>) -> Self {
        let name = name.into();
        register_links(&mut self.runner.reporter, &name, &**model);
        self.progress.models.push((name, model.clone()));
        self
    }

    /// Hands an optimizer over under a name, so that extensions find it and snapshots hold it. The loop reaches it as
    /// [`IterationGuard::update`].
    pub fn optimizer(mut self, name: impl Into<String>, optimizer: impl UpdateStep + 'static) -> Self {
        self.progress.optimizers.push((name.into(), Box::new(optimizer)));
        self
    }

    /// The folder for results instead of `result`. It is made when training starts.
    pub fn out(mut self, folder: impl Into<PathBuf>) -> Self {
        self.runner.out = folder.into();
        self
    }

    /// Registers an extension, as [`Trainer::extend`](super::Trainer::extend) does.
    pub fn extend(&mut self, extension: impl Extension + 'static) -> &mut Entry {
        self.runner.extend(extension)
    }

    /// Registers a closure as an extension; its argument needs no type.
    pub fn extend_fn(&mut self, extension: impl FnMut(&mut Context<'_>) -> Result<()> + 'static) -> &mut Entry {
        self.extend(extension).name("closure")
    }

    /// The names of observers, to which others can be added.
    pub fn reporter(&mut self) -> &mut Reporter {
        &mut self.runner.reporter
    }

    /// The values observed at the last iteration.
    pub fn observation(&self) -> &Observation {
        &self.runner.observation
    }

    /// How far training has come.
    pub fn clock(&self) -> Clock {
        self.runner.clock(&self.progress)
    }

    /// Whether the loop should end. The first call starts the extensions, and the one that says yes finishes them.
    ///
    /// # Errors
    /// The output folder cannot be written; an epoch has no iterations; an extension or the stop trigger failed.
    pub fn is_over(&mut self) -> Result<bool> {
        self.start()?;
        let at = self.progress.iteration;
        let over = match self.over {
            Some((asked, over)) if asked == at => over,
            _ => self.runner.is_over(&self.progress)?,
        };
        self.over = Some((at, over));
        if over {
            self.finalize()?;
        }
        Ok(over)
    }

    /// Starts an iteration. To be finished with [`IterationGuard::finish`]; a guard that is dropped instead, by an error in the loop,
    /// leaves the iteration uncounted.
    ///
    /// # Errors
    /// Those of [`is_over`](Self::is_over).
    pub fn iteration(&mut self) -> Result<IterationGuard<'_>> {
        // Loops that are nested by epoch do not ask each time, but the stop trigger wants to see every iteration.
        self.is_over()?;
        // What the last iteration left behind is dropped before the next one needs the memory.
        self.runner.observation.clear();
        let collecting = self.runner.reporter.collect();
        Ok(IterationGuard { manager: self, collecting })
    }

    fn start(&mut self) -> Result<()> {
        if self.started {
            return Ok(());
        }
        if self.progress.iterations_per_epoch == 0 {
            return Err(Error::value("Manager", "iterations_per_epoch > 0", 0));
        }
        self.runner.start(&mut self.progress)?;
        self.started = true;
        Ok(())
    }

    fn finalize(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.finalized, true) { Ok(()) } else { self.runner.finalize() }
    }
}

/// Extensions are finished also when the loop ends early.
impl Drop for Manager {
    fn drop(&mut self) {
        if self.started {
            // There is nobody to tell: the error that ended the loop is on its way already.
            let _ = self.finalize();
        }
    }
}

impl Serializable for Manager {
    fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
        Whole { updater: &mut self.progress, runner: &mut self.runner }.serialize(s)
    }
}

/// One iteration of a loop with a [`Manager`].
#[must_use = "the iteration counts, and the extensions run, when it is finished"]
pub struct IterationGuard<'a> {
    manager: &'a mut Manager,
    collecting: Collecting,
}

impl IterationGuard<'_> {
    /// Lets the optimizer of a name, which was handed to the manager, change its parameters by their gradients.
    ///
    /// # Errors
    /// There is no such optimizer, or its update fails.
    pub fn update(&mut self, name: &str) -> Result<()> {
        match self.manager.progress.optimizer(name) {
            Some(optimizer) => optimizer.update(),
            None => Err(Error::value(
                "IterationGuard::update",
                "the name of an optimizer of the manager",
                format!("{name:?}"),
            )),
        }
    }

    /// Counts the iteration and runs the extensions whose triggers fire.
    ///
    /// # Errors
    /// An extension failed.
    pub fn finish(self) -> Result<()> {
        let Manager { progress, runner, .. } = self.manager;
        let observation = self.collecting.finish();
        progress.update()?;
        runner.after_update(progress, observation)
    }
}

/// The counts of a loop: an updater whose updates the loop has made already.
struct Progress {
    iterations_per_epoch: usize,
    iteration: usize,
    models: Vec<(String, Arc<dyn Link>)>,
    optimizers: Vec<(String, Box<dyn UpdateStep>)>,
}

impl Progress {
    fn epochs(&self, iteration: usize) -> f64 {
        iteration as f64 / self.iterations_per_epoch as f64
    }
}

impl Updater for Progress {
    fn update(&mut self) -> Result<()> {
        self.iteration += 1;
        if self.is_new_epoch() {
            self.optimizers.iter_mut().for_each(|(_, optimizer)| optimizer.new_epoch());
        }
        Ok(())
    }

    fn iteration(&self) -> usize {
        self.iteration
    }

    fn epoch(&self) -> usize {
        self.iteration.checked_div(self.iterations_per_epoch).unwrap_or(0)
    }

    fn epoch_detail(&self) -> f64 {
        self.epochs(self.iteration)
    }

    fn previous_epoch_detail(&self) -> Option<f64> {
        self.iteration.checked_sub(1).map(|before| self.epochs(before))
    }

    fn is_new_epoch(&self) -> bool {
        self.iteration > 0 && self.iteration.is_multiple_of(self.iterations_per_epoch)
    }

    fn optimizer(&mut self, name: &str) -> Option<&mut dyn UpdateStep> {
        let (_, optimizer) = self.optimizers.iter_mut().find(|(known, _)| known == name)?;
        Some(&mut **optimizer)
    }

    /// Models get their names as they come.
    fn register(&self, _: &mut Reporter) {}

    fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
        // Loading a model gives parameters their shapes, which the optimizer's state needs.
        for (name, model) in &self.models {
            model.serialize(&mut s.child(&format!("model:{name}")))?;
        }
        for (name, optimizer) in &mut self.optimizers {
            optimizer.serialize(&mut s.child(&format!("optimizer:{name}")))?;
        }
        s.value("iteration", &mut self.iteration)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::extensions::{LogReport, snapshot};
    use super::super::{Epoch, Iteration};
    use super::*;
    use crate::reporter::report_values;
    use crate::serializers::load_npz;
    use crate::{Array, Forward, UpdateRule, Variable, functions as F, links as L, optimizers, set_seed};

    fn manager(out: &Path, epochs: usize) -> (Manager, Arc<L::Linear>) {
        set_seed(3);
        let model = Arc::new(L::Linear::new(2, 1));
        let optimizer = optimizers::Adam::new(0.1).setup(&model);
        let mut manager = Manager::new(2, (epochs, Epoch)).model("main", &model).optimizer("main", optimizer).out(out);
        manager.extend(LogReport::new().postprocess(|record| {
            record.remove("elapsed_time");
        }));
        manager.extend(snapshot()).trigger((1, Epoch));
        (manager, model)
    }

    fn train(manager: &mut Manager, model: &L::Linear) -> Result<()> {
        while !manager.is_over()? {
            let at = manager.clock().iteration as f32;
            let mut iteration = manager.iteration()?;
            let x = Variable::constant(Array::from([[1.0, at], [0.5 * at, 2.0]]));
            let loss = F::sum(F::square(model.forward(&x) - 1.0), None, false);
            report_values([("loss", &loss)]);
            model.cleargrads();
            loss.backward()?;
            iteration.update("main")?;
            iteration.finish()?;
        }
        Ok(())
    }

    #[test]
    fn a_resumed_loop_writes_the_same_log() -> Result<()> {
        let [whole, parts] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let read = |folder: &Path| std::fs::read_to_string(folder.join("log")).unwrap();
        let (mut long, model) = manager(whole.path(), 3);
        train(&mut long, &model)?;
        let (mut short, model) = manager(parts.path(), 1);
        train(&mut short, &model)?;
        assert_eq!(short.clock().epoch, 1);
        let (mut resumed, model) = manager(parts.path(), 3);
        load_npz(parts.path().join("snapshot_iter_2"), &mut resumed)?;
        train(&mut resumed, &model)?;
        assert_eq!(read(parts.path()), read(whole.path()));
        assert!(read(whole.path()).contains("\"iteration\": 6"), "{}", read(whole.path()));
        assert!(whole.path().join("snapshot_iter_6").exists());
        Ok(())
    }

    #[test]
    fn an_iteration_that_is_not_finished_does_not_count() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let mut manager = Manager::new(5, (2, Iteration)).out(folder.path());
        manager.extend_fn(|context| {
            assert_eq!(context.observation.names(), ["kept"]);
            Ok(())
        });
        let dropped = manager.iteration()?;
        report_values([("lost", &1)]);
        drop(dropped);
        assert_eq!(manager.clock().iteration, 0);
        for _ in 0..2 {
            assert!(!manager.is_over()?);
            let mut iteration = manager.iteration()?;
            assert!(iteration.update("main").unwrap_err().to_string().contains("\"main\""));
            report_values([("kept", &2)]);
            iteration.finish()?;
        }
        assert!(manager.is_over()?);
        report_values([("nobody listens", &1)]);
        Ok(())
    }

    #[test]
    fn an_epoch_without_iterations_and_a_file_for_a_folder_are_errors() {
        assert!(Manager::new(0, (1, Epoch)).is_over().unwrap_err().to_string().contains("iterations_per_epoch"));
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(Manager::new(1, (1, Epoch)).out(file.path()).is_over().is_err());
    }
}
