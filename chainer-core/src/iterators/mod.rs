//! Walking over datasets in batches of examples.
//!
//! [`SerialIterator`] reads the examples when they are asked for; [`MultithreadIterator`] reads them ahead on threads and gives the
//! very same batches. What both know about the position in the dataset is one `Walk`.

mod multithread;
mod serial;
mod walk;

pub use multithread::MultithreadIterator;
pub use serial::SerialIterator;

use chainer_kernels::Result;

use crate::serializers::Serializer;

/// An iterator over a dataset: each call of [`next_batch`](Self::next_batch) gives a list of examples.
///
/// (`Iterator` stays the standard library's. Chainer's `dataset.Iterator` is this trait.)
pub trait DatasetIterator {
    /// One example of the dataset.
    type Example;

    /// The next batch, or `None` when the sweep is over and the iterator does not repeat.
    ///
    /// Where the iterator stops after one sweep, the last batch may be smaller.
    ///
    /// # Errors
    /// An example cannot be read.
    fn next_batch(&mut self) -> Result<Option<Vec<Self::Example>>>;

    /// The number of examples a batch.
    fn batch_size(&self) -> usize;

    /// The number of completed sweeps over the dataset.
    fn epoch(&self) -> usize;

    /// Whether the last batch completed a sweep.
    fn is_new_epoch(&self) -> bool;

    /// The number of sweeps with its fraction: 2.5 in the middle of the third.
    fn epoch_detail(&self) -> f64;

    /// [`epoch_detail`](Self::epoch_detail) before the last batch; `None` before the first one.
    fn previous_epoch_detail(&self) -> Option<f64>;

    /// Goes back to the start, for another sweep.
    fn reset(&mut self);

    /// Stops what runs in the background. Called at the end of training.
    fn finalize(&mut self) {}

    /// Stores or restores the position, the order and the random state.
    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()>;
}

impl<I: DatasetIterator + ?Sized> DatasetIterator for Box<I> {
    type Example = I::Example;

    fn next_batch(&mut self) -> Result<Option<Vec<Self::Example>>> {
        (**self).next_batch()
    }
    fn batch_size(&self) -> usize {
        (**self).batch_size()
    }
    fn epoch(&self) -> usize {
        (**self).epoch()
    }
    fn is_new_epoch(&self) -> bool {
        (**self).is_new_epoch()
    }
    fn epoch_detail(&self) -> f64 {
        (**self).epoch_detail()
    }
    fn previous_epoch_detail(&self) -> Option<f64> {
        (**self).previous_epoch_detail()
    }
    fn reset(&mut self) {
        (**self).reset()
    }
    fn finalize(&mut self) {
        (**self).finalize()
    }
    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        (**self).serialize(serializer)
    }
}
