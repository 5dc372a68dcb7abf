//! How far training has come.

/// A unit of training time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Sweeps over the training dataset.
    Epoch,
    /// Updates of the parameters.
    Iteration,
}

impl Unit {
    /// Chainer's word: `epoch` or `iteration`.
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Epoch => "epoch",
            Unit::Iteration => "iteration",
        }
    }
}

/// How far training has come, as triggers and extensions see it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clock {
    /// Completed updates.
    pub iteration: usize,
    /// Completed sweeps over the training dataset.
    pub epoch: usize,
    /// Sweeps with their fraction.
    pub epoch_detail: f64,
    /// [`epoch_detail`](Self::epoch_detail) before the last update; `None` before the first one.
    pub previous_epoch_detail: Option<f64>,
    /// Whether the last update completed a sweep.
    pub is_new_epoch: bool,
    /// Seconds of training so far, those before a resumed snapshot included.
    pub elapsed_time: f64,
}

impl Clock {
    /// The time that has passed in a unit.
    pub fn passed(&self, unit: Unit) -> f64 {
        match unit {
            Unit::Epoch => self.epoch_detail,
            Unit::Iteration => self.iteration as f64,
        }
    }

    /// The time that had passed before the last update, in a unit.
    pub fn passed_before(&self, unit: Unit) -> f64 {
        match unit {
            Unit::Epoch => self.previous_epoch_detail.unwrap_or(0.0),
            Unit::Iteration => self.iteration.saturating_sub(1) as f64,
        }
    }
}
