//! The plain iterator: reads each batch when it is asked for.

use chainer_kernels::Result;

use super::DatasetIterator;
use super::walk::Walk;
use crate::dataset::Dataset;
use crate::serializers::{Serializable, Serializer};

/// Walks over a dataset in batches, again and again and in a new random order each time, unless told otherwise.
///
/// ```
/// use chainer::iterators::{DatasetIterator, SerialIterator};
///
/// let mut iterator = SerialIterator::new(vec![1, 2, 3, 4, 5], 2).once();
/// assert_eq!(iterator.next_batch()?, Some(vec![1, 2]));
/// assert_eq!(iterator.next_batch()?, Some(vec![3, 4]));
/// assert_eq!(iterator.next_batch()?, Some(vec![5]));
/// assert_eq!(iterator.next_batch()?, None);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SerialIterator<D> {
    dataset: D,
    walk: Walk,
}

impl<D: Dataset> SerialIterator<D> {
    /// Walks over `dataset` in batches of `batch_size` examples, repeating and shuffling.
    pub fn new(dataset: D, batch_size: usize) -> Self {
        let walk = Walk::new(dataset.len(), batch_size);
        SerialIterator { dataset, walk }
    }

    /// One sweep in the order of the dataset: what an evaluation wants. The same as `.repeat(false).shuffle(false)`.
    pub fn once(self) -> Self {
        self.repeat(false).shuffle(false)
    }

    /// Whether to start over at the end of the dataset (the default) or to stop there.
    pub fn repeat(mut self, repeat: bool) -> Self {
        self.walk.repeat = repeat;
        self
    }

    /// Whether every sweep has its own random order (the default) or the dataset's.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.walk.set_shuffle(shuffle);
        self
    }

    /// The seed of the random orders. Without it, it follows from the process's ([`set_seed`](crate::set_seed)).
    pub fn seed(mut self, seed: u64) -> Self {
        self.walk.set_seed(seed);
        self
    }

    /// The dataset.
    pub fn dataset(&self) -> &D {
        &self.dataset
    }

    /// How many examples of the current sweep have been given.
    pub fn current_position(&self) -> usize {
        self.walk.current_position()
    }
}

impl<D: Dataset> DatasetIterator for SerialIterator<D> {
    type Example = D::Example;

    fn next_batch(&mut self) -> Result<Option<Vec<D::Example>>> {
        match self.walk.next_indices()? {
            Some(indices) => self.dataset.get_examples(&indices).map(Some),
            None => Ok(None),
        }
    }

    fn batch_size(&self) -> usize {
        self.walk.batch_size
    }

    fn epoch(&self) -> usize {
        self.walk.epoch()
    }

    fn is_new_epoch(&self) -> bool {
        self.walk.is_new_epoch()
    }

    fn epoch_detail(&self) -> f64 {
        self.walk.epoch_detail()
    }

    fn previous_epoch_detail(&self) -> Option<f64> {
        self.walk.previous_epoch_detail()
    }

    fn reset(&mut self) {
        self.walk.reset()
    }

    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        self.walk.serialize(serializer)
    }
}

impl<D: Dataset> Serializable for SerialIterator<D> {
    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        self.walk.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serializers::{load_npz, save_npz};

    fn numbers(n: usize) -> Vec<usize> {
        (0..n).collect()
    }

    #[test]
    fn batches_continue_over_the_end_of_a_sweep() {
        let mut iterator = SerialIterator::new(numbers(7), 3).shuffle(false);
        assert_eq!(iterator.previous_epoch_detail(), None);
        let want = [
            (vec![0, 1, 2], 0, false, 3.0 / 7.0, 0.0, 3),
            (vec![3, 4, 5], 0, false, 6.0 / 7.0, 3.0 / 7.0, 6),
            (vec![6, 0, 1], 1, true, 9.0 / 7.0, 6.0 / 7.0, 2),
            (vec![2, 3, 4], 1, false, 12.0 / 7.0, 9.0 / 7.0, 5),
            (vec![5, 6, 0], 2, true, 15.0 / 7.0, 12.0 / 7.0, 1),
        ];
        for (batch, epoch, new, detail, previous, position) in want {
            assert_eq!(iterator.next_batch().unwrap(), Some(batch));
            assert_eq!(
                (iterator.epoch(), iterator.is_new_epoch(), iterator.current_position()),
                (epoch, new, position)
            );
            assert!((iterator.epoch_detail() - detail).abs() < 1e-12);
            assert!((iterator.previous_epoch_detail().unwrap() - previous).abs() < 1e-12);
        }
    }

    #[test]
    fn every_sweep_holds_every_example_once_in_its_own_order() {
        let mut iterator = SerialIterator::new(numbers(30), 10).seed(1);
        let mut sweeps = Vec::new();
        for _ in 0..3 {
            let sweep: Vec<_> = (0..3).flat_map(|_| iterator.next_batch().unwrap().unwrap()).collect();
            let mut sorted = sweep.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, numbers(30));
            sweeps.push(sweep);
        }
        assert!(sweeps[0] != sweeps[1] && sweeps[1] != sweeps[2] && sweeps[0] != numbers(30));
    }

    #[test]
    fn a_batch_may_be_longer_than_the_dataset() {
        let mut iterator = SerialIterator::new(numbers(2), 5).shuffle(false);
        assert_eq!(iterator.next_batch().unwrap(), Some(vec![0, 1, 0, 1, 0]));
        assert_eq!(iterator.epoch(), 2);
        let mut iterator = SerialIterator::new(numbers(2), 5).once();
        assert_eq!(iterator.next_batch().unwrap(), Some(vec![0, 1]));
        assert_eq!(iterator.next_batch().unwrap(), None);
        iterator.reset();
        assert_eq!(iterator.next_batch().unwrap(), Some(vec![0, 1]));
    }

    #[test]
    fn empty_datasets_and_batches_are_errors_not_endless_loops() {
        assert!(SerialIterator::new(numbers(0), 5).next_batch().unwrap_err().to_string().contains("empty"));
        assert_eq!(SerialIterator::new(numbers(0), 5).once().next_batch().unwrap(), None);
        assert!(SerialIterator::new(numbers(3), 0).next_batch().unwrap_err().to_string().contains("batch_size"));
    }

    #[test]
    fn a_restored_iterator_gives_the_same_batches() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("iterator.npz");
        let mut iterator = SerialIterator::new(numbers(10), 3).seed(4);
        for _ in 0..5 {
            iterator.next_batch().unwrap();
        }
        save_npz(&path, &mut iterator).unwrap();
        let mut restored = SerialIterator::new(numbers(10), 3);
        load_npz(&path, &mut restored).unwrap();
        assert_eq!(restored.epoch_detail(), iterator.epoch_detail());
        assert_eq!(restored.previous_epoch_detail(), iterator.previous_epoch_detail());
        for _ in 0..20 {
            assert_eq!(restored.next_batch().unwrap(), iterator.next_batch().unwrap());
        }
        let error = load_npz(&path, &mut SerialIterator::new(numbers(9), 3)).unwrap_err();
        assert!(error.to_string().contains("9 examples"), "{error}");
    }
}
