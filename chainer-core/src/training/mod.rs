//! The training loop.
//!
//! A [`Trainer`] updates a model again and again through an [`Updater`] and, after each update, runs [`Extension`]s when their
//! [`triggers`] fire: evaluation, logs, plots, snapshots. Extensions see a [`Context`] of borrows, never the trainer. A loop of your own
//! gets the same extensions from a [`Manager`].

mod batch;
mod clock;
mod extension;
pub mod extensions;
mod json;
mod manager;
mod runner;
mod standard_updater;
mod trainer;
pub mod triggers;
mod updater;

pub use Unit::{Epoch, Iteration};
pub use batch::ModelBatch;
pub use clock::{Clock, Unit};
pub use extension::{
    Context, Entry, Extension, Logs, PRIORITY_EDITOR, PRIORITY_READER, PRIORITY_WRITER, SaveFunction, SaveRequest,
};
pub use json::{Log, LogEntry, LogValue};
pub use manager::{IterationGuard, Manager};
pub use standard_updater::StandardUpdater;
pub use trainer::Trainer;
pub use triggers::{IntoTrigger, Trigger};
pub use updater::{UpdateStep, Updater};
