//! Snapshots: the state of everything, or of one object, in a file.

use std::path::Path;
use std::sync::Arc;

use chainer_kernels::{Error, Result};

use super::super::{Clock, Context, Epoch, Extension, IntoTrigger, SaveFunction, SaveRequest, Trigger};
use crate::serializers::{Serializable, save_npz};

/// Snapshots come last, so that they hold what the other extensions did.
const PRIORITY: i32 = -100;

/// Takes a snapshot of the whole trainer once an epoch, as `snapshot_iter_<iteration>` in the output folder.
///
/// Load it with [`load_npz`](crate::serializers::load_npz) into a trainer that was set up the same way, to go on from there.
pub fn snapshot() -> Snapshot {
    Snapshot { filename: "snapshot_iter_{.updater.iteration}".to_owned(), save: Arc::new(save_as_npz) }
}

fn save_as_npz(path: &Path, target: &mut dyn Serializable) -> Result<()> {
    save_npz(path, target)
}

/// The extension that [`snapshot`] returns.
pub struct Snapshot {
    filename: String,
    save: SaveFunction,
}

impl Snapshot {
    /// The name of the file, in which `{iteration}` and `{epoch}` (or Chainer's `{.updater.iteration}`, `{.updater.epoch}`) may stand.
    pub fn filename(mut self, filename: impl Into<String>) -> Self {
        self.filename = filename.into();
        self
    }

    /// How to write the file, instead of [`save_npz`].
    pub fn save_function(mut self, save: impl Fn(&Path, &mut dyn Serializable) -> Result<()> + 'static) -> Self {
        self.save = Arc::new(save);
        self
    }
}

impl Extension for Snapshot {
    fn run(&mut self, context: &mut Context<'_>) -> Result<()> {
        let path = context.out.join(file_name(&self.filename, context.clock)?);
        context.save_requests.push(SaveRequest { path, save: self.save.clone() });
        Ok(())
    }

    fn default_trigger(&self) -> Box<dyn Trigger> {
        (1, Epoch).into_trigger()
    }

    fn default_name(&self) -> String {
        "snapshot".to_owned()
    }

    fn default_priority(&self) -> i32 {
        PRIORITY
    }
}

/// Saves one object, such as the model alone, once an epoch. In `filename` the words of [`Snapshot::filename`] may stand.
pub fn snapshot_object<T: Serializable + 'static>(target: T, filename: impl Into<String>) -> SnapshotObject<T> {
    SnapshotObject { target, filename: filename.into(), save: Arc::new(save_as_npz) }
}

/// The extension that [`snapshot_object`] returns.
pub struct SnapshotObject<T> {
    target: T,
    filename: String,
    save: SaveFunction,
}

impl<T: Serializable + 'static> SnapshotObject<T> {
    /// How to write the file, instead of [`save_npz`].
    pub fn save_function(mut self, save: impl Fn(&Path, &mut dyn Serializable) -> Result<()> + 'static) -> Self {
        self.save = Arc::new(save);
        self
    }
}

impl<T: Serializable + 'static> Extension for SnapshotObject<T> {
    fn run(&mut self, context: &mut Context<'_>) -> Result<()> {
        (self.save)(&context.out.join(file_name(&self.filename, context.clock)?), &mut self.target)
    }

    fn default_trigger(&self) -> Box<dyn Trigger> {
        (1, Epoch).into_trigger()
    }

    fn default_name(&self) -> String {
        "snapshot_object".to_owned()
    }

    fn default_priority(&self) -> i32 {
        PRIORITY
    }
}

/// A file name with the current counts filled in.
fn file_name(template: &str, clock: &Clock) -> Result<String> {
    let mut name = template.to_owned();
    for (word, value) in [("iteration", clock.iteration), ("epoch", clock.epoch)] {
        for placeholder in [format!("{{{word}}}"), format!("{{.updater.{word}}}")] {
            name = name.replace(&placeholder, &value.to_string());
        }
    }
    if name.contains(['{', '}']) {
        return Err(Error::value("snapshot", "filename with {iteration} and {epoch} only", format!("{template:?}")));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::super::LogReport;
    use super::super::testing::CountingUpdater;
    use super::*;
    use crate::serializers::{NpzDeserializer, load_npz};
    use crate::training::{Iteration, Trainer};

    fn trainer(out: &Path, iterations: usize, seed: u64) -> Trainer {
        let mut trainer = Trainer::new(CountingUpdater::seeded(10, 3, seed), (iterations, Iteration)).out(out);
        let log = LogReport::new().every((3, Iteration)).postprocess(|record| record.remove("elapsed_time"));
        trainer.extend(log);
        trainer.extend(snapshot()).trigger((4, Iteration));
        trainer
    }

    #[test]
    fn a_resumed_run_writes_the_same_log() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [whole, parts] = folders.each_ref().map(|folder| folder.path());
        let read = |folder: &Path| std::fs::read(folder.join("log")).unwrap();
        trainer(whole, 12, 3).run().unwrap();
        trainer(parts, 4, 3).run().unwrap();
        let mut resumed = trainer(parts, 12, 4);
        load_npz(parts.join("snapshot_iter_4"), &mut resumed).unwrap();
        resumed.run().unwrap();
        assert_eq!(String::from_utf8(read(parts)).unwrap(), String::from_utf8(read(whole)).unwrap());
    }

    #[test]
    fn the_keys_are_chainers() {
        let folder = tempfile::tempdir().unwrap();
        trainer(folder.path(), 4, 0).run().unwrap();
        let mut keys = NpzDeserializer::open(folder.path().join("snapshot_iter_4")).unwrap().keys();
        keys.sort();
        for key in [
            "_snapshot_elapsed_time",
            "extension_triggers/snapshot/previous_iteration",
            "extensions/LogReport/_log",
            "extensions/LogReport/_summary/_names",
            "extensions/LogReport/_summary/_summaries/0/_x2",
            "extensions/LogReport/_trigger/previous_epoch_detail",
            "stop_trigger/previous_iteration",
            "updater/iteration",
            "updater/iterator:main/current_position",
            "updater/iterator:main/order",
            "updater/iterator:main/previous_epoch_detail",
        ] {
            assert!(keys.iter().any(|known| known == key), "{key} is not among {keys:?}");
        }
    }

    #[test]
    fn file_names_hold_counts() {
        let clock = Clock { iteration: 12, epoch: 3, ..Clock::default() };
        assert_eq!(file_name("a_{.updater.iteration}_{epoch}", &clock).unwrap(), "a_12_3");
        assert!(file_name("a_{lr}", &clock).unwrap_err().to_string().contains("{lr}"));
    }
}
