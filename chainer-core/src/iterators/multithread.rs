//! The iterator that reads ahead on threads.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use chainer_kernels::{Error, ErrorKind, Result};

use super::DatasetIterator;
use super::walk::Walk;
use crate::dataset::Dataset;
use crate::serializers::{Serializable, Serializer};

/// As [`SerialIterator`](super::SerialIterator), with the same batches in the same order, but read ahead by threads, so that slow
/// datasets (image files, augmentation) keep up with training. Chainer's `MultiprocessIterator` and `MultithreadIterator`.
///
/// ```
/// use chainer::iterators::{DatasetIterator, MultithreadIterator};
///
/// let mut iterator = MultithreadIterator::new((0..100).collect::<Vec<_>>(), 10).once().threads(2);
/// assert_eq!(iterator.next_batch()?.unwrap()[9], 9);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
pub struct MultithreadIterator<D: Dataset> {
    dataset: Arc<D>,
    threads: usize,
    prefetch: usize,
    /// The position that the user sees.
    walk: Walk,
    /// Batches being read, oldest first, each with the position after it.
    ahead: VecDeque<(Pending<D::Example>, Walk)>,
    workers: Option<Workers<D::Example>>,
}

type Batch<E> = Result<Vec<E>>;
type Pending<E> = Receiver<Batch<E>>;

struct Job<E> {
    indices: Vec<usize>,
    reply: SyncSender<Batch<E>>,
}

struct Workers<E> {
    jobs: Option<SyncSender<Job<E>>>,
    handles: Vec<JoinHandle<()>>,
}

impl<E> Drop for Workers<E> {
    fn drop(&mut self) {
        // Without a sender the workers' loops end; a batch in the making is finished first.
        self.jobs = None;
        for handle in self.handles.drain(..) {
            let _ = handle.join();
        }
    }
}

impl<D: Dataset + 'static> MultithreadIterator<D>
where
    D::Example: Send + 'static,
{
    /// Walks over `dataset` in batches of `batch_size` examples, repeating and shuffling, with one thread that reads one batch ahead.
    pub fn new(dataset: D, batch_size: usize) -> Self {
        let walk = Walk::new(dataset.len(), batch_size);
        let dataset = Arc::new(dataset);
        MultithreadIterator { dataset, threads: 1, prefetch: 1, walk, ahead: VecDeque::new(), workers: None }
    }

    /// One sweep in the order of the dataset. The same as `.repeat(false).shuffle(false)`.
    pub fn once(self) -> Self {
        self.repeat(false).shuffle(false)
    }

    /// Whether to start over at the end of the dataset (the default) or to stop there.
    pub fn repeat(mut self, repeat: bool) -> Self {
        self.ahead.clear();
        self.walk.repeat = repeat;
        self
    }

    /// Whether every sweep has its own random order (the default) or the dataset's.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.ahead.clear();
        self.walk.set_shuffle(shuffle);
        self
    }

    /// The seed of the random orders, as for [`SerialIterator`](super::SerialIterator::seed).
    pub fn seed(mut self, seed: u64) -> Self {
        self.ahead.clear();
        self.walk.set_seed(seed);
        self
    }

    /// The number of threads (at least one). Each reads whole batches.
    pub fn threads(mut self, threads: usize) -> Self {
        self.workers = None;
        self.ahead.clear();
        self.threads = threads.max(1);
        self
    }

    /// How many batches to read ahead (at least one).
    pub fn prefetch(mut self, batches: usize) -> Self {
        self.workers = None;
        self.ahead.clear();
        self.prefetch = batches.max(1);
        self
    }

    fn workers(&mut self) -> Result<&SyncSender<Job<D::Example>>> {
        if self.workers.is_none() {
            let (jobs, queue) = sync_channel::<Job<D::Example>>(self.prefetch + 1);
            let queue = Arc::new(Mutex::new(queue));
            let mut workers = Workers { jobs: Some(jobs), handles: Vec::with_capacity(self.threads) };
            for _ in 0..self.threads {
                let (dataset, queue) = (self.dataset.clone(), queue.clone());
                let work = move || {
                    loop {
                        // The lock is held while waiting, so idle workers queue up behind it; it is free while a batch is read.
                        let job = queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).recv();
                        let Ok(Job { indices, reply }) = job else { break };
                        let _ = reply.send(dataset.get_examples(&indices));
                    }
                };
                let handle =
                    std::thread::Builder::new().name("chainer-reader".to_owned()).spawn(work).map_err(|error| {
                        Error::new(
                            ErrorKind::State,
                            "MultithreadIterator",
                            format!("no thread could be started: {error}"),
                        )
                    })?;
                workers.handles.push(handle);
            }
            self.workers = Some(workers);
        }
        match self.workers.as_ref().and_then(|workers| workers.jobs.as_ref()) {
            Some(jobs) => Ok(jobs),
            None => Err(stopped()),
        }
    }

    /// Hands out batches until `prefetch` beyond the next one are being read.
    fn fill(&mut self) -> Result<()> {
        while self.ahead.len() <= self.prefetch {
            let mut walk = self.ahead.back().map_or(&self.walk, |(_, after)| after).clone();
            let Some(indices) = walk.next_indices()? else { break };
            let (reply, pending) = sync_channel(1);
            self.workers()?.send(Job { indices, reply }).map_err(|_| stopped())?;
            self.ahead.push_back((pending, walk));
        }
        Ok(())
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::State, "MultithreadIterator", "the reading threads have stopped: the dataset panicked")
}

