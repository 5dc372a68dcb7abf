//! What an extension is, and what it gets to see.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use chainer_kernels::Result;

use super::triggers::{IntoTrigger, Trigger};
use super::{Clock, Iteration, Log, Unit, Updater};
use crate::reporter::Observation;
use crate::serializers::{Serializable, Serializer};

/// The priority of extensions that add values to the observation, such as an evaluation: they run first.
pub const PRIORITY_WRITER: i32 = 300;
/// The priority of extensions that change observed values.
pub const PRIORITY_EDITOR: i32 = 200;
/// The priority of extensions that only read the observation, or do not look at it. The default.
pub const PRIORITY_READER: i32 = 100;

/// What an extension gets to see and to change.
pub struct Context<'a> {
    /// What updates the parameters: optimizers and iterators are reached through it.
    pub updater: &'a mut dyn Updater,
    /// The values observed at the last update and by the extensions before this one.
    pub observation: &'a mut Observation,
    /// How far training has come.
    pub clock: &'a Clock,
    /// The folder for results. It exists.
    pub out: &'a Path,
    /// The name under which this extension is registered.
    pub name: &'a str,
    /// How long training will be, where the stop trigger knows.
    pub training_length: Option<(f64, Unit)>,
    /// The logs that extensions share.
    pub logs: &'a mut Logs,
    /// Snapshots to be taken when every extension has had its turn: only then is the state that of one moment.
    pub save_requests: &'a mut Vec<SaveRequest>,
}

/// The logs of the [`LogReport`](super::extensions::LogReport)s of a trainer, by extension name.
pub type Logs = BTreeMap<String, Arc<Mutex<Log>>>;

/// How a snapshot is written: [`save_npz`](crate::serializers::save_npz) unless something else was asked for.
pub type SaveFunction = Arc<dyn Fn(&Path, &mut dyn Serializable) -> Result<()>>;

/// The wish for a snapshot of the whole trainer.
pub struct SaveRequest {
    /// The file to write.
    pub path: PathBuf,
    /// How to write it.
    pub save: SaveFunction,
}

/// Something that runs beside the updates: an evaluation, a log, a plot.
///
/// Closures over the context are extensions; see also [`Trainer::extend_fn`](super::Trainer::extend_fn).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an extension",
    label = "expected an extension or a closure over the context",
    note = "a closure needs its type: `|c: &mut Context| {{ .. Ok(()) }}`, or use `extend_fn(|c| {{ .. }})`"
)]
pub trait Extension {
    /// What the extension does when its trigger fires.
    ///
    /// # Errors
    /// An error ends training; the trainer hands it on.
    fn run(&mut self, context: &mut Context<'_>) -> Result<()>;

    /// Called once before the first update, also when training was resumed.
    fn initialize(&mut self, _context: &mut Context<'_>) -> Result<()> {
        Ok(())
    }

    /// Called once when training ends, also by an error.
    fn finalize(&mut self) -> Result<()> {
        Ok(())
    }

    /// When to run, unless [`Entry::trigger`] says otherwise: every iteration.
    fn default_trigger(&self) -> Box<dyn Trigger> {
        (1, Iteration).into_trigger()
    }

    /// The name, unless [`Entry::name`] says otherwise: that of the type.
    fn default_name(&self) -> String {
        let path = std::any::type_name::<Self>();
        let path = path.split('<').next().unwrap_or(path).trim_end_matches("::{{closure}}");
        path.rsplit("::").next().unwrap_or(path).to_owned()
    }

    /// The priority, unless [`Entry::priority`] says otherwise. Higher ones run earlier.
    fn default_priority(&self) -> i32 {
        PRIORITY_READER
    }

    /// Whether the extension needs the graphs of the observed variables at the coming iteration. If none does, they are freed early.
    fn needs_graph(&self) -> bool {
        false
    }

    /// Stores or restores the extension's state.
    fn serialize(&mut self, _serializer: &mut Serializer<'_>) -> Result<()> {
        Ok(())
    }
}

impl<F: FnMut(&mut Context<'_>) -> Result<()>> Extension for F {
    fn run(&mut self, context: &mut Context<'_>) -> Result<()> {
        self(context)
    }
}

/// An extension with its trigger, name and priority, as registered with a trainer.
pub struct Entry {
    pub(super) extension: Box<dyn Extension>,
    pub(super) trigger: Box<dyn Trigger>,
    pub(super) name: String,
    pub(super) priority: i32,
    pub(super) run_before_training: bool,
}

impl Entry {
    pub(super) fn new(extension: Box<dyn Extension>, trigger: Box<dyn Trigger>, name: String, priority: i32) -> Self {
        Entry { extension, trigger, name, priority, run_before_training: false }
    }

    /// When to run.
    pub fn trigger(&mut self, trigger: impl IntoTrigger) -> &mut Self {
        self.trigger = trigger.into_trigger();
        self
    }

    /// The name, which is also the one in snapshots. A name that is taken gets a number appended.
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        self.name = name.into();
        self
    }

    /// The priority: higher ones run earlier; equal ones in the order of registration.
    pub fn priority(&mut self, priority: i32) -> &mut Self {
        self.priority = priority;
        self
    }

    /// Run also once before the first update (Chainer's `invoke_before_training`).
    pub fn run_before_training(&mut self, run: bool) -> &mut Self {
        self.run_before_training = run;
        self
    }
}
