//! The progress bar.

use std::collections::VecDeque;
use std::time::Instant;

use chainer_kernels::{Error, Result};

use super::super::{Clock, Context, Extension, Unit};
use super::console::{Console, general};

/// Draws how far training and the current epoch have come, with the speed and the time left.
///
/// On a terminal the bar is drawn in place below the last line. Elsewhere, where nothing can be drawn over, a line is printed
/// whenever another tenth of the training is done.
pub struct ProgressBar {
    training_length: Option<(f64, Unit)>,
    update_interval: usize,
    bar_length: usize,
    console: Console,
    /// Iteration, epochs and time of recent drawings.
    recent: VecDeque<(f64, f64, Instant)>,
    tenths_printed: usize,
}

/// Lines that the bar takes on a terminal.
const LINES: usize = 4;
/// Drawings over which the speed is averaged.
const RECENT: usize = 100;

impl Default for ProgressBar {
    fn default() -> Self {
        Self::new()
    }
}

impl ProgressBar {
    /// A bar of 50 characters, drawn every 100 iterations.
    pub fn new() -> Self {
        ProgressBar {
            training_length: None,
            update_interval: 100,
            bar_length: 50,
            console: Console::stdout(),
            recent: VecDeque::new(),
            tenths_printed: 0,
        }
    }

    /// How long training will be, where the trainer's stop trigger does not know.
    pub fn training_length(mut self, length: f64, unit: Unit) -> Self {
        self.training_length = Some((length, unit));
        self
    }

    /// Iterations from one drawing to the next.
    pub fn update_interval(mut self, iterations: usize) -> Self {
        self.update_interval = iterations.max(1);
        self
    }

    /// The length of the bar in characters.
    pub fn bar_length(mut self, characters: usize) -> Self {
        self.bar_length = characters;
        self
    }

    /// Prints to this stream instead of the standard output.
    pub fn stream(mut self, stream: impl std::io::Write + 'static) -> Self {
        self.console = Console::stream(stream);
        self
    }

    fn bar(&self, rate: f64) -> String {
        let rate = rate.clamp(0.0, 1.0);
        let marks = (rate * self.bar_length as f64) as usize;
        let (done, left) = ("#".repeat(marks), ".".repeat(self.bar_length - marks));
        format!("[{done}{left}] {:6.2}%", rate * 100.0)
    }

    /// Iterations a second, and the time left as `h:mm:ss`.
    fn speed(&mut self, clock: &Clock, (length, unit): (f64, Unit)) -> (f64, String) {
        let now = (clock.iteration as f64, clock.epoch_detail, Instant::now());
        let (iterations, epochs, since) = *self.recent.front().unwrap_or(&now);
        let seconds = since.elapsed().as_secs_f64();
        let done = match unit {
            Unit::Iteration => now.0 - iterations,
            Unit::Epoch => now.1 - epochs,
        };
        let left = (length - clock.passed(unit)).max(0.0) * seconds / done;
        self.recent.push_back(now);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        let left = match left.is_finite() {
            true => format!("{}:{:02}:{:02}", left as u64 / 3600, left as u64 / 60 % 60, left as u64 % 60),
            false => "unknown".to_owned(),
        };
        ((now.0 - iterations) / seconds, left)
    }

    fn draw(&mut self, clock: &Clock, length: (f64, Unit)) {
        let total = self.bar(clock.passed(length.1) / length.0);
        let epoch = self.bar(clock.epoch_detail.fract());
        let (speed, left) = self.speed(clock, length);
        let text = format!(
            "     total {total}\nthis epoch {epoch}\n{:10} iter, {} epoch / {} {}s\n{:>10} iters/sec. Estimated time to finish: {left}.\n",
            clock.iteration,
            clock.epoch,
            length.0,
            length.1.name(),
            general(speed, 5),
        );
        self.console.clear_below();
        self.console.print(&text);
        self.console.print(&format!("\x1b[{LINES}A"));
    }
}

impl Extension for ProgressBar {
    fn initialize(&mut self, context: &mut Context<'_>) -> Result<()> {
        let clock = context.clock;
        self.recent.push_back((clock.iteration as f64, clock.epoch_detail, Instant::now()));
        if let Some((length, unit)) = self.training_length.or(context.training_length) {
            self.tenths_printed = (clock.passed(unit) / length * 10.0) as usize;
        }
        Ok(())
    }

    fn run(&mut self, context: &mut Context<'_>) -> Result<()> {
        let Some(length) = self.training_length.or(context.training_length) else {
            return Err(Error::value("ProgressBar", "training_length, as the stop trigger does not tell it", "none"));
        };
        let clock = context.clock;
        if self.console.is_terminal() {
            if clock.iteration.is_multiple_of(self.update_interval) {
                self.draw(clock, length);
            }
            return Ok(());
        }
        let rate = clock.passed(length.1) / length.0;
        let tenths = (rate * 10.0 + 1e-9) as usize;
        if tenths > self.tenths_printed {
            self.tenths_printed = tenths;
            let (_, left) = self.speed(clock, length);
            let bar = self.bar(rate);
            self.console.print(&format!("     total {bar}  {} iter, {left} left\n", clock.iteration));
        }
        Ok(())
    }

    fn finalize(&mut self) -> Result<()> {
        self.console.clear_below();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::console::tests::Shared;
    use super::super::testing::CountingUpdater;
    use super::*;
    use crate::training::triggers::never;
    use crate::training::{Epoch, Trainer};

    #[test]
    fn off_a_terminal_every_tenth_is_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let out = Shared::default();
        let mut trainer = Trainer::new(CountingUpdater::new(40, 1), (1, Epoch)).out(folder.path());
        trainer.extend(ProgressBar::new().bar_length(10).stream(out.clone()));
        trainer.run().unwrap();
        let text = out.text();
        assert_eq!(text.lines().count(), 10, "{text}");
        assert!(text.contains("     total [#####.....]  50.00%  20 iter"), "{text}");
        assert!(!text.contains('\x1b'));
    }

    #[test]
    fn a_length_that_nobody_knows_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = Trainer::new(CountingUpdater::new(4, 1), never()).out(folder.path());
        trainer.extend(ProgressBar::new().stream(Shared::default()));
        assert!(trainer.run().unwrap_err().to_string().contains("training_length"));
    }
}