impl<D: Dataset + 'static> DatasetIterator for MultithreadIterator<D>
where
    D::Example: Send + 'static,
{
    type Example = D::Example;

    fn next_batch(&mut self) -> Result<Option<Vec<D::Example>>> {
        self.fill()?;
        let Some((pending, after)) = self.ahead.pop_front() else {
            // Lets the walk note that it is over.
            return self.walk.next_indices().map(|_| None);
        };
        let batch = pending.recv().map_err(|_| stopped())?;
        self.walk = after;
        if batch.is_err() {
            self.ahead.clear();
        }
        batch.map(Some)
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
        self.ahead.clear();
        self.walk.reset();
    }

    fn finalize(&mut self) {
        self.ahead.clear();
        self.workers = None;
    }

    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        self.ahead.clear();
        self.walk.serialize(serializer)
    }
}

impl<D: Dataset + 'static> Serializable for MultithreadIterator<D>
where
    D::Example: Send + 'static,
{
    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        DatasetIterator::serialize(self, serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::SerialIterator;
    use super::*;
    use crate::serializers::{load_npz, save_npz};

    #[test]
    fn the_batches_are_those_of_the_serial_iterator() {
        let numbers: Vec<usize> = (0..23).collect();
        for (threads, prefetch) in [(1, 1), (3, 5)] {
            let mut serial = SerialIterator::new(numbers.clone(), 4).seed(9);
            let mut ahead = MultithreadIterator::new(numbers.clone(), 4).seed(9).threads(threads).prefetch(prefetch);
            for _ in 0..20 {
                assert_eq!(ahead.next_batch().unwrap(), serial.next_batch().unwrap());
                assert_eq!(ahead.epoch_detail(), serial.epoch_detail());
                assert_eq!(ahead.previous_epoch_detail(), serial.previous_epoch_detail());
                assert_eq!(ahead.is_new_epoch(), serial.is_new_epoch());
            }
        }
    }

    #[test]
    fn what_was_read_ahead_is_not_lost_in_a_snapshot() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("iterator.npz");
        let numbers: Vec<usize> = (0..10).collect();
        let mut iterator = MultithreadIterator::new(numbers.clone(), 3).seed(2).prefetch(4);
        for _ in 0..3 {
            iterator.next_batch().unwrap();
        }
        save_npz(&path, &mut iterator).unwrap();
        let mut restored = SerialIterator::new(numbers, 3);
        load_npz(&path, &mut restored).unwrap();
        for _ in 0..10 {
            assert_eq!(iterator.next_batch().unwrap(), restored.next_batch().unwrap());
        }
    }

    #[test]
    fn one_sweep_ends_and_can_be_repeated() {
        let mut iterator = MultithreadIterator::new(vec![1, 2, 3], 2).once();
        for _ in 0..2 {
            assert_eq!(iterator.next_batch().unwrap(), Some(vec![1, 2]));
            assert_eq!(iterator.next_batch().unwrap(), Some(vec![3]));
            assert_eq!(iterator.next_batch().unwrap(), None);
            assert_eq!(iterator.next_batch().unwrap(), None);
            iterator.reset();
        }
        iterator.finalize();
    }

    struct Broken;

    impl Dataset for Broken {
        type Example = usize;
        fn len(&self) -> usize {
            4
        }
        fn get_example(&self, index: usize) -> Result<usize> {
            match index {
                0 | 1 => Ok(index),
                2 => Err(Error::new(ErrorKind::Io, "Broken", "unreadable")),
                _ => panic!("the dataset is broken"),
            }
        }
    }

    #[test]
    fn errors_and_panics_of_the_dataset_arrive_as_errors() {
        let mut iterator = MultithreadIterator::new(Broken, 1).once();
        assert_eq!(iterator.next_batch().unwrap(), Some(vec![0]));
        assert_eq!(iterator.next_batch().unwrap(), Some(vec![1]));
        assert_eq!(iterator.next_batch().unwrap_err().kind(), ErrorKind::Io);
        assert_eq!(iterator.next_batch().unwrap_err().kind(), ErrorKind::State);
    }
}
