//! The table of the log.

use std::sync::{Arc, Mutex};

use chainer_kernels::{Error, ErrorKind, Result};

use super::super::{Context, Extension, Log, LogEntry, LogValue};
use super::console::{Console, general};

/// Prints some values of each new record of a [`LogReport`](super::LogReport) as a line of a table.
pub struct PrintReport {
    entries: Vec<String>,
    log_name: String,
    log: Option<Arc<Mutex<Log>>>,
    printed: usize,
    header_printed: bool,
    console: Console,
}

impl PrintReport {
    /// Prints these values, such as `epoch`, `main/loss` and `elapsed_time`. The trainer needs a `LogReport` registered before.
    pub fn new<K: Into<String>>(entries: impl IntoIterator<Item = K>) -> Self {
        PrintReport {
            entries: entries.into_iter().map(Into::into).collect(),
            log_name: "LogReport".to_owned(),
            log: None,
            printed: 0,
            header_printed: false,
            console: Console::stdout(),
        }
    }

    /// The name of the `LogReport` extension to print, if it was given one.
    pub fn log_report(mut self, name: impl Into<String>) -> Self {
        self.log_name = name.into();
        self
    }

    /// Prints a log that is not among the trainer's, such as that of [`LogReport::log`](super::LogReport::log).
    pub fn log(mut self, log: Arc<Mutex<Log>>) -> Self {
        self.log = Some(log);
        self
    }

    /// Prints to this stream instead of the standard output.
    pub fn stream(mut self, stream: impl std::io::Write + 'static) -> Self {
        self.console = Console::stream(stream);
        self
    }

    fn width(entry: &str) -> usize {
        entry.chars().count().max(10)
    }

    fn header(&self) -> String {
        let cells: Vec<_> = self.entries.iter().map(|entry| format!("{entry:0$}", Self::width(entry))).collect();
        cells.join("  ") + "\n"
    }

    fn line(&self, record: &LogEntry) -> String {
        let cell = |entry: &String| {
            let text = match record.get(entry) {
                Some(LogValue::Integer(value)) => value.to_string(),
                Some(LogValue::Number(value)) => general(*value, 6),
                Some(LogValue::Text(text)) => text.clone(),
                None => String::new(),
            };
            format!("{text:0$}  ", Self::width(entry))
        };
        self.entries.iter().map(cell).collect::<String>() + "\n"
    }
}

impl Extension for PrintReport {
    fn run(&mut self, context: &mut Context<'_>) -> Result<()> {
        if !self.header_printed {
            self.console.clear_below();
            let header = self.header();
            self.console.print(&header);
            self.header_printed = true;
        }
        let log = self.log.clone().or_else(|| context.logs.get(&self.log_name).cloned()).ok_or_else(|| {
            let message =
                format!("Expect: a LogReport extension named {:?} in the trainer\nActual: none", self.log_name);
            Error::new(ErrorKind::State, "PrintReport", message)
        })?;
        let log = log.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        while self.printed < log.len() {
            let line = self.line(&log[self.printed]);
            self.console.clear_below();
            self.console.print(&line);
            self.printed += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::LogReport;
    use super::super::console::tests::Shared;
    use super::super::testing::CountingUpdater;
    use super::*;
    use crate::training::{Epoch, Trainer};

    #[test]
    fn columns_are_as_wide_as_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let out = Shared::default();
        let mut trainer = Trainer::new(CountingUpdater::new(4, 4), (2, Epoch)).out(folder.path());
        trainer.extend(LogReport::new());
        trainer.extend(PrintReport::new(["epoch", "main/loss", "validation/main/loss"]).stream(out.clone()));
        trainer.run().unwrap();
        let want = "epoch       main/loss   validation/main/loss\n\
                    1           1                                 \n\
                    2           0.5                               \n";
        assert_eq!(out.text(), want);
    }

    #[test]
    fn without_a_log_it_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = Trainer::new(CountingUpdater::new(4, 4), (1, Epoch)).out(folder.path());
        trainer.extend(PrintReport::new(["epoch"]).stream(Shared::default()));
        assert!(trainer.run().unwrap_err().to_string().contains("LogReport"));
    }
}
