//! Scalars that change from run to run: the place in a stream of random numbers, an optimizer's learning rate.
//!
//! A captured program holds the bits of its scalars. Where a scalar was made of a *number*, the graph knows which, and every run writes
//! the bits of its value.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use smallvec::SmallVec;

use super::capture;
use crate::scalar::Scalar;

/// What a number is, in each run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NumberSource {
    /// The seed of the process's generator.
    Seed,
    /// The position of the process's generator at the beginning of the run, and so much more.
    Position(u64),
    /// Whoever runs the graph says it: the external number of this index.
    External(u32),
}

/// A scalar operand that is a number of the capture that is going on.
pub(crate) struct Number {
    /// Its value in the capture.
    pub(crate) value: Scalar,
    pub(crate) source: NumberSource,
}

/// Which scalars of a kernel's program are numbers.
pub(crate) type LiveSlots = SmallVec<[(u16, NumberSource); 2]>;

/// What becomes of the scalars that operations of this thread are given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// They are constants.
    Constant,
    /// They become external numbers of the capture.
    External,
    /// They are noted.
    Logged,
}

thread_local! {
    static MODE: Cell<Mode> = const { Cell::new(Mode::Constant) };
    static LOG: RefCell<Vec<Scalar>> = const { RefCell::new(Vec::new()) };
}

/// Brings back the mode that was before.
struct Restore(Mode);

impl Drop for Restore {
    fn drop(&mut self) {
        MODE.set(self.0);
    }
}

/// Runs `work`, which is captured: every scalar that it gives to an elementwise operation becomes an external number. Returns their
/// values; their indices are consecutive, from the second result on. Without a capture on this thread the scalars are constants.
pub fn external_numbers<R>(work: impl FnOnce() -> R) -> (R, u32, Vec<Scalar>) {
    let first = capture::external_count();
    let Some(first) = first else { return (work(), 0, Vec::new()) };
    let _restore = Restore(MODE.replace(Mode::External));
    let result = work();
    (result, first, capture::external_values(first))
}

/// Runs `work` and notes the scalars that it gives to elementwise operations, in order: what [`external_numbers`] found, in a later run.
/// What `work` makes is to be dropped.
pub fn logged_numbers<R>(work: impl FnOnce() -> R) -> (R, Vec<Scalar>) {
    let before = LOG.take();
    let restore = Restore(MODE.replace(Mode::Logged));
    let result = work();
    drop(restore);
    (result, LOG.replace(before))
}

/// What a scalar operand is recorded as, if not as a constant.
#[inline(always)]
pub(crate) fn operand(value: Scalar) -> Option<Arc<Number>> {
    if MODE.get() == Mode::Constant { None } else { changing(value) }
}

#[cold]
fn changing(value: Scalar) -> Option<Arc<Number>> {
    if MODE.get() == Mode::Logged {
        LOG.with_borrow_mut(|log| log.push(value));
        return None;
    }
    let source = NumberSource::External(capture::new_external(value)?);
    Some(Arc::new(Number { value, source }))
}

/// The numbers behind a place in the process's generator; `None` outside a capture.
pub(crate) fn draw(seed: u64, position: u64) -> Option<[Arc<Number>; 2]> {
    let offset = capture::drawn_at(seed, position)?;
    let seed = Number { value: Scalar::UInt(seed), source: NumberSource::Seed };
    let position = Number { value: Scalar::UInt(position), source: NumberSource::Position(offset) };
    Some([Arc::new(seed), Arc::new(position)])
}
