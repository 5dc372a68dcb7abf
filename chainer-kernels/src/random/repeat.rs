//! Drawing the same numbers a second time.
//!
//! A random array is determined by its place in a stream, the seed and the position. So it is enough to note the places that a piece of
//! work took, and to hand them out again when it is repeated. Both hold for the thread that does the work.

use std::cell::RefCell;
use std::sync::Arc;

/// A seed and a position.
type Place = (u64, u64);

/// The places that a piece of work took, in order; see [`record_draws`].
#[derive(Clone, Debug)]
pub struct Draws(Arc<[Place]>);

enum Frame {
    /// Work whose places are noted.
    Record(Vec<Place>),
    /// Work that takes these places again; `next` is the first that it has not taken yet.
    Repeat { draws: Draws, next: usize },
}

thread_local! {
    /// What the thread is recording and repeating, the innermost last.
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// Ends what was begun after it, also where the work panics.
struct Depth(usize);

impl Drop for Depth {
    fn drop(&mut self) {
        FRAMES.with_borrow_mut(|frames| frames.truncate(self.0));
    }
}

fn begin(frame: Frame) -> Depth {
    FRAMES.with_borrow_mut(|frames| {
        frames.push(frame);
        Depth(frames.len() - 1)
    })
}

/// Runs `work` and notes which random numbers of any generator it draws on this thread.
pub fn record_draws<R>(work: impl FnOnce() -> R) -> (R, Draws) {
    let depth = begin(Frame::Record(Vec::new()));
    let result = work();
    let places = FRAMES.with_borrow_mut(|frames| match frames.get_mut(depth.0) {
        Some(Frame::Record(places)) => std::mem::take(places),
        _ => Vec::new(),
    });
    (result, Draws(places.into()))
}

/// Runs `work`, which draws the same random numbers again: the generators do not move. Where it draws more often than was recorded, the
/// further numbers are new.
///
/// ```
/// use chainer_kernels::random::{default_generator, record_draws, repeat_draws};
/// use chainer_kernels::Dtype;
/// let draw = || default_generator().normal([3], 0.0, 1.0, Dtype::F32).to_vec::<f32>();
/// let (first, draws) = record_draws(draw);
/// let _other = draw()?;
/// assert_eq!(first?, repeat_draws(&draws, draw)?);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
pub fn repeat_draws<R>(draws: &Draws, work: impl FnOnce() -> R) -> R {
    let _depth = begin(Frame::Repeat { draws: draws.clone(), next: 0 });
    work()
}

/// The place of a draw: what the thread repeats says it, otherwise `take` does.
pub(super) fn place(take: impl FnOnce() -> Place) -> Place {
    FRAMES.with_borrow_mut(|frames| {
        let repeating = frames.iter().rposition(|frame| matches!(frame, Frame::Repeat { .. }));
        let again = match repeating.map(|i| &mut frames[i]) {
            Some(Frame::Repeat { draws, next }) => {
                let again = draws.0.get(*next).copied();
                *next += 1;
                again
            }
            _ => None,
        };
        let place = again.unwrap_or_else(take);
        // A recording around the repetition will repeat the repetition as a whole.
        for frame in &mut frames[repeating.map_or(0, |i| i + 1)..] {
            if let Frame::Record(places) = frame {
                places.push(place);
            }
        }
        place
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::Dtype;
    use crate::random::Generator;

    #[test]
    fn recordings_and_repetitions_nest() {
        let generator = Generator::new(11);
        let draw = || generator.uniform([4], 0.0, 1.0, Dtype::F32).to_vec::<f32>().unwrap();
        // Draws a, then b within a recording of its own.
        let work = || (draw(), record_draws(draw));
        let ((a, (b, inner)), outer) = record_draws(work);
        assert_ne!(a, b);
        let position = generator.state();
        assert_eq!(repeat_draws(&inner, draw), b);
        // A recording within a repetition notes the repeated places.
        let (again, (inner_again, inner_draws)) = repeat_draws(&outer, work);
        assert_eq!((&again, &inner_again), (&a, &b));
        assert_eq!(repeat_draws(&inner_draws, draw), b);
        // A repetition within a recording is no part of it.
        let (_, nothing) = record_draws(|| repeat_draws(&outer, work));
        assert_eq!(generator.state(), position);
        assert_ne!(repeat_draws(&nothing, draw), a);
        assert_ne!(generator.state(), position);
    }

    #[test]
    fn a_panic_ends_what_was_begun() {
        let generator = Generator::new(12);
        let draw = || generator.uniform([4], 0.0, 1.0, Dtype::F32).to_vec::<f32>().unwrap();
        let (first, draws) = record_draws(draw);
        let panicking = || repeat_draws(&draws, || panic!("work"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panicking)).is_err());
        assert_ne!(draw(), first);
    }
}
