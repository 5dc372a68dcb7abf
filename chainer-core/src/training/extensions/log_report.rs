//! The log: means over an interval, written as JSON.

use std::sync::{Arc, Mutex, MutexGuard};

use chainer_kernels::{Error, Result};

use super::super::json::{from_json, to_json};
use super::super::{Context, Epoch, Extension, IntoTrigger, Log, LogEntry, LogValue, Trigger};
use crate::serializers::{Serializable, Serializer, write_atomically};
use crate::summary::DictSummary;

/// Accumulates what is observed at every iteration and, once an epoch, adds the means to the log, which it writes to `log` in the
/// output folder as JSON, exactly as Chainer does.
///
/// Each record also has `epoch`, `iteration` and `elapsed_time` (seconds).
pub struct LogReport {
    keys: Option<Vec<String>>,
    interval: Box<dyn Trigger>,
    postprocess: Option<Postprocess>,
    log_name: Option<String>,
    log: Arc<Mutex<Log>>,
    summary: DictSummary,
}

type Postprocess = Box<dyn FnMut(&mut LogEntry)>;

impl Default for LogReport {
    fn default() -> Self {
        Self::new()
    }
}

impl LogReport {
    /// Logs all values once an epoch.
    pub fn new() -> Self {
        LogReport {
            keys: None,
            interval: (1, Epoch).into_trigger(),
            postprocess: None,
            log_name: Some("log".to_owned()),
            log: Arc::default(),
            summary: DictSummary::new(),
        }
    }

    /// Logs these values only.
    pub fn keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.keys = Some(keys.into_iter().map(Into::into).collect());
        self
    }

    /// How often to add a record, instead of once an epoch. (The trigger of the extension itself says when values are
    /// accumulated, and stays at every iteration.)
    pub fn every(mut self, interval: impl IntoTrigger) -> Self {
        self.interval = interval.into_trigger();
        self
    }

    /// Changes each record before it is logged.
    pub fn postprocess(mut self, change: impl FnMut(&mut LogEntry) + 'static) -> Self {
        self.postprocess = Some(Box::new(change));
        self
    }

    /// The name of the log file, in which `{iteration}` and other values of the last record may stand; `None` writes no file.
    pub fn log_name(mut self, name: Option<&str>) -> Self {
        self.log_name = name.map(str::to_owned);
        self
    }

    /// The log, which stays the same object while training goes on.
    pub fn log(&self) -> Arc<Mutex<Log>> {
        self.log.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn write(&self, context: &Context<'_>) -> Result<()> {
        let Some(name) = &self.log_name else { return Ok(()) };
        let log = self.lock();
        let name = fill_in(name, log.last())?;
        let path = context.out.join(name);
        write_atomically("LogReport", &path, |file| {
            use std::io::Write;
            file.write_all(to_json(&log, true).as_bytes()).map_err(|error| Error::io("LogReport", &path, error))
        })
    }
}

/// Replaces `{name}` by the value of that name.
fn fill_in(template: &str, record: Option<&LogEntry>) -> Result<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out += before;
        let Some((name, after)) = after.split_once('}') else { break };
        match record.and_then(|record| record.get(name)) {
            Some(LogValue::Integer(value)) => out += &value.to_string(),
            Some(LogValue::Number(value)) => out += &value.to_string(),
            Some(LogValue::Text(value)) => out += value,
            None => return Err(Error::value("LogReport", "log_name with names of logged values", template)),
        }
        rest = after;
    }
    Ok(out + rest)
}

impl Extension for LogReport {
    fn initialize(&mut self, context: &mut Context<'_>) -> Result<()> {
        context.logs.insert(context.name.to_owned(), self.log.clone());
        Ok(())
    }

    fn run(&mut self, context: &mut Context<'_>) -> Result<()> {
        let mut numbers = context.observation.numbers()?;
        if let Some(keys) = &self.keys {
            numbers.retain(|(name, _)| keys.iter().any(|key| key == name));
        }
        self.summary.add(numbers);
        if !self.interval.fire(context.clock, context.observation)? {
            return Ok(());
        }
        let mut record = LogEntry::default();
        for (name, mean) in std::mem::take(&mut self.summary).compute_mean() {
            record.insert(name, LogValue::Number(mean));
        }
        record.insert("epoch", LogValue::Integer(context.clock.epoch as i64));
        record.insert("iteration", LogValue::Integer(context.clock.iteration as i64));
        record.insert("elapsed_time", LogValue::Number(context.clock.elapsed_time));
        if let Some(change) = &mut self.postprocess {
            change(&mut record);
        }
        self.lock().push(record);
        self.write(context)
    }

    fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
        self.interval.serialize(&mut s.child("_trigger"))?;
        // Snapshots of Chainer 1 lack the values accumulated since the last record.
        let mut summary = s.child("_summary");
        if !summary.is_loading() || summary.get("_names")?.is_some() {
            self.summary.serialize(&mut summary)?;
        }
        let mut text = to_json(&self.lock(), false);
        s.value("_log", &mut text)?;
        if s.is_loading() {
            let log = from_json(&text).map_err(|error| s.error("_log", &format!("expected a JSON log: {error}")))?;
            *self.lock() = log;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::CountingUpdater;
    use super::*;
    use crate::training::{Iteration, Trainer};

    #[test]
    fn records_hold_means_and_are_written_as_json() {
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = Trainer::new(CountingUpdater::new(10, 5), (4, Iteration)).out(folder.path());
        let report = LogReport::new().keys(["main/loss"]).every((2, Iteration)).postprocess(|record| {
            record.remove("elapsed_time");
        });
        let log = report.log();
        trainer.extend(report);
        trainer.run().unwrap();
        let log = log.lock().unwrap();
        assert_eq!(log[1].number("main/loss"), Some((1.0 / 3.0 + 0.25) / 2.0));
        let text = std::fs::read_to_string(folder.path().join("log")).unwrap();
        let want = "[\n    {\n        \"main/loss\": 0.75,\n        \"epoch\": 1,\n        \"iteration\": 2\n    },";
        assert!(text.starts_with(want), "{text}");
    }

    #[test]
    fn the_file_name_may_hold_values() {
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = Trainer::new(CountingUpdater::new(10, 5), (2, Iteration)).out(folder.path());
        trainer.extend(LogReport::new().every((1, Iteration)).log_name(Some("log_{iteration}.json")));
        trainer.run().unwrap();
        assert!(folder.path().join("log_1.json").exists() && folder.path().join("log_2.json").exists());
        assert!(fill_in("{nothing}", None).is_err());
    }
}
